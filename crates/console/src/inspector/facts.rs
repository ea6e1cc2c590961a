//! The facts of a verdict, as a page lists them.

use outlive_clock::Instant;
use outlive_rules::{Credential, Event, Fate, Ruleset};
use serde_json::Value;

use super::Why;
use crate::number_words::capital;
use crate::when::When;

/// A fact: its name, its value, and whether that is a row of the revocation table.
pub(crate) type ShownFact = (&'static str, String, bool);

impl Why {
    /// A fact of the verdict, by its name in the rules.
    pub(crate) fn fact(&self, name: &str) -> Option<&str> {
        let facts = self.verdict.as_ref()?.get("facts")?.as_array()?;
        facts.iter().find(|fact| fact["name"] == name)?.get("value").and_then(Value::as_str)
    }

    /// When the token was granted, what happened since, the cell of the table, and the edition.
    pub(crate) fn facts(&self, now: Instant) -> Vec<ShownFact> {
        let rules = self.verdict.as_ref().and_then(|verdict| verdict["rules"].as_str()).unwrap_or_default();
        let Ok(rules) = rules.parse::<Ruleset>() else { return Vec::new() };
        let time = |text: &str| text.parse().ok().map(|at: Instant| full(at, now));
        let mut facts = Vec::new();
        let mut add = |name, value: Option<String>, is_row| {
            facts.extend(value.map(|value| (name, value, is_row)));
        };
        add("Granted", self.fact("granted_at").and_then(time), false);
        let ended = self.fact("event").zip(self.fact("event_at"));
        let outlived = self.fact("outlived").and_then(|words| words.split_once(" at "));
        if let Some((name, at)) = ended.or(outlived)
            && let Ok(event) = serde_json::from_value::<Event>(name.into())
        {
            add(label(event), time(at), false);
            add("Row", Some(rules.row(event).title.to_owned()), true);
            let column = self.fact("column").and_then(column_named);
            let fate = |column: Credential| {
                let fate = if rules.fate(event, column) == Fate::Alive { "alive" } else { "revoked" };
                format!("{}: {fate}", column.title())
            };
            add("Column", column.map(fate), false);
        }
        add("Good until", self.fact("good_until").and_then(time), false);
        add("Edition", Some(rules.to_string()).filter(|_| self.fact("column").is_some()), false);
        facts
    }
}

impl Why {
    /// What the event did to tokens of this kind, as a sentence; `None` if no event did anything.
    pub(crate) fn what_the_event_does(&self) -> Option<String> {
        let outlived = || self.fact("outlived")?.split(' ').next();
        let (name, does) = match self.fact("event") {
            Some(event) => (event, "revokes"),
            None => (outlived()?, "leaves alive"),
        };
        let event: Event = serde_json::from_value(name.into()).ok()?;
        let column = self.fact("column").and_then(column_named)?;
        Some(format!("{} {does} {}.", capital(cause(event)), column.plural()))
    }
}

/// An event of the table, as the cause of something.
pub(crate) const fn cause(event: Event) -> &'static str {
    match event {
        Event::PasswordChangedByUser => "the password change",
        Event::PasswordExpires => "the expiry of the password",
        Event::Sspr => "the self-service reset of the password",
        Event::AdminReset
        | Event::AdminResetAzurePortal
        | Event::AdminResetEntraAdminCenter
        | Event::AdminResetM365AdminCenter => "the administrator’s reset",
        Event::UserRevokes => "the user’s revocation of all sessions",
        Event::AdminRevokes => "the administrator’s revocation",
        Event::SingleSignOut => "the sign-out",
    }
}

fn column_named(name: &str) -> Option<Credential> {
    Credential::ALL.into_iter().find(|column| column.name() == name)
}

/// A day and a time with seconds: their order matters.
fn full(at: Instant, now: Instant) -> String {
    let when = When::of(at, now);
    format!("{} {}", when.day, when.seconds)
}

const fn label(event: Event) -> &'static str {
    match event {
        Event::PasswordChangedByUser => "Password changed",
        Event::PasswordExpires => "Password expired",
        Event::Sspr
        | Event::AdminReset
        | Event::AdminResetAzurePortal
        | Event::AdminResetEntraAdminCenter
        | Event::AdminResetM365AdminCenter => "Password reset",
        Event::UserRevokes | Event::AdminRevokes => "Sessions revoked",
        Event::SingleSignOut => "Signed out",
    }
}
