//! What credentials are called.

use outlive_clock::Instant;
use outlive_wire::ClientClass;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, StoryCredential};

use crate::when::When;

/// What a credential is, as its heading.
pub(crate) const fn kind_name(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::RefreshToken => "Refresh token",
        CredentialKind::AccessToken => "Access token",
        CredentialKind::SessionCookie => "Session cookie",
        CredentialKind::Password => "Stored password",
        CredentialKind::Key => "Stored key",
    }
}

/// Where a credential is.
pub(crate) fn holder_name(holder: &Holder) -> String {
    match holder {
        Holder::Connection { display_name, .. } => format!("hub, connection {display_name}"),
        Holder::Application { name, .. } => name.clone(),
        Holder::Browser => "owner’s browser".to_owned(),
    }
}

/// The class of the client, for the drawing.
pub(crate) fn class_name(one: &StoryCredential) -> &'static str {
    match (one.kind, one.client_class) {
        (CredentialKind::Password, _) => "stored password",
        (CredentialKind::Key, _) => "stored key",
        (_, Some(ClientClass::Confidential)) => "confidential client",
        (_, Some(ClientClass::Public)) => "public client",
        _ => "",
    }
}

/// The class of style sheet rules for a state.
pub(crate) const fn style_of(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Alive => "is-alive",
        CredentialState::Fading => "is-fading",
        CredentialState::Revoked => "is-revoked",
        CredentialState::Expired => "is-expired",
        CredentialState::Absent => "is-idle",
    }
}

/// The state with its time: `Revoked 12:01`.
pub(crate) fn badge(one: &StoryCredential, now: Instant) -> String {
    let at = |instant: Option<Instant>| {
        instant.map(|at| format!(" {}", When::of(at, now).shown)).unwrap_or_default()
    };
    let until = |words: &str| {
        format!(
            "{words}{}",
            one.expires.map(|at| format!(" to {}", When::of(at, now).shown)).unwrap_or_default()
        )
    };
    match (one.state, one.kind) {
        (CredentialState::Alive, CredentialKind::AccessToken) => until("Alive"),
        (CredentialState::Alive, _) => "Alive".to_owned(),
        (CredentialState::Fading, _) => until("Fades"),
        (CredentialState::Revoked, CredentialKind::Password | CredentialKind::Key) => {
            format!("Wrong since{}", at(one.since))
        }
        (CredentialState::Revoked, _) => format!("Revoked{}", at(one.since)),
        (CredentialState::Expired, _) => format!("Expired{}", at(one.since)),
        (CredentialState::Absent, _) => "None yet".to_owned(),
    }
}

/// The second line of a chip in the drawing: `revoked 12:01`.
pub(crate) fn fate(one: &StoryCredential, now: Instant) -> String {
    let shown = |at: Option<Instant>| at.map(|at| When::of(at, now).short).unwrap_or_default();
    match (one.state, one.kind) {
        (CredentialState::Alive, CredentialKind::RefreshToken) => format!("from {}", shown(one.since)),
        (CredentialState::Alive | CredentialState::Fading, CredentialKind::AccessToken) => {
            format!("until {}", shown(one.expires))
        }
        (CredentialState::Alive | CredentialState::Fading, _) => "works".to_owned(),
        (CredentialState::Revoked, CredentialKind::Password | CredentialKind::Key) => match &one.code {
            Some(code) => format!("old one: {code}"),
            None => "old one".to_owned(),
        },
        (CredentialState::Revoked, _) => format!("revoked {}", shown(one.since)),
        (CredentialState::Expired, _) => format!("expired {}", shown(one.since)),
        (CredentialState::Absent, _) => "none yet".to_owned(),
    }
}
