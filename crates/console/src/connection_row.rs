//! A row of `/connections`: what a connection stores, how long that lasts, and which flows need it.

use outlive_clock::Instant;
use outlive_rules::ClientClass;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryFlow};
use outlive_wire::{ConnectionSignIn, HeldConnection, KnownRun};

use crate::connection_sharing::name_of;
use crate::when::{When, with_times_for_people};
use crate::words::brief;

/// The resource group of the connections that the lab makes, and can fix.
pub(crate) const LAB_GROUP: &str = "lab";

/// The number of runs shown of each flow.
const RUNS_SHOWN: usize = 4;

/// A connection, as its row shows it.
pub(crate) struct ConnectionRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) connector: String,
    pub(crate) owner: String,
    /// The users with whom it is shared.
    pub(crate) shared_with: Vec<String>,
    pub(crate) can_be_shared: bool,
    /// What it stores.
    pub(crate) stores: &'static str,
    /// The stored refresh token.
    pub(crate) token: Option<String>,
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) status: &'static str,
    pub(crate) reason: String,
    pub(crate) refreshed: Cell,
    pub(crate) expires: Cell,
    pub(crate) flows: Vec<UsingFlow>,
    /// The label of the button that repairs it.
    pub(crate) repair: Option<&'static str>,
}

/// An instant with words, either of which may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) when: Option<When>,
    pub(crate) words: &'static str,
}

/// A flow that uses the connection.
pub(crate) struct UsingFlow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether its latest runs succeeded, the oldest first; a run that goes on is not among them.
    pub(crate) runs: Vec<bool>,
}

impl UsingFlow {
    fn of(flow: &StoryFlow) -> Self {
        let ended = |run: &KnownRun| match run.status.as_str() {
            "Succeeded" => Some(true),
            "Failed" | "TimedOut" | "Aborted" => Some(false),
            _ => None,
        };
        let mut runs: Vec<_> = flow.flow.runs.iter().filter_map(ended).take(RUNS_SHOWN).collect();
        runs.reverse();
        Self { id: flow.flow.id.clone(), name: flow.flow.display_name.clone(), runs }
    }

    /// The marks of its runs, in words.
    pub(crate) fn in_words(&self) -> String {
        let succeeded = self.runs.iter().filter(|run| **run).count();
        let failed = self.runs.len() - succeeded;
        format!("latest runs: {succeeded} succeeded, {failed} failed")
    }
}

impl ConnectionRow {
    /// Describes a connection of the tenant. The story contains at most six connections of its
    /// user; others have no instants.
    pub(crate) fn of(held: &HeldConnection, tenant: &TenantCredentials, story: &Story, now: Instant) -> Self {
        let stored = stored_by(held, story);
        let (style, icon, status) = status(held, stored);
        let owner = tenant.users.iter().find(|user| user.id == held.owner);
        let is_of_lab = held.group == LAB_GROUP && owner.is_some();
        let reason = match (&held.message, stored.and_then(|stored| stored.revoked_by.as_ref())) {
            (Some(message), _) => with_times_for_people(&brief(message), now),
            (None, Some(event)) if style == "is-revoked" => {
                let when = When::of(event.at, now).with_preposition();
                format!("It still sends the old password: {} {when}.", event.title)
            }
            _ => String::new(),
        };
        Self {
            id: held.id.clone(),
            name: held.name.clone(),
            display_name: held.display_name.clone(),
            connector: held.connector.clone(),
            owner: owner.map_or_else(|| held.owner.clone(), |user| user.upn.clone()),
            shared_with: held.shared_with.iter().map(|id| name_of(id, tenant)).collect(),
            can_be_shared: is_of_lab,
            stores: stores(held, stored),
            token: held.refresh_token.clone(),
            style,
            icon,
            status,
            reason,
            refreshed: refreshed(held, stored, now),
            expires: expires(held, stored, now),
            flows: story
                .flows
                .iter()
                .filter(|flow| flow.connection.as_ref() == Some(&held.id))
                .map(UsingFlow::of)
                .collect(),
            repair: match held.sign_in {
                _ if !is_of_lab => None,
                ConnectionSignIn::Password => Some("Enter password"),
                ConnectionSignIn::Key => Some("Enter key"),
                _ if style == "is-revoked" => Some("Fix connection"),
                _ => None,
            },
        }
    }

    /// Whether its owner has to do something.
    pub(crate) fn is_broken(&self) -> bool {
        self.style == "is-revoked"
    }
}

/// What the story contains about the refresh token, password or key of a connection.
fn stored_by<'a>(held: &HeldConnection, story: &'a Story) -> Option<&'a StoryCredential> {
    story.credentials.iter().find(|credential| {
        credential.kind != CredentialKind::AccessToken
            && matches!(&credential.holder, Holder::Connection { id, .. } if *id == held.id)
    })
}

fn status(
    held: &HeldConnection,
    stored: Option<&StoryCredential>,
) -> (&'static str, &'static str, &'static str) {
    let is_wrong = stored.is_some_and(|stored| stored.state == CredentialState::Revoked);
    match (held.enabled, held.sign_in) {
        (false, _) => ("is-idle", "i-idle", "Disabled"),
        (true, ConnectionSignIn::Password) if is_wrong => ("is-revoked", "i-revoked", "Wrong password"),
        (true, ConnectionSignIn::Key) if is_wrong => ("is-revoked", "i-revoked", "Wrong key"),
        (true, _) if held.status == "Connected" => ("is-alive", "i-alive", "Connected"),
        (true, _) => ("is-revoked", "i-revoked", "Needs sign-in"),
    }
}

fn stores(held: &HeldConnection, stored: Option<&StoryCredential>) -> &'static str {
    let class = stored.and_then(|stored| stored.client_class);
    match (held.sign_in, class) {
        (ConnectionSignIn::OAuth, Some(ClientClass::Confidential)) => {
            "a refresh token of a confidential client"
        }
        (ConnectionSignIn::OAuth, Some(ClientClass::Public)) => "a refresh token of a public client",
        (ConnectionSignIn::OAuth, _) if held.refresh_token.is_some() => "a refresh token",
        (ConnectionSignIn::OAuth, _) => "tokens, without a refresh token",
        (ConnectionSignIn::ManagedIdentity, _) => "nothing: calls use the flow’s identity",
        (ConnectionSignIn::Password, _) => "a name and the password itself",
        (ConnectionSignIn::Key, _) => "a key",
        (ConnectionSignIn::None, _) => "nothing that signs in",
    }
}

/// When its tokens were last renewed.
fn refreshed(held: &HeldConnection, stored: Option<&StoryCredential>, now: Instant) -> Cell {
    if held.sign_in != ConnectionSignIn::OAuth || held.refresh_token.is_none() {
        return Cell { words: "no token to refresh", ..Cell::default() };
    }
    match stored.and_then(|stored| stored.obtained) {
        Some(at) => Cell { when: Some(When::of(at, now)), words: "" },
        None => Cell { words: "not known", ..Cell::default() },
    }
}

/// When what it stores stops working.
fn expires(held: &HeldConnection, stored: Option<&StoryCredential>, now: Instant) -> Cell {
    let at = |instant: Option<Instant>| instant.map(|at| When::of(at, now));
    let has_noticed = held.status != "Connected";
    match (held.sign_in, stored) {
        (ConnectionSignIn::Password, _) => Cell { words: "with the password", ..Cell::default() },
        (ConnectionSignIn::Key | ConnectionSignIn::ManagedIdentity | ConnectionSignIn::None, _) => {
            Cell { words: "never", ..Cell::default() }
        }
        (ConnectionSignIn::OAuth, Some(stored)) => match stored.state {
            CredentialState::Alive | CredentialState::Fading => Cell {
                when: at(stored.expires),
                words: if stored.expires.is_some() { "if not used" } else { "" },
            },
            CredentialState::Revoked if has_noticed => Cell { when: at(stored.since), words: "revoked" },
            CredentialState::Revoked => Cell { when: at(stored.since), words: "revoked, not noticed yet" },
            CredentialState::Expired => Cell { when: at(stored.since), words: "expired" },
            CredentialState::Absent => Cell { words: "there is none", ..Cell::default() },
        },
        (ConnectionSignIn::OAuth, None) => Cell { words: "not known", ..Cell::default() },
    }
}
