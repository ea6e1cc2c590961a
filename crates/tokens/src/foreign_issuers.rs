//! Other issuers, whose tokens an application may present as its credential (workload identity federation).

use std::sync::Arc;

use outlive_clock::Instant;

use crate::ClientAssertion;
use crate::jwks_cache::{JwksCache, Publisher, TraceContext};

/// Why another issuer's assertion was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignRefusal {
    /// The issuer's document or its keys could not be fetched.
    #[error("the issuer's keys cannot be fetched at the moment")]
    KeysUnavailable,
    /// It names no key, or one that the issuer does not publish.
    #[error("the key was not found among those that the issuer publishes")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the signature does not fit the issuer's key")]
    Signature,
}

/// The published keys of other issuers: `{issuer}/.well-known/openid-configuration` names where they are. What was fetched is
/// kept, within bounds, and fetched again as the keys of our own issuer are. Cheap to clone.
#[derive(Clone)]
pub struct ForeignIssuers(Arc<JwksCache>);

impl ForeignIssuers {
    /// Fetches with `http`, which must follow no redirects.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self(Arc::new(JwksCache::new("", http)))
    }

    /// Whether `issuer`, which has to be one that somebody registered, signed this.
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
