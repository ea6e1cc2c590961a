//! Decides which failures are retried, and when (reference §4.4). Pure: random numbers are an
//! argument, and a retry is an instant, not a sleep.

use outlive_clock::{Span, Stream};
use outlive_wire::Plan;

/// Minimum and maximum number of retries of a custom policy.
pub(crate) const COUNT: (u32, u32) = (1, 90);
/// Minimum and maximum interval of a custom policy.
pub(crate) const INTERVAL: (Span, Span) = (Span::from_seconds(5), Span::from_days(1));

/// How an action retries a call that failed transiently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// The policy of the flow's profile.
    #[default]
    Default,
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

/// Which policy actions have that name none: "Low", "Medium" and "High" of *Limits of automated,
/// scheduled, and instant flows*, and that of Logic Apps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RetryProfile {
    /// 4 retries, scaled by 7.5 s, between 5 and 45 s.
    #[default]
    LogicApps,
    /// 2 retries, scaled by 5 minutes: the last after about 10 minutes.
    Low,
    /// 8 retries, scaled by 7 seconds: the last after about 15 minutes.
    Standard,
}

impl RetryProfile {
    /// Returns the profile of flows whose owner has this plan, if one is known.
    pub(crate) const fn of(plan: Option<Plan>) -> Self {
        match plan {
            None => Self::LogicApps,
            Some(Plan::Free | Plan::Trial | Plan::Community | Plan::Microsoft365) => Self::Low,
            Some(Plan::Premium | Plan::PerFlow) => Self::Standard,
        }
    }

    const fn policy(self) -> RetryPolicy {
        let (count, interval, maximum) = match self {
            Self::LogicApps => (4, Span::from_millis(7_500), Span::from_seconds(45)),
            Self::Low => (2, Span::from_minutes(5), INTERVAL.1),
            Self::Standard => (8, Span::from_seconds(7), INTERVAL.1),
        };
        RetryPolicy::Exponential { count, interval, minimum: INTERVAL.0, maximum }
    }
}

/// Whether a call with this HTTP status is retried: 408, 429 and 5xx. 401, 403 and 404 are final.
pub(crate) const fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

impl RetryPolicy {
    /// Returns the policy of an action of a flow with this profile.
    pub(crate) const fn in_profile(self, profile: RetryProfile) -> Self {
        match self {
            Self::Default => profile.policy(),
            policy => policy,
        }
    }

    /// Returns the range (virtual time, ascending) of the wait before retry `n`, counted from 1, or
    /// `None` if there is no such retry.
    pub(crate) fn range(self, n: u32) -> Option<(Span, Span)> {
        match self.in_profile(RetryProfile::default()) {
            Self::Fixed { interval, count } => (1..=count).contains(&n).then_some((interval, interval)),
            Self::Exponential { count, interval, minimum, maximum } if (1..=count).contains(&n) => {
                // (0, i), (i, 2i), (2i, 4i), (4i, 8i) …
                let doubled = |times: u32| interval * 1_i64.checked_shl(times).unwrap_or(i64::MAX).max(1);
                let low = if n == 1 { Span::ZERO } else { doubled(n - 2) };
                let high = doubled(n - 1);
                Some((low.clamp(minimum, maximum), high.clamp(minimum, maximum)))
            }
            _ => None,
        }
    }

    /// Returns the wait before retry `n`, random within its range, in whole milliseconds.
    pub(crate) fn wait(self, n: u32, draw: &mut Stream) -> Option<Span> {
        let (low, high) = self.range(n)?;
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
        let milliseconds = |n| RetryPolicy::default().range(n).map(|(a, b)| (a.as_millis(), b.as_millis()));
        assert_eq!(milliseconds(1), Some((5_000, 7_500)));
        assert_eq!(milliseconds(2), Some((7_500, 15_000)));
        assert_eq!(milliseconds(3), Some((15_000, 30_000)));
        assert_eq!(milliseconds(4), Some((30_000, 45_000)));
        assert_eq!(milliseconds(5), None);
        assert_eq!(milliseconds(0), None);
    }

    #[test]
    fn each_profile_has_its_number_of_retries() {
        for (plan, retries, last) in [
            (None, 4, (30_000, 45_000)),
            (Some(Plan::Microsoft365), 2, (300_000, 600_000)),
            (Some(Plan::Premium), 8, (448_000, 896_000)),
        ] {
            let policy = RetryPolicy::Default.in_profile(RetryProfile::of(plan));
            let range = |n| policy.range(n).map(|(low, high)| (low.as_millis(), high.as_millis()));
            assert_eq!((range(retries), range(retries + 1)), (Some(last), None), "{plan:?}");
            assert_eq!(RetryPolicy::None.in_profile(RetryProfile::of(plan)), RetryPolicy::None);
        }
    }

    #[test]
    fn fixed_waits_are_equal_and_none_has_no_retries() {
        let fixed = RetryPolicy::Fixed { count: 2, interval: Span::from_minutes(10) };
        let mut draw = Randomness::from_seed(1).stream("retry");
        assert_eq!(fixed.wait(1, &mut draw), Some(Span::from_minutes(10)));
        assert_eq!(fixed.wait(2, &mut draw), Some(Span::from_minutes(10)));
        assert_eq!(fixed.wait(3, &mut draw), None);
        assert_eq!(RetryPolicy::None.wait(1, &mut draw), None);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_the_policy(n in 0..100_u32, count in 1..=90_u32, seconds in 5..86_400_i64, seed: u64) {
            let policy = RetryPolicy::Exponential {
                count, interval: Span::from_seconds(seconds), minimum: INTERVAL.0, maximum: INTERVAL.1,
            };
            let wait = policy.wait(n, &mut Randomness::from_seed(seed).stream("retry"));
            prop_assert_eq!(wait.is_some(), (1..=count).contains(&n));
            prop_assert!(wait.is_none_or(|wait| INTERVAL.0 <= wait && wait <= INTERVAL.1));
        }
    }
}
