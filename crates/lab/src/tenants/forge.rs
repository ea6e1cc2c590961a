//! Tokens for tests of validators.

use outlive_clock::TenantId;
use outlive_wire::forge::{ForgeAnswer, ForgeRequest, Forgery};

use super::faults::refused;
use super::{TenantError, Tenants};

impl Tenants {
    /// Forges a token as the issuer of a tenant.
    ///
    /// # Errors
    /// An unknown tenant, a token that cannot be forged, or the identity provider does not answer.
    pub async fn forge(&self, tenant: TenantId, token: ForgeRequest) -> Result<ForgeAnswer, TenantError> {
        let origin = self.credentials(tenant).await?.urls.idp;
        self.surface().forge(tenant, &Forgery { origin, token }).await.map_err(refused)
    }
}
