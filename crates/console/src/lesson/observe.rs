//! What happened to the subject of a question, read from the tenant.

use outlive_wire::HeldConnections;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryFlow};

use super::plan::Subject;
use crate::story::{Part, row};
use crate::when::{When, with_times_for_people};
use crate::words::brief;

/// A fact about a subject.
pub(crate) struct Fact {
    /// The answer, by its name; `missing` if the tenant has no such thing.
    pub(crate) id: String,
    pub(crate) style: &'static str,
    pub(crate) icon: String,
    pub(crate) badge: String,
    pub(crate) reason: Vec<Part>,
    /// A page that explains it.
    pub(crate) link: Option<String>,
}

/// Reads the fact about a subject.
pub(crate) fn fact(subject: Subject, story: &Story, connections: &HeldConnections) -> Fact {
    let found = match subject {
        Subject::Flow(name) => story.flows.iter().find(|flow| flow.flow.display_name == name).map(|flow| {
            let id = flow.connection.as_deref();
            let stored = id.and_then(|id| stored_in(story, id));
            let held = connections.connections.iter().find(|held| id == Some(&held.id));
            of_flow(flow, stored, held.and_then(|held| held.message.as_deref()), story)
        }),
        Subject::Code(connection) => code(connection, story, connections),
        _ => credential(subject, story).map(|one| of_credential(one, story)),
    };
    found.unwrap_or_else(|| Fact {
        id: "missing".to_owned(),
        style: "is-idle",
        icon: "i-idle".to_owned(),
        badge: "Missing".to_owned(),
        reason: vec![Part::Text("This tenant has none, so there is nothing to see.".to_owned())],
        link: None,
    })
}

fn credential(subject: Subject, story: &Story) -> Option<&StoryCredential> {
    story.credentials.iter().find(|one| match (subject, one.kind, &one.holder) {
        (Subject::Refresh(app), CredentialKind::RefreshToken, Holder::Application { name, .. })
        | (Subject::Access(app), CredentialKind::AccessToken, Holder::Application { name, .. }) => {
            name == app
        }
        (
            Subject::HubRefresh(connection),
            CredentialKind::RefreshToken,
            Holder::Connection { display_name, .. },
        ) => display_name == connection,
        (Subject::Cookie, CredentialKind::SessionCookie, _) => true,
        _ => false,
    })
}

/// What a connection renews itself with, or stores.
fn stored_in<'s>(story: &'s Story, connection: &str) -> Option<&'s StoryCredential> {
    story.credentials.iter().find(|one| {
        one.kind != CredentialKind::AccessToken
            && matches!(&one.holder, Holder::Connection { id, .. } if id == connection)
    })
}

fn of_credential(one: &StoryCredential, story: &Story) -> Fact {
    let row = row(one, story);
    let id = match one.state {
        CredentialState::Alive => "alive",
        CredentialState::Fading => "fading",
        CredentialState::Revoked => "revoked",
        CredentialState::Expired => "expired",
        CredentialState::Absent => "missing",
    };
    Fact {
        id: id.to_owned(),
        style: row.style,
        icon: row.icon,
        badge: row.badge,
        reason: row.parts,
        link: row.name.map(|name| format!("/tokens?tenant={}&of={name}", story.tenant)),
    }
}

/// A flow, by its latest run that ended. It fails because of what its connection stores, or of what
/// the connection reports.
fn of_flow(flow: &StoryFlow, stored: Option<&StoryCredential>, message: Option<&str>, story: &Story) -> Fact {
    let ended = |status: &str| matches!(status, "Succeeded" | "Failed" | "TimedOut");
    let last = flow.flow.runs.iter().find(|run| ended(&run.status));
    let at = last.map(|run| When::of(run.started, story.now).shown).unwrap_or_default();
    let (id, style, icon, badge) = match last.map(|run| run.status.as_str()) {
        Some("Succeeded") => ("runs", "is-alive", "i-check", format!("Succeeded {at}")),
        Some(_) => ("fails", "is-revoked", "i-cross", format!("Failed {at}")),
        None => ("missing", "is-idle", "i-idle", "Not run yet".to_owned()),
    };
    let is_alive = stored.is_some_and(|one| one.state == CredentialState::Alive);
    let reason = match message.filter(|_| id == "fails" && is_alive) {
        Some(message) => {
            let reported = with_times_for_people(&from_code(message), story.now);
            vec![Part::Text(format!("Its token is alive, but the hub cannot use it. {reported}"))]
        }
        None => stored.map(|one| row(one, story).parts).unwrap_or_default(),
    };
    Fact {
        id: id.to_owned(),
        style,
        icon: icon.to_owned(),
        badge,
        reason,
        link: last.map(|run| format!("/runs/{}?tenant={}", run.name, story.tenant)),
    }
}

/// The error code in the status of a connection.
fn code(connection: &str, story: &Story, connections: &HeldConnections) -> Option<Fact> {
    let held = connections.connections.iter().find(|held| held.display_name == connection)?;
    let link = Some(format!("/connections/{}?tenant={}", held.id, story.tenant));
    let Some(message) = &held.message else {
        return Some(Fact {
            id: "connected".to_owned(),
            style: "is-alive",
            icon: "i-alive".to_owned(),
            badge: held.status.clone(),
            reason: vec![Part::Text("The connection reports no error.".to_owned())],
            link,
        });
    };
    let number: String = message
        .split_once("AADSTS")
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
        .unwrap_or_default();
    Some(Fact {
        id: format!("AADSTS{number}"),
        style: "is-revoked",
        icon: "i-revoked".to_owned(),
        badge: format!("{}, AADSTS{number}", held.status),
        reason: vec![Part::Text(with_times_for_people(&from_code(message), story.now))],
        link,
    })
}

/// The sentence of an error message that begins with its code.
fn from_code(message: &str) -> String {
    let from = message.find("AADSTS").unwrap_or(0);
    let sentence = message.get(from..).unwrap_or(message).split(" Trace ID").next().unwrap_or_default();
    brief(sentence.trim().trim_end_matches("\\r\\n")).chars().take(240).collect()
}
