//! Delivers security event tokens: posts them to the API's endpoint (RFC 8935) in order, and
//! retries each until it is accepted. A request that causes an event waits a moment for the
//! delivery before its response.

use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use outlive_chassis::{ClockReading, DueWork, Problem, Trace, Turn, came_too_late};
use outlive_clock::{Span, TenantId, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{SECURITY_EVENT_MEDIA_TYPE, SecurityEvent, TokenVersion, issuer};
use outlive_wire::events::{
    SecurityEventAbandoned, SecurityEventDelivered, SecurityEventPostponed, SecurityEventRefused,
};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;

use super::queue::{self, QueuedEvent};
use super::stream::{EventStream, streams};
use crate::idp::Idp;

/// How long an API can take to respond (wall time, or virtual time of one of this installation).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The maximum size of a response that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
/// Maximum delay between attempts, in virtual time …
const PAUSE_MAX: Span = Span::from_hours(1);
/// … and in wall time.
pub(super) const PAUSE_WALL_MAX: Span = Span::from_seconds(30);
/// For how long a delivery is retried (virtual): longer than any affected access token is valid.
const TRIED_FOR: Span = Span::from_days(7);

/// Delivers the due events of a tenant, to each API in order. Sets `has_postponed` if an API cannot
/// be reached.
pub(super) async fn deliver(
    idp: &Idp,
    tenant: TenantId,
    due: Turn,
    has_postponed: &mut bool,
) -> Result<DueWork, Problem> {
    let now = due.now();
    let _one_at_a_time = idp.deliveries.turns.lock(tenant).await;
    let mut work = DueWork::default();
    for stream in streams(&idp.chassis.store, tenant).await? {
        while let Some(waiting) = queue::head(&idp.chassis.store, tenant, stream.client_id).await? {
            if !waiting.is_ready(now, wall_now()) {
                break;
            }
            let outcome = push(idp, tenant, &stream, &waiting, due.time()).await?;
            work.done += 1;
            work.failed += u64::from(outcome != Outcome::Delivered);
            let postponed =
                matches!(outcome, Outcome::Unreachable(_)) && now - waiting.happened_at < TRIED_FOR;
            record(idp, tenant, &stream, &waiting, due.time(), outcome).await?;
            if postponed {
                *has_postponed = true;
                break;
            }
            if due.is_over() {
                return Ok(work);
            }
        }
    }
    Ok(work)
}

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
    time: ClockReading,
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
        issued_at: time.now,
    }
    .sign(&key);
    let request = idp
        .http_to(&stream.set.endpoint)
        .request(&trace_of(idp, tenant, waiting, time), Method::POST, &stream.set.endpoint)
        .header(CONTENT_TYPE, SECURITY_EVENT_MEDIA_TYPE)
        .header(ACCEPT, "application/json")
        .timeout(ANSWER_WITHIN)
        .body(token);
    let answer = request.send().await.map(|mut answer| {
        let is_late = came_too_late(answer.headers_mut(), ANSWER_WITHIN);
        (answer, is_late)
    });
    Ok(match answer {
        Err(error) => Outcome::Unreachable(error.to_string()),
        Ok((_, true)) => Outcome::Unreachable("it did not respond in time".to_owned()),
        Ok((answer, _)) if answer.status().is_success() => Outcome::Delivered,
        Ok((answer, _)) if answer.status() == http::StatusCode::BAD_REQUEST => {
            Outcome::Refused(read_reason(answer).await)
        }
        Ok((answer, _)) => Outcome::Unreachable(format!("it answered {}", answer.status())),
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
    time: ClockReading,
    outcome: Outcome,
) -> Result<(), Problem> {
    let now = time.now;
    let (jti, event) = (waiting.jti.clone(), waiting.content.kind.name().to_owned());
    let (client_id, endpoint) = (stream.client_id, stream.set.endpoint.clone());
    let (happened_at, attempt) = (waiting.happened_at, i64::from(waiting.tries) + 1);
    let mut change = Change::from(waiting.delete(tenant));
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
            change = Change::from(waiting.postpone(tenant, next_try, retry_at));
            SecurityEventPostponed { jti, event, client_id, endpoint, happened_at, attempt, why, next_try }
                .into()
        }
    };
    let subject = Subject::user(waiting.content.user);
    let recorded = Event::new(tenant, now, subject, trace_of(idp, tenant, waiting, time), recorded);
    change.append(idp.chassis.journal.entry(&recorded));
    match idp.chassis.store.commit(change).await {
        Err(error) if !error.is_conflict() => Err(error.into()),
        _ => Ok(()),
    }
}

/// A span of the trace that caused the event.
fn trace_of(idp: &Idp, tenant: TenantId, waiting: &QueuedEvent, time: ClockReading) -> Trace {
    Trace { trace_id: waiting.content.txn.as_str().into(), ..idp.chassis.begin_trace(tenant, time) }
}

/// Returns the delay after `tries` attempts: one second, doubled each time.
fn backoff(tries: u32, longest: Span) -> Span {
    Span::from_seconds(1_i64 << tries.min(20)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..14).map(|tries| backoff(tries, PAUSE_MAX).as_seconds()).collect();
        assert_eq!(pauses[..5], [1, 2, 4, 8, 16]);
        assert_eq!(pauses[11..], [2_048, 3_600, 3_600]);
        assert_eq!(backoff(u32::MAX, PAUSE_WALL_MAX), PAUSE_WALL_MAX);
    }
}
