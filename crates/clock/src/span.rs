//! Durations.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A signed duration in whole microseconds. A day has 24 hours: virtual time has no daylight
/// saving.
///
/// Parsed from ISO 8601 (`PT1H`, `P89D`) or the short form (`90d`, `1h 30m`), printed as ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

/// The text is not a supported duration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{text}' is not a duration; write it as ISO 8601, for example PT1H or P89D (months and years have no fixed length)"
)]
pub struct ParseSpanError {
    text: String,
}

impl Span {
    /// The empty span.
    pub const ZERO: Self = Self(0);

    /// A span of microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// A span of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
    /// A span of seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }
    /// A span of minutes.
    #[must_use]
    pub const fn from_minutes(minutes: i64) -> Self {
        Self::from_seconds(minutes.saturating_mul(60))
    }
    /// A span of hours.
    #[must_use]
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_minutes(hours.saturating_mul(60))
    }
    /// A span of days of 24 hours.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }
    /// The length in microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    /// The length in whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000
    }
    /// The length in whole seconds.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }
    /// Whether it is negative.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
    /// Converts to a [`std::time::Duration`]; a negative span becomes zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }

    /// Formats like a .NET `TimeSpan` (`D.HH:MM:SS`), as in Entra's lifetimes.
    #[must_use]
    pub fn to_dotnet(self) -> String {
        let s = self.as_seconds();
        let (days, rest) = (s / 86_400, s % 86_400);
        let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60);
        if days == 0 { clock } else { format!("{days}.{clock}") }
    }

    /// Parses `[d.]hh:mm[:ss]`, as .NET formats a `TimeSpan`, or a plain number of days. `None` for
    /// anything else, and for values out of range.
    #[must_use]
    pub fn from_dotnet(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'));
        if text.is_empty() || text.len() > 20 || !is_plain {
            return None;
        }
        if !text.contains(':') {
            return text.parse().ok().map(Self::from_days);
        }
        let (days, clock) = text.split_once('.').unwrap_or(("0", text));
        let days = days.parse::<i64>().ok()?;
        let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = match parts.next() {
            None => 0,
            Some(seconds) => seconds?,
        };
        let fits = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
        fits.then(|| {
            Self::from_days(days)
                + Self::from_hours(hours)
                + Self::from_minutes(minutes)
                + Self::from_seconds(seconds)
        })
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl Mul<i64> for Span {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}
impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.unsigned_abs();
        let (days, rest) = (micros / 86_400_000_000, micros % 86_400_000_000);
        let (hours, rest) = (rest / 3_600_000_000, rest % 3_600_000_000);
        let (minutes, rest) = (rest / 60_000_000, rest % 60_000_000);
        let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if days > 0 && hours + minutes + seconds + fraction == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if fraction > 0 {
            let digits = format!("{fraction:06}");
            write!(f, "{seconds}.{}S", digits.trim_end_matches('0'))?;
        } else if seconds > 0 || hours + minutes == 0 {
            write!(f, "{seconds}S")?;
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let span: jiff::Span = text.parse().ok()?;
            if span.get_years() != 0 || span.get_months() != 0 {
                return None;
            }
            let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
            i64::try_from(length.as_micros()).ok().map(Self)
        };
        parse().ok_or_else(|| ParseSpanError { text: text.chars().take(80).collect() })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_iso_8601_and_short_forms() {
        for (text, seconds) in [
            ("PT1H", 3_600),
            ("P89D", 89 * 86_400),
            ("P1W", 7 * 86_400),
            ("90d", 90 * 86_400),
            ("1h 30m", 5_400),
            ("PT0S", 0),
            ("-PT5S", -5),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_seconds(seconds)), "{text}");
        }
        for text in ["", "soon", "P1M", "P1Y", "12"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn prints_as_dotnet_does() {
        assert_eq!(Span::from_days(90).to_dotnet(), "90.00:00:00");
        assert_eq!(Span::from_minutes(75).to_dotnet(), "01:15:00");
    }

    #[test]
    fn reads_what_dotnet_writes() {
        for (text, span) in [
            ("7.00:00:00", Some(Span::from_days(7))),
            ("7", Some(Span::from_days(7))),
            ("01:30", Some(Span::from_minutes(90))),
            ("00:00:10", Some(Span::from_seconds(10))),
            ("1.02:03:04", Some(Span::from_seconds(93_784))),
            ("", None),
            ("P7D", None),
            ("-1", None),
            ("24:00:00", None),
            ("1:60", None),
            ("1:2:3:4", None),
            (":", None),
            ("1.", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(Span::from_dotnet(text), span, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parses_entra_timespans(seconds in 0_i64..400_000_000) {
            let span = Span::from_seconds(seconds);
            prop_assert_eq!(Span::from_dotnet(&span.to_dotnet()), Some(span));
        }

        #[test]
        fn display_and_parse_round_trip(micros in -8_000_000_000_000_000_i64..8_000_000_000_000_000) {
            let span = Span::from_micros(micros);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
