//! Tenants.

use std::sync::Arc;

use outlive_clock::TenantId;
use outlive_rules::Ruleset;
use outlive_rules::new_password::BannedTerms;
use outlive_store::{Statement, sql};

use super::policies::Policies;
use super::tenant_keys::TenantKeys;

#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) domain: String,
    pub(crate) display_name: String,
    pub(crate) rules: Ruleset,
    /// The number of the active signing key.
    pub(crate) signing_key: i64,
    /// Banned terms in user passwords.
    pub(crate) banned_passwords: Arc<BannedTerms>,
    /// Password validity in days; `None` if passwords do not expire.
    pub(crate) password_validity_days: Option<u32>,
    /// Whether all users need MFA.
    pub(crate) require_mfa: bool,
    pub(crate) policies: Arc<Policies>,
    /// The generation of grants that are minted now.
    pub(crate) generation: u32,
    /// The former generations whose grants are known.
    pub(crate) generations: Arc<[u32]>,
    pub(crate) keys: TenantKeys,
}

impl Tenant {
    /// Whether a grant of this generation belongs to the tenant's state: a restore of a snapshot
    /// forgets those that were minted after it.
    pub(crate) fn knows(&self, generation: u32) -> bool {
        self.generation == generation || self.generations.contains(&generation)
    }
}

/// Sets the tenant's active signing key.
pub(crate) fn use_signing_key(tenant: TenantId, number: i64) -> Statement {
    sql!("UPDATE tenants SET signing_key = $1 WHERE tenant = $2", number, tenant).expect_rows(1)
}
