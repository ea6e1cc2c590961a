//! What the lab itself stores for a tenant and belongs to its state: the credentials, the phones of
//! the users, and the events that were raised under an id.

use outlive_chassis::{CopiedTable, SealedColumn, SealedFor, TablesToCopy, sealed_column};
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_wire::lab_api::TenantCredentials;
use serde::{Deserialize, Serialize};

use crate::tenants::{TenantError, Tenants, phone, phone_passkeys, raised_once};

/// The tables whose rows are copied.
const TABLES: &[&str] = &["authenticator_apps", "phone_passkeys", "raised_events"];

const SEALED: &[SealedColumn] = &[
    sealed_column!(
        "the secret of an authenticator app",
        "authenticator_apps",
        "user_id",
        "user_id",
        "sealed",
        |tenant, user| Some(SealedFor::Purpose(phone::purpose(tenant, user)))
    ),
    sealed_column!(
        "a passkey of a phone",
        "phone_passkeys",
        "user_id || '/' || credential",
        "user_id || '/' || credential",
        "sealed",
        |tenant, named| {
            let (user, credential) = named.split_once('/')?;
            Some(SealedFor::Purpose(phone_passkeys::purpose(tenant, user, credential)))
        }
    ),
    sealed_column!("the answer to an event", "raised_events", "id", "id", "sealed", |tenant, _| {
        Some(SealedFor::Purpose(raised_once::purpose(tenant)))
    }),
];

/// What the lab stores for a tenant.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tenants) struct LabRows {
    pub(in crate::tenants) credentials: TenantCredentials,
    tables: Vec<CopiedTable>,
}

impl Tenants {
    async fn lab_tables(&self) -> Result<TablesToCopy, TenantError> {
        Ok(TablesToCopy::named(self.chassis().store.tables().await?, TABLES, SEALED))
    }

    pub(super) async fn copy_lab_rows(&self, tenant: TenantId) -> Result<LabRows, TenantError> {
        let credentials = self.credentials(tenant).await?;
        let tables = self.lab_tables().await?;
        let results = self.chassis().store.read_together(&tables.queries(tenant)).await?;
        Ok(LabRows { credentials, tables: tables.copy(tenant, &self.chassis().sealer, &results)? })
    }

    /// Whether the lab still stores the same for the tenant.
    pub(super) async fn has_lab_rows(&self, tenant: TenantId, copied: &LabRows) -> Result<bool, TenantError> {
        let present = self.copy_lab_rows(tenant).await?;
        Ok(serde_json::to_value(&present).ok() == serde_json::to_value(copied).ok())
    }

    /// Returns the change that replaces what the lab stores for a tenant, without its credentials.
    ///
    /// # Errors
    /// Rows that do not fit the tables, or a failing database.
    pub(in crate::tenants) async fn replace_lab_rows(
        &self,
        tenant: TenantId,
        rows: LabRows,
    ) -> Result<Change, TenantError> {
        let chassis = self.chassis();
        let mut stream = self.random(tenant).stream("copied-nonce");
        let replaced = self.lab_tables().await?.replace(tenant, &chassis.sealer, &mut stream, rows.tables);
        replaced.map_err(|problem| TenantError::Event(problem.message))
    }
}
