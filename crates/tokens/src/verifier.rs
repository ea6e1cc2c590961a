//! Verification of bearer access tokens.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use outlive_clock::{Instant, Span, TenantId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::access_claims::WrittenClaims;
use crate::bounded_cache::BoundedCache;
use crate::jwks_cache::{JwksCache, Publisher, TraceContext};
use crate::security_event::{SECURITY_EVENT_TYP, WrittenSecurityEvent};
use crate::{AccessClaims, BearerRefusal, ReceivedSecurityEvent, TOKEN_CHARS_MAX, issuer, jws};

/// How far the clocks of issuer and resource may differ: not at all, because both read the tenant's one clock.
pub const CLOCK_SKEW: Span = Span::ZERO;

/// The most verified tokens that are remembered.
const REMEMBERED_MAX: usize = 4_096;

/// Whom a verifier trusts.
#[derive(Clone, Debug)]
pub struct VerifierConfig {
    /// Where the issuer's keys are fetched, as this process reaches it: `{idp_url}/{tenant}/discovery/v2.0/keys`.
    pub idp_url: String,
    /// The origins under which the issuer may sign, without trailing slash: a token issued through one is accepted through all.
    pub issuer_origins: Vec<String>,
}

/// What a token must be, for this request.
#[derive(Clone, Copy, Debug)]
pub struct BearerExpectations<'a, A: AsRef<str> = String> {
    /// The tenant at hand.
    pub tenant: TenantId,
    /// The names of this resource.
    pub audiences: &'a [A],
    /// The tenant's time.
    pub now: Instant,
}

/// Verifies access tokens: RS256 by a published key, then issuer, tenant, audience and time. Cheap to clone; clones share what they
/// remember.
///
/// A token whose signature was right once is remembered by its SHA-256 while the issuer publishes its key, so that a second look costs
/// no RSA operation; everything else is checked at every look.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    origins: Vec<String>,
    keys: JwksCache,
    remembered: Mutex<BoundedCache<[u8; 32], Remembered>>,
}

#[derive(Clone)]
struct Remembered {
    key: Arc<jsonwebtoken::DecodingKey>,
    claims: Arc<AccessClaims>,
}

impl Verifier {
    /// A verifier that fetches keys with `http`.
    #[must_use]
    pub fn new(config: VerifierConfig, http: reqwest::Client) -> Self {
        let origins =
            config.issuer_origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
        Self {
            inner: Arc::new(Inner {
                origins,
                keys: JwksCache::new(&config.idp_url, http),
                remembered: Mutex::new(BoundedCache::new(REMEMBERED_MAX)),
            }),
        }
    }

    /// The claims of `token`, if it is what is expected.
    ///
    /// # Errors
    /// [`BearerRefusal`], the first that applies in this order: form, algorithm, key, signature, issuer, tenant, audience, time.
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

    /// What a security event token says, if the issuer sent it to this resource. How old it may be, and whether it came before, is the
    /// caller's to judge.
    ///
    /// # Errors
    /// [`BearerRefusal`], the first that applies in this order: form, algorithm, type, key, signature, issuer, audience, content.
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

    /// Forgets the keys of a tenant that is gone, and with them every token they verified.
    pub fn forget(&self, tenant: TenantId) {
        self.inner.keys.forget(tenant);
    }

    /// The claims of a token that the issuer signed, whatever they say.
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
        if let Some(known) = self.remembered().get(&name)
            && Arc::ptr_eq(&known.key, &key)
        {
            return Ok(known.claims);
        }
        let written: WrittenClaims = signed(token, &key)?;
        let claims = Arc::new(written.read().ok_or(BearerRefusal::Malformed)?);
        self.remembered().insert(name, Remembered { key, claims: Arc::clone(&claims) });
        Ok(claims)
    }

    /// The one place where a signed token's claims are held against what is expected.
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

    fn remembered(&self) -> std::sync::MutexGuard<'_, BoundedCache<[u8; 32], Remembered>> {
        self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("origins", &self.inner.origins).finish_non_exhaustive()
    }
}

/// The claims of a token whose signature is right.
fn signed<T: DeserializeOwned>(token: &str, key: &jsonwebtoken::DecodingKey) -> Result<T, BearerRefusal> {
    jws::decode(token, key, Algorithm::RS256).map_err(|e| match e.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => BearerRefusal::Signature,
        _ => BearerRefusal::Malformed,
    })
}

/// What a token's header says that matters here.
struct Header {
    kid: String,
    typ: Option<String>,
}

/// The header of a token, once its algorithm has been found to be the only one that counts.
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
