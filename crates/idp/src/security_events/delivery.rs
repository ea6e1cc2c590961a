//! Delivers security event tokens: posts them to the API's endpoint (RFC 8935) in order, and
//! retries each until it is accepted. A request that causes an event waits a moment for the
//! delivery before its response.

use std::collections::HashSet;
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use outlive_chassis::{Cause, DueWork, Problem, TenantLocks, Trace, Turn};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{SECURITY_EVENT_MEDIA_TYPE, SecurityEvent, TokenVersion, issuer};
use outlive_wire::events::{
    SecurityEventAbandoned, SecurityEventDelivered, SecurityEventPostponed, SecurityEventRefused,
};
use outlive_wire::{JournalEvent, Subject};
use parking_lot::Mutex;
use serde::Deserialize;

use super::queue::{self, QueuedEvent};
use super::retry::{PAUSE_MAX, PAUSE_WALL_MAX, backoff, schedule_retries};
use super::stream::{EventStream, streams};
use crate::idp::Idp;

/// How long a response waits for the delivery (wall time).
const WITHIN: Duration = Duration::from_secs(2);
/// How long an API can take to respond (wall time).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The maximum size of a response that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
/// For how long a delivery is retried (virtual): longer than any affected access token is valid.
const TRIED_FOR: Span = Span::from_days(7);

/// The deliveries in progress.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// One delivery at a time per tenant, to keep the order.
    pub(crate) turns: TenantLocks,
    /// The tenants with a background task that retries.
    pub(super) kept: Mutex<HashSet<TenantId>>,
}

/// The security events of a change.
pub(crate) struct PendingDelivery<'a> {
    idp: &'a Idp,
    tenant: TenantId,
    due_now: bool,
}

impl<'a> PendingDelivery<'a> {
    pub(super) const fn nothing(idp: &'a Idp, tenant: TenantId) -> Self {
        Self { idp, tenant, due_now: false }
    }

    pub(super) fn note(&mut self, delay: Span) {
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
            let Ok(now) = idp.chassis.clocks.now(tenant).await else { return };
            if let Err(problem) = run_due(&idp, tenant, Turn::whole(now)).await {
                tracing::warn!(%tenant, error = %Cause::new(problem), "security events have to wait");
            }
        });
        let _ = tokio::time::timeout(WITHIN, delivery).await;
    }
}

/// Delivers the due events of a tenant, to each API in order.
pub(crate) async fn run_due(idp: &Idp, tenant: TenantId, due: Turn) -> Result<DueWork, Problem> {
    let now = due.now();
    let _one_at_a_time = idp.deliveries.turns.lock(tenant).await;
    let mut work = DueWork::default();
    for stream in streams(&idp.chassis.store, tenant).await? {
        while let Some(waiting) = queue::head(&idp.chassis.store, tenant, stream.client_id).await? {
            if !waiting.is_ready(now, wall_now()) {
                break;
            }
            let outcome = push(idp, tenant, &stream, &waiting, now).await?;
            work.done += 1;
            work.failed += u64::from(outcome != Outcome::Delivered);
            let postponed =
                matches!(outcome, Outcome::Unreachable(_)) && now - waiting.happened_at < TRIED_FOR;
            record(idp, tenant, &stream, &waiting, now, outcome).await?;
            if postponed {
                schedule_retries(idp, tenant);
                break;
            }
            if due.is_over() {
                return Ok(work);
            }
        }
    }
    Ok(work)
}

/// The outcome of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Delivered,
    /// The API rejects the token permanently, with a reason.
    Refused(String),
    /// It is not known whether the API received the token.
    Unreachable(String),
}

async fn push(
    idp: &Idp,
    tenant: TenantId,
    stream: &EventStream,
    waiting: &QueuedEvent,
    now: Instant,
) -> Result<Outcome, Problem> {
    let Some(known) = idp.directory.tenant(tenant).await? else {
        return Ok(Outcome::Refused("the tenant is gone".to_owned()));
    };
    let key = idp.keys.active(&known).await?;
    // Signed when it is sent, so that the signing key is a published one.
    let token = SecurityEvent {
        issuer: &issuer(idp.chassis.origins.public(), tenant, TokenVersion::V2),
        audience: &stream.client_id.to_string(),
        jti: &waiting.jti,
        txn: &waiting.content.txn,
        user: waiting.content.user,
        kind: waiting.content.kind,
        happened_at: waiting.happened_at,
        by: waiting.content.by,
        reason: &waiting.content.reason,
        issued_at: now,
    }
    .sign(&key);
    let request = idp
        .http_to(&stream.set.endpoint)
        .request(&trace_of(idp, waiting), Method::POST, &stream.set.endpoint)
        .header(CONTENT_TYPE, SECURITY_EVENT_MEDIA_TYPE)
        .header(ACCEPT, "application/json")
        .timeout(ANSWER_WITHIN)
        .body(token);
    Ok(match request.send().await {
        Err(error) => Outcome::Unreachable(error.without_url().to_string()),
        Ok(answer) if answer.status().is_success() => Outcome::Delivered,
        Ok(answer) if answer.status() == http::StatusCode::BAD_REQUEST => {
            Outcome::Refused(read_reason(answer).await)
        }
        Ok(answer) => Outcome::Unreachable(format!("it answered {}", answer.status())),
    })
}

/// Reads the reason from an error response (RFC 8935, section 2.3).
async fn read_reason(mut answer: reqwest::Response) -> String {
    #[derive(Deserialize)]
    struct ErrorBody {
        err: String,
        #[serde(default)]
        description: String,
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(ErrorBody { err, description }) => format!("{err}: {description}").chars().take(300).collect(),
        Err(_) => "it did not say why".to_owned(),
    }
}

/// Records the outcome. If another replica did so before, nothing is recorded.
async fn record(
    idp: &Idp,
    tenant: TenantId,
    stream: &EventStream,
    waiting: &QueuedEvent,
    now: Instant,
    outcome: Outcome,
) -> Result<(), Problem> {
    let (jti, event) = (waiting.jti.clone(), waiting.content.kind.name().to_owned());
    let (client_id, endpoint) = (stream.client_id, stream.set.endpoint.clone());
    let (happened_at, attempt) = (waiting.happened_at, i64::from(waiting.tries) + 1);
    let mut change = Change::from(waiting.removal(tenant));
    let recorded: JournalEvent = match outcome {
        Outcome::Delivered => {
            SecurityEventDelivered { jti, event, client_id, endpoint, happened_at, attempt }.into()
        }
        Outcome::Refused(why) => {
            SecurityEventRefused { jti, event, client_id, endpoint, happened_at, attempt, why }.into()
        }
        Outcome::Unreachable(why) if now - happened_at >= TRIED_FOR => {
            SecurityEventAbandoned { jti, event, client_id, endpoint, happened_at, attempt, why }.into()
        }
        Outcome::Unreachable(why) => {
            let next_try = now + backoff(waiting.tries, PAUSE_MAX);
            let retry_at = wall_now() + backoff(waiting.tries, PAUSE_WALL_MAX);
            change = Change::from(waiting.postponement(tenant, next_try, retry_at));
            SecurityEventPostponed { jti, event, client_id, endpoint, happened_at, attempt, why, next_try }
                .into()
        }
    };
    let subject = Subject::user(waiting.content.user);
    let recorded = Event::new(tenant, now, subject, trace_of(idp, waiting), recorded);
    change.append(idp.chassis.journal.entry(&recorded));
    match idp.chassis.store.commit(change).await {
        Err(error) if !error.is_conflict() => Err(error.into()),
        _ => Ok(()),
    }
}

/// A span of the trace that caused the event.
fn trace_of(idp: &Idp, waiting: &QueuedEvent) -> Trace {
    Trace { trace_id: waiting.content.txn.as_str().into(), ..Trace::begin(&idp.chassis.random) }
}
