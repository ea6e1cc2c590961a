//! The faults of a tenant in the database.

use std::sync::Arc;

use outlive_clock::{Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::faults::{Fault, FaultSpec};
use uuid::Uuid;

use super::decide::{Counts, state};

/// A fault, without what changes when it is met.
#[derive(Debug)]
pub(crate) struct StoredFault {
    pub(crate) id: Uuid,
    pub(crate) spec: FaultSpec,
    pub(crate) seed: u64,
}

/// Reads the faults of a tenant, the oldest first.
pub(super) async fn read(store: &Store, tenant: TenantId) -> Result<Arc<[StoredFault]>, StoreError> {
    let rows = store
        .rows(sql!("SELECT id, spec, seed FROM faults WHERE tenant = $1 ORDER BY position, id", tenant))
        .await?;
    rows.iter()
        .map(|row| {
            let seed = row.int("seed")?.cast_unsigned();
            Ok(StoredFault { id: row.parse("id")?, spec: row.json("spec")?, seed })
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

/// Inserts a fault behind the others.
pub(crate) fn insert(tenant: TenantId, fault: &Fault, seed: u64) -> Result<Statement, serde_json::Error> {
    Ok(sql!(
        "INSERT INTO faults (tenant, id, position, spec, seed, added_us) \
         VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 FROM faults WHERE tenant = $1), $3, $4, $5)",
        tenant,
        fault.id.to_string(),
        serde_json::to_string(&fault.spec)?,
        seed.cast_signed(),
        fault.added
    ))
}

/// Deletes a fault; it conflicts if it is gone.
pub(crate) fn delete(tenant: TenantId, id: Uuid) -> Statement {
    sql!("DELETE FROM faults WHERE tenant = $1 AND id = $2", tenant, id.to_string()).expect_rows(1)
}

/// Stores a revision of the tenant's faults.
pub(crate) fn set_revision(tenant: TenantId, revision: i64) -> Statement {
    sql!("UPDATE clocks SET faults = $1 WHERE tenant = $2", revision, tenant).expect_rows(1)
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
