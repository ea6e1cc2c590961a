//! What a replay does, before it starts.

use std::str::FromStr;

use outlive_clock::Instant;
use outlive_wire::overlay::Overlay;
use serde_json::{Value, json};

use super::cast::Cast;
use super::endpoint::Endpoint;
use super::exchange::{Exchange, Place, Recording, issued_on};
use super::index::Index;
use super::names::Mapping;
use super::sign_ins::{SignIn, sign_ins};

/// Options that concern the recording.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    pub mapping: Mapping,
    /// What happened outside of the recording.
    pub events: Vec<PlannedEvent>,
}

/// Something that happened outside of the recording, after an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    pub(super) after: Place,
    pub(super) kind: EventKind,
    /// The user: recorded sign-in name, or role; the first of the recording if absent.
    pub(super) user: Option<String>,
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    ChangePassword,
    ResetPassword,
    RevokeSessions,
    DisableUser,
}

impl EventKind {
    const ALL: [(&'static str, Self); 4] = [
        ("change_password", Self::ChangePassword),
        ("reset_password", Self::ResetPassword),
        ("revoke_sessions", Self::RevokeSessions),
        ("disable_user", Self::DisableUser),
    ];

    /// Returns the event of the lab.
    pub(super) fn of(self, user: &str) -> Value {
        match self {
            Self::ChangePassword => json!({"type": "password_change", "user": user}),
            Self::ResetPassword => json!({"type": "admin_reset", "user": user}),
            Self::RevokeSessions => json!({"type": "revoke_sessions", "user": user, "by": "admin"}),
            Self::DisableUser => json!({"type": "disable_user", "user": user}),
        }
    }
}

impl FromStr for PlannedEvent {
    type Err = String;

    /// Reads `14=change_password:bob@contoso.example`, or `2:14=…` for entry 14 of the second file.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write ENTRY=EVENT or ENTRY=EVENT:USER, for example 14=change_password";
        let (place, event) = text.split_once('=').ok_or(FORM)?;
        let (file, entry) = place.split_once(':').unwrap_or(("1", place));
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0).ok_or(FORM);
        let after = Place { file: number(file)?, entry: number(entry)? };
        let (kind, user) = event.split_once(':').map_or((event, None), |(kind, user)| (kind, Some(user)));
        let found = EventKind::ALL.iter().find(|(name, _)| *name == kind);
        let (_, kind) = found.ok_or_else(|| {
            let known: Vec<_> = EventKind::ALL.iter().map(|(name, _)| *name).collect();
            format!("there is no such event; use one of: {}", known.join(", "))
        })?;
        Ok(Self { after, kind: *kind, user: user.filter(|user| !user.is_empty()).map(str::to_owned) })
    }
}

/// What prevents a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanMistake {
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// What a replay does.
pub struct Plan<'a> {
    pub(super) exchanges: &'a [Exchange],
    pub(super) skipped: Vec<(&'static str, usize)>,
    pub(super) has_files: bool,
    pub(super) cast: Cast,
    pub(super) index: Index<'a>,
    /// In the order of their authorization requests.
    pub(super) sign_ins: Vec<SignIn>,
    pub(super) overlay: Overlay,
    /// How many redirect URIs cannot be registered.
    pub(super) unregistered: usize,
    pub(super) options: PlanOptions,
    /// When the tenant's time starts.
    pub(super) starts: Instant,
}

impl<'a> Plan<'a> {
    /// Plans the replay of a recording.
    ///
    /// # Errors
    /// A recording without anything to replay, or an option that does not fit it.
    pub fn new(recording: &'a Recording, options: PlanOptions) -> Result<Self, PlanMistake> {
        let exchanges = recording.exchanges.as_slice();
        let mistake = |problem: String, remedy: &str| PlanMistake { problem, remedy: remedy.to_owned() };
        let compared = |exchange: &&Exchange| exchange.endpoint != Endpoint::Page;
        let Some(first) = exchanges.iter().find(compared) else {
            let skipped: usize = recording.skipped.values().sum();
            return Err(mistake(
                format!(
                    "none of the {} entries is a request that can be replayed",
                    skipped + exchanges.len()
                ),
                "record the requests to login.microsoftonline.com; --host adds another name of the identity provider",
            ));
        };
        let cast = Cast::of(exchanges);
        for (id, _) in &options.mapping.applications {
            if !cast.clients.iter().any(|client| client.id.eq_ignore_ascii_case(id)) {
                return Err(mistake(
                    format!("--map names client {}, which the recording does not have", id.escape_debug()),
                    "give the client_id of a recorded request",
                ));
            }
        }
        for (name, _) in &options.mapping.users {
            if !cast.users.iter().any(|user| user.eq_ignore_ascii_case(name)) {
                return Err(mistake(
                    format!("--user names {}, which the recording does not have", name.escape_debug()),
                    "give the sign-in name of a recorded user",
                ));
            }
        }
        for event in &options.events {
            if !exchanges.iter().any(|exchange| exchange.place == event.after) {
                return Err(mistake(
                    format!("--event names entry {}, which is not replayed", event.after.entry),
                    "give the number of an entry in the table",
                ));
            }
        }
        for name in options.events.iter().filter_map(|event| event.user.as_ref()) {
            // Another name is a role.
            if name.contains('@') && !cast.users.iter().any(|user| user.eq_ignore_ascii_case(name)) {
                return Err(mistake(
                    format!("--event names {}, which the recording does not have", name.escape_debug()),
                    "give the sign-in name of a recorded user, or a role",
                ));
            }
        }
        let mapping = &options.mapping;
        let overlay = cast
            .overlay(|id| mapping.application(id).is_some(), |user| mapping.user(user).is_some())
            .map_err(|problem| mistake(problem, "split the recording, or give --map and --user"))?;
        // A refused grant of before the recording is made when the error says it was.
        let issued = exchanges.iter().filter_map(|exchange| issued_on(exchange.member("error_description")?));
        let starts = issued.chain([first.started]).min().unwrap_or(first.started);
        let mut index = Index::of(exchanges);
        Ok(Self {
            exchanges,
            skipped: recording.skipped.iter().map(|(why, count)| (why.text(), *count)).collect(),
            has_files: recording.files > 1,
            sign_ins: sign_ins(exchanges, &mut index),
            index,
            unregistered: cast.unregistered(),
            cast,
            overlay,
            options,
            starts,
        })
    }

    /// The sign-in that starts with this exchange.
    pub(super) fn sign_in_at(&self, index: usize) -> Option<&SignIn> {
        let found = self.sign_ins.binary_search_by_key(&index, |sign_in| sign_in.authorize).ok()?;
        self.sign_ins.get(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_with_their_entry_and_user() {
        let event = |file, entry, kind, user: Option<&str>| {
            Ok(PlannedEvent { after: Place { file, entry }, kind, user: user.map(str::to_owned) })
        };
        for (text, expected) in [
            ("14=change_password", event(1, 14, EventKind::ChangePassword, None)),
            ("2:3=revoke_sessions:a@b.example", event(2, 3, EventKind::RevokeSessions, Some("a@b.example"))),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for (text, message) in [
            ("14", "write ENTRY=EVENT"),
            ("0=change_password", "write ENTRY=EVENT"),
            ("x=change_password", "write ENTRY=EVENT"),
            ("1=change_pasword", "use one of: change_password, reset_password"),
        ] {
            let error = text.parse::<PlannedEvent>().expect_err(text);
            assert!(error.contains(message), "{error}");
        }
    }
}
