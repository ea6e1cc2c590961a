//! Tenants.

use std::sync::Arc;

use outlive_clock::TenantId;
use outlive_rules::Ruleset;
use outlive_rules::new_password::BannedTerms;
use outlive_store::{Row, Statement, StoreError, sql};

use super::{Directory, Policies};

/// A tenant.
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
}

fn tenant_of(row: &Row) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.parse("tenant")?,
        domain: row.text("domain")?,
        display_name: row.text("display_name")?,
        rules: row.parse("rules")?,
        signing_key: row.int("signing_key")?,
        banned_passwords: Arc::new(banned(row.json("banned_passwords")?)?),
        password_validity_days: row
            .opt_int("password_validity_days")?
            .and_then(|days| u32::try_from(days).ok()),
        require_mfa: row.flag("require_mfa")?,
        policies: Arc::new(Policies { revision: row.int("policies_revision")?, ..row.json("policies")? }),
    })
}

fn banned(terms: Vec<String>) -> Result<BannedTerms, StoreError> {
    BannedTerms::with(terms.iter().map(String::as_str))
        .map_err(|why| StoreError::Corrupt { column: "banned_passwords".to_owned(), why: why.to_string() })
}

impl Directory {
    /// Finds a tenant by id.
    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let read = async {
            self.store
                .row(sql!(
                    "SELECT tenant, domain, display_name, rules, signing_key, banned_passwords, password_validity_days, \
                     require_mfa, policies, policies_revision FROM tenants WHERE tenant = $1",
                    tenant
                ))
                .await?
                .as_ref()
                .map(tenant_of)
                .transpose()
        };
        self.memory.tenants.get_or_read(tenant, (), read).await
    }

    /// Finds a tenant by domain.
    pub(crate) async fn tenant_by_domain(&self, domain: &str) -> Result<Option<Tenant>, StoreError> {
        let domain = domain.to_ascii_lowercase();
        self.store
            .row(sql!(
                "SELECT tenant, domain, display_name, rules, signing_key, banned_passwords, password_validity_days, \
                 require_mfa, policies, policies_revision FROM tenants WHERE domain = $1",
                domain
            ))
            .await?
            .as_ref()
            .map(tenant_of)
            .transpose()
    }
}

/// Sets the tenant's active signing key.
pub(crate) fn use_signing_key(tenant: TenantId, number: i64) -> Statement {
    sql!("UPDATE tenants SET signing_key = $1 WHERE tenant = $2", number, tenant).expect_rows(1)
}
