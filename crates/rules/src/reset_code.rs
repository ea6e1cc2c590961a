//! Password reset codes: verification and limits.
//!
//! The documents define the limits; the lifetime of a code is our choice.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::lifetimes;

/// Maximum number of attempts per code, including the successful one.
pub const TRIES_MAX: u32 = 5;

/// The facts about a code and an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetCodeFacts {
    /// When it was sent (virtual).
    pub issued_at: Instant,
    /// The number of attempts, including this one.
    pub tries: u32,
    /// Whether the entered code is correct.
    pub matches: bool,
}

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetCode {
    /// The password may be reset.
    Good,
    /// The code is wrong.
    Wrong,
    /// Too many attempts: even the correct code is rejected.
    TriedTooOften,
    /// The code expired.
    TooOld,
    /// The user or the IP address is blocked after too many codes were sent or entered.
    TooManyAttempts,
}

impl ResetCode {
    /// The outcome as the journal records it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wrong => "wrong",
            Self::TriedTooOften => "tried_too_often",
            Self::TooOld => "too_old",
            Self::TooManyAttempts => "too_many_attempts",
        }
    }
}

/// A limit: this many attempts within a span block all attempts for some time after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The number of attempts that triggers the block.
    pub max: usize,
    /// The span (virtual time).
    pub within: Span,
    /// The duration of the block (virtual time).
    pub barred: Span,
}

/// The limits for a user or an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For requested codes.
    pub sends: Limit,
    /// For wrong codes.
    pub failures: Limit,
}

/// The limits of a user ("Self-service password reset frequently asked questions": five attempts
/// within 24 hours, at most ten emails within ten minutes, then a block of 24 hours; a password
/// reset resets the counters).
pub const USER_LIMITS: Limits = Limits {
    sends: Limit { max: 11, within: Span::from_minutes(10), barred: Span::from_hours(24) },
    failures: Limit { max: 5, within: Span::from_hours(24), barred: Span::from_hours(24) },
};

/// The limits of an IP address, our choice: enough for a few users behind one address, too little
/// for password spraying.
pub const ADDRESS_LIMITS: Limits = Limits {
    sends: Limit { max: 31, within: Span::from_minutes(10), barred: Span::from_hours(1) },
    failures: Limit { max: 20, within: Span::from_hours(24), barred: Span::from_hours(1) },
};

impl Limit {
    fn bars_until(&self, times: &[Instant]) -> Option<Instant> {
        let last = *times.last()?;
        let first = *times.get(times.len().checked_sub(self.max)?)?;
        (last - first < self.within).then_some(last + self.barred)
    }

    /// Adds an attempt and keeps no more than the limit.
    fn add(&self, times: &[Instant], now: Instant) -> Vec<Instant> {
        let kept = times.len().min(self.max - 1);
        times[times.len() - kept..].iter().copied().chain([now]).collect()
    }
}

/// The times of the latest code requests and wrong attempts, oldest first (virtual).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResetAttempts {
    /// Requested codes.
    pub sends: Vec<Instant>,
    /// Wrong codes.
    pub failures: Vec<Instant>,
}

impl ResetAttempts {
    /// Whether all attempts are blocked.
    #[must_use]
    pub fn are_too_many(&self, limits: &Limits, now: Instant) -> bool {
        let until = [limits.sends.bars_until(&self.sends), limits.failures.bars_until(&self.failures)];
        until.into_iter().flatten().any(|until| now < until)
    }

    /// Records a code request.
    #[must_use]
    pub fn after_send(&self, limits: &Limits, now: Instant) -> Self {
        Self { sends: limits.sends.add(&self.sends, now), failures: self.failures.clone() }
    }

    /// Records an attempt, which counts as wrong until it is verified.
    #[must_use]
    pub fn after_try(&self, limits: &Limits, now: Instant) -> Self {
        Self { sends: self.sends.clone(), failures: limits.failures.add(&self.failures, now) }
    }

    /// Removes the successful attempt at `at`.
    #[must_use]
    pub fn without_try(&self, at: Instant) -> Self {
        let mut without = self.clone();
        if let Some(index) = without.failures.iter().rposition(|failure| *failure == at) {
            without.failures.remove(index);
        }
        without
    }

    /// When the attempts no longer affect any limit.
    #[must_use]
    pub fn count_until(&self, limits: &Limits) -> Option<Instant> {
        let of = |limit: &Limit, times: &[Instant]| Some(*times.last()? + limit.within.max(limit.barred));
        let ends = [of(&limits.sends, &self.sends), of(&limits.failures, &self.failures)];
        ends.into_iter().flatten().max()
    }
}

/// Decides an attempt at `now` (virtual). Age and number of attempts are checked first, so that the
/// outcome reveals nothing about the code.
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
    use proptest::prelude::*;

    use super::*;

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

    /// "Self-service password reset frequently asked questions".
    #[test]
    fn a_user_asks_ten_times_in_ten_minutes_and_then_waits_a_day() {
        let mut attempts = ResetAttempts::default();
        for n in 1..=10 {
            attempts = attempts.after_send(&USER_LIMITS, AT + Span::from_seconds(n));
            assert!(!attempts.are_too_many(&USER_LIMITS, AT + Span::from_seconds(n)), "{n}");
        }
        let eleventh = AT + Span::from_minutes(10);
        let barred = attempts.after_send(&USER_LIMITS, eleventh);
        assert!(barred.are_too_many(&USER_LIMITS, eleventh));
        assert!(barred.are_too_many(&USER_LIMITS, eleventh + Span::from_hours(24) - Span::from_micros(1)));
        assert!(!barred.are_too_many(&USER_LIMITS, eleventh + Span::from_hours(24)));
        let later = AT + Span::from_minutes(10) + Span::from_seconds(1);
        assert!(!attempts.after_send(&USER_LIMITS, later).are_too_many(&USER_LIMITS, later));
        assert_eq!(barred.count_until(&USER_LIMITS), Some(eleventh + Span::from_hours(24)));
    }

    #[test]
    fn five_wrong_codes_bar_for_a_day_and_a_right_one_does_not() {
        let mut attempts = ResetAttempts::default();
        for _ in 0..4 {
            attempts = attempts.after_try(&USER_LIMITS, AT);
        }
        assert!(!attempts.are_too_many(&USER_LIMITS, AT));
        let fifth = attempts.after_try(&USER_LIMITS, AT + Span::from_seconds(1));
        assert!(fifth.are_too_many(&USER_LIMITS, AT + Span::from_hours(24)));
        assert!(!fifth.are_too_many(&USER_LIMITS, AT + Span::from_hours(24) + Span::from_seconds(1)));
        assert_eq!(fifth.without_try(AT + Span::from_seconds(1)), attempts);
    }

    proptest! {
        /// At any times, no more codes than the limit are checked within its span, and storage is
        /// bounded.
        #[test]
        fn guesses_are_bounded_across_codes(pauses in prop::collection::vec(0_i64..100_000, 1..200)) {
            for limits in [USER_LIMITS, ADDRESS_LIMITS] {
                let (mut attempts, mut now, mut looked_at) = (ResetAttempts::default(), AT, Vec::new());
                for pause in &pauses {
                    now = now + Span::from_seconds(*pause);
                    if attempts.are_too_many(&limits, now) {
                        continue;
                    }
                    attempts = attempts.after_try(&limits, now);
                    looked_at.push(now);
                    let within = looked_at.iter().filter(|at| now - **at < limits.failures.within).count();
                    // The block of an address ends before its span: then each further failure
                    // blocks it again.
                    let bars = limits.failures.within.as_micros() / limits.failures.barred.as_micros();
                    prop_assert!(within < limits.failures.max + usize::try_from(bars).unwrap());
                    prop_assert!(attempts.failures.len() <= limits.failures.max);
                }
            }
        }
    }
}
