//! Exporting a tenant.

use std::collections::BTreeMap;

use outlive_clock::{TenantId, wall_now};
use serde_json::value::RawValue;

use super::{Content, ExportError};
use crate::tenants::{SnapshotError, TenantError, Tenants};

impl Tenants {
    /// Exports a tenant: its data, time, secrets and journal in all services, without its
    /// snapshots. No operation of this lab changes the tenant meanwhile.
    ///
    /// # Errors
    /// An unknown tenant, one that is busy, too large or of an earlier version, or a service that
    /// did not answer.
    pub async fn export(&self, tenant: TenantId) -> Result<String, TenantError> {
        let _turn = self.clock(tenant).await?;
        let state = self.copy_state(tenant).await?;
        if !state.has_own_keys {
            return Err(ExportError::SharedKeys(tenant).into());
        }
        let created_from = self.store().created_from(tenant, &state.lab.credentials).await?;
        let parts = state.parts()?.into_iter();
        let raw = |(part, text)| Some((part, RawValue::from_string(text).ok()?));
        let content = Content {
            tenant,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            exported: wall_now(),
            now: state.now,
            speed: state.speed,
            seed: self.kept_snapshot(&created_from).await?,
            first_secrets: self.store().first_secrets(tenant).await?,
            created_from,
            resource: self.surface().origins().resource.server.clone(),
            parts: parts.map(raw).collect::<Option<BTreeMap<_, _>>>().ok_or(SnapshotError::Unreadable)?,
            versions: state.versions,
        };
        Ok(content.document()?)
    }
}
