//! Passwords: hashing, comparing, and what a new one has to be.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use outlive_rules::new_password::{self, PasswordOwner, WeakPassword};
use outlive_tokens::Secret;
use tokio::sync::Semaphore;

use crate::directory::Tenant;

/// A password's Argon2id hash in PHC form.
#[derive(Debug, Clone)]
pub(crate) struct HashedPassword(pub(crate) String);

/// Argon2id with 7 MiB and 5 passes: one of the equal-strength settings of the OWASP password storage cheat sheet, the one
/// that needs least memory.
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

/// How many passwords are hashed at once: the memory and the cores it may take.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

#[expect(clippy::expect_used, reason = "constant parameters within Argon2's bounds")]
fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password with a salt drawn by the caller.
#[expect(
    clippy::expect_used,
    reason = "a 16-byte salt is valid, and hashing fails only for invalid parameters"
)]
pub(crate) async fn hash(password: Secret, salt: [u8; 16]) -> HashedPassword {
    on_a_thread(move || {
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are a valid salt");
        let hash = argon2().hash_password(password.expose().as_bytes(), &salt).expect("valid parameters");
        HashedPassword(hash.to_string())
    })
    .await
}

/// Whether the password is the one that was hashed. For a user who does not exist, pass `None`: it takes as long.
pub(crate) async fn verify(password: Secret, hashed: Option<String>) -> bool {
    on_a_thread(move || match hashed.as_deref().map(PasswordHash::new) {
        Some(Ok(hash)) => argon2().verify_password(password.expose().as_bytes(), &hash).is_ok(),
        _ => {
            let _ = argon2().hash_password_into(password.expose().as_bytes(), &[0; 16], &mut [0; 32]);
            false
        }
    })
    .await
}

#[expect(clippy::expect_used, reason = "the semaphore is never closed, and hashing does not panic")]
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _turn = AT_ONCE.acquire().await.expect("never closed");
    tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
}

/// Checks a new password against the tenant's policy.
pub(crate) fn check_new(
    password: &str,
    tenant: &Tenant,
    upn: &str,
    display_name: &str,
) -> Result<(), WeakPassword> {
    let owner = PasswordOwner { upn, display_name, tenant_name: &tenant.display_name };
    new_password::check(password, &owner, &tenant.banned_passwords)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_itself_and_no_other() {
        let HashedPassword(hashed) = hash(Secret::new("Right-1!"), [1; 16]).await;
        assert!(verify(Secret::new("Right-1!"), Some(hashed.clone())).await);
        assert!(!verify(Secret::new("Wrong-1!"), Some(hashed)).await);
        assert!(!verify(Secret::new("Right-1!"), None).await);
    }
}
