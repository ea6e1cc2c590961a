//! The read position in the journals of all services.

use std::fmt;
use std::str::FromStr;

use crate::services::Service;

/// The last sequence number read of every service, formatted as `idp-hub-resource-flow`
/// (`12-4-0-55`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cursor([u64; 4]);

/// The text is not a cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no journal cursor; pass the 'next' of an earlier answer as 'after', or leave it out")]
pub struct ParseCursorError {
    text: String,
}

impl Cursor {
    /// Returns the last sequence number read from a service.
    pub const fn of(&self, service: Service) -> u64 {
        self.0[service.index()]
    }

    /// Sets the last sequence number read from a service.
    pub fn reach(&mut self, service: Service, seq: u64) {
        self.0[service.index()] = seq;
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [idp, hub, resource, flow] = self.0;
        write!(f, "{idp}-{hub}-{resource}-{flow}")
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u64>> = text.split('-').map(|number| number.parse().ok()).collect();
        // Sequence numbers are signed 64-bit numbers in the services.
        let valid = numbers.filter(|numbers| numbers.iter().all(|number| i64::try_from(*number).is_ok()));
        let numbers = valid.and_then(|numbers| numbers.try_into().ok());
        numbers.map(Self).ok_or_else(|| ParseCursorError { text: text.chars().take(80).collect() })
    }
}

/// Writes a server-sent event whose id is the cursor that continues after it.
pub(super) fn render(into: &mut Vec<u8>, cursor: Cursor, text: &str) {
    into.extend_from_slice(format!("id: {cursor}\ndata: {text}\n\n").as_bytes());
}
