//! Checks the connections and operations of a flow before it is saved or turned on.

use outlive_clock::UserId;

use super::mistakes::Mistake;
use super::saving::Actor;
use super::selected::Selected;
use super::state::Flows;
use crate::connector::{CallContext, Found};
use crate::definition::{ConnectionReference, Reading};

impl Actor<'_> {
    pub(super) const fn context(&self) -> CallContext<'_> {
        CallContext { tenant: self.tenant, trace: self.trace, now: self.now }
    }
}

impl Flows {
    /// Returns the connections that the caller selects for a flow of these owners, the first of
    /// whom created it, and what is wrong with them and with the operations that the flow calls.
    /// `before` are the previous selections.
    ///
    /// What an owner selected stays, also if another one saves the flow. Without a response of the
    /// hub nothing is checked: previous selections stay, and the others are looked up when the flow
    /// runs.
    pub(super) async fn check(
        &self,
        actor: &Actor<'_>,
        reading: &Reading,
        before: &Selected,
        owners: &[UserId],
    ) -> (Selected, Vec<Mistake>) {
        let context = actor.context();
        let owner = owners.first().copied().unwrap_or(actor.user);
        let mut selected = Selected::default();
        let mut mistakes = Vec::new();
        let mut is_reachable = true;
        for reference in reading.connections.values() {
            let Some(name) = reference.connection.as_deref() else { continue };
            let key = name.to_ascii_lowercase();
            let kept_audience = before.audiences.get(&key);
            let kept = before.connections.get(&key);
            let selector = before.selector(&key, owner);
            if !is_reachable {
                if let Some(id) = kept {
                    selected.keep_audience(&key, kept_audience);
                    selected.insert(key, id.clone(), selector, owner);
                }
                continue;
            }
            match self.hub.find_for(&context, self, actor.user, name).await {
                Ok(Found::Usable { id, audience, .. } | Found::Forbidden { id, audience, .. })
                    if kept == Some(&id) && owners.contains(&selector) && selector != actor.user =>
                {
                    mistakes.extend(identity_mistake(reference, name, audience.as_ref()));
                    selected.keep_audience(&key, audience.as_ref());
                    selected.insert(key, id, selector, owner);
                }
                // A name whose connection changed moves only to a connection that the caller
                // created: a colleague who reuses the name of a deleted connection, and shares the
                // new one, must not become the flow's account.
                Ok(Found::Usable { id, is_own, audience })
                    if is_own || kept.is_none_or(|kept| *kept == id) =>
                {
                    mistakes.extend(identity_mistake(reference, name, audience.as_ref()));
                    // The owner of the connection agrees to where its connector leads, and the
                    // token would be the flow's.
                    if audience.is_some() && !is_own {
                        mistakes.push(Mistake::shared_identity(&reference.path, name));
                    }
                    selected.keep_audience(&key, audience.as_ref());
                    selected.insert(key, id, actor.user, owner);
                }
                Ok(Found::Forbidden { api, .. }) => {
                    let api = reference.api.as_deref().or(api.as_deref()).unwrap_or_default();
                    mistakes.push(Mistake::forbidden_connection(&reference.path, actor.user, name, api));
                }
                Ok(Found::Usable { .. }) => {
                    mistakes.push(Mistake::other_connection(&reference.path, name));
                }
                Ok(Found::Missing) => {
                    mistakes.push(Mistake::missing_connection(&reference.path, name));
                }
                Err(outcome) => {
                    let why = outcome.failure.map_or_else(String::new, |failure| failure.message);
                    tracing::warn!(why, "the connections of a flow could not be checked while it was saved");
                    is_reachable = false;
                    if let Some(id) = kept {
                        selected.keep_audience(&key, kept_audience);
                        selected.insert(key, id.clone(), selector, owner);
                    }
                }
            }
        }
        if is_reachable {
            let unknown = self.hub.unknown_operations(&context, self, &reading.calls).await;
            mistakes.extend(unknown.into_iter().map(Mistake::unknown_operation));
        }
        (selected, mistakes)
    }
}

/// Returns what is wrong with a reference to a connection that uses a managed identity: it has to
/// name one. `audience` is that of the connection, if it uses one.
fn identity_mistake(
    reference: &ConnectionReference,
    name: &str,
    audience: Option<&String>,
) -> Option<Mistake> {
    let audience = audience?;
    let Some(identity) = &reference.identity else {
        return Some(Mistake::missing_identity(&reference.path, name));
    };
    (audience.is_empty() && identity.audience.is_none())
        .then(|| Mistake::missing_audience(&reference.path, name))
}
