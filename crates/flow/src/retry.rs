//! Decides which failures are retried, and when (reference §4.4). Pure: random numbers are an
//! argument, and a retry is an instant, not a sleep.

use outlive_clock::{Span, Stream};

/// Minimum and maximum number of retries of a custom policy.
pub(crate) const COUNT: (u32, u32) = (1, 90);
/// Minimum and maximum interval of a custom policy.
pub(crate) const INTERVAL: (Span, Span) = (Span::from_seconds(5), Span::from_days(1));

/// How an action retries a call that failed transiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
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

impl Default for RetryPolicy {
    /// The engine's documented default: exponential, 4 retries, scaled by 7.5 s, between 5 and 45
    /// s.
    fn default() -> Self {
        Self::Exponential {
            count: 4,
            interval: Span::from_millis(7_500),
            minimum: Span::from_seconds(5),
            maximum: Span::from_seconds(45),
        }
    }
}

/// Whether a call with this HTTP status is retried: 408, 429 and 5xx. 401, 403 and 404 are final.
pub(crate) const fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

impl RetryPolicy {
    /// Returns the number of retries.
    pub(crate) const fn count(&self) -> u32 {
        match self {
            Self::None => 0,
            Self::Fixed { count, .. } | Self::Exponential { count, .. } => *count,
        }
    }

    /// Returns the range (virtual time, ascending) of the wait before retry `n`, counted from 1, or
    /// `None` if there is no such retry.
    pub(crate) fn range(&self, n: u32) -> Option<(Span, Span)> {
        if n == 0 || n > self.count() {
            return None;
        }
        match *self {
            Self::None => None,
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

    /// Returns the wait before retry `n`, random within its range, in whole milliseconds.
    pub(crate) fn wait(&self, n: u32, draw: &mut Stream) -> Option<Span> {
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
