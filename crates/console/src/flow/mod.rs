//! `/flows/{id}`: one flow, its run history, one run with inputs and outputs, and what its owner
//! can do with it.

mod act;
mod run;
mod status;
mod view;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;

pub(crate) use self::act::act;
use self::status::STATUSES;
pub(crate) use self::status::style_of;
use self::view::FlowPage;
use crate::error::{ErrorPage, NoSuch, show};
use crate::frame::{Frame, Section};
use crate::lab::LabError;
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;

/// The number of runs of a page.
const RUNS_SHOWN: &str = "50";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// The position before which runs are shown; the latest if absent.
    before: Option<String>,
    /// Only runs of this status.
    status: Option<String>,
    /// The opened run.
    run: Option<String>,
}

/// `GET /flows/{id}`
pub(crate) async fn flow(
    State(console): State<Console>,
    Path(id): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let before = asked.before.filter(|before| before.parse::<i64>().is_ok()).unwrap_or_default();
    let status = asked.status.filter(|status| STATUSES.contains(&status.as_str())).unwrap_or_default();
    let given = [("before", before.as_str()), ("status", status.as_str()), ("limit", RUNS_SHOWN)];
    let history: Vec<_> = given.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let (tenants, credentials, clock) =
        tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
    let flow = match console.lab.flow(tenant, &id, &history).await {
        // The tenant is known, so that nothing is there means: no flow.
        Err(LabError::UnknownTenant) => {
            let back = format!("/flows?tenant={tenant}");
            return Ok(NoSuch { what: "flow", back, label: "All flows" }.respond());
        }
        flow => flow?,
    };
    // A run that is no longer in the history is not opened.
    let run = match asked.run.filter(|run| !run.is_empty()) {
        Some(run) => match console.lab.flow_run(tenant, &id, &run).await {
            Err(LabError::UnknownTenant) => None,
            other => Some(other?),
        },
        None => None,
    };
    if wants_json(&headers) {
        return Ok(match run {
            Some(run) => Json(run).into_response(),
            None => Json(flow).into_response(),
        });
    }
    let frame = Frame::of(&console, &headers, Section::Flows, &credentials, &clock, &tenants, "");
    let page = FlowPage::of(frame, &credentials, &flow, run.as_ref(), &before, &status, clock.now);
    Ok(page.frame.respond(show(&page)))
}
