//! Why a navigation or an authenticator failed.

use aws_lc_rs::error::Unspecified;
use outlive_chassis::Cause;

use crate::http::CallError;

/// Maximum number of redirects followed for one request.
pub(super) const REDIRECTS_MAX: usize = 20;

/// A failed navigation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrowserError {
    /// A request failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A redirect to an invalid URL.
    #[error("{from} redirects to '{to}', which is not a valid URL")]
    BadRedirect {
        /// The redirecting page.
        from: String,
        /// The location.
        to: String,
        /// Why it is not a URL.
        source: url::ParseError,
    },
    #[error("more than {REDIRECTS_MAX} redirects, last at {at}")]
    TooManyRedirects {
        /// The last address.
        at: String,
    },
    /// A sign-in without an end.
    #[error("the sign-in pages do not lead back to the application")]
    TooManyPages,
    /// A page requires a code of an authenticator app, which this browser does not have.
    #[error("the sign-in pages require a code of an authenticator app (MFA)")]
    CodeRequired,
    /// A page requires a passkey, and there is no suitable one.
    #[error(transparent)]
    Authenticator(#[from] AuthenticatorError),
    /// A page on which the sign-in cannot continue.
    #[error("the page {url} shows: {text}")]
    Refused {
        /// The page, without query.
        url: String,
        text: String,
        /// The `AADSTS` number it shows.
        aadsts: Option<u32>,
        /// The HTTP status of the page.
        status: u16,
    },
}

impl BrowserError {
    /// Whether the same may succeed later: a page did not answer, or cannot answer at present.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::BadRedirect { .. }
            | Self::TooManyRedirects { .. }
            | Self::TooManyPages
            | Self::CodeRequired
            | Self::Authenticator(_) => false,
        }
    }
}

/// Why the authenticator cannot respond.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthenticatorError {
    /// The page has no options, or invalid ones.
    #[error("the page does not contain valid passkey options")]
    InvalidOptions(#[source] Cause),
    /// There is no such key.
    #[error("the authenticator has no passkey for {rp_id}")]
    NoKey {
        /// The relying party id.
        rp_id: String,
    },
    /// A stored key is not one of an authenticator.
    #[error("a passkey is stored in a form that cannot be read")]
    UnreadableKey,
    /// The cryptographic library failed.
    #[error("cannot create or use a key")]
    Key(#[from] Unspecified),
}
