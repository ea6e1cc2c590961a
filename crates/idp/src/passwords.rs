//! Passwords: hashing, comparing, and what a new one has to be.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use outlive_tokens::Secret;
use tokio::sync::Semaphore;

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

/// Why a new password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WeakPassword {
    #[error("The new password has to be 8 to 256 characters long.")]
    Length,
    #[error("The new password has to mix three of: lower-case letters, upper-case letters, digits, symbols.")]
    Classes,
    #[error(
        "The new password may hold letters A to Z, digits, blanks and the symbols of a US keyboard, nothing else."
    )]
    Characters,
    #[error("The new password may not hold your user name.")]
    ContainsUserName,
}

/// Checks a new password against the policy ("Password policies and account restrictions").
pub(crate) fn check_new(password: &str, upn: &str) -> Result<(), WeakPassword> {
    let length = password.chars().count();
    if !(8..=256).contains(&length) {
        return Err(WeakPassword::Length);
    }
    if !password.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(WeakPassword::Characters);
    }
    let classes = [
        password.bytes().any(|b| b.is_ascii_lowercase()),
        password.bytes().any(|b| b.is_ascii_uppercase()),
        password.bytes().any(|b| b.is_ascii_digit()),
        password.bytes().any(|b| !b.is_ascii_alphanumeric()),
    ];
    if classes.iter().filter(|present| **present).count() < 3 {
        return Err(WeakPassword::Classes);
    }
    let name = upn.split('@').next().unwrap_or_default().to_lowercase();
    if name.len() >= 4 && password.to_lowercase().contains(&name) {
        return Err(WeakPassword::ContainsUserName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_documented_one() {
        for (password, verdict) in [
            ("Str0ng enough", Ok(())),
            ("Sh0rt!", Err(WeakPassword::Length)),
            ("alllowercase1", Err(WeakPassword::Classes)),
            ("Pässw0rd!!", Err(WeakPassword::Characters)),
            ("Owner-2026!", Err(WeakPassword::ContainsUserName)),
        ] {
            assert_eq!(check_new(password, "owner@contoso.example"), verdict, "{password}");
        }
        assert_eq!(check_new(&"Aa1!".repeat(65), "x@y.z"), Err(WeakPassword::Length));
    }

    #[tokio::test]
    async fn a_password_is_itself_and_no_other() {
        let HashedPassword(hashed) = hash(Secret::new("Right-1!"), [1; 16]).await;
        assert!(verify(Secret::new("Right-1!"), Some(hashed.clone())).await);
        assert!(!verify(Secret::new("Wrong-1!"), Some(hashed)).await);
        assert!(!verify(Secret::new("Right-1!"), None).await);
    }
}
