//! The keys of a tenant: for what is sealed, hashed or derived with a secret and is still needed
//! after the tenant was exported and imported into another installation.

use std::sync::Arc;

use aws_lc_rs::hmac;
use outlive_chassis::{SealedColumn, SealedFor, sealed_column};
use outlive_clock::{Stream, TenantId};
use outlive_tokens::{PairwiseKey, Sealer};

use super::ClientSecrets;

/// The stored secrets. A copy of a tenant contains them opened.
pub(crate) const COLUMN: SealedColumn =
    sealed_column!("the keys of a tenant", "tenants", "tenant", "tenant", "keys_sealed", |tenant, _| Some(
        SealedFor::Purpose(purpose(tenant))
    ));

/// The keys of a tenant. Cheap to clone.
#[derive(Clone)]
pub(crate) struct TenantKeys(Arc<Keys>);

struct Keys {
    sealer: Sealer,
    secrets: ClientSecrets,
    pairwise: PairwiseKey,
    are_own: bool,
}

impl TenantKeys {
    /// Derives the keys from the secret of a tenant.
    pub(super) fn derived_from(secret: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |purpose: &str| -> [u8; 32] {
            let tag = hmac::sign(&root, format!("outlive/tenant-key/{purpose}").as_bytes());
            let mut key = [0; 32];
            key.copy_from_slice(tag.as_ref());
            key
        };
        Self(Arc::new(Keys {
            sealer: Sealer::new(&derived("sealer")),
            secrets: ClientSecrets::new(&derived("client-secrets")),
            pairwise: PairwiseKey::new(&derived("pairwise-subjects")),
            are_own: true,
        }))
    }

    /// The keys of the installation, which tenants of earlier versions use.
    pub(crate) fn of_installation(sealer: Sealer, secrets: ClientSecrets, pairwise: PairwiseKey) -> Self {
        Self(Arc::new(Keys { sealer, secrets, pairwise, are_own: false }))
    }

    /// Seals refresh tokens, codes, passwords that were never used, secrets of authenticators, and
    /// messages.
    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// Hashes client secrets and the secret headers of identity endpoints.
    pub(crate) fn secrets(&self) -> &ClientSecrets {
        &self.0.secrets
    }

    /// Derives the subjects of users.
    pub(crate) fn pairwise(&self) -> &PairwiseKey {
        &self.0.pairwise
    }

    /// Whether the tenant has keys of its own.
    pub(crate) fn are_own(&self) -> bool {
        self.0.are_own
    }
}

impl std::fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TenantKeys([redacted])")
    }
}

/// Draws the secret of a new tenant. Returns its keys, and the secret as it is stored.
pub(crate) fn draw(
    tenant: TenantId,
    sealer: &Sealer,
    secret: &mut Stream,
    nonce: &mut Stream,
) -> (TenantKeys, String) {
    let secret = secret.bytes::<32>();
    (TenantKeys::derived_from(&secret), sealer.seal(&purpose(tenant), &secret, nonce))
}

/// Opens a stored secret, and derives the keys. `None` if it was sealed with another key.
pub(super) fn open(tenant: TenantId, sealer: &Sealer, stored: &str) -> Option<TenantKeys> {
    let secret = sealer.open(&purpose(tenant), stored)?;
    Some(TenantKeys::derived_from(&secret.try_into().ok()?))
}

fn purpose(tenant: TenantId) -> String {
    format!("tenant-keys/{tenant}")
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::*;

    #[test]
    fn the_keys_of_a_stored_secret_are_those_that_were_drawn() {
        let random = Randomness::from_seed(1);
        let tenant = TenantId::generate(&mut random.stream("tenant"));
        let installation = Sealer::new(&[1; 32]);
        let (drawn, stored) =
            draw(tenant, &installation, &mut random.stream("secret"), &mut random.stream("nonce"));
        let sealed = drawn.sealer().seal("p", b"kept", &mut random.stream("nonce"));
        let opened = open(tenant, &installation, &stored).expect("it opens");
        assert_eq!(opened.sealer().open("p", &sealed).as_deref(), Some(&b"kept"[..]));
        assert!(opened.are_own());
        assert_eq!(installation.open("p", &sealed), None);
        assert!(open(tenant, &Sealer::new(&[2; 32]), &stored).is_none());
        let other = TenantId::generate(&mut random.stream("tenant"));
        assert!(open(other, &installation, &stored).is_none());
    }
}
