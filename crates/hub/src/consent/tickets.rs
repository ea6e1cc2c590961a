//! The sealed values that a browser carries: `data` and `state`.

use data_encoding::HEXLOWER;
use outlive_clock::TenantId;
use outlive_tokens::SealedToken;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The `data` of a login link. Everything else is in the attempt's row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoginLink {
    pub(crate) tenant: TenantId,
    pub(crate) attempt: Uuid,
}

impl SealedToken for LoginLink {
    const PURPOSE: &'static str = "hub-login-link";
    const PREFIX: &'static str = "";
}

/// The `state` of an authorization request: the attempt, and a nonce that only its last opening
/// has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SignInState {
    pub(super) tenant: TenantId,
    pub(super) attempt: Uuid,
    pub(super) nonce: Uuid,
}

impl SealedToken for SignInState {
    const PURPOSE: &'static str = "hub-sign-in-state";
    const PREFIX: &'static str = "";
}

/// Returns the SHA-256 digest under which a code or nonce is stored.
pub(crate) fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
