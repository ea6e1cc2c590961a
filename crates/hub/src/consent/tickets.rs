//! What browsers carry through a consent: the sealed link and the sealed state.

use outlive_clock::TenantId;
use outlive_tokens::SealedToken;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The `data` of a login link: which attempt it begins. Everything else stands in the attempt's row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoginLink {
    pub(crate) tenant: TenantId,
    pub(crate) attempt: Uuid,
}

impl SealedToken for LoginLink {
    const PURPOSE: &'static str = "hub-login-link";
    const PREFIX: &'static str = "";
}

/// The `state` of an authorization request: which attempt comes back, and that it is its last opening that does.
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

/// How something that has to be recognised later is kept: its SHA-256.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
