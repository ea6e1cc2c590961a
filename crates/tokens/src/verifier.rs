//! Verification of bearer access tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use outlive_clock::{Instant, Span, TenantId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::access_claims::WrittenClaims;
use crate::jwks_cache::{JwksCache, Publisher, TraceContext};
use crate::security_event::{SECURITY_EVENT_TYP, WrittenSecurityEvent};
use crate::verified_tokens::VerifiedTokens;
use crate::{AccessClaims, BearerRefusal, ReceivedSecurityEvent, TOKEN_CHARS_MAX, issuer, jws};

/// The allowed clock skew: none, because issuer and resource read the same tenant clock.
pub const CLOCK_SKEW: Span = Span::ZERO;

/// The issuers that a verifier trusts.
#[derive(Clone, Debug)]
pub struct VerifierConfig {
    /// The issuer's URL, as reached from this process. Keys are fetched from
    /// `{idp_url}/{tenant}/discovery/v2.0/keys`.
    pub idp_url: String,
    /// The origins under which the issuer may sign, without trailing slash. Tokens of all of them
    /// are accepted.
    pub issuer_origins: Vec<String>,
}

/// The expectations of one request.
#[derive(Clone, Copy, Debug)]
pub struct BearerExpectations<'a, A: AsRef<str> = String> {
    /// The tenant of the request.
    pub tenant: TenantId,
    /// The accepted audiences.
    pub audiences: &'a [A],
    /// The tenant's time.
    pub now: Instant,
}

/// Verifies access tokens: RS256 by a published key, then issuer, tenant, audience and time. Cheap
/// to clone; clones share their caches.
///
/// A verified signature is cached by the token's SHA-256 for as long as the issuer publishes the
/// key, so that a repeated check costs no RSA operation. Everything else is checked every time.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    origins: Vec<String>,
    keys: JwksCache,
    /// By the SHA-256 of the token. A token is read again when its key is.
    cached: VerifiedTokens<CachedToken>,
}

#[derive(Clone)]
struct CachedToken {
    key: Arc<jsonwebtoken::DecodingKey>,
    claims: Arc<AccessClaims>,
}

impl Verifier {
    /// Creates a verifier that fetches keys with `http`.
    #[must_use]
    pub fn new(config: VerifierConfig, http: reqwest::Client) -> Self {
        let origins =
            config.issuer_origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
        Self {
            inner: Arc::new(Inner {
                origins,
                keys: JwksCache::new(&config.idp_url, http),
                cached: VerifiedTokens::new(),
            }),
        }
    }

    /// Verifies `token` and returns its claims.
    ///
    /// # Errors
    /// [`BearerRefusal`], the first that applies in this order: form, algorithm, key, signature,
    /// issuer, tenant, audience, time.
    pub async fn verify<A: AsRef<str>>(
        &self,
        expected: &BearerExpectations<'_, A>,
        token: &str,
        trace: &impl TraceContext,
    ) -> Result<AccessClaims, BearerRefusal> {
        let claims = self.signed_claims(expected, token, trace).await?;
        self.check(expected, &claims)?;
        Ok(AccessClaims::clone(&claims))
    }

    /// Verifies a security event token that the issuer sent to this resource. The caller checks age
    /// and replay.
    ///
    /// # Errors
    /// [`BearerRefusal`], the first that applies in this order: form, algorithm, type, key,
    /// signature, issuer, audience, content.
    pub async fn verify_security_event<A: AsRef<str>>(
        &self,
        expected: &BearerExpectations<'_, A>,
        token: &str,
        trace: &impl TraceContext,
    ) -> Result<ReceivedSecurityEvent, BearerRefusal> {
        if token.is_empty() || token.len() > TOKEN_CHARS_MAX {
            return Err(BearerRefusal::Malformed);
        }
        let header = header_of(token)?;
        if !header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(SECURITY_EVENT_TYP)) {
            return Err(BearerRefusal::Malformed);
        }
        let publisher = Publisher::Tenant(expected.tenant);
        let key = self.inner.keys.key(&publisher, &header.kid, expected.now, trace).await?;
        let written: WrittenSecurityEvent = signed(token, &key)?;
        if !issuer::is_accepted(&written.iss, &self.inner.origins, expected.tenant) {
            return Err(BearerRefusal::Issuer);
        }
        if !written.is_for(expected.audiences) {
            return Err(BearerRefusal::Audience);
        }
        written.read().ok_or(BearerRefusal::Malformed)
    }

    /// Drops the cached keys of a deleted tenant, and with them every token that they verified.
    pub fn forget(&self, tenant: TenantId) {
        self.inner.keys.forget(tenant);
    }

    /// Returns the claims of a token with a valid signature, otherwise unchecked.
    async fn signed_claims<A: AsRef<str>>(
        &self,
        expected: &BearerExpectations<'_, A>,
        token: &str,
        trace: &impl TraceContext,
    ) -> Result<Arc<AccessClaims>, BearerRefusal> {
        if token.is_empty() {
            return Err(BearerRefusal::Missing);
        }
        if token.len() > TOKEN_CHARS_MAX {
            return Err(BearerRefusal::Malformed);
        }
        let Header { kid, typ } = header_of(token)?;
        if typ.is_some_and(|typ| typ.eq_ignore_ascii_case(SECURITY_EVENT_TYP)) {
            return Err(BearerRefusal::Malformed);
        }
        let publisher = Publisher::Tenant(expected.tenant);
        let key = self.inner.keys.key(&publisher, &kid, expected.now, trace).await?;
        let name: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = self.inner.cached.get(&name)
            && Arc::ptr_eq(&known.key, &key)
        {
            return Ok(known.claims);
        }
        let written: WrittenClaims = signed(token, &key)?;
        let claims = Arc::new(written.read().ok_or(BearerRefusal::Malformed)?);
        self.inner.cached.insert(name, CachedToken { key, claims: Arc::clone(&claims) });
        Ok(claims)
    }

    /// Checks the claims of a signed token against the expectations.
    fn check<A: AsRef<str>>(
        &self,
        expected: &BearerExpectations<'_, A>,
        claims: &AccessClaims,
    ) -> Result<(), BearerRefusal> {
        let now = expected.now;
        if !issuer::is_accepted(&claims.iss, &self.inner.origins, claims.tid) {
            return Err(BearerRefusal::Issuer);
        }
        if claims.tid != expected.tenant {
            return Err(BearerRefusal::Tenant { expected: expected.tenant });
        }
        if !expected.audiences.iter().any(|audience| audience.as_ref() == claims.aud) {
            return Err(BearerRefusal::Audience);
        }
        if now < claims.nbf - CLOCK_SKEW {
            return Err(BearerRefusal::NotYetValid { nbf: claims.nbf, now });
        }
        if now >= claims.exp + CLOCK_SKEW {
            return Err(BearerRefusal::Expired { exp: claims.exp, now });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("origins", &self.inner.origins).finish_non_exhaustive()
    }
}

/// Returns the claims of a token if its signature is valid.
fn signed<T: DeserializeOwned>(token: &str, key: &jsonwebtoken::DecodingKey) -> Result<T, BearerRefusal> {
    jws::decode(token, key, Algorithm::RS256).map_err(|e| match e.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => BearerRefusal::Signature,
        _ => BearerRefusal::Malformed,
    })
}

struct Header {
    kid: String,
    typ: Option<String>,
}

/// Parses the header of a token, which must use RS256.
fn header_of(token: &str) -> Result<Header, BearerRefusal> {
    #[derive(Deserialize)]
    struct Written {
        alg: String,
        kid: Option<String>,
        typ: Option<String>,
        crit: Option<serde::de::IgnoredAny>,
    }
    let header = token.split_once('.').and_then(|(header, _)| URL_SAFE_NO_PAD.decode(header).ok());
    let header: Written =
        header.and_then(|json| serde_json::from_slice(&json).ok()).ok_or(BearerRefusal::Malformed)?;
    if header.alg != "RS256" {
        return Err(BearerRefusal::Algorithm);
    }
    if header.crit.is_some() {
        return Err(BearerRefusal::Malformed);
    }
    Ok(Header { kid: header.kid.ok_or(BearerRefusal::UnknownKey)?, typ: header.typ })
}
