//! Password hashing, verification and policy.
//!
//! The password that a seed gives a user is stored sealed until it is changed: the lab keeps it as
//! well, to hand it out, and a hash takes more time than the rest of the tenant's creation.

use std::sync::LazyLock;

use argon2::password_hash::{Output, ParamsString, PasswordHash, SaltString};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use outlive_clock::{Stream, TenantId, UserId};
use outlive_rules::new_password::{self, PasswordOwner, WeakPassword};
use outlive_tokens::{Sealer, Secret};

use crate::directory::Tenant;
use crate::directory::hashing_queue::{HashingQueue, Lane, Overloaded, Permit};

/// A password as it is stored: its Argon2id hash in PHC form, or sealed if it is that of the seed.
#[derive(Debug, Clone)]
pub(crate) struct HashedPassword(pub(crate) String);

/// Argon2id with 7 MiB and 5 passes: the least memory among the equivalent settings of the OWASP
/// password storage cheat sheet.
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

/// Blocks of 1 KiB that are allocated, of which only the used ones are touched. Allocators return
/// one allocation above 32 MiB to the system: glibc at once, where it keeps smaller ones for good.
const ROOM_BLOCKS: usize = 33 * 1024;

/// Two passwords are hashed at a time, which bounds memory and cores.
static QUEUE: LazyLock<HashingQueue> = LazyLock::new(|| HashingQueue::new(2));

#[expect(clippy::expect_used, reason = "constant parameters within Argon2's bounds")]
fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, 1, None).expect("valid parameters")
}

/// Returns the Argon2id hash; `None` if the salt is invalid.
fn argon2id(password: &Secret, salt: &[u8], params: &Params) -> Option<Output> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = Vec::with_capacity(ROOM_BLOCKS);
    memory.resize(params.block_count(), Block::default());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut output, &mut memory)
        .ok()?;
    Output::new(&output).ok()
}

/// Compares a password with a PHC string, with the parameters in that string.
fn matches_hash(password: &Secret, hashed: &str) -> Option<bool> {
    let hashed = PasswordHash::new(hashed).ok().filter(|hashed| hashed.algorithm == ARGON2ID_IDENT)?;
    let mut salt = [0; 64];
    let salt = hashed.salt?.decode_b64(&mut salt).ok()?;
    // Constant-time comparison.
    Some(argon2id(password, salt, &Params::try_from(&hashed).ok()?)? == hashed.hash?)
}

/// Hashes a new password with the caller's salt.
#[expect(
    clippy::expect_used,
    reason = "a 16-byte salt is valid, and hashing fails only for invalid parameters"
)]
pub(crate) async fn hash(
    tenant: TenantId,
    password: Secret,
    salt: [u8; 16],
) -> Result<HashedPassword, Overloaded> {
    let permit = QUEUE.turn(Lane::New(tenant)).await?;
    Ok(run_blocking(permit, move || {
        let params = params();
        let output = argon2id(&password, &salt, &params).expect("valid parameters");
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are a valid salt");
        let hashed = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("valid parameters"),
            salt: Some(salt.as_salt()),
            hash: Some(output),
        };
        HashedPassword(hashed.to_string())
    })
    .await)
}

/// The mark of a sealed password. A PHC string begins with `$`.
const SEALED: &str = "sealed:";

fn purpose(tenant: TenantId, user: UserId) -> String {
    format!("idp-password/{tenant}/{user}")
}

/// Seals the password that a seed gives a user.
pub(crate) fn seal(
    tenant: TenantId,
    user: UserId,
    password: &Secret,
    sealer: &Sealer,
    nonce: &mut Stream,
) -> HashedPassword {
    let sealed = sealer.seal(&purpose(tenant, user), password.expose().as_bytes(), nonce);
    HashedPassword(format!("{SEALED}{sealed}"))
}

/// Opens a sealed password; `None` if it is hashed, or was sealed with another key.
pub(crate) fn open(tenant: TenantId, user: UserId, stored: &str, sealer: &Sealer) -> Option<Secret> {
    let plain = sealer.open(&purpose(tenant, user), stored.strip_prefix(SEALED)?)?;
    String::from_utf8(plain).ok().map(Secret::new)
}

/// Verifies a password. For a user who does not exist, pass `None`, which takes the same time.
pub(crate) async fn verify(lane: Lane, password: Secret, hashed: Option<String>) -> Result<bool, Overloaded> {
    let permit = QUEUE.turn(lane).await?;
    Ok(run_blocking(permit, move || {
        hashed.and_then(|hashed| matches_hash(&password, &hashed)).unwrap_or_else(|| {
            let _ = argon2id(&password, &[0; 16], &params());
            false
        })
    })
    .await)
}

/// Runs `work` on a blocking thread. The permit goes with it: if the caller disconnects, the work
/// still occupies its place until it ends.
#[expect(clippy::expect_used, reason = "hashing does not panic")]
async fn run_blocking<T: Send + 'static>(permit: Permit, work: impl FnOnce() -> T + Send + 'static) -> T {
    let work = move || {
        let done = work();
        drop(permit);
        done
    };
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
    use argon2::PasswordHasher;
    use outlive_clock::Randomness;

    use super::*;

    fn tenant() -> TenantId {
        TenantId::generate(&mut Randomness::from_seed(1).stream("tenant"))
    }

    async fn hash_with(salt: [u8; 16]) -> String {
        hash(tenant(), Secret::new("Right-1!"), salt).await.expect("a turn").0
    }

    async fn is_right(password: &str, hashed: Option<&str>) -> bool {
        let hashed = hashed.map(str::to_owned);
        verify(Lane::Unknown(tenant()), Secret::new(password), hashed).await.expect("a turn")
    }

    #[tokio::test]
    async fn a_password_is_itself_and_no_other() {
        let hashed = hash_with([1; 16]).await;
        assert!(is_right("Right-1!", Some(&hashed)).await);
        assert!(!is_right("Wrong-1!", Some(&hashed)).await);
        assert!(!is_right("Right-1!", None).await);
        assert!(!is_right("Right-1!", Some("no hash")).await);
    }

    #[test]
    fn a_sealed_password_is_opened_for_its_user_only() {
        let mut stream = Randomness::from_seed(1).stream("user");
        let (one, other) = (UserId::generate(&mut stream), UserId::generate(&mut stream));
        let sealer = Sealer::new(&[1; 32]);
        let HashedPassword(stored) = seal(tenant(), one, &Secret::new("Right-1!"), &sealer, &mut stream);
        assert!(!stored.contains("Right"), "{stored}");
        assert_eq!(open(tenant(), one, &stored, &sealer), Some(Secret::new("Right-1!")));
        assert_eq!(open(tenant(), other, &stored, &sealer), None);
        assert_eq!(open(tenant(), one, &stored, &Sealer::new(&[2; 32])), None);
        assert_eq!(open(tenant(), one, "$argon2id$v=19$", &sealer), None);
    }

    /// Stored hashes stay valid: those of the library's own functions, with these parameters and
    /// with others.
    #[tokio::test]
    async fn hashes_are_those_of_the_library() {
        let salt = SaltString::encode_b64(&[7; 16]).expect("a salt");
        let ours = hash_with([7; 16]).await;
        for (params, same) in [(params(), true), (Params::new(64, 2, 1, None).expect("valid"), false)] {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let theirs = argon2.hash_password(b"Right-1!", &salt).expect("valid").to_string();
            assert_eq!(theirs == ours, same, "{theirs}");
            assert!(is_right("Right-1!", Some(&theirs)).await);
            assert!(!is_right("Wrong-1!", Some(&theirs)).await);
        }
    }
}
