//! The exchanges of callers' tokens in progress and their results.

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_tokens::Secret;
use quick_cache::sync::Cache;

use super::refreshes::RefreshFailure;
use super::single_flight::SingleFlight;

/// The maximum number of cached tokens.
const TOKENS_CACHED_MAX: usize = 1_024;

/// What an exchanged token depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ExchangeKey {
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    pub(super) tokens_revision: i64,
    pub(super) connector_version: String,
    /// The digest of the caller's token.
    pub(super) assertion: [u8; 32],
    /// The claims of a challenge that the token satisfies.
    pub(super) claims: Option<String>,
}

/// An exchanged token, and when it expires (virtual time).
pub(super) type Exchanged = (Secret, Instant);

/// The exchanges in progress and their results.
pub(crate) struct Exchanges {
    pub(super) tokens: Cache<ExchangeKey, Exchanged>,
    pub(super) in_progress: SingleFlight<ExchangeKey, Result<Exchanged, RefreshFailure>>,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self { tokens: Cache::new(TOKENS_CACHED_MAX), in_progress: SingleFlight::default() }
    }
}
