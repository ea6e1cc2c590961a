//! Selects connections by id when a flow is saved, because a name can later refer to another
//! connection.

use http::Method;
use outlive_clock::UserId;
use serde_json::Value;

use super::hub::{CallContext, Credentials, Hub, Selections, connection_path};
use crate::engine::{Failure, Outcome};

/// A connection that the maker may select.
struct Selectable {
    id: String,
    /// Whether the maker created it; otherwise its owner shared it.
    is_own: bool,
}

impl Hub {
    /// Returns the selections of a flow whose references name `connections`, as `maker` saves it.
    /// `before` are the previous selections.
    ///
    /// A name whose connection changed moves only to a connection that the maker created: a
    /// colleague who reuses the name of a deleted connection, and shares the new one, must not
    /// become the flow's account. If the hub cannot be reached, previous selections stay, and the
    /// others are looked up when the flow runs.
    pub(crate) async fn selections(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        maker: UserId,
        connections: impl Iterator<Item = &str>,
        before: &Selections,
    ) -> Selections {
        let mut selections = Selections::new();
        for name in connections {
            let key = name.to_ascii_lowercase();
            if selections.contains_key(&key) {
                continue;
            }
            let found = self.selectable(context, credentials, maker, name).await.unwrap_or_else(|outcome| {
                let why = outcome.failure.map_or_else(String::new, |failure| failure.message);
                tracing::debug!(
                    connection = name,
                    why,
                    "a connection could not be looked up while a flow was saved"
                );
                None
            });
            let kept = before.get(&key);
            let selected = match found {
                Some(found) if found.is_own || kept.is_none() => Some(found.id),
                _ => kept.cloned(),
            };
            selections.extend(selected.map(|id| (key, id)));
        }
        selections
    }

    /// Returns the id of the connection of this name, if `maker` may select it.
    pub(super) async fn find_selectable(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        maker: UserId,
        name: &str,
    ) -> Result<Option<String>, Outcome> {
        Ok(self.selectable(context, credentials, maker, name).await?.map(|found| found.id))
    }

    async fn selectable(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        maker: UserId,
        name: &str,
    ) -> Result<Option<Selectable>, Outcome> {
        let path = connection_path(name);
        let connection =
            match self.request_control_plane(context, credentials, Method::GET, &path, &[], None).await {
                Ok(connection) => connection,
                Err(outcome) if outcome.status == Some(404) => return Ok(None),
                Err(outcome) => return Err(outcome),
            };
        let url = connection.pointer("/properties/connectionRuntimeUrl").and_then(Value::as_str);
        let Some(id) = url.and_then(id_of) else { return Ok(None) };
        let maker = maker.to_string();
        let is = |member: Option<&Value>| {
            member.and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(&maker))
        };
        if is(connection.pointer("/properties/createdBy/id")) {
            return Ok(Some(Selectable { id, is_own: true }));
        }
        let list = [&path[..], &["accessPolicies"]].concat();
        let policies =
            self.request_control_plane(context, credentials, Method::GET, &list, &[], None).await?;
        let policies = policies.get("value").and_then(Value::as_array);
        let is_shared = policies
            .into_iter()
            .flatten()
            .any(|policy| is(policy.pointer("/properties/principal/identity/objectId")));
        Ok(is_shared.then_some(Selectable { id, is_own: false }))
    }
}

/// Returns the id of a connection: the last segment of its runtime URL.
pub(super) fn id_of(runtime_url: &str) -> Option<String> {
    let url = url::Url::parse(runtime_url).ok()?;
    let last = url.path().trim_end_matches('/').rsplit('/').next()?;
    (!last.is_empty()).then(|| last.to_ascii_lowercase())
}

/// The failure of an action whose connection does not exist or is not the selected one.
pub(super) fn not_found(name: &str) -> Outcome {
    let failure = Failure::new("ConnectionNotFound", format!("The connection '{name}' could not be found."));
    Outcome { status: Some(404), outputs: None, failure: Some(failure) }
}
