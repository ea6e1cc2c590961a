//! Telling it: security event tokens are posted to the API's endpoint (RFC 8935), one after the other, each until it was taken. What
//! happened is told before the change is answered, if the API takes it within a moment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use outlive_chassis::{DueWork, Problem, Trace, Turn};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_journal::Event as JournalEvent;
use outlive_store::Change;
use outlive_tokens::{SECURITY_EVENT_MEDIA_TYPE, SecurityEvent, TokenVersion, issuer};
use serde::Deserialize;
use serde_json::json;

use super::queue::{self, QueuedEvent};
use super::retry::{PAUSE_MAX, PAUSE_WALL_MAX, backoff, schedule_retries};
use super::stream::{EventStream, streams};
use crate::idp::Idp;

/// How long an answer waits for APIs to be told (wall time).
const WITHIN: Duration = Duration::from_secs(2);
/// How long one API may take to answer (wall time).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
/// For how long it is tried (virtual): every access token that it could end is over long before.
const TRIED_FOR: Span = Span::from_days(7);

/// Who is telling what at the moment.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// One delivery at a time in a tenant, or the order would be lost.
    turns: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    /// The tenants that somebody keeps trying for.
    pub(super) kept: Mutex<HashSet<TenantId>>,
}

impl Deliveries {
    fn turn(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(locked(&self.turns).entry(tenant).or_default())
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        locked(&self.turns).remove(&tenant);
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a change gave to tell.
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

    /// Sends what is due, and waits for it a little. Whoever made the change may go on, whatever comes of it.
    pub(crate) async fn deliver(self) {
        if !self.due_now {
            return;
        }
        let (idp, tenant) = (self.idp.clone(), self.tenant);
        let delivery = tokio::spawn(async move {
            let Ok(now) = idp.chassis.clocks.now(tenant).await else { return };
            if let Err(problem) = run_due(&idp, tenant, Turn::whole(now)).await {
                tracing::warn!(%tenant, %problem, "security events have to wait");
            }
        });
        let _ = tokio::time::timeout(WITHIN, delivery).await;
    }
}

/// Tells what is due in a tenant, each API its own in order.
pub(crate) async fn run_due(idp: &Idp, tenant: TenantId, due: Turn) -> Result<DueWork, Problem> {
    let now = due.now();
    let turn = idp.deliveries.turn(tenant);
    let _one_at_a_time = turn.lock().await;
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
            record(idp, tenant, &stream, &waiting, now, &outcome).await?;
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

/// What came of telling it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Delivered,
    /// The API will not take it, now or later: it says why.
    Refused(String),
    /// Nobody knows whether it was taken.
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
    // Signed when it is sent: by a key that is published, however long it waited.
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
            Outcome::Refused(said(answer).await)
        }
        Ok(answer) => Outcome::Unreachable(format!("it answered {}", answer.status())),
    })
}

/// The reason in a refusal (RFC 8935, section 2.3).
async fn said(mut answer: reqwest::Response) -> String {
    #[derive(Deserialize)]
    struct Said {
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
    match serde_json::from_slice::<Said>(&body) {
        Ok(Said { err, description }) => format!("{err}: {description}").chars().take(300).collect(),
        Err(_) => "it did not say why".to_owned(),
    }
}

/// Notes what came of it. If another replica did that before, nothing is left to note.
async fn record(
    idp: &Idp,
    tenant: TenantId,
    stream: &EventStream,
    waiting: &QueuedEvent,
    now: Instant,
    outcome: &Outcome,
) -> Result<(), Problem> {
    let mut told = json!({
        "jti": waiting.jti,
        "event": waiting.content.kind,
        "client_id": stream.client_id,
        "endpoint": stream.set.endpoint,
        "happened_at": waiting.happened_at,
        "try": waiting.tries + 1,
    });
    let mut change = Change::new();
    let kind = match outcome {
        Outcome::Delivered => {
            change.add(waiting.removal(tenant));
            "security_event.delivered"
        }
        Outcome::Refused(why) => {
            change.add(waiting.removal(tenant));
            told["why"] = json!(why);
            "security_event.refused"
        }
        Outcome::Unreachable(why) if now - waiting.happened_at >= TRIED_FOR => {
            change.add(waiting.removal(tenant));
            told["why"] = json!(why);
            "security_event.given_up"
        }
        Outcome::Unreachable(why) => {
            let due_at = now + backoff(waiting.tries, PAUSE_MAX);
            let retry_at = wall_now() + backoff(waiting.tries, PAUSE_WALL_MAX);
            change.add(waiting.postponement(tenant, due_at, retry_at));
            told["why"] = json!(why);
            told["next_try"] = json!(due_at);
            "security_event.postponed"
        }
    };
    let trace = trace_of(idp, waiting);
    let subject = format!("user:{}", waiting.content.user);
    let event = JournalEvent::new(tenant, now, kind, subject, &trace).with(told);
    change.append(idp.chassis.journal.entry(&event));
    match idp.chassis.store.commit(change).await {
        Err(error) if !error.is_conflict() => Err(error.into()),
        _ => Ok(()),
    }
}

/// A hop of the trace in which it happened.
fn trace_of(idp: &Idp, waiting: &QueuedEvent) -> Trace {
    Trace { trace_id: waiting.content.txn.as_str().into(), ..Trace::begin(&idp.chassis.random) }
}
