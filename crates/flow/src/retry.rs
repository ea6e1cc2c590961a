//! Decides which failures are retried, and when (reference §4.4). Pure: random numbers are an
//! argument, and a retry is an instant, not a sleep.

use outlive_clock::{Span, Stream};

/// Minimum and maximum number of retries of a custom policy.
pub(crate) const COUNT: (u32, u32) = (1, 90);
/// Minimum and maximum interval of a custom policy.
pub(crate) const INTERVAL: (Span, Span) = (Span::from_seconds(5), Span::from_days(1));

/// The default policy of a flow, by the plan of its owner: "Retries allowed", *Limits of automated,
/// scheduled, and instant flows* (reference §4.4, §9 #14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RetryProfile {
    /// That of Azure Logic Apps, for owners without a plan.
    #[default]
    LogicApps,
    /// Low performance: free, trial, community and Microsoft 365 plans.
    Low,
    /// Medium and high performance: premium and per-flow plans.
    Standard,
}

impl RetryProfile {
    /// Returns the default policy.
    const fn policy(self) -> RetryPolicy {
        let (count, interval, maximum) = match self {
            Self::LogicApps => (4, Span::from_millis(7_500), Span::from_seconds(45)),
            Self::Low => (2, Span::from_minutes(5), INTERVAL.1),
            Self::Standard => (8, Span::from_seconds(7), INTERVAL.1),
        };
        RetryPolicy::Exponential { count, interval, minimum: INTERVAL.0, maximum }
    }
}

/// How an action retries a call that failed transiently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// That of the flow's profile.
    #[default]
    OfProfile,
    /// No retries.
    None,
    /// The same wait before each retry.
    Fixed {
        /// The number of retries.
        count: u32,
        /// The wait before each retry.
        interval: Span,
    },
    /// A random wait from a range that doubles with each retry.
    Exponential {
        /// The number of retries.
        count: u32,
        /// The width of the first range.
        interval: Span,
        /// The minimum wait.
        minimum: Span,
        /// The maximum wait.
        maximum: Span,
    },
}

/// Whether a call with this HTTP status is retried: 408, 429 and 5xx. 401, 403 and 404 are final.
pub(crate) const fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

impl RetryPolicy {
    /// Returns the number of retries.
    const fn count(&self) -> u32 {
        match self {
            Self::None | Self::OfProfile => 0,
            Self::Fixed { count, .. } | Self::Exponential { count, .. } => *count,
        }
    }

    /// Returns the range (virtual time, ascending) of the wait before retry `n`, counted from 1, or
    /// `None` if there is no such retry.
    fn range(&self, n: u32) -> Option<(Span, Span)> {
        if n == 0 || n > self.count() {
            return None;
        }
        match *self {
            Self::None | Self::OfProfile => None,
            Self::Fixed { interval, .. } => Some((interval, interval)),
            Self::Exponential { interval, minimum, maximum, .. } => {
                // (0, i), (i, 2i), (2i, 4i), (4i, 8i) …
                let doubled = |times: u32| interval * 1_i64.checked_shl(times).unwrap_or(i64::MAX).max(1);
                let low = if n == 1 { Span::ZERO } else { doubled(n - 2) };
                let high = doubled(n - 1);
                Some((low.clamp(minimum, maximum), high.clamp(minimum, maximum)))
            }
        }
    }

    /// Returns the wait before retry `n` of a flow with this profile, random within its range, in
    /// whole milliseconds.
    pub(crate) fn wait(&self, n: u32, profile: RetryProfile, draw: &mut Stream) -> Option<Span> {
        let policy = if *self == Self::OfProfile { profile.policy() } else { *self };
        let (low, high) = policy.range(n)?;
        Some(Span::from_millis(draw.between(low.as_millis(), high.as_millis())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Randomness;
    use proptest::prelude::*;

    #[test]
    fn only_transient_statuses_are_retried() {
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert!(is_retried(status), "{status}");
        }
        for status in [200, 202, 301, 400, 401, 403, 404, 409, 412, 422, 600] {
            assert!(!is_retried(status), "{status}");
        }
    }

    #[test]
    fn the_default_ranges_double_within_their_bounds() {
        let of = |profile: RetryProfile| {
            let policy = profile.policy();
            let seconds = move |n| policy.range(n).map(|(a, b)| (a.as_seconds(), b.as_seconds()));
            (1..=policy.count()).filter_map(seconds).collect::<Vec<_>>()
        };
        assert_eq!(of(RetryProfile::Low), [(5, 300), (300, 600)]);
        let last = [(112, 224), (224, 448), (448, 896)];
        assert_eq!((of(RetryProfile::Standard).len(), &of(RetryProfile::Standard)[5..]), (8, &last[..]));
        let default = RetryProfile::default().policy();
        let milliseconds = |n| default.range(n).map(|(a, b)| (a.as_millis(), b.as_millis()));
        assert_eq!(milliseconds(1), Some((5_000, 7_500)));
        assert_eq!(milliseconds(2), Some((7_500, 15_000)));
        assert_eq!(milliseconds(3), Some((15_000, 30_000)));
        assert_eq!(milliseconds(4), Some((30_000, 45_000)));
        assert_eq!(milliseconds(5), None);
        assert_eq!(milliseconds(0), None);
    }

    #[test]
    fn fixed_waits_are_equal_and_none_has_no_retries() {
        let fixed = RetryPolicy::Fixed { count: 2, interval: Span::from_minutes(10) };
        let mut draw = Randomness::from_seed(1).stream("retry");
        for (n, expected) in [(1, true), (2, true), (3, false)] {
            let wait = fixed.wait(n, RetryProfile::Low, &mut draw);
            assert_eq!(wait, expected.then(|| Span::from_minutes(10)), "{n}");
        }
        assert_eq!(RetryPolicy::None.wait(1, RetryProfile::Low, &mut draw), None);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_the_policy(n in 0..100_u32, count in 1..=90_u32, seconds in 5..86_400_i64, seed: u64) {
            let policy = RetryPolicy::Exponential {
                count, interval: Span::from_seconds(seconds), minimum: INTERVAL.0, maximum: INTERVAL.1,
            };
            let mut draw = Randomness::from_seed(seed).stream("retry");
            let wait = policy.wait(n, RetryProfile::default(), &mut draw);
            prop_assert_eq!(wait.is_some(), (1..=count).contains(&n));
            prop_assert!(wait.is_none_or(|wait| INTERVAL.0 <= wait && wait <= INTERVAL.1));
        }
    }
}
