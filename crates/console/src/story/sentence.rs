//! One sentence for each credential: why it is alive or not, and what would revoke or replace it.

use outlive_clock::{Instant, Span};
use outlive_wire::ClientClass;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryEvent};

use crate::when::When;

/// A part of a sentence. Parts follow each other with their own spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// What would revoke or replace it: text in which the last part is the action.
    Would(String, String),
    /// A term of the glossary, by its id.
    Term(&'static str, &'static str),
    /// A row of the table.
    Row(String),
    /// An error code.
    Code(String),
}

const CONFIDENTIAL: Part = Part::Term("confidential", "a confidential client");
const PUBLIC: Part = Part::Term("public", "a public client");
const EVALUATION: Part = Part::Term("cae", "continuous access evaluation");
/// At the beginning of a sentence.
const CAPITAL_EVALUATION: Part = Part::Term("cae", "Continuous access evaluation");

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

fn would(words: &str, action: impl Into<String>) -> Part {
    Part::Would(words.to_owned(), action.into())
}

/// The sentence of a credential.
pub(crate) fn sentence(one: &StoryCredential, story: &Story) -> Vec<Part> {
    let mut parts = match one.kind {
        CredentialKind::RefreshToken => refresh_token(one, story.now),
        CredentialKind::AccessToken => access_token(one, story),
        CredentialKind::SessionCookie => cookie(one, story.now),
        CredentialKind::Password => password(one, story.now),
        CredentialKind::Key => key(one),
    };
    if matches!(parts.last(), Some(Part::Would(..))) {
        parts.push(text("."));
    }
    parts
}

/// The first sentence: the reason, without what would revoke or replace it.
pub(crate) fn first_sentence(parts: Vec<Part>) -> Vec<Part> {
    let mut first = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => match text.split_once(". ") {
                Some((end, _)) => {
                    first.push(Part::Text(format!("{end}.")));
                    return first;
                }
                None => first.push(Part::Text(text)),
            },
            Part::Would(..) => return first,
            other => first.push(other),
        }
    }
    first
}

fn refresh_token(one: &StoryCredential, now: Instant) -> Vec<Part> {
    match one.state {
        CredentialState::Alive | CredentialState::Fading => match one.survived.first() {
            Some(event) => survived(one, event),
            None => untouched(one, now),
        },
        CredentialState::Revoked => revoked_token(one, now),
        CredentialState::Expired => vec![
            text("It was not used or renewed in time, and no row has to do with that. "),
            replacement(one),
        ],
        CredentialState::Absent => {
            vec![text("The connection has no token yet. "), would("To get one: ", "sign in")]
        }
    }
}

fn survived(one: &StoryCredential, event: &StoryEvent) -> Vec<Part> {
    let row = Part::Row(event.title.clone());
    let mut parts = match (one.client_class, &one.holder) {
        (Some(ClientClass::Confidential), Holder::Connection { .. }) => vec![
            text("Survived: here the hub is "),
            CONFIDENTIAL,
            text(" with a secret of its own, and the row "),
            row,
            text(" leaves those alive. "),
        ],
        (Some(ClientClass::Confidential), _) => vec![
            text("Survived: its application is "),
            CONFIDENTIAL,
            text(", and the row "),
            row,
            text(" leaves those alive. "),
        ],
        _ if !one.password_based => vec![
            text("Survived: "),
            PUBLIC,
            text(" obtained it without a password, and the row "),
            row,
            text(" leaves those alive. "),
        ],
        _ => vec![text("Survived: the row "), row, text(" revokes no token of this kind. ")],
    };
    parts.push(would("To revoke it: ", "revoke all sessions"));
    parts
}

fn untouched(one: &StoryCredential, now: Instant) -> Vec<Part> {
    let at =
        one.since.map(|since| format!(" {}", When::of(since, now).with_preposition())).unwrap_or_default();
    let mut parts = match (&one.holder, one.client_class) {
        (Holder::Connection { .. }, Some(ClientClass::Confidential)) => vec![
            text("The hub obtained it as "),
            CONFIDENTIAL,
            text(format!(" when the owner signed in, and renewed it last{at}. ")),
        ],
        (Holder::Connection { .. }, _) => vec![
            text("Obtained the same way, by a connector that is "),
            PUBLIC,
            text(" and keeps no secret. "),
        ],
        _ if one.password_based => {
            vec![text(format!(
                "The owner typed the password{at}; the application keeps this token instead. "
            ))]
        }
        _ => vec![text(format!(
            "The owner signed in{at} without a password; the application keeps this token. "
        ))],
    };
    parts.push(expiry(one, now));
    parts.push(text(", unless an event revokes it."));
    parts
}

fn expiry(one: &StoryCredential, now: Instant) -> Part {
    let unused = one.expires.zip(one.since).map(|(expires, since)| expires - since);
    match (unused, one.expires) {
        (Some(span), _) if span == Span::from_days(90) => would("Expires after ", "90 days without use"),
        (Some(span), _) if span == Span::from_hours(24) && one.kind == CredentialKind::SessionCookie => {
            would("Expires after ", "24 hours without use")
        }
        (_, Some(expires)) => would("Expires ", When::of(expires, now).shown),
        _ => would("Expires ", "by itself"),
    }
}

fn revoked_token(one: &StoryCredential, now: Instant) -> Vec<Part> {
    let Some(event) = &one.revoked_by else {
        let reason = one.explanation.split(". ").next().unwrap_or_default().trim_start_matches("Refused: ");
        let refused = text(format!("Refused: {reason}. "));
        return match one.code.as_deref() {
            // It is not revoked: it is accepted again with the account.
            Some("AADSTS50057") => vec![refused, would("To use it again: ", "enable the account")],
            _ => vec![refused, replacement(one)],
        };
    };
    let row = Part::Row(event.title.clone());
    let mut parts = match (&one.holder, one.client_class, one.password_based) {
        (_, Some(ClientClass::Confidential), _) => vec![
            text("The token of "),
            CONFIDENTIAL,
            text(", but the row "),
            row,
            text(" revokes those, too. "),
        ],
        (Holder::Connection { .. }, _, true) => vec![
            text("Same hub, same password, but "),
            PUBLIC,
            text(" without a secret: the row "),
            row,
            text(" revokes it. "),
        ],
        (_, _, true) => vec![
            text("Obtained by "),
            PUBLIC,
            text(" with the old password: the row "),
            row,
            text(" revokes it. "),
        ],
        (_, _, false) => vec![
            text("Obtained by "),
            PUBLIC,
            text(" without a password, but the row "),
            row,
            text(" revokes it. "),
        ],
    };
    match (&one.noticed, &one.code, &one.holder) {
        (Some(at), _, Holder::Connection { .. }) => {
            parts.push(text(format!("Noticed at the refresh of {}. ", When::of(*at, now).shown)));
        }
        (Some(_), Some(code), _) => {
            parts.extend([text("Refused with "), Part::Code(code.clone()), text(". ")]);
        }
        (None, _, Holder::Connection { .. }) => parts.push(text("Noticed at the next refresh. ")),
        _ => parts.push(text("Noticed at its next use. ")),
    }
    parts.push(replacement(one));
    parts
}

fn replacement(one: &StoryCredential) -> Part {
    match one.holder {
        Holder::Connection { .. } => would("To replace it: ", "fix the connection"),
        Holder::Application { .. } | Holder::Browser => would("To replace it: ", "sign in again"),
    }
}

fn access_token(one: &StoryCredential, story: &Story) -> Vec<Part> {
    let held_by_hub = matches!(one.holder, Holder::Connection { .. });
    let change = story.latest.as_ref().filter(|event| {
        one.obtained.is_some_and(|obtained| obtained <= event.at)
            && one.expires.is_some_and(|expires| expires > event.at)
    });
    match (one.state, change) {
        (CredentialState::Alive, _) if held_by_hub => vec![
            text("The hub gets the next one "),
            would("as long as its ", "refresh token"),
            text(" is alive."),
        ],
        (CredentialState::Alive, _) => vec![
            text("Opens the Orders API, which does not ask the issuer. "),
            would("Valid until it ", "expires"),
            text(", unless "),
            EVALUATION,
            text(" is on."),
        ],
        (CredentialState::Fading, Some(event)) => {
            vec![
                text("Outlives the change: the API checks only the expiry. "),
                CAPITAL_EVALUATION,
                rejected(event, story.now),
            ]
        }
        (CredentialState::Fading, None) => {
            vec![text("Outlives its refresh token: the API checks only the expiry.")]
        }
        (CredentialState::Expired, Some(event)) => {
            let minutes = one.expires.map_or(0, |expires| (expires - event.at).as_seconds() / 60);
            let words = format!("Outlived the change by {minutes} minutes: the API checks only the expiry. ");
            vec![text(words), CAPITAL_EVALUATION, rejected(event, story.now)]
        }
        (CredentialState::Expired, None) if held_by_hub => {
            vec![text(
                "Expired; the hub gets the next one at the next call, as long as its refresh token is alive.",
            )]
        }
        (CredentialState::Expired, None) => {
            vec![text("Expired: the application needs its refresh token for the next one.")]
        }
        (CredentialState::Revoked, _) => {
            vec![text("The API received the event, and rejects it before it expires.")]
        }
        (CredentialState::Absent, _) => vec![text("There is none.")],
    }
}

fn rejected(event: &StoryEvent, now: Instant) -> Part {
    would(" would have had it ", format!("rejected from {}", When::of(event.at, now).shown))
}

fn cookie(one: &StoryCredential, now: Instant) -> Vec<Part> {
    let how = if one.password_based { "with the password" } else { "without a password" };
    let at =
        one.since.map(|since| format!(" {}", When::of(since, now).with_preposition())).unwrap_or_default();
    match (one.state, &one.revoked_by) {
        (CredentialState::Revoked, Some(event)) => vec![
            text(format!("Established {how}: the row ")),
            Part::Row(event.title.clone()),
            text(" revokes it. "),
            would("To replace it: ", "sign in again"),
        ],
        (CredentialState::Revoked | CredentialState::Expired | CredentialState::Absent, _) => {
            vec![text("It signs no one in any more. "), would("To replace it: ", "sign in again")]
        }
        _ => match one.survived.first() {
            Some(event) => vec![
                text(format!("Survived: established {how}, and the row ")),
                Part::Row(event.title.clone()),
                text(" leaves it alive."),
            ],
            None => vec![text(format!("Established {how}{at}. ")), expiry(one, now), text(".")],
        },
    }
}

fn password(one: &StoryCredential, now: Instant) -> Vec<Part> {
    let mut parts = vec![text("The password itself is stored and sent: no token, no row. ")];
    match (one.state, &one.noticed, &one.code) {
        (CredentialState::Alive, _, _) => parts.push(would("Works until the ", "password changes")),
        (_, Some(at), Some(code)) => parts.extend([
            text("Rejected with "),
            Part::Code(code.clone()),
            text(format!(" since the run of {}. ", When::of(*at, now).shown)),
            would("To replace it: ", "enter the new password"),
        ]),
        (_, None, Some(code)) => parts.extend([
            text("Rejected with "),
            Part::Code(code.clone()),
            text(" at every run. "),
            would("To replace it: ", "enter the new password"),
        ]),
        _ => parts
            .extend([text("Rejected at the next run. "), would("To replace it: ", "enter the new password")]),
    }
    parts
}

fn key(one: &StoryCredential) -> Vec<Part> {
    if one.state == CredentialState::Alive {
        vec![text("A key of the API is stored and sent: no token, no row, and no password matters to it.")]
    } else {
        vec![text("The API rejects the stored key. "), would("To replace it: ", "enter another key")]
    }
}
