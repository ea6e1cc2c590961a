//! `/runs/{name}`: what the services sent each other in a run, as a diagram and as steps; why it
//! ended so, what repairs it, and the token that it used then.

mod diagram;
mod mermaid;
mod view;
mod words;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use outlive_clock::TenantId;
use outlive_wire::run_steps::RunSteps;
use reqwest::Method;

use self::view::RunPage;
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::inspector;
use crate::lab::{Lab, LabError, answer, segment};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::twins::can_replay;

impl Lab {
    /// Returns what the services sent each other in a run; `None` if its name is unknown, or it has
    /// no events yet.
    async fn run_steps(&self, tenant: TenantId, run: &str) -> Result<Option<RunSteps>, LabError> {
        let path = format!("/tenants/{tenant}/runs/{}/steps", segment(run));
        let (url, request) = self.request_at(Method::GET, &path);
        match answer(url, request).await {
            Ok(steps) => Ok(Some(steps)),
            // The tenant is known: its page reads it, too.
            Err(LabError::UnknownTenant) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// `GET /runs/{name}`, `/runs/{name}.svg` and `/runs/{name}.mmd`.
pub(crate) async fn run(
    State(console): State<Console>,
    Path(name): Path<String>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    match name.rsplit_once('.') {
        Some((run, "svg")) => svg(&console, tenant, run).await,
        Some((run, "mmd")) => sequence(&console, tenant, run).await,
        _ => page(&console, &headers, tenant, &name).await,
    }
}

async fn page(
    console: &Console,
    headers: &HeaderMap,
    tenant: TenantId,
    name: &str,
) -> Result<Response, ErrorPage> {
    let of_run = format!("run:{name}");
    let (tenants, credentials, clock, steps, why, can_replay) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.run_steps(tenant, name),
        // Without the identity provider, the steps are shown without reasons.
        async { Ok(console.lab.why(tenant, &of_run, None).await.unwrap_or(None)) },
        async { Ok(can_replay(&console.lab, tenant, name).await.unwrap_or(false)) },
    )?;
    // Without steps, it is explained by what is known of its name.
    let Some(steps) = steps else {
        return inspector::explain_run(console, headers, tenant, name).await;
    };
    if wants_json(headers) {
        return Ok(Json(steps).into_response());
    }
    let frame = Frame::of(console, headers, Section::Flows, &credentials, &clock, &tenants, "");
    let page = RunPage::of(frame, &credentials, &steps, why, can_replay);
    Ok(page.frame.respond(show(&page)))
}

async fn svg(console: &Console, tenant: TenantId, run: &str) -> Result<Response, ErrorPage> {
    let (credentials, steps) =
        tokio::try_join!(console.lab.tenant(tenant), console.lab.run_steps(tenant, run))?;
    let steps = steps.ok_or_else(no_such_run)?;
    let style = concat!("<style>", include_str!("../../assets/sequence.css"), "</style>");
    let image = diagram::draw(&steps, &credentials.domain, style);
    Ok(crate::assets::image(image))
}

async fn sequence(console: &Console, tenant: TenantId, run: &str) -> Result<Response, ErrorPage> {
    let (credentials, steps) =
        tokio::try_join!(console.lab.tenant(tenant), console.lab.run_steps(tenant, run))?;
    let steps = steps.ok_or_else(no_such_run)?;
    let text = mermaid::sequence(&steps, &credentials.domain);
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn no_such_run() -> ErrorPage {
    ErrorPage {
        status: 404,
        what: "There is no such run".to_owned(),
        why: "the tenant has no run of this name that has ended or waited".to_owned(),
        remedy: "The page of a flow lists its runs.",
    }
}
