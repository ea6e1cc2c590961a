//! `/faults`: what goes wrong at the services, on purpose.

mod form;

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::{Instant, TenantId};
use outlive_wire::JournalLine;
use outlive_wire::events::FaultHit;
use outlive_wire::faults::{Fault, FaultSpec, FaultState};
use serde::Deserialize as _;

use self::form::{BEGINS, EFFECTS, FaultForm, LASTS, PLACES, PRESETS};
use crate::actions::{back_to, out_of_date, sentence, verified_form};
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::{Choice, chosen, tenant_of, wants_json};
use crate::state::Console;
use crate::when::When;

/// The number of hits shown.
const HITS_SHOWN: &str = "12";

type Options = &'static [(&'static str, &'static str)];

#[derive(Template)]
#[template(path = "faults.html")]
struct FaultsPage {
    frame: Frame,
    title: String,
    faults: Vec<FaultView>,
    hits: Vec<HitView>,
    presets: Options,
    places: Options,
    effects: Options,
    begins: Options,
    lasts: Options,
    /// Names of applications and connections.
    clients: Vec<String>,
    connections: Vec<String>,
}

struct FaultView {
    id: String,
    service: &'static str,
    effect: String,
    place: String,
    style: &'static str,
    icon: &'static str,
    state: &'static str,
    /// When it is, in words.
    lasts: String,
    hits: u64,
    requests: u64,
    last_hit: Option<When>,
}

struct HitView {
    when: When,
    request: String,
    effect: String,
    service: String,
    trace: String,
}

pub(crate) async fn faults(
    State(console): State<Console>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let faults = console.lab.faults(tenant).await?;
    if wants_json(&headers) {
        return Ok(Json(faults).into_response());
    }
    let hits = [("newest", "true"), ("kind", "fault.hit"), ("limit", HITS_SHOWN)];
    let (tenants, credentials, clock, hits) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.journal(tenant, &hits),
    )?;
    let frame = Frame::of(&console, &headers, Section::Faults, &credentials, &clock, &tenants, &hits.next);
    let page = FaultsPage {
        title: title(&faults.faults),
        faults: faults.faults.iter().rev().map(|fault| fault_view(fault, clock.now)).collect(),
        hits: hits.lines.iter().filter_map(|line| hit_view(line, clock.now)).collect(),
        presets: PRESETS,
        places: PLACES,
        effects: EFFECTS,
        begins: BEGINS,
        lasts: LASTS,
        clients: credentials.applications.iter().map(|application| application.name.clone()).collect(),
        connections: credentials.connections.iter().map(|connection| connection.name.clone()).collect(),
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

/// `POST /console/{tenant}/faults`: adds a fault, or removes one.
pub(crate) async fn change(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<FaultForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let back = |message: &Message| Ok(back_to(&path_of(tenant), message));
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return back(&out_of_date());
    };
    let (changed, done) = match form.what.as_str() {
        "remove" if form.which.is_empty() => {
            return back(&Message::failure("No fault was chosen; nothing is removed."));
        }
        "remove" => {
            let removed = console.lab.remove_fault(tenant, &form.which).await;
            (removed, "The fault is removed. Its hits stay in the journal.".to_owned())
        }
        "remove-all" => (console.lab.remove_faults(tenant).await, "All faults are removed.".to_owned()),
        _ => {
            let fault = match form::preset(&form.which) {
                Some(fault) => Ok(fault),
                None => form::fault(&form, console.lab.clock(tenant).await?.now),
            };
            match fault {
                Err(why) => return back(&Message::failure(why)),
                Ok(fault) => {
                    let done = format!("The fault is added at {}: {}.", fault.place(), fault.effect.words());
                    (console.lab.add_fault(tenant, &fault).await, done)
                }
            }
        }
    };
    match changed {
        Ok(()) => back(&Message::success(done)),
        Err(LabError::Refused { message, .. }) => back(&Message::failure(sentence(&message))),
        Err(error) => Err(error.into()),
    }
}

fn path_of(tenant: TenantId) -> String {
    format!("/faults?tenant={tenant}")
}

/// The page in one sentence.
fn title(faults: &[Fault]) -> String {
    let mut active = faults.iter().filter(|fault| fault.state == FaultState::Active);
    match (active.next(), active.count()) {
        (None, _) if faults.iter().any(|fault| fault.state == FaultState::Scheduled) => {
            "Everything works now; a fault is scheduled".to_owned()
        }
        (None, _) => "Everything works: no fault is active".to_owned(),
        (Some(fault), 0) => {
            let place = FaultSpec { client: None, connection: None, ..fault.spec.clone() }.place();
            format!("One fault is active, at {place}")
        }
        (Some(_), more) => format!("{} faults are active", more + 1),
    }
}

fn fault_view(fault: &Fault, now: Instant) -> FaultView {
    let (style, icon, state) = match fault.state {
        FaultState::Active => ("is-revoked", "i-revoked", "Active"),
        FaultState::Scheduled => ("is-fading", "i-fading", "Scheduled"),
        FaultState::Ended => ("is-idle", "i-idle", "Ended"),
    };
    let spec = &fault.spec;
    let from = When::of(spec.from.unwrap_or(fault.added), now).shown;
    let mut lasts = match spec.until {
        Some(until) => format!("from {from} to {}", When::of(until, now).shown),
        None => format!("from {from} until it is removed"),
    };
    if let Some(count) = spec.count {
        lasts.push_str(&format!(", at most {count} {}", if count == 1 { "hit" } else { "hits" }));
    }
    if let Some(probability) = spec.probability {
        lasts.push_str(&format!(", {:.0} % of the requests", probability * 100.0));
    }
    FaultView {
        id: fault.id.to_string(),
        service: spec.service.name(),
        effect: sentence(&spec.effect.words()).trim_end_matches('.').to_owned(),
        place: spec.place(),
        style,
        icon,
        state,
        lasts,
        hits: fault.hits,
        requests: fault.requests,
        last_hit: fault.last_hit.map(|at| When::of(at, now)),
    }
}

fn hit_view(line: &JournalLine, now: Instant) -> Option<HitView> {
    let hit = FaultHit::deserialize(&line.data).ok()?;
    Some(HitView {
        when: When::of(line.at, now),
        request: format!("{} {}", hit.method, hit.path.replace(&line.tenant.to_string(), "{tenant}")),
        effect: hit.effect,
        service: line.service.clone(),
        trace: line.trace.clone(),
    })
}
