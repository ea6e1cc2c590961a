//! A verdict in words that a learner understands.

use std::borrow::Cow;

use crate::cut_off::Revocation;
use crate::verdict::{Artefact, Outcome, Verdict};
use crate::{Credential, Event, Fate, Ruleset, template};

impl Verdict {
    /// The verdict in words that a learner understands: the answer, why, what else happened, and after which document.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut words = vec![format!(
            "{}: {}",
            match self.outcome {
                Outcome::Accepted => "Accepted",
                Outcome::Refused => "Refused",
            },
            template::fill(self.rule.explanation(), |name| self.place(name))
        )];
        words.extend(self.outlived_in_words());
        if self.revocation.is_some_and(|cell| self.rules.is_overridden(cell.event, cell.credential)) {
            words.push(
                "This cell was changed on purpose for this tenant; the published table says otherwise."
                    .to_owned(),
            );
        }
        if let Some(code) = self.code {
            words.push(format!("The protocol's word for it is {code}."));
        }
        words.push(format!("Source: {}, section \"{}\".", self.source.document, self.source.section));
        words.join(" ")
    }

    /// What stands for `{name}` in the rule's explanation: a fact, or words made of the cell that decided.
    fn place(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.fact(name) {
            return Some(Cow::Borrowed(value));
        }
        match (name, self.revocation) {
            ("rules", _) => Some(Cow::Owned(self.rules.to_string())),
            ("proviso", _) => Some(Cow::Borrowed(self.proviso())),
            ("event_clause", Some(cell)) => Some(Cow::Borrowed(cell.event.clause())),
            ("row", Some(cell)) => Some(Cow::Borrowed(self.rules.row(cell.event).title)),
            ("column_plural", Some(cell)) => Some(Cow::Borrowed(cell.credential.plural())),
            ("neighbours", Some(cell)) => Some(Cow::Owned(neighbours(cell, &self.rules))),
            _ => None,
        }
    }

    fn proviso(&self) -> &'static str {
        match self.artefact {
            Artefact::RefreshToken if self.fact("spa") == Some("true") => ", however often it is renewed",
            Artefact::RefreshToken => ", and longer if it is used before then",
            Artefact::Cookie => ", and longer if it is used before then",
            Artefact::Code | Artefact::DeviceCode => ", for one redemption",
            Artefact::Password => ", for this one request",
            Artefact::Assertion => "; as often as it is presented until then",
            Artefact::AccessToken if self.fact("evaluated") == Some("true") => {
                ", unless something happens to the user before: its resource evaluates access continuously"
            }
            Artefact::AccessToken => "; nothing but time ends an access token at such a resource",
        }
    }

    fn outlived_in_words(&self) -> Vec<String> {
        let column = self.fact("column").and_then(|name| name.parse::<Credential>().ok());
        let mut words = Vec::new();
        for fact in &self.facts {
            let Some((event, at)) = fact.value.split_once(" at ") else { continue };
            let Ok(event) = event.parse::<Event>() else { continue };
            match (fact.name.as_ref(), column) {
                ("outlived", Some(column)) => words.push(format!(
                    "Since then, on {at}, {}; by the row \"{}\" (edition {}), {} stay alive then.",
                    event.clause(),
                    self.rules.row(event).title,
                    self.rules,
                    column.plural()
                )),
                ("outlived", None) if self.fact("evaluated") == Some("true") => {
                    words.push(format!("Since then, on {at}, {}; that is no critical event.", event.clause()));
                }
                ("outlived", None) => words
                    .push(format!("Since then, on {at}, {}; but no one asks the issuer again.", event.clause())),
                ("same_second", _) => words.push(format!(
                    "On {at} {}, within the second of the grant; cut-offs count whole seconds, so it does not reach it.",
                    event.clause()
                )),
                _ => {}
            }
        }
        words
    }
}

/// What the same row says of the other columns, for people who learn by contrast.
fn neighbours(cell: Revocation, rules: &Ruleset) -> String {
    let alive: Vec<_> = Credential::ALL
        .into_iter()
        .filter(|other| *other != cell.credential && rules.fate(cell.event, *other) == Fate::Alive)
        .map(Credential::plural)
        .collect();
    match alive.as_slice() {
        [] => "The same row leaves nothing alive.".to_owned(),
        some => format!("The same row leaves alive: {}.", some.join("; ")),
    }
}
