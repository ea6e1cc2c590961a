//! Hand-outs at rest: sealed, in the lab's own database.

use outlive_chassis::Chassis;
use outlive_clock::TenantId;
use outlive_store::{Migration, StoreError, sql};

use super::Handout;

/// The lab's tables.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "handouts", sql: include_str!("../../migrations/0001_handouts.sql") }];

/// Keeps hand-outs.
#[derive(Clone, Debug)]
pub(super) struct HandoutStore {
    chassis: Chassis,
}

impl HandoutStore {
    pub(super) const fn new(chassis: Chassis) -> Self {
        Self { chassis }
    }

    pub(super) async fn read(&self, tenant: TenantId) -> Result<Option<Handout>, StoreError> {
        let row =
            self.chassis.store.row(sql!("SELECT sealed FROM handouts WHERE tenant = $1", tenant)).await?;
        let Some(row) = row else { return Ok(None) };
        let opened = self.chassis.sealer.open(&purpose(tenant), &row.text("sealed")?);
        if opened.is_none() {
            tracing::error!(%tenant, "a hand-out cannot be opened: the sealing key is another one than it was");
        }
        Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }

    pub(super) async fn list(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let rows =
            self.chassis.store.rows(sql!("SELECT tenant, domain FROM handouts ORDER BY tenant")).await?;
        rows.iter().map(|row| Ok((row.parse("tenant")?, row.text("domain")?))).collect()
    }

    pub(super) async fn insert(&self, tenant: TenantId, handout: &Handout) -> Result<(), StoreError> {
        let sealed = self.seal(tenant, handout);
        let domain = &handout.domain;
        let insert =
            sql!("INSERT INTO handouts (tenant, domain, sealed) VALUES ($1, $2, $3)", tenant, domain, sealed);
        self.chassis.store.commit(insert).await
    }

    pub(super) async fn update(&self, tenant: TenantId, handout: &Handout) -> Result<(), StoreError> {
        let sealed = self.seal(tenant, handout);
        let update = sql!("UPDATE handouts SET sealed = $1 WHERE tenant = $2", sealed, tenant);
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    pub(super) async fn delete(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.chassis.store.commit(sql!("DELETE FROM handouts WHERE tenant = $1", tenant)).await
    }

    fn seal(&self, tenant: TenantId, handout: &Handout) -> String {
        let plain = serde_json::to_vec(handout).unwrap_or_default();
        self.chassis.sealer.seal(&purpose(tenant), &plain, &mut self.chassis.random.stream("handout-nonce"))
    }
}

fn purpose(tenant: TenantId) -> String {
    format!("lab/handout/{tenant}")
}
