//! Points in time, virtual or wall.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Span;

/// A point in time in UTC, whole microseconds since 1970-01-01T00:00:00Z.
///
/// Printed and parsed as RFC 3339 (`2026-01-05T09:00:00Z`), stored as a `BIGINT` of microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// The text is not a supported instant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseInstantError {
    /// Not RFC 3339.
    #[error(
        "'{0}' is not an instant; write date, time and offset (RFC 3339), for example 2026-01-05T09:00:00Z"
    )]
    Form(String),
    /// After [`Instant::MAX`].
    #[error("'{0}' is too late; the latest instant that clocks show is {max}", max = Instant::MAX)]
    TooLate(String),
}

impl Instant {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The latest instant that can still be printed (the end of year 9999); sums stop here.
    pub const MAX: Self = Self(253_402_207_200_000_000);

    /// An instant from microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// An instant from whole seconds since the epoch (the unit of JWT claims, RFC 7519
    /// `NumericDate`).
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same instant with the fraction of its second removed.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.as_seconds() * 1_000_000)
    }

    /// The first whole second that is strictly later.
    #[must_use]
    pub const fn next_whole_second(self) -> Self {
        Self((self.as_seconds() + 1) * 1_000_000)
    }

    /// Formats by a `strftime` pattern, in UTC (`%.7f` prints seven decimals, as Entra's texts do).
    #[must_use]
    pub fn strftime(self, pattern: &str) -> String {
        self.timestamp().strftime(pattern).to_string()
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

impl FromStr for Instant {
    type Err = ParseInstantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(80).collect::<String>();
        let Ok(timestamp) = text.parse::<jiff::Timestamp>() else {
            // The library cannot represent the last hours of 9999 either.
            let civil = text.get(..19).and_then(|civil| civil.parse::<jiff::civil::DateTime>().ok());
            let late = civil.is_some_and(|date| date.year() == 9_999);
            let has_offset =
                text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|t| t.contains(['+', '-']));
            return Err(if late && has_offset {
                ParseInstantError::TooLate(shown())
            } else {
                ParseInstantError::Form(shown())
            });
        };
        let instant = Self(timestamp.as_microsecond());
        if instant > Self::MAX { Err(ParseInstantError::TooLate(shown())) } else { Ok(instant) }
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_micros()).min(Self::MAX.0))
    }
}

impl Sub<Span> for Instant {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.as_micros()))
    }
}

impl Sub for Instant {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_rfc3339() {
        let instant: Instant = "2026-01-05T09:00:00.25Z".parse().expect("valid");
        assert_eq!(instant.to_string(), "2026-01-05T09:00:00.25Z");
        assert_eq!(instant.whole_second().to_string(), "2026-01-05T09:00:00Z");
        assert_eq!(instant.next_whole_second().to_string(), "2026-01-05T09:00:01Z");
        assert_eq!(instant.strftime("%Y-%m-%dT%H:%M:%S.%7fZ"), "2026-01-05T09:00:00.2500000Z");
    }

    #[test]
    fn refuses_what_is_no_instant() {
        assert!("yesterday".parse::<Instant>().is_err());
        assert!("2026-01-05".parse::<Instant>().is_err());
        for (text, why) in [
            ("9999-12-31", "write date, time and offset"),
            ("9999-12-31T23:59:59", "write date, time and offset"),
            ("9999-12-31T23:59:59Z", "too late; the latest instant that clocks show is 9999-12-30T22:00:00Z"),
            ("9999-12-30T23:00:00Z", "too late"),
            ("9999-12-31T00:00:00+01:00", "too late"),
        ] {
            let error = text.parse::<Instant>().expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn counts_microseconds_and_whole_seconds_since_the_epoch() {
        for (micros, seconds) in
            [(0, 0), (1_500_000, 1), (-1, -1), (253_402_207_200_000_000, 253_402_207_200)]
        {
            let instant = Instant::from_micros(micros);
            assert_eq!((instant.as_micros(), instant.as_seconds()), (micros, seconds));
        }
    }

    #[test]
    fn sums_stop_at_the_end_of_time() {
        assert_eq!(Instant::MAX + Span::from_seconds(i64::MAX / 2_000_000), Instant::MAX);
    }
}
