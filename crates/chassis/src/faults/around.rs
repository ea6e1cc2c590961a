//! What happens around every handler: whether the request meets a fault, and which.

use std::collections::HashMap;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use outlive_clock::{TenantId, VirtualClock, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::FaultHit;
use outlive_wire::faults::{Dropped, FaultSpec};

use super::decide::{self, Asked, Candidate, Counts, decide};
use super::delay::{self, OUTLIVE_DELAY};
use super::known::{Faults, Known};
use super::table::{self, StoredFault};
use super::waiting::OF_TENANT_MAX;
use super::{effect, request, token_fault};
use crate::current_request::loggable;
use crate::{Chassis, Problem, Service, Trace};

/// In responses: the fault that the request met.
static OUTLIVE_FAULT: HeaderName = HeaderName::from_static("outlive-fault");

/// The headers of faults, for pages.
const EXPOSED: HeaderValue = HeaderValue::from_static("outlive-fault, Retry-After");

/// How often a request is counted again because others were counted at the same time.
const COUNTED_AGAIN_MAX: u32 = 50;
/// The longest path in a journal, in characters.
const PATH_CHARS_MAX: usize = 200;

/// A fault that a request met.
#[derive(Debug)]
struct Hit {
    id: HeaderValue,
    spec: FaultSpec,
    clock: VirtualClock,
}

/// Handles a request, unless it meets a fault that prevents it.
pub(crate) async fn around<S, F, R>(chassis: &Chassis, service: &S, request: Request, handle: F) -> Response
where
    S: Service,
    F: FnOnce(Request) -> R + Send,
    R: Future<Output = Response> + Send,
{
    // A preflight request concerns the browser, not the client.
    if request.method() == Method::OPTIONS || !chassis.faults.may_meet(request.uri().path()).await {
        return handle(request).await;
    }
    // Rare, and large: not part of the future of every request.
    Box::pin(meet(chassis, service, request, handle)).await
}

async fn meet<S, F, R>(chassis: &Chassis, service: &S, request: Request, handle: F) -> Response
where
    S: Service,
    F: FnOnce(Request) -> R + Send,
    R: Future<Output = Response> + Send,
{
    let is_for_page = request.headers().contains_key(ORIGIN);
    let (request, client) = match request::with_form(request).await {
        Ok(read) => read,
        Err(problem) => return readable(problem.into_response(), is_for_page),
    };
    let (parts, body) = request.into_parts();
    let tenant = request::tenants_of(&parts).find(|tenant| chassis.faults.revisions.of(*tenant).is_some());
    let tenant = match tenant {
        Some(tenant) => Some(tenant),
        None => service.tenant_of(&parts, client.as_deref()).await,
    };
    let Some(tenant) = tenant else { return handle(Request::from_parts(parts, body)).await };
    let hit = match find_hit(chassis, service, tenant, &parts, client.as_deref()).await {
        Ok(Some(hit)) => hit,
        Ok(None) => return handle(Request::from_parts(parts, body)).await,
        Err(problem) => return readable(problem.into_response(), is_for_page),
    };
    let effect = &hit.spec.effect;
    let is_virtual = delay::is_virtual(&parts.headers);
    if let Some(delay) = effect.delay.filter(|_| !is_virtual) {
        let Some(_seat) = chassis.faults.waiting.take(tenant) else {
            return readable(too_many_wait(&hit), is_for_page);
        };
        effect::wait(delay, hit.clock.speed()).await;
    }
    if let Some(delay) = effect.delay.filter(|_| effect.is_hang()) {
        return if is_virtual { effect::too_late(delay) } else { effect::unsent() };
    }
    if effect.drop == Some(Dropped::Request) {
        return effect::unsent();
    }
    let of_catalogue = match effect.aadsts {
        Some(number) => service.error_response(number, tenant, &parts, client.as_deref()).await,
        None => None,
    };
    let response = match effect::replacement(effect, of_catalogue) {
        Some(response) => readable(response, is_for_page),
        None => token_fault::within(effect, handle(Request::from_parts(parts, body))).await,
    };
    let mut response = effect::change_response(effect, response);
    let headers = response.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    headers.insert(&OUTLIVE_FAULT, hit.id);
    if let Some(delay) = effect.delay.filter(|_| is_virtual) {
        headers.insert(&OUTLIVE_DELAY, delay::header(delay));
    }
    response
}

/// Lets pages of other origins read a response that takes the place of the service's own, which
/// they could have read.
fn readable(mut response: Response, is_for_page: bool) -> Response {
    if is_for_page {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

/// Refuses a request that would wait behind too many others.
fn too_many_wait(hit: &Hit) -> Response {
    let message = format!(
        "This request met a fault that delays its response, and as many requests as may wait at this service wait \
         already ({OF_TENANT_MAX} of a tenant). Send fewer at once, or remove the fault."
    );
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "TooManyWaiting", message);
    let headers = [(OUTLIVE_FAULT.clone(), hit.id.clone()), (RETRY_AFTER, HeaderValue::from_static("1"))];
    (headers, problem).into_response()
}

/// Decides whether a request meets a fault, and records the hit before it has an effect.
async fn find_hit<S: Service>(
    chassis: &Chassis,
    service: &S,
    tenant: TenantId,
    request: &http::request::Parts,
    client: Option<&str>,
) -> Result<Option<Hit>, Problem> {
    let Faults { store, counting, .. } = &chassis.faults;
    let Some(Known { revision, faults }) = chassis.faults.of(tenant).await? else { return Ok(None) };
    // As everywhere, before the clock is read.
    let wall = wall_now();
    let clock = chassis.clocks.clock(tenant).await?;
    let at = clock.at(wall);
    if faults.iter().all(|fault| fault.has_ended(at)) {
        chassis.faults.rest(tenant, revision);
        return Ok(None);
    }
    let path = request.uri.path();
    let names_connection = faults.iter().any(|fault| fault.spec.connection.is_some());
    let connection = if names_connection { service.connection_of(tenant, request).await } else { None };
    let connection = connection.as_ref();
    let asked = Asked { path, client, connection, at, endpoints: S::ENDPOINTS };
    if !faults.iter().any(|fault| !fault.has_ended(at) && decide::concerns(&fault.spec, asked)) {
        return Ok(None);
    }
    let _in_turn = counting.lock(tenant).await;
    for _ in 0..COUNTED_AGAIN_MAX {
        let counts: HashMap<_, _> = table::read_counts(store, tenant).await?.into_iter().collect();
        // A fault that was removed meanwhile has no counts.
        let present: Vec<_> = faults.iter().filter(|fault| counts.contains_key(&fault.id)).collect();
        let counts_of = |fault: &StoredFault| counts.get(&fault.id).copied().unwrap_or_default();
        for fault in &present {
            fault.note_hits(counts_of(fault).hits);
        }
        let candidates: Vec<_> = present
            .iter()
            .map(|fault| Candidate { spec: &fault.spec, seed: fault.seed, counts: counts_of(fault) })
            .collect();
        let decision = decide(&candidates, asked);
        let mut change = Change::new();
        for index in &decision.counted {
            let (fault, is_hit) = (present[*index], decision.hit == Some(*index));
            change.add(table::count(tenant, fault.id, counts_of(fault), is_hit.then_some(at)));
        }
        let hit = decision.hit.map(|index| present[index]);
        if let Some(fault) = hit {
            let event = hit_event(fault, counts_of(fault), request, client);
            let trace = request.extensions.get::<Trace>().map_or("", AsRef::as_ref);
            let event = Event::new(tenant, at, Subject::tenant(tenant), trace, event);
            change.append(chassis.journal.entry(&event));
        }
        if decision.counted.is_empty() {
            return Ok(None);
        }
        match store.commit(change).await {
            Ok(()) => {
                return Ok(hit.and_then(|fault| {
                    fault.note_hits(counts_of(fault).hits + 1);
                    let id = HeaderValue::try_from(fault.id.to_string()).ok()?;
                    Some(Hit { id, spec: fault.spec.clone(), clock })
                }));
            }
            // Another replica counted a request at the same time.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable().caused_by("too many requests met a fault at the same time"))
}

fn hit_event(
    fault: &StoredFault,
    before: Counts,
    request: &http::request::Parts,
    client: Option<&str>,
) -> FaultHit {
    FaultHit {
        fault: fault.id,
        hit: before.hits + 1,
        effect: fault.spec.effect.words(),
        method: request.method.to_string(),
        path: loggable(request.uri.path()).chars().take(PATH_CHARS_MAX).collect(),
        client: client.filter(|client| client.parse::<uuid::Uuid>().is_ok()).map(str::to_owned),
    }
}
