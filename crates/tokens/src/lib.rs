//! The wire formats of tokens: claims, signing keys, JWS, JWKS, verification of bearer tokens,
//! challenges, sealing.
//!
//! Only [`Verifier`] and [`ForeignIssuers`] do I/O: they fetch the published keys of issuers over
//! HTTP. Callers pass in times (from the tenant's virtual clock) and randomness. Nothing here knows
//! a database.
//!
//! Refresh tokens and codes are sealed: encrypted for one purpose with the key of the installation.
//!
//! ```
//! use outlive_clock::Randomness;
//! use outlive_tokens::Sealer;
//!
//! let sealer = Sealer::new(&[7; 32]);
//! let mut nonces = Randomness::from_seed(1).stream("nonces");
//! let sealed = sealer.seal("refresh token", b"family 42", &mut nonces);
//! assert_eq!(sealer.open("refresh token", &sealed).as_deref(), Some(&b"family 42"[..]));
//! assert_eq!(sealer.open("authorization code", &sealed), None);
//! ```

mod access_claims;
mod authorization;
mod certificate;
mod challenge;
pub mod claims;
mod claims_request;
mod client_assertion;
mod counts;
mod falsify;
mod fingerprint;
mod foreign_issuers;
mod forge;
mod issuer;
mod jwks;
mod jwks_cache;
mod jws;
mod keys;
mod pairwise;
mod peek;
mod pfx;
mod refresh_token;
mod refusal;
mod seal;
mod sealed_token;
mod security_event;
mod verified_tokens;
mod verifier;

pub use access_claims::AccessClaims;
pub use authorization::{bearer_token, credentials, has_scheme};
pub use certificate::{Certificate, CertificateRefusal};
pub use challenge::{Challenge, TOKEN_ISSUED_BEFORE_REVOCATION};
pub use claims_request::{ClaimsRequest, MalformedClaimsRequest};
pub use client_assertion::{AssertionClaims, ClientAssertion, MalformedAssertion};
pub use counts::{signatures, verifications};
pub use falsify::{with_unknown_key, with_wrong_signature};
pub use fingerprint::fingerprint;
pub use foreign_issuers::{ForeignIssuers, ForeignRefusal};
pub use forge::{ForgedSignature, forge_token, peek_token};
pub use issuer::{TokenVersion, issuer};
pub use jwks::{Jwk, JwkSet};
pub use jwks_cache::TraceContext;
pub use jws::{Hs256Refusal, TOKEN_CHARS_MAX, sign_hs256, sign_rs256, verify_hs256};
pub use keys::{KeyError, KeyRing, SigningKey};
pub use outlive_wire::Secret;
pub use pairwise::PairwiseKey;
pub use peek::{peek_audience, peek_client, peek_object_id, peek_tenant, peek_tenant_of_issuer};
pub use pfx::{Pfx, PfxRefusal};
pub use refresh_token::SealedRefreshToken;
pub use refusal::BearerRefusal;
pub use seal::Sealer;
pub use sealed_token::{MalformedToken, SealedToken};
pub use security_event::{
    InitiatingEntity, ReceivedSecurityEvent, SECURITY_EVENT_MEDIA_TYPE, SECURITY_EVENT_TYP, SecurityEvent,
    SecurityEventKind,
};
pub use verifier::{BearerExpectations, CLOCK_SKEW, Verifier, VerifierConfig};
