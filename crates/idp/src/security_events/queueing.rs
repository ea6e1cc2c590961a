//! Queues the security event of a change to a user, and delivers it after the commit.

use std::time::Duration;

use outlive_chassis::{Cause, Trace, Turn};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Change, StoreError, sql};
use outlive_tokens::InitiatingEntity;
use serde_json::json;

use super::critical_event::critical_event;
use super::queue::{Content, waiting};
use super::retry::run_due;
use super::stream::streams;
use crate::directory::User;
use crate::idp::Idp;

/// How long a response waits for the delivery (wall time).
const WITHIN: Duration = Duration::from_secs(2);
/// Queued events per API; further ones are dropped.
const WAITING_MAX: i64 = 10_000;

/// The security events of a change.
pub(crate) struct PendingDelivery<'a> {
    idp: &'a Idp,
    tenant: TenantId,
    due_now: bool,
}

impl<'a> PendingDelivery<'a> {
    const fn nothing(idp: &'a Idp, tenant: TenantId) -> Self {
        Self { idp, tenant, due_now: false }
    }

    fn note(&mut self, delay: Span) {
        self.due_now |= delay == Span::ZERO;
    }

    /// Delivers the due events, and waits a moment for the result. A failure does not fail the
    /// request.
    pub(crate) async fn deliver(self) {
        if !self.due_now {
            return;
        }
        let (idp, tenant) = (self.idp.clone(), self.tenant);
        let delivery = tokio::spawn(async move {
            let Ok(time) = idp.chassis.clocks.reading(tenant).await else { return };
            if let Err(problem) = run_due(&idp, tenant, Turn::whole(time)).await {
                tracing::warn!(%tenant, error = %Cause::new(problem), "security events have to wait");
            }
        });
        let _ = tokio::time::timeout(WITHIN, delivery).await;
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
