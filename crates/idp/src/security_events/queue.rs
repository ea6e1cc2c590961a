//! The queue of undelivered events: one per stream, in the order in which they happened.

use outlive_clock::{ClientId, Instant, TenantId, UserId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_tokens::{InitiatingEntity, SecurityEventKind};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) user: UserId,
    pub(super) kind: SecurityEventKind,
    pub(super) by: InitiatingEntity,
    pub(super) reason: String,
    /// The trace of the change.
    pub(super) txn: String,
}

/// The event at the head of a queue.
#[derive(Debug, Clone)]
pub(super) struct QueuedEvent {
    pub(super) client_id: ClientId,
    pub(super) jti: String,
    /// Virtual.
    pub(super) happened_at: Instant,
    /// When it is next attempted, in virtual time …
    pub(super) due_at: Instant,
    /// … or, after a failed attempt, in wall time: whichever comes first.
    pub(super) retry_at: Instant,
    pub(super) tries: u32,
    pub(super) content: Content,
}

impl QueuedEvent {
    /// Returns whether an attempt is due.
    pub(super) fn is_ready(&self, now: Instant, wall: Instant) -> bool {
        self.due_at <= now || (self.tries > 0 && self.retry_at <= wall)
    }

    /// Records a failed attempt.
    pub(super) fn postpone(&self, tenant: TenantId, due_at: Instant, retry_at: Instant) -> Statement {
        sql!(
            "UPDATE security_events SET due_us = $1, retry_us = $2, tries = $3 \
             WHERE tenant = $4 AND client_id = $5 AND jti = $6 AND tries = $7",
            due_at,
            retry_at,
            self.tries + 1,
            tenant,
            self.client_id,
            &self.jti,
            self.tries
        )
        .expect_rows(1)
    }

    /// Removes a delivered event.
    pub(super) fn delete(&self, tenant: TenantId) -> Statement {
        sql!(
            "DELETE FROM security_events WHERE tenant = $1 AND client_id = $2 AND jti = $3",
            tenant,
            self.client_id,
            &self.jti
        )
        .expect_rows(1)
    }
}

/// Returns the number of queued events of an API.
pub(super) async fn waiting(store: &Store, tenant: TenantId, client: ClientId) -> Result<i64, StoreError> {
    let row = store
        .row(sql!(
            "SELECT COUNT(*) AS waiting FROM security_events WHERE tenant = $1 AND client_id = $2",
            tenant,
            client
        ))
        .await?;
    row.map_or(Ok(0), |row| row.int("waiting"))
}

fn waiting_of(row: &Row) -> Result<QueuedEvent, StoreError> {
    Ok(QueuedEvent {
        client_id: row.parse("client_id")?,
        jti: row.text("jti")?,
        happened_at: row.instant("happened_us")?,
        due_at: row.instant("due_us")?,
        retry_at: row.instant("retry_us")?,
        tries: u32::try_from(row.int("tries")?).unwrap_or(u32::MAX),
        content: row.json("content")?,
    })
}

/// Returns the head of an API's queue; later events wait until it is delivered.
pub(super) async fn head(
    store: &Store,
    tenant: TenantId,
    client: ClientId,
) -> Result<Option<QueuedEvent>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT client_id, jti, happened_us, due_us, retry_us, tries, content FROM security_events \
             WHERE tenant = $1 AND client_id = $2 ORDER BY happened_us, queued_us, jti LIMIT 1",
            tenant,
            client
        ))
        .await?;
    row.as_ref().map(waiting_of).transpose()
}

pub(super) async fn heads(store: &Store, tenant: TenantId) -> Result<Vec<QueuedEvent>, StoreError> {
    // Called at every step of the clock, when queues are usually empty.
    let rows = store
        .rows(sql!(
            "SELECT DISTINCT client_id FROM security_events WHERE tenant = $1 ORDER BY client_id",
            tenant
        ))
        .await?;
    let mut heads = Vec::new();
    for row in rows {
        heads.extend(head(store, tenant, row.parse("client_id")?).await?);
    }
    Ok(heads)
}

/// Returns when the next event is due (virtual).
pub(crate) async fn next_due(store: &Store, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
    Ok(heads(store, tenant).await?.into_iter().map(|waiting| waiting.due_at).min())
}

pub(super) async fn tenants_with_events(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let rows = store.rows(sql!("SELECT DISTINCT tenant FROM security_events ORDER BY tenant")).await?;
    rows.iter().map(|row| row.parse("tenant")).collect()
}
