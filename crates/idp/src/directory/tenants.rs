//! Finds tenants.

use std::sync::Arc;

use outlive_clock::TenantId;
use outlive_rules::new_password::BannedTerms;
use outlive_store::{Row, Statement, StoreError, Value};

use super::cached_store::Directory;
use super::policies::Policies;
use super::tenant::Tenant;
use super::tenant_keys::{self, TenantKeys};

macro_rules! select_tenant {
    ($where:literal) => {
        concat!(
            "SELECT tenant, domain, display_name, rules, signing_key, banned_passwords, password_validity_days, \
             require_mfa, policies, policies_revision, generation, generations, keys_sealed FROM tenants WHERE ",
            $where
        )
    };
}

fn tenant_of(row: &Row, installation: &TenantKeys) -> Result<Tenant, StoreError> {
    let id = row.parse("tenant")?;
    Ok(Tenant {
        id,
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
        generation: u32::try_from(row.int("generation")?).unwrap_or_default(),
        generations: row.text("generations")?.split(';').filter_map(|number| number.parse().ok()).collect(),
        keys: match row.opt_text("keys_sealed")? {
            Some(stored) => {
                tenant_keys::open(id, installation.sealer(), &stored).ok_or_else(|| StoreError::Corrupt {
                    column: "keys_sealed".to_owned(),
                    why: "it was sealed with another sealing key".to_owned(),
                })?
            }
            None => installation.clone(),
        },
    })
}

fn banned(terms: Vec<String>) -> Result<BannedTerms, StoreError> {
    BannedTerms::with(terms.iter().map(String::as_str))
        .map_err(|why| StoreError::Corrupt { column: "banned_passwords".to_owned(), why: why.to_string() })
}

impl Directory {
    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let read = self.find_tenant(select_tenant!("tenant = $1"), tenant.into());
        self.memory.tenants.get_or_read(tenant, (), read).await
    }

    pub(crate) async fn tenant_by_domain(&self, domain: &str) -> Result<Option<Tenant>, StoreError> {
        self.find_tenant(select_tenant!("domain = $1"), domain.to_ascii_lowercase().into()).await
    }

    async fn find_tenant(&self, select: &'static str, key: Value) -> Result<Option<Tenant>, StoreError> {
        let row = self.store.row(Statement::new(select, vec![key])).await?;
        row.as_ref().map(|row| tenant_of(row, &self.installation_keys)).transpose()
    }
}
