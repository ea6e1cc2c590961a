//! Starting a tenant over: the same id, with new data from the lab's seed.

use outlive_clock::TenantId;
use outlive_wire::lab_api::TenantCredentials;

use super::{Deletion, NewTenant, TenantError, Tenants};

impl Tenants {
    /// Deletes a tenant and creates it again with its id, name and rules, at the present wall time.
    /// A crash in between leaves no tenant, never a part of one.
    ///
    /// # Errors
    /// An unknown tenant, or the first error of a service.
    pub async fn reset(&self, tenant: TenantId) -> Result<TenantCredentials, TenantError> {
        let before = self.credentials(tenant).await?;
        if let Deletion::Waiting(missing) = self.delete(tenant).await? {
            let names: Vec<_> = missing.iter().map(|service| service.name()).collect();
            return Err(TenantError::NotReset { missing: names.join(", ") });
        }
        self.create(NewTenant {
            id: Some(tenant),
            name: Some(before.name),
            seed: None,
            rules: Some(before.rules),
            now: None,
            speed: None,
            bare: before.flows.is_empty() && before.connections.is_empty(),
        })
        .await
    }
}
