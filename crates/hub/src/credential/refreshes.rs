//! The refreshes in progress and their results.

use outlive_chassis::Problem;
use outlive_clock::{ConnectionId, TenantId};
use outlive_store::StoreError;

use super::Tokens;
use super::single_flight::SingleFlight;

/// A connection, and how often its tokens were discarded: tokens for other values are of no use to
/// a call.
pub(super) type RefreshKey = (TenantId, ConnectionId, i64);

/// The refreshes in progress.
pub(crate) type Refreshes = SingleFlight<RefreshKey, Result<Tokens, RefreshFailure>>;

/// Why there is no source token.
#[derive(Debug, Clone)]
pub(crate) enum RefreshFailure {
    /// No user has signed in.
    NotAuthenticated,
    /// The issuer rejected the refresh token; the text is the connection's status.
    Refused(String),
    /// A token request timed out (`true`) or failed for the moment. A retry may succeed.
    Transient(bool),
    /// The hub failed: its database, or a connector that cannot be used here.
    Internal(Problem),
}

impl From<Problem> for RefreshFailure {
    fn from(problem: Problem) -> Self {
        Self::Internal(problem)
    }
}

impl From<StoreError> for RefreshFailure {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}
