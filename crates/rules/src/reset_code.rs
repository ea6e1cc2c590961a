//! Whether the code for resetting a forgotten password is good.
//!
//! The documents say that a code is sent and has to be typed; how long it lives and how often it may be tried is our choice.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::lifetimes;

/// How often a code may be tried, the right try included.
pub const TRIES_MAX: u32 = 5;

/// What is known of a code and of the try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetCodeFacts {
    /// When it was sent (virtual).
    pub issued_at: Instant,
    /// How often it was tried, this try included.
    pub tries: u32,
    /// Whether what was typed is the code.
    pub matches: bool,
}

/// What becomes of the try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetCode {
    /// The password may be reset.
    Good,
    /// Something else was typed.
    Wrong,
    /// It was tried too often: even the right code is not taken any more.
    TriedTooOften,
    /// It got too old.
    TooOld,
}

/// What becomes of a try at `now` (virtual). Who does not have the code learns nothing from the order: age and tries are
/// asked first.
#[must_use]
pub fn decide(code: &ResetCodeFacts, now: Instant) -> ResetCode {
    if now >= code.issued_at + lifetimes::PASSWORD_RESET_CODE {
        ResetCode::TooOld
    } else if code.tries > TRIES_MAX {
        ResetCode::TriedTooOften
    } else if code.matches {
        ResetCode::Good
    } else {
        ResetCode::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Span;

    const AT: Instant = Instant::from_seconds(1_000);

    fn tried(tries: u32, matches: bool, after: Span) -> ResetCode {
        decide(&ResetCodeFacts { issued_at: AT, tries, matches }, AT + after)
    }

    #[test]
    fn a_reset_code_is_good_for_fifteen_minutes_and_five_tries() {
        let (first, last) = (Span::from_micros(0), Span::from_minutes(15) - Span::from_micros(1));
        assert_eq!(tried(1, true, first), ResetCode::Good);
        assert_eq!(tried(1, true, last), ResetCode::Good);
        assert_eq!(tried(1, true, Span::from_minutes(15)), ResetCode::TooOld);
        assert_eq!(tried(5, true, first), ResetCode::Good);
        assert_eq!(tried(5, false, first), ResetCode::Wrong);
        assert_eq!(tried(6, true, first), ResetCode::TriedTooOften);
    }
}
