//! What subjects and answers are called.

use outlive_rules::Ruleset;

use super::plan::{Act, EDITION, Source, Subject};

impl Subject {
    /// Its name, and what it is.
    pub(crate) fn name(self) -> (String, &'static str) {
        match self {
            Self::Refresh(app) => (app.to_owned(), "refresh token"),
            Self::Access(app) => (app.to_owned(), "access token"),
            Self::HubRefresh(connection) => (format!("The hub, connection {connection}"), "refresh token"),
            Self::Cookie => ("The owner’s browser".to_owned(), "session cookie"),
            Self::Flow(name) => (name.to_owned(), "flow"),
            Self::Code(connection) => (format!("Connection {connection}"), "error code"),
        }
    }

    /// An answer, as a choice.
    pub(crate) fn choice(self, id: &str) -> String {
        match (id, self) {
            ("alive", _) => "stays alive",
            ("fading", _) => "works until it expires",
            ("revoked", Self::Access(_)) => "is rejected at once",
            ("revoked", _) => "is revoked at once",
            ("expired", _) => "has expired",
            ("runs", _) => "keeps running",
            ("fails", _) => "fails",
            ("missing", _) => "is missing",
            ("connected", _) => "no error",
            (code, _) => code,
        }
        .to_owned()
    }

    /// An answer, as a sentence about the past.
    pub(crate) fn outcome(self, id: &str) -> String {
        let (name, kind) = self.name();
        let verb = match (id, self) {
            ("alive", _) => "stayed alive",
            ("fading", _) => "works until it expires",
            ("revoked", Self::Access(_)) => "was rejected at once",
            ("revoked", _) => "was revoked",
            ("expired", _) => "has expired",
            ("runs", _) => "kept running",
            ("fails", _) => "failed",
            ("missing", _) => "is missing",
            ("connected", _) => return format!("{name} reports no error."),
            (code, _) => return format!("{name}: {code}."),
        };
        if matches!(self, Self::Flow(_)) {
            format!("{name} {verb}.")
        } else {
            format!("{name}: its {kind} {verb}.")
        }
    }
}

impl Source {
    /// Where a promise of an act comes from.
    pub(crate) fn words(self, act: &Act) -> String {
        match self {
            Self::Rule(text) => text.to_owned(),
            Self::Cell(event, credential) => {
                let edition = act.edition.unwrap_or(EDITION);
                let title =
                    edition.parse::<Ruleset>().map_or_else(|_| event.name(), |rules| rules.row(event).title);
                format!("row {title}, column {}, edition {edition}", credential.title())
            }
        }
    }
}
