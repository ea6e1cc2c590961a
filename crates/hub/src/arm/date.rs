//! Formats dates.

use outlive_clock::Instant;

/// Formats an instant as ARM does, with seven decimals.
pub(crate) fn date(at: Instant) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ")
}
