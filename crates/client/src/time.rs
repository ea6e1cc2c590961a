//! A tenant's time.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// A duration of virtual time: a [`Duration`], or a text such as `PT1H` or `P90D` (ISO 8601).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span(String);

impl From<&str> for Span {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Span {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Whole seconds; a part of a second counts as one.
impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
        Self(format!("PT{seconds}S"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tenant's clock, and what happened when it was moved.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Clock {
    /// Virtual time (RFC 3339).
    pub now: String,
    /// Virtual seconds per second.
    pub speed: u32,
    /// When work is due next (virtual time, RFC 3339).
    #[serde(default)]
    pub next_due: Option<String>,
    /// The flow runs and other due work that were done while time moved.
    #[serde(default)]
    pub done: u64,
    /// How many of them failed.
    #[serde(default)]
    pub failed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_in_iso_8601() {
        assert_eq!(Span::from("P90D").to_string(), "P90D");
        assert_eq!(Span::from(Duration::from_secs(3_600)).to_string(), "PT3600S");
        assert_eq!(Span::from(Duration::from_millis(1_500)).to_string(), "PT2S");
    }
}
