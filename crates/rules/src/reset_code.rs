//! Whether the code for resetting a forgotten password is good, and how often codes may be sent and
//! tried.
//!
//! The documents say that a code is sent and has to be typed, and how often; how long it lives is
//! our choice.

use outlive_clock::{Instant, Span};
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
    /// Too many codes were sent to, or typed for, the user or by the address: none is looked at.
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

/// So many within a span bar all attempts, for some time after the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The one that bars: the first is 1.
    pub max: usize,
    /// Within which span of virtual time.
    pub within: Span,
    /// For how long, in virtual time.
    pub barred: Span,
}

/// The limits for a user or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For codes that are asked for.
    pub sends: Limit,
    /// For codes that are wrong.
    pub failures: Limit,
}

/// A user's ("Self-service password reset frequently asked questions": five attempts within 24
/// hours, an e-mail at most ten times within ten minutes, and 24 hours without; the counters are
/// reset by a reset).
pub const USER_LIMITS: Limits = Limits {
    sends: Limit { max: 11, within: Span::from_minutes(10), barred: Span::from_hours(24) },
    failures: Limit { max: 5, within: Span::from_hours(24), barred: Span::from_hours(24) },
};

/// An address's: ours. Room for a few users behind one address, and too little for trying one guess
/// each with many.
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

    /// Adds one, and keeps no more than it takes to bar.
    fn add(&self, times: &[Instant], now: Instant) -> Vec<Instant> {
        let kept = times.len().min(self.max - 1);
        times[times.len() - kept..].iter().copied().chain([now]).collect()
    }
}

/// When codes were asked for, and when wrong ones were typed: the latest, oldest first (virtual).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResetAttempts {
    /// Codes that were asked for.
    pub sends: Vec<Instant>,
    /// Codes that were wrong.
    pub failures: Vec<Instant>,
}

impl ResetAttempts {
    /// Whether nothing is sent and no code is looked at.
    #[must_use]
    pub fn are_too_many(&self, limits: &Limits, now: Instant) -> bool {
        let until = [limits.sends.bars_until(&self.sends), limits.failures.bars_until(&self.failures)];
        until.into_iter().flatten().any(|until| now < until)
    }

    /// After another code was asked for.
    #[must_use]
    pub fn after_send(&self, limits: &Limits, now: Instant) -> Self {
        Self { sends: limits.sends.add(&self.sends, now), failures: self.failures.clone() }
    }

    /// After another try. It counts as wrong until it is known to be right.
    #[must_use]
    pub fn after_try(&self, limits: &Limits, now: Instant) -> Self {
        Self { sends: self.sends.clone(), failures: limits.failures.add(&self.failures, now) }
    }

    /// The same without the try at `at`, which was right.
    #[must_use]
    pub fn without_try(&self, at: Instant) -> Self {
        let mut without = self.clone();
        if let Some(index) = without.failures.iter().rposition(|failure| *failure == at) {
            without.failures.remove(index);
        }
        without
    }

    /// After when they no longer count for anything.
    #[must_use]
    pub fn count_until(&self, limits: &Limits) -> Option<Instant> {
        let of = |limit: &Limit, times: &[Instant]| Some(*times.last()? + limit.within.max(limit.barred));
        let ends = [of(&limits.sends, &self.sends), of(&limits.failures, &self.failures)];
        ends.into_iter().flatten().max()
    }
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
        /// Whatever the times, no more than the limit's number of codes is looked at within its
        /// span, and what is kept is bounded.
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
                    // An address is free again before its span is over: then each further failure
                    // bars it.
                    let bars = limits.failures.within.as_micros() / limits.failures.barred.as_micros();
                    prop_assert!(within < limits.failures.max + usize::try_from(bars).unwrap());
                    prop_assert!(attempts.failures.len() <= limits.failures.max);
                }
            }
        }
    }
}
