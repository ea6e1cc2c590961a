//! The state of the resource.

use outlive_chassis::Chassis;
use outlive_clock::TenantId;
use outlive_tokens::{Challenge, Verifier};

use crate::audiences::Audiences;

/// The state of the resource. Built by [`build`](crate::build).
#[derive(Debug)]
pub struct Api {
    pub(crate) chassis: Chassis,
    pub(crate) verifier: Verifier,
    pub(crate) audiences: Audiences,
    /// The issuer as reached from this process.
    pub(crate) idp_url: String,
    pub(crate) idp_public_url: String,
}

impl Api {
    /// The challenge with the tenant's authorization endpoint, or the common one without a tenant.
    pub(crate) fn challenge(&self, tenant: Option<TenantId>) -> Challenge {
        let tenant = tenant.map(|tenant| tenant.to_string());
        let segment = tenant.as_deref().unwrap_or("common");
        let authorize = format!("{}/{segment}/oauth2/v2.0/authorize", self.idp_public_url);
        Challenge::new(tenant.as_deref().unwrap_or_default(), &authorize)
    }

    /// The common authorization endpoint, as in claims challenges.
    pub(crate) fn common_authorization_uri(&self) -> String {
        format!("{}/common/oauth2/authorize", self.idp_public_url)
    }
}
