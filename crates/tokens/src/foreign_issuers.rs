//! External issuers, whose tokens an application may present as its credential (workload identity
//! federation).

use std::sync::Arc;

use outlive_clock::Instant;

use crate::ClientAssertion;
use crate::jwks_cache::{JwksCache, Publisher, TraceContext};

/// Why an external issuer's assertion was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignRefusal {
    /// The issuer's configuration or keys could not be fetched.
    #[error("the issuer's keys cannot be fetched at the moment")]
    KeysUnavailable,
    /// The assertion names no key, or one that the issuer does not publish.
    #[error("the key was not found among those that the issuer publishes")]
    UnknownKey,
    /// The signature is not valid.
    #[error("the signature does not fit the issuer's key")]
    Signature,
}

/// The published keys of external issuers, found through
/// `{issuer}/.well-known/openid-configuration`. Keys are cached, within bounds, and refreshed like
/// those of our own issuer. Cheap to clone.
#[derive(Clone)]
pub struct ForeignIssuers(Arc<JwksCache>);

impl ForeignIssuers {
    /// Fetches keys with `http`, which must not follow redirects.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self(Arc::new(JwksCache::new("", http)))
    }

    /// Verifies that `issuer`, which must be a registered one, signed the assertion.
    ///
    /// # Errors
    /// [`ForeignRefusal`].
    pub async fn verify(
        &self,
        issuer: &str,
        assertion: &ClientAssertion,
        now: Instant,
        trace: &impl TraceContext,
    ) -> Result<(), ForeignRefusal> {
        let kid = assertion.kid().ok_or(ForeignRefusal::UnknownKey)?;
        let publisher = Publisher::Issuer(issuer.into());
        let key = self.0.key(&publisher, kid, now, trace).await.map_err(|refusal| match refusal {
            crate::BearerRefusal::KeysUnavailable => ForeignRefusal::KeysUnavailable,
            _ => ForeignRefusal::UnknownKey,
        })?;
        if assertion.is_signed_with(&key) { Ok(()) } else { Err(ForeignRefusal::Signature) }
    }
}

impl std::fmt::Debug for ForeignIssuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForeignIssuers")
    }
}
