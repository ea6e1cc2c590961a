//! Smart lockout ("Protect user accounts from attacks with Microsoft Entra smart lockout").

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

/// The number of failures that locks an account.
pub const THRESHOLD: u32 = 10;

/// The duration of the first lock (virtual time). Each consecutive lock lasts twice as long; the
/// page states only that it is longer.
pub const FIRST_LOCK: Span = Span::from_seconds(60);

/// The longest lock (virtual time), our choice, so that an account always unlocks eventually.
pub const LONGEST_LOCK: Span = Span::from_hours(24);

/// The number of wrong passwords remembered, so that repeating one does not count.
const REMEMBERED: usize = 3;

/// The failed sign-ins of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lockout {
    /// Failures since the last success or lock.
    #[serde(skip_serializing_if = "is_zero")]
    failures: u32,
    /// Locks since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    locks: u32,
    /// When the account unlocks (virtual time).
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// Hashes of the last wrong passwords, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wrong: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Lockout {
    /// Whether the account is locked at `now`, whatever the password.
    #[must_use]
    pub fn is_locked(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// When the account unlocks, if it is locked at `now`.
    #[must_use]
    pub fn opens(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| now < *until)
    }

    /// Records a wrong password by its keyed hash. One of the last three does not count again:
    /// otherwise a mail program with an old password would lock the account.
    #[must_use]
    pub fn after_failure(&self, hash: &str, now: Instant) -> Self {
        if self.is_locked(now) || self.wrong.iter().any(|known| known == hash) {
            return self.clone();
        }
        let mut after = self.clone();
        after.wrong.push(hash.to_owned());
        if after.wrong.len() > REMEMBERED {
            after.wrong.remove(0);
        }
        after.failures += 1;
        // After a lock the next failure locks again.
        if after.failures >= THRESHOLD || after.locks > 0 {
            let doubled = FIRST_LOCK.as_micros().saturating_mul(1 << after.locks.min(20));
            after.until = Some(now + Span::from_micros(doubled).min(LONGEST_LOCK));
            after.locks += 1;
            after.failures = 0;
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant::EPOCH;

    fn failed(times: u32) -> Lockout {
        (0..times).fold(Lockout::default(), |lockout, n| lockout.after_failure(&n.to_string(), NOW))
    }

    #[test]
    fn where_nothing_is_remembered_nothing_is_written() {
        assert_eq!(serde_json::to_string(&Lockout::default()).expect("JSON"), "{}");
        let locked = failed(10);
        let text = serde_json::to_string(&locked).expect("JSON");
        assert_eq!(serde_json::from_str::<Lockout>(&text).expect("the same"), locked);
    }

    #[test]
    fn ten_different_passwords_lock_for_a_minute() {
        assert!(!failed(9).is_locked(NOW));
        let locked = failed(10);
        assert!(locked.is_locked(NOW));
        assert_eq!(locked.opens(NOW), Some(NOW + FIRST_LOCK));
        assert!(!locked.is_locked(NOW + FIRST_LOCK));
        assert_eq!(locked.opens(NOW + FIRST_LOCK), None);
    }

    #[test]
    fn the_last_three_wrong_passwords_do_not_count_again() {
        let mut lockout = Lockout::default();
        for _ in 0..20 {
            for wrong in ["a", "b", "c"] {
                lockout = lockout.after_failure(wrong, NOW);
            }
        }
        assert!(!lockout.is_locked(NOW));
        assert_eq!(lockout.failures, 3);
        let lockout = lockout.after_failure("d", NOW).after_failure("a", NOW);
        assert_eq!(lockout.failures, 5, "a was forgotten when d came");
    }

    #[test]
    fn each_lock_without_success_lasts_longer() {
        let mut lockout = failed(10);
        let mut now = NOW + FIRST_LOCK;
        let mut last = FIRST_LOCK;
        for n in 100..130 {
            lockout = lockout.after_failure(&n.to_string(), now);
            let lasts = lockout.opens(now).expect("locked") - now;
            assert!(lasts == (last + last).min(LONGEST_LOCK), "{lasts:?} after {last:?}");
            (now, last) = (now + lasts, lasts);
        }
        assert_eq!(last, LONGEST_LOCK);
    }

    proptest! {
        #[test]
        fn while_locked_nothing_counts(times in 0_u32..50, wrong in "[a-z]{1,4}") {
            let locked = failed(10);
            let mut after = locked.clone();
            for n in 0..times {
                after = after.after_failure(&format!("{wrong}{n}"), NOW);
            }
            prop_assert_eq!(after, locked);
        }
    }
}
