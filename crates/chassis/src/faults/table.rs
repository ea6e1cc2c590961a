//! The faults of a tenant in the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use outlive_clock::{Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::faults::{Fault, FaultSpec, FaultState};
use uuid::Uuid;

use super::decide::{Counts, state};

/// Maximum number of faults of a tenant in a service.
pub(crate) const FAULTS_MAX: i64 = 50;

/// A fault, without its counts.
#[derive(Debug)]
pub(crate) struct StoredFault {
    pub(crate) id: Uuid,
    pub(crate) spec: FaultSpec,
    pub(crate) seed: u64,
    /// Whether it was seen to be hit as often as it may be. Hits are never taken back.
    is_spent: AtomicBool,
}

impl StoredFault {
    /// Whether the fault has ended, as far as this process has seen. It does not begin again: time
    /// does not go back.
    pub(super) fn has_ended(&self, at: Instant) -> bool {
        self.is_spent.load(Ordering::Relaxed) || state(&self.spec, 0, at) == FaultState::Ended
    }

    /// Records that the fault was hit this often.
    pub(super) fn note_hits(&self, hits: u64) {
        if self.spec.count.is_some_and(|count| hits >= u64::from(count)) {
            self.is_spent.store(true, Ordering::Relaxed);
        }
    }
}

/// Reads the faults of a tenant, the oldest first.
pub(super) async fn read(store: &Store, tenant: TenantId) -> Result<Arc<[StoredFault]>, StoreError> {
    let rows = store
        .rows(sql!("SELECT id, spec, seed FROM faults WHERE tenant = $1 ORDER BY position, id", tenant))
        .await?;
    rows.iter()
        .map(|row| {
            let seed = row.int("seed")?.cast_unsigned();
            let is_spent = AtomicBool::default();
            Ok(StoredFault { id: row.parse("id")?, spec: row.json("spec")?, seed, is_spent })
        })
        .collect()
}

/// Reads how often the faults of a tenant were concerned and met, by id.
pub(super) async fn read_counts(store: &Store, tenant: TenantId) -> Result<Vec<(Uuid, Counts)>, StoreError> {
    let rows = store
        .rows(sql!("SELECT id, requests, hits FROM faults WHERE tenant = $1 ORDER BY id", tenant))
        .await?;
    rows.iter().map(|row| Ok((row.parse("id")?, counts_of(row)?))).collect()
}

fn counts_of(row: &Row) -> Result<Counts, StoreError> {
    let number = |column: &str| Ok::<_, StoreError>(u64::try_from(row.int(column)?).unwrap_or_default());
    Ok(Counts { requests: number("requests")?, hits: number("hits")? })
}

/// Reads the faults of a tenant as the lab shows them.
pub(crate) async fn list(store: &Store, tenant: TenantId, now: Instant) -> Result<Vec<Fault>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id, spec, added_us, requests, hits, last_hit_us FROM faults WHERE tenant = $1 \
             ORDER BY position, id",
            tenant
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let spec: FaultSpec = row.json("spec")?;
            let Counts { requests, hits } = counts_of(row)?;
            Ok(Fault {
                id: row.parse("id")?,
                state: state(&spec, hits, now),
                spec,
                added: row.instant("added_us")?,
                requests,
                hits,
                last_hit: row.opt_instant("last_hit_us")?,
            })
        })
        .collect()
}

/// Inserts a fault behind the others; it conflicts if the tenant has [`FAULTS_MAX`].
pub(crate) fn insert(tenant: TenantId, fault: &Fault, seed: u64) -> Result<Statement, serde_json::Error> {
    Ok(sql!(
        "INSERT INTO faults (tenant, id, position, spec, seed, added_us) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), COALESCE(MAX(position), 0) + 1, CAST($3 AS TEXT), \
         CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM faults WHERE tenant = $1 HAVING COUNT(*) < $6",
        tenant,
        fault.id.to_string(),
        serde_json::to_string(&fault.spec)?,
        seed.cast_signed(),
        fault.added,
        FAULTS_MAX
    )
    .expect_rows(1))
}

/// Deletes a fault; it conflicts if it is gone.
pub(crate) fn delete(tenant: TenantId, id: Uuid) -> Statement {
    sql!("DELETE FROM faults WHERE tenant = $1 AND id = $2", tenant, id.to_string()).expect_rows(1)
}

/// Stores a revision of the tenant's faults, as the last statement of their change; 0 if none
/// remains.
pub(super) fn set_revision(tenant: TenantId, revision: i64) -> Statement {
    sql!(
        "UPDATE clocks SET faults = CASE WHEN EXISTS (SELECT 1 FROM faults WHERE tenant = $2) \
         THEN CAST($1 AS BIGINT) ELSE 0 END WHERE tenant = $2",
        revision,
        tenant
    )
    .expect_rows(1)
}

/// Reads the revision of the tenant's faults.
pub(super) async fn read_revision(store: &Store, tenant: TenantId) -> Result<i64, StoreError> {
    let row = store.row(sql!("SELECT faults FROM clocks WHERE tenant = $1", tenant)).await?;
    row.map_or(Ok(0), |row| row.int("faults"))
}

/// Counts a request of a fault, and whether it is a hit; conflicts if another was counted since.
pub(super) fn count(tenant: TenantId, id: Uuid, before: Counts, hit_at: Option<Instant>) -> Statement {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (id, requests, hits) = (id.to_string(), number(before.requests), number(before.hits));
    match hit_at {
        None => sql!(
            "UPDATE faults SET requests = requests + 1 WHERE tenant = $1 AND id = $2 AND requests = $3 AND hits = $4",
            tenant,
            id,
            requests,
            hits
        ),
        Some(at) => sql!(
            "UPDATE faults SET requests = requests + 1, hits = hits + 1, last_hit_us = $5 \
             WHERE tenant = $1 AND id = $2 AND requests = $3 AND hits = $4",
            tenant,
            id,
            requests,
            hits,
            at
        ),
    }
    .expect_rows(1)
}
