//! The queue of undelivered events: one per stream, in the order in which they happened.

use outlive_chassis::Trace;
use outlive_clock::{ClientId, Instant, TenantId, UserId, wall_now};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use outlive_tokens::{InitiatingEntity, SecurityEventKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::critical_event::critical_event;
use super::delivery::PendingDelivery;
use super::stream::streams;
use crate::directory::User;
use crate::idp::Idp;

/// The tables of this module.
pub(crate) const TABLES: [&str; 2] = ["event_streams", "security_events"];

/// Queued events per API; further ones are dropped.
const WAITING_MAX: i64 = 10_000;

/// The content of a security event.
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
    pub(super) fn postponement(&self, tenant: TenantId, due_at: Instant, retry_at: Instant) -> Statement {
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
    pub(super) fn removal(&self, tenant: TenantId) -> Statement {
        sql!(
            "DELETE FROM security_events WHERE tenant = $1 AND client_id = $2 AND jti = $3",
            tenant,
            self.client_id,
            &self.jti
        )
        .expect_rows(1)
    }
}

/// Queues the event of a user change, if any, for the subscribed APIs. After the commit,
/// [`PendingDelivery::deliver`] sends what is due.
pub(crate) async fn queue_event<'a>(
    idp: &'a Idp,
    (before, after): (&User, &User),
    by: InitiatingEntity,
    now: Instant,
    trace: &Trace,
    change: &mut Change,
) -> Result<PendingDelivery<'a>, StoreError> {
    let (tenant, mut delivery) = (after.tenant, PendingDelivery::nothing(idp, after.tenant));
    let Some(event) = critical_event(before, after, by) else { return Ok(delivery) };
    let content = Content {
        user: after.id,
        kind: event.kind,
        by: event.by,
        reason: event.reason.to_owned(),
        txn: trace.trace_id.to_string(),
    };
    for stream in streams(&idp.chassis.store, tenant).await? {
        if waiting(&idp.chassis.store, tenant, stream.client_id).await? >= WAITING_MAX {
            tracing::warn!(%tenant, client = %stream.client_id, "the queue is full; the security event is dropped");
            continue;
        }
        let wall = wall_now();
        change.add(sql!(
            "INSERT INTO security_events (tenant, client_id, jti, happened_us, queued_us, due_us, retry_us, tries, content) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            stream.client_id,
            idp.chassis.random.of(tenant).stream("security-event-id").uuid().to_string(),
            now,
            wall,
            now + stream.set.delay,
            wall,
            0_u32,
            json!(content)
        ));
        delivery.note(stream.set.delay);
    }
    Ok(delivery)
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

/// Returns the heads of all queues of a tenant.
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

/// Returns the tenants with queued events.
pub(super) async fn tenants_with_events(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let rows = store.rows(sql!("SELECT DISTINCT tenant FROM security_events ORDER BY tenant")).await?;
    rows.iter().map(|row| row.parse("tenant")).collect()
}
