//! Storage of tenant credentials: sealed, in the lab's own database.

use std::sync::LazyLock;

use outlive_chassis::Chassis;
use outlive_clock::{Instant, Randomness, TenantId};
use outlive_store::{Change, Migration, Statement, StoreError, migrations, sql};
use outlive_wire::lab_api::TenantCredentials;
use serde::Serialize;
use uuid::Uuid;

use super::new_tenant::CreatedFrom;
use crate::seed::DrawnSecrets;

/// The lab's tables.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();

/// Stores tenant credentials.
#[derive(Clone, Debug)]
pub(super) struct TenantStore {
    chassis: Chassis,
}

impl TenantStore {
    pub(super) const fn new(chassis: Chassis) -> Self {
        Self { chassis }
    }

    pub(super) async fn read(&self, tenant: TenantId) -> Result<Option<TenantCredentials>, StoreError> {
        Ok(self.read_revision(tenant).await?.map(|(credentials, _)| credentials))
    }

    /// Returns the tenant credentials with their revision, for an update.
    pub(super) async fn read_revision(
        &self,
        tenant: TenantId,
    ) -> Result<Option<(TenantCredentials, i64)>, StoreError> {
        let select = sql!("SELECT sealed, revision FROM handouts WHERE tenant = $1", tenant);
        let row = self.chassis.store.row(select).await?;
        let Some(row) = row else { return Ok(None) };
        let opened = self.chassis.sealer.open(&purpose(tenant), &row.text("sealed")?);
        if opened.is_none() {
            tracing::error!(%tenant, "the tenant credentials cannot be decrypted: the sealing key has changed");
        }
        let credentials = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
        let revision = row.int("revision")?;
        Ok(credentials.map(|credentials| (credentials, revision)))
    }

    pub(super) async fn list(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let rows =
            self.chassis.store.rows(sql!("SELECT tenant, domain FROM handouts ORDER BY tenant")).await?;
        rows.iter().map(|row| Ok((row.parse("tenant")?, row.text("domain")?))).collect()
    }

    /// Returns what a tenant was created from.
    pub(super) async fn created_from(
        &self,
        tenant: TenantId,
        credentials: &TenantCredentials,
    ) -> Result<CreatedFrom, StoreError> {
        let row = self
            .chassis
            .store
            .row(sql!("SELECT created_from FROM handouts WHERE tenant = $1", tenant))
            .await?;
        let text = row.map(|row| row.text("created_from")).transpose()?;
        Ok(CreatedFrom::read(&text.unwrap_or_default(), credentials))
    }

    /// Returns when (wall time) the creation of the tenant's present data began, which names it in
    /// the services: the epoch for tenants of earlier versions, there and here. `None` if there is
    /// no such tenant.
    pub(super) async fn incarnation(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let select = sql!("SELECT incarnation_us FROM handouts WHERE tenant = $1", tenant);
        let row = self.chassis.store.row(select).await?;
        row.map(|row| row.instant("incarnation_us")).transpose()
    }

    /// Returns the secrets that were generated for a tenant at its creation. `None` for a tenant of
    /// an earlier version, or if the sealing key has changed.
    pub(super) async fn first_secrets(&self, tenant: TenantId) -> Result<Option<DrawnSecrets>, StoreError> {
        let select = sql!("SELECT first_secrets FROM handouts WHERE tenant = $1", tenant);
        let row = self.chassis.store.row(select).await?;
        let sealed = row.map(|row| row.opt_text("first_secrets")).transpose()?.flatten();
        let opened =
            sealed.and_then(|sealed| self.chassis.sealer.open(&purpose_of_first_secrets(tenant), &sealed));
        Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }

    /// Returns the statement that inserts a new tenant, with the secrets that were generated for
    /// it.
    pub(super) fn insert(
        &self,
        tenant: TenantId,
        credentials: &TenantCredentials,
        from: &CreatedFrom,
        secrets: Option<&DrawnSecrets>,
        incarnation: Instant,
    ) -> Statement {
        sql!(
            "INSERT INTO handouts (tenant, domain, sealed, created_from, first_secrets, incarnation_us) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            tenant,
            &credentials.domain,
            self.seal(tenant, credentials),
            from.to_text(),
            secrets.map(|secrets| self.seal_as(&purpose_of_first_secrets(tenant), secrets)),
            incarnation
        )
    }

    /// Returns the statement that replaces the credentials of a tenant that was started over, and
    /// the secrets that it has from then on at each reset, if they are given; a conflict if the
    /// tenant was deleted.
    pub(super) fn replace(
        &self,
        tenant: TenantId,
        credentials: &TenantCredentials,
        secrets: Option<&DrawnSecrets>,
        incarnation: Instant,
    ) -> Statement {
        let replace = sql!(
            "UPDATE handouts SET domain = $1, sealed = $2, first_secrets = COALESCE($3, first_secrets), \
             incarnation_us = $4, revision = revision + 1 WHERE tenant = $5",
            &credentials.domain,
            self.seal(tenant, credentials),
            secrets.map(|secrets| self.seal_as(&purpose_of_first_secrets(tenant), secrets)),
            incarnation,
            tenant
        );
        replace.expect_rows(1)
    }

    /// Writes changed tenant credentials.
    pub(super) async fn update(
        &self,
        tenant: TenantId,
        credentials: &TenantCredentials,
        revision: i64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal(tenant, credentials);
        let update = sql!(
            "UPDATE handouts SET sealed = $1, revision = revision + 1 WHERE tenant = $2 AND revision = $3",
            sealed,
            tenant,
            revision
        );
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    /// Returns the id of this lab, generated at its first use and shared by all replicas on one
    /// database.
    pub(super) async fn installation(&self) -> Result<String, StoreError> {
        loop {
            let row =
                self.chassis.store.row(sql!("SELECT id FROM installation WHERE tenant = $1", "")).await?;
            if let Some(row) = row {
                return row.text("id");
            }
            // From the system's randomness: installations with the same seed have different ids.
            let id = TenantId::generate(&mut Randomness::from_system().stream("installation")).to_string();
            let insert = sql!("INSERT INTO installation (tenant, id) VALUES ($1, $2)", "", id);
            match self.chassis.store.commit(insert).await {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
    }

    fn seal(&self, tenant: TenantId, credentials: &TenantCredentials) -> String {
        self.seal_as(&purpose(tenant), credentials)
    }

    fn seal_as(&self, purpose: &str, secrets: &impl Serialize) -> String {
        let plain = serde_json::to_vec(secrets).unwrap_or_default();
        let nonce = &mut self.chassis.random.stream("tenant-credentials-nonce");
        self.chassis.sealer.seal(purpose, &plain, nonce)
    }
}

/// Removes what the phones of a tenant's users store.
pub(super) fn forget_phones(tenant: TenantId) -> Change {
    let mut change = Change::from(sql!("DELETE FROM authenticator_apps WHERE tenant = $1", tenant));
    change.add(sql!("DELETE FROM phone_passkeys WHERE tenant = $1", tenant));
    change
}

/// Returns the statement that the creation of a seat's tenant needs: a conflict if the seat has its
/// tenant, or its class has ended.
pub(super) fn seat_is_reserved(tenant: TenantId) -> Statement {
    let reserved = sql!(
        "UPDATE seats SET reserved_wall_us = reserved_wall_us WHERE tenant = $1 AND reserved_wall_us IS NOT NULL",
        tenant
    );
    reserved.expect_rows(1)
}

/// Completes the seat of a class that is reserved for a tenant; a conflict if the class has ended.
pub(super) fn occupy_seat(tenant: TenantId) -> Statement {
    sql!("UPDATE seats SET reserved_wall_us = NULL, reserved_by = NULL WHERE tenant = $1", tenant)
        .expect_rows(1)
}

/// Removes the end of a tenant that is deleted.
pub(super) fn forget_end(tenant: TenantId) -> Statement {
    sql!("DELETE FROM temporary_tenants WHERE tenant = $1", tenant)
}

/// Ends the tenants that belong to a seat: they are deleted like those whose lifetime is over.
pub(super) fn end_of_seat(seat: TenantId, now: Instant) -> Statement {
    sql!("UPDATE temporary_tenants SET ends_wall_us = $1 WHERE seat = $2", now, seat.to_string())
}

/// Returns the statement that a tenant of a seat needs: a conflict if the seat's tenant is deleted.
pub(super) fn seat_exists(seat: TenantId) -> Statement {
    sql!("UPDATE handouts SET revision = revision WHERE tenant = $1", seat).expect_rows(1)
}

/// Forgets the events of a tenant that were requested under an id.
pub(super) fn forget_raised(tenant: TenantId) -> Statement {
    sql!("DELETE FROM raised_events WHERE tenant = $1", tenant)
}

/// Removes the snapshots of a tenant that is deleted.
pub(super) fn forget_snapshots(tenant: TenantId) -> Change {
    let mut change = Change::new();
    for table in ["snapshots", "snapshot_pieces"] {
        change.add(Statement::forget_tenant(table, tenant));
    }
    change
}

/// Returns the condition that a snapshot is not deleted meanwhile.
pub(super) fn keep_snapshot(tenant: TenantId, snapshot: Uuid) -> Statement {
    let keep = sql!(
        "UPDATE snapshots SET bytes = bytes WHERE tenant = $1 AND id = $2",
        tenant,
        snapshot.to_string()
    );
    keep.expect_rows(1)
}

fn purpose(tenant: TenantId) -> String {
    format!("lab/handout/{tenant}")
}

fn purpose_of_first_secrets(tenant: TenantId) -> String {
    format!("lab/first-secrets/{tenant}")
}
