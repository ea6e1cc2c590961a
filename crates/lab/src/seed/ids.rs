//! The ids of a tenant.

use outlive_clock::{ClientId, TenantId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::application::SeedApplication;
use super::file::SeedFile;

/// Returns the id in `tenant` for `id` in the seed file: a version 8 UUID (RFC 9562), hashed from
/// both.
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

/// Stands for an application that the seed does not define, which is reported as a mistake.
pub(super) const NO_CLIENT: ClientId = ClientId::from_uuid(Uuid::nil());

/// The ids of a tenant: those of the file for the seed's own tenant, derived ones for others.
pub(super) struct Ids {
    tenant: TenantId,
    own: bool,
}

impl Ids {
    pub(super) fn of_tenant(tenant: TenantId, seed: &SeedFile) -> Self {
        Self { tenant, own: tenant == seed.tenant.id }
    }

    /// Whether it is the seed's own tenant.
    pub(super) const fn own(&self) -> bool {
        self.own
    }

    pub(super) fn of(&self, id: Uuid) -> Uuid {
        if self.own { id } else { derived(self.tenant, id) }
    }

    pub(super) fn client(&self, application: &SeedApplication) -> ClientId {
        if application.first_party {
            application.client_id
        } else {
            ClientId::from_uuid(self.of(application.client_id.uuid()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_deterministic_and_distinct(a: u128, b: u128, id: u128, other: u128) {
            prop_assume!(a != b && id != other);
            let (a, b) = (TenantId::from_uuid(Uuid::from_u128(a)), TenantId::from_uuid(Uuid::from_u128(b)));
            let (id, other) = (Uuid::from_u128(id), Uuid::from_u128(other));
            prop_assert_eq!(derived(a, id), derived(a, id));
            prop_assert_ne!(derived(a, id), derived(b, id));
            prop_assert_ne!(derived(a, id), derived(a, other));
        }
    }
}
