//! Why a row could not be executed.

use outlive_rules::Event;

use crate::browser::BrowserError;
use crate::http::CallError;
use crate::oauth_client::OAuthError;
use crate::tenants::TenantError;

/// A row that could not be executed.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// A tenant cannot be created, deleted, or moved in time.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The seed has no such user or application.
    #[error("the matrix needs {0}, which the tenants' seed does not have")]
    Seed(&'static str),
    /// The identity provider's address is not a URL.
    #[error("the address of the identity provider is not a URL: {0}")]
    Address(#[from] url::ParseError),
    /// A sign-in page failed.
    #[error("in row {row}: {error}")]
    Browser {
        row: Event,
        /// The cause.
        error: BrowserError,
    },
    /// A sign-in failed.
    #[error("in row {row}: {error}")]
    OAuth {
        row: Event,
        /// The cause.
        error: OAuthError,
    },
    /// A step of a row failed.
    #[error("in row {row}: {error}")]
    InRow {
        row: &'static str,
        /// The cause.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A service did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A tenant's creation panicked, or the program is ending.
    #[error("the creation of a temporary tenant was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl MatrixError {
    /// Names the row in which a step failed.
    pub(super) fn in_row(row: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::InRow { row, error: Box::new(error) }
    }
}
