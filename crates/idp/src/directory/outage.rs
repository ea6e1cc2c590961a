//! An outage of the token endpoint, for some virtual time.

use outlive_clock::{Instant, Span};
use outlive_rules::{Aadsts, aadsts};
use serde::{Deserialize, Serialize};

/// The longest outage.
pub(crate) const LASTS_MAX: Span = Span::from_days(30);

/// How the token endpoint responds during an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutageKind {
    /// 503: the service is down.
    Unavailable,
    /// 429: too many requests.
    Throttled,
}

impl OutageKind {
    /// The error of all token requests.
    pub(crate) const fn error(self) -> Aadsts {
        match self {
            Self::Unavailable => aadsts::SERVICE_UNAVAILABLE,
            Self::Throttled => aadsts::TOO_MANY_REQUESTS,
        }
    }
}

/// An outage. It ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outage {
    pub(crate) kind: OutageKind,
    pub(crate) until: Instant,
}

impl Outage {
    /// Returns how long it still lasts; `None` if it is over.
    pub(crate) fn remaining(&self, now: Instant) -> Option<Span> {
        (now < self.until).then(|| self.until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_at_its_end() {
        let until = Instant::from_seconds(100);
        let outage = Outage { kind: OutageKind::Throttled, until };
        assert_eq!(outage.remaining(Instant::from_seconds(40)), Some(Span::from_seconds(60)));
        assert_eq!(outage.remaining(until), None);
    }
}
