//! Expectations that are met some time later.

use outlive_clock::Span;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::check::checker::Checker;
use crate::conductor::ADVANCE_MAX;
use crate::diagnostic::Position;

/// Maximum number of attempts.
const ATTEMPTS_MAX: i64 = 10_000;

/// Verbs that move time themselves, or are done at the first attempt.
const WITHOUT_EXPECTATION: [&str; 4] = ["advance", "snapshot", "restore", "delete_snapshot"];

/// A step that is tried again until its expectations are met: time moves between the attempts, and
/// all due work is done.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eventually {
    /// How far time moves at most.
    pub within: Spanned<Span>,
    /// How far time moves between two attempts.
    pub every: Spanned<Span>,
}

impl Checker<'_> {
    pub(super) fn eventually(&mut self, verb: &str, eventually: &Eventually) {
        let Eventually { within, every } = eventually;
        if WITHOUT_EXPECTATION.contains(&verb) {
            let message = format!("the verb {verb} has nothing to wait for");
            self.wrong(message, "remove eventually, or expect something");
        }
        for (name, span) in [("within", within), ("every", every)] {
            if span.value <= Span::ZERO {
                let message = format!("{name} cannot be {}", span.value);
                self.wrong_at(Position::of(span), message, "write a duration, for example PT1H");
            }
        }
        if within.value > ADVANCE_MAX {
            let message = format!("{} is too long: time moves by at most 100 years", within.value);
            self.wrong_at(Position::of(within), message, "write at most P36525D");
        }
        if every.value > within.value {
            let message = format!("{} is longer than {}, the limit", every.value, within.value);
            self.wrong_at(Position::of(every), message, "write a shorter interval, or a longer limit");
        } else if every.value > Span::ZERO
            && within.value.as_micros() / every.value.as_micros() > ATTEMPTS_MAX
        {
            let message = format!("this is more than {ATTEMPTS_MAX} attempts");
            self.wrong_at(Position::of(every), message, "write a longer interval, or a shorter limit");
        }
    }
}
