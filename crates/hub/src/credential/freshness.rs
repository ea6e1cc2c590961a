//! Decides when an access token is refreshed.

use outlive_clock::{Instant, Span};

/// An access token with less time left is refreshed before it is used.
pub(crate) const REFRESH_BEFORE: Span = Span::from_seconds(180);

/// What to do with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Use it.
    Fresh,
    /// Refresh it; if that fails, use it.
    Aging,
    /// Refresh it; it has expired.
    Expired,
}

/// Classifies an access token that expires at `expires`. A token with exactly three minutes left is
/// fresh.
pub(crate) fn freshness(expires: Instant, now: Instant) -> Freshness {
    let left = expires - now;
    if left >= REFRESH_BEFORE {
        Freshness::Fresh
    } else if left > Span::ZERO {
        Freshness::Aging
    } else {
        Freshness::Expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Instant = Instant::from_seconds(1_767_603_600);

    #[test]
    fn the_boundaries_are_exact() {
        for (left, expected) in [
            (Span::from_hours(1), Freshness::Fresh),
            (Span::from_seconds(180), Freshness::Fresh),
            (Span::from_seconds(180) - Span::from_micros(1), Freshness::Aging),
            (Span::from_seconds(179), Freshness::Aging),
            (Span::from_micros(1), Freshness::Aging),
            (Span::ZERO, Freshness::Expired),
            (Span::from_seconds(-1), Freshness::Expired),
        ] {
            assert_eq!(freshness(NOW + left, NOW), expected, "{left}");
        }
    }

    proptest! {
        #[test]
        fn a_token_never_grows_fresher(left in -10_000_000_i64..400_000_000, later in 0_i64..400_000_000) {
            let rank = |f| match f { Freshness::Fresh => 0, Freshness::Aging => 1, Freshness::Expired => 2 };
            let expires = NOW + Span::from_micros(left);
            prop_assert!(rank(freshness(expires, NOW)) <= rank(freshness(expires, NOW + Span::from_micros(later))));
        }
    }
}
