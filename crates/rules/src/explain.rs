//! Explanations of verdicts.

use std::borrow::Cow;

use crate::fact::FactValue;
use crate::revocation::Revocation;
use crate::verdict::{Artefact, Outcome, Verdict};
use crate::{Credential, Fate, Ruleset, template};

impl Verdict {
    /// Explains the verdict: the outcome, the reason, other events, and the source document.
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
                "This cell is overridden for this tenant and differs from the published table.".to_owned(),
            );
        }
        if let Some(code) = self.code {
            words.push(format!("Error code: {code}."));
        }
        words.push(format!("Source: {}, section \"{}\".", self.source.document, self.source.section));
        words.join(" ")
    }

    /// The value of the placeholder `{name}`: a fact, or a description of the cell that decided.
    fn place(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.fact(name) {
            return Some(Cow::Owned(value.to_string()));
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
            Artefact::RefreshToken if self.fact("spa") == Some(&FactValue::Flag(true)) => {
                ", however often it is renewed"
            }
            Artefact::RefreshToken => ", and longer if it is used before then",
            Artefact::Cookie => ", and longer if it is used before then",
            Artefact::Code | Artefact::DeviceCode => ", for one redemption",
            Artefact::Password => ", for this one request",
            Artefact::Assertion => "; as often as it is presented until then",
            Artefact::AccessToken if self.is_evaluated() => {
                ", unless a critical event occurs before: its resource is CAE-enabled"
            }
            Artefact::AccessToken => "; nothing but time ends an access token at such a resource",
        }
    }

    fn is_evaluated(&self) -> bool {
        self.fact("evaluated") == Some(&FactValue::Flag(true))
    }

    fn outlived_in_words(&self) -> Vec<String> {
        let is_evaluated = self.is_evaluated();
        let column = match self.fact("column") {
            Some(FactValue::Column(column)) => Some(column),
            _ => None,
        };
        let mut words = Vec::new();
        for fact in &self.facts {
            let FactValue::Happened(event, at) = &fact.value else { continue };
            match (fact.name.as_ref(), column) {
                ("outlived", Some(column)) => words.push(format!(
                    "Since then, on {at}, {}; by the row \"{}\" (edition {}), {} stay alive then.",
                    event.clause(),
                    self.rules.row(*event).title,
                    self.rules,
                    column.plural()
                )),
                ("outlived", None) if is_evaluated => {
                    words.push(format!("Since then, on {at}, {}; that is not a critical event.", event.clause()));
                }
                ("outlived", None) => words
                    .push(format!("Since then, on {at}, {}; but its resource does not ask the issuer.", event.clause())),
                ("same_second", _) => words.push(format!(
                    "On {at} {}, within the second of the grant; revocation cutoffs have a resolution of one second, so it does not apply.",
                    event.clause()
                )),
                _ => {}
            }
        }
        words
    }
}

/// Describes the other cells of the row, for contrast.
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
