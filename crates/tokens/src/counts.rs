//! The asymmetric cryptography that this process did since its start.

use std::sync::atomic::{AtomicU64, Ordering};

use jsonwebtoken::Algorithm;

static SIGNATURES: AtomicU64 = AtomicU64::new(0);
static VERIFICATIONS: AtomicU64 = AtomicU64::new(0);

/// Returns the number of RSA signatures that this process created.
#[must_use]
pub fn signatures() -> u64 {
    SIGNATURES.load(Ordering::Relaxed)
}

/// Returns the number of signatures that this process verified with a public key, valid or not.
#[must_use]
pub fn verifications() -> u64 {
    VERIFICATIONS.load(Ordering::Relaxed)
}

pub(crate) fn count_signature() {
    SIGNATURES.fetch_add(1, Ordering::Relaxed);
}

/// Counts a verification, unless it is by a shared key.
pub(crate) fn count_verification(algorithm: Algorithm) {
    if !matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
        VERIFICATIONS.fetch_add(1, Ordering::Relaxed);
    }
}
