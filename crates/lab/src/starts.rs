//! The start of a tenant's time.

use outlive_clock::{Instant, ParseInstantError, Span};
use serde::{Deserialize, Deserializer, de};

/// An instant (RFC 3339), or a negative duration before now (ISO 8601, `-P90D`).
///
/// A tenant that starts in the past reaches the present when its time has moved by the same
/// duration. Validators with a clock of their own then accept its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    At(Instant),
    /// This long before wall time; the span is not negative.
    Before(Span),
}

impl Starts {
    /// The instant, if wall time is `now`.
    #[must_use]
    pub fn instant(self, now: Instant) -> Instant {
        match self {
            Self::At(instant) => instant,
            Self::Before(span) => now - span,
        }
    }
}

impl std::str::FromStr for Starts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(instant) => return Ok(Self::At(instant)),
            Err(error @ ParseInstantError::TooLate(_)) => return Err(error.to_string()),
            Err(ParseInstantError::Form(_)) => {}
        }
        let shown: String = text.chars().take(80).collect();
        match text.parse::<Span>() {
            Ok(span) if span.is_negative() => Ok(Self::Before(-span)),
            Ok(_) => Err(format!(
                "'{shown}' is not in the past; write a duration before now with a minus sign, for example -P90D"
            )),
            Err(_) => Err(format!(
                "'{shown}' is neither an instant nor a negative duration; write an instant, such as 2026-01-05T09:00:00Z, or a \
                 duration before now, such as -P90D"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Starts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_or_a_time_before_now() {
        let now = Instant::from_seconds(1_767_603_600);
        for (text, seconds) in [
            ("2026-01-05T09:00:00Z", 1_767_603_600),
            ("-P90D", 1_767_603_600 - 90 * 86_400),
            ("-PT1H", 1_767_600_000),
        ] {
            let starts: Starts = text.parse().unwrap_or_else(|wrong: String| panic!("{wrong}"));
            assert_eq!(starts.instant(now), Instant::from_seconds(seconds), "{text}");
        }
        for (text, why) in [
            ("P90D", "not in the past"),
            ("PT0S", "not in the past"),
            ("soon", "neither"),
            ("9999-12-31", "neither"),
            ("9999-12-31T23:59:59Z", "too late"),
        ] {
            let wrong = text.parse::<Starts>().expect_err(text);
            assert!(wrong.contains(why), "{wrong}");
        }
    }
}
