//! `/flows`: every flow of the tenant with its latest runs.

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::story::StoryFlow;

use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::when::When;

/// The number of runs shown of each flow.
const RUNS_SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsPage {
    frame: Frame,
    title: String,
    below: String,
    rows: Vec<FlowView>,
}

struct FlowView {
    name: String,
    id: String,
    owner: String,
    style: &'static str,
    icon: &'static str,
    state: &'static str,
    connection: Option<String>,
    next: Option<When>,
    runs: Vec<RunMark>,
}

struct RunMark {
    name: String,
    when: When,
    style: &'static str,
    icon: &'static str,
    status: String,
}

pub(crate) async fn flows(
    State(console): State<Console>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock, story) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.story(tenant),
    )?;
    if wants_json(&headers) {
        return Ok(Json(story.flows).into_response());
    }
    let frame = Frame::of(&console, &headers, Section::Flows, &credentials, &clock, &tenants, "");
    let rows: Vec<_> = story.flows.iter().map(|flow| view(flow, &credentials, clock.now)).collect();
    let failing = rows.iter().filter(|row| row.state == "Fails").count();
    let title = match (failing, rows.len()) {
        (_, 0) => "There is no flow.".to_owned(),
        (0, _) => "No flow fails.".to_owned(),
        (1, _) => "One flow fails.".to_owned(),
        (failing, _) => format!("{failing} flows fail."),
    };
    let below =
        format!("The latest {RUNS_SHOWN} runs of each, the newest first; each leads to what it did and why.");
    let page = FlowsPage { title, below, rows, frame };
    Ok(page.frame.respond(show(&page)))
}

fn view(flow: &StoryFlow, tenant: &TenantCredentials, now: Instant) -> FlowView {
    let owner = tenant.users.iter().find(|user| user.id == flow.flow.owner);
    let last = flow.flow.runs.first().map(|run| run.status.as_str());
    let (style, icon, state) = match (flow.flow.state.as_str(), last) {
        ("Started", Some("Failed" | "TimedOut")) => ("is-revoked", "i-cross", "Fails"),
        ("Started", Some("Succeeded")) => ("is-alive", "i-check", "Succeeds"),
        ("Started", _) => ("is-idle", "i-idle", "On"),
        ("Suspended", _) => ("is-expired", "i-stop", "Suspended"),
        _ => ("is-idle", "i-stop", "Off"),
    };
    let marks = flow.flow.runs.iter().take(RUNS_SHOWN).map(|run| {
        let (style, icon) = match run.status.as_str() {
            "Succeeded" => ("is-alive", "i-check"),
            "Failed" | "TimedOut" => ("is-revoked", "i-cross"),
            _ => ("is-idle", "i-clock"),
        };
        let when = When::of(run.started, now);
        RunMark { name: run.name.clone(), when, style, icon, status: run.status.clone() }
    });
    FlowView {
        name: flow.flow.display_name.clone(),
        id: flow.flow.id.clone(),
        owner: owner.map_or_else(|| flow.flow.owner.clone(), |user| user.upn.clone()),
        style,
        icon,
        state,
        connection: flow.connection.clone(),
        next: flow.flow.next_due.map(|at| When::of(at, now)),
        runs: marks.collect(),
    }
}
