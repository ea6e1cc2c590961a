//! Storage of snapshots: sealed with the lab's key, in the lab's own database.

use std::collections::BTreeMap;

use outlive_chassis::Chassis;
use outlive_clock::{Speed, TenantId};
use outlive_store::{Change, Row, StoreError, sql};
use outlive_wire::lab_api::Snapshot;
use uuid::Uuid;

use super::SnapshotError;
use super::state::TenantState;
use crate::tenants::{TenantError, Tenants};

/// The length of a piece, in bytes. Longer texts are not opened.
const PIECE_BYTES: usize = 1 << 20;

impl Tenants {
    /// Lists the snapshots of a tenant, the oldest first.
    ///
    /// # Errors
    /// An unknown tenant, or a failing database.
    pub async fn snapshots(&self, tenant: TenantId) -> Result<Vec<Snapshot>, TenantError> {
        self.credentials(tenant).await?;
        let rows = self.chassis().store.rows(sql!(
            "SELECT id, name, created_wall_us, now_us, speed, bytes FROM snapshots WHERE tenant = $1 \
             ORDER BY created_wall_us, id",
            tenant
        ));
        Ok(rows.await?.iter().map(snapshot_of).collect::<Result<_, StoreError>>()?)
    }

    /// Returns a snapshot by its id or name.
    ///
    /// # Errors
    /// As [`Self::snapshots`], or [`SnapshotError::Unknown`].
    pub(in crate::tenants) async fn snapshot(
        &self,
        tenant: TenantId,
        named: &str,
    ) -> Result<Snapshot, TenantError> {
        let id: Option<Uuid> = named.parse().ok();
        let is_named =
            |snapshot: &Snapshot| Some(snapshot.id) == id || snapshot.name.as_deref() == Some(named);
        let found = self.snapshots(tenant).await?.into_iter().find(is_named);
        Ok(found.ok_or(SnapshotError::Unknown)?)
    }

    /// Checks that a snapshot can be restored, before a restore begins.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`], [`SnapshotError::OtherVersion`], or a service that did not
    /// answer.
    pub(in crate::tenants) async fn check_snapshot(
        &self,
        tenant: TenantId,
        snapshot: &Snapshot,
    ) -> Result<(), TenantError> {
        let state = self.stored_state(tenant, snapshot).await?;
        self.check_versions(tenant, &state.versions).await
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// No such snapshot, or an operation on the tenant in progress.
    pub async fn delete_snapshot(&self, tenant: TenantId, named: &str) -> Result<(), TenantError> {
        self.snapshot(tenant, named).await?;
        // A restore that was interrupted is completed before.
        let _turn = self.clock(tenant).await?;
        let id = self.snapshot(tenant, named).await?.id.to_string();
        // A restore that begins meanwhile needs it.
        let deleted = sql!(
            "DELETE FROM snapshots WHERE tenant = $1 AND id = $2 \
             AND NOT EXISTS (SELECT 1 FROM operations WHERE tenant = $3)",
            tenant,
            &id,
            tenant
        );
        let mut change = Change::from(deleted.expect_rows(1));
        change.add(sql!("DELETE FROM snapshot_pieces WHERE tenant = $1 AND snapshot = $2", tenant, &id));
        match self.chassis().store.commit(change).await {
            Err(error) if error.is_conflict() => {
                self.snapshot(tenant, named).await?;
                match self.operations().read_recorded(tenant).await? {
                    Some(operation) => Err(TenantError::Busy(Box::new(operation))),
                    None => Err(SnapshotError::Unknown.into()),
                }
            }
            deleted => Ok(deleted?),
        }
    }

    /// Stores a snapshot of an existing tenant.
    pub(super) async fn insert_snapshot(
        &self,
        tenant: TenantId,
        snapshot: &Snapshot,
        state: &TenantState,
        parts: Vec<(String, String)>,
    ) -> Result<(), TenantError> {
        let chassis = self.chassis();
        let id = snapshot.id.to_string();
        // Nothing is added to a tenant that is being deleted.
        let exists = sql!("UPDATE handouts SET revision = revision WHERE tenant = $1", tenant);
        let mut change = Change::from(exists.expect_rows(1));
        change.add(sql!(
            "INSERT INTO snapshots (tenant, id, name, created_wall_us, now_us, speed, bytes, versions) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            &id,
            snapshot.name.as_deref(),
            snapshot.created,
            snapshot.now,
            snapshot.speed.factor(),
            i64::try_from(snapshot.bytes).unwrap_or(i64::MAX),
            serde_json::to_string(&state.versions).unwrap_or_default()
        ));
        let mut nonce = self.random(tenant).stream("snapshot-nonce");
        for (part, content) in parts {
            for (number, piece) in (0_i64..).zip(content.as_bytes().chunks(PIECE_BYTES)) {
                let purpose = purpose(tenant, &id, &part, number);
                change.add(sql!(
                    "INSERT INTO snapshot_pieces (tenant, snapshot, part, number, sealed) VALUES ($1, $2, $3, $4, $5)",
                    tenant,
                    &id,
                    &part,
                    number,
                    chassis.sealer.seal(&purpose, piece, &mut nonce)
                ));
            }
        }
        match chassis.store.commit(change).await {
            // Another replica was faster, or the tenant is deleted.
            Err(error) if error.is_conflict() => {
                self.credentials(tenant).await?;
                Err(SnapshotError::NameTaken(snapshot.name.clone().unwrap_or_default()).into())
            }
            stored => Ok(stored?),
        }
    }

    /// Reads the state in a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`], or a failing database.
    pub(in crate::tenants) async fn stored_state(
        &self,
        tenant: TenantId,
        snapshot: &Snapshot,
    ) -> Result<TenantState, TenantError> {
        let id = snapshot.id.to_string();
        let select = sql!("SELECT versions FROM snapshots WHERE tenant = $1 AND id = $2", tenant, &id);
        let row = self.chassis().store.row(select).await?;
        let versions = row.ok_or(SnapshotError::Unknown)?.text("versions")?;
        let versions = serde_json::from_str(&versions).ok().ok_or(SnapshotError::Unreadable)?;
        let rows = self.chassis().store.rows(sql!(
            "SELECT part, number, sealed FROM snapshot_pieces WHERE tenant = $1 AND snapshot = $2 \
             ORDER BY part, number",
            tenant,
            &id
        ));
        let parts = parts_of(self.chassis(), tenant, &id, &rows.await?)?;
        let state = TenantState::from_parts((snapshot.now, snapshot.speed), versions, parts);
        Ok(state.ok_or(SnapshotError::Unreadable)?)
    }
}

fn parts_of(
    chassis: &Chassis,
    tenant: TenantId,
    id: &str,
    rows: &[Row],
) -> Result<BTreeMap<String, String>, TenantError> {
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for row in rows {
        let (part, number) = (row.text("part")?, row.int("number")?);
        let opened = chassis.sealer.open(&purpose(tenant, id, &part, number), &row.text("sealed")?);
        parts.entry(part).or_default().extend(opened.ok_or(SnapshotError::Unreadable)?);
    }
    let texts = parts.into_iter().map(|(part, bytes)| Some((part, String::from_utf8(bytes).ok()?)));
    Ok(texts.collect::<Option<_>>().ok_or(SnapshotError::Unreadable)?)
}

fn snapshot_of(row: &Row) -> Result<Snapshot, StoreError> {
    Ok(Snapshot {
        id: row.parse("id")?,
        name: row.opt_text("name")?,
        created: row.instant("created_wall_us")?,
        now: row.instant("now_us")?,
        speed: Speed::times(u32::try_from(row.int("speed")?).unwrap_or(0)),
        bytes: u64::try_from(row.int("bytes")?).unwrap_or(0),
    })
}

fn purpose(tenant: TenantId, snapshot: &str, part: &str, number: i64) -> String {
    format!("lab/snapshot/{tenant}/{snapshot}/{part}/{number}")
}
