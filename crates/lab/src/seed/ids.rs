//! Ids of a tenant that is not the seed's own: derived, so that the same tenant id always gives the same ids.

use outlive_clock::TenantId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id that stands in `tenant` for what the seed file calls `id`: a version 8 UUID (RFC 9562, custom) hashed from both.
#[must_use]
pub fn derived(tenant: TenantId, id: Uuid) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"outlive/derived-id");
    hash.update(tenant.uuid().as_bytes());
    hash.update(id.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_same_pair_gives_the_same_id_and_another_pair_another(a: u128, b: u128, id: u128, other: u128) {
            prop_assume!(a != b && id != other);
            let (a, b) = (TenantId::from_uuid(Uuid::from_u128(a)), TenantId::from_uuid(Uuid::from_u128(b)));
            let (id, other) = (Uuid::from_u128(id), Uuid::from_u128(other));
            prop_assert_eq!(derived(a, id), derived(a, id));
            prop_assert_ne!(derived(a, id), derived(b, id));
            prop_assert_ne!(derived(a, id), derived(a, other));
        }
    }
}
