//! `/twins`: a paired scenario, or a run again with one fact changed, in two temporary tenants:
//! what is the same, where the two part, and why.

mod result;
mod view;
mod wanted;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::TenantId;
use outlive_wire::counted;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

pub(crate) use self::result::ExecutedTwins;
use self::result::{Kept, Pair, PairList, ReplayList, Twins};
use self::view::{TwinsPage, sides};
use self::wanted::Wanted;
use crate::actions::{out_of_date, verified_form};
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::lab::{Lab, LabError, answer, answer_or_refusal, segment};
use crate::message::Message;
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;

/// Timeout of an execution (wall time); the lab ends it earlier.
const TIMEOUT: Duration = Duration::from_secs(90);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// The name of a paired scenario.
    story: Option<String>,
    /// A run to replay, and the fact to change.
    run: Option<String>,
    fact: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ExecuteForm {
    token: String,
    tenant: String,
    story: Option<String>,
    run: Option<String>,
    fact: Option<String>,
}

impl Lab {
    async fn pairs(&self) -> Result<Vec<Pair>, LabError> {
        let (url, request) = self.request_at(Method::GET, "/twins");
        match answer::<PairList>(url, request).await {
            Ok(list) => Ok(list.pairs),
            // The seed of the lab does not fit them.
            Err(LabError::Refused { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// How a run can be replayed; `None` if it presented no refresh token.
    async fn replays(&self, tenant: TenantId, run: &str) -> Result<Option<ReplayList>, LabError> {
        let path = format!("/tenants/{tenant}/runs/{}/replays", segment(run));
        let (url, request) = self.request_at(Method::GET, &path);
        match answer(url, request).await {
            Ok(list) => Ok(Some(list)),
            Err(LabError::UnknownTenant | LabError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn twins(&self, wanted: &Value) -> Result<Value, LabError> {
        let (url, request) = self.request_at(Method::POST, "/twins");
        answer_or_refusal(url, request.timeout(TIMEOUT).json(wanted)).await
    }
}

/// Whether a run can be replayed with another fact.
pub(crate) async fn can_replay(lab: &Lab, tenant: TenantId, run: &str) -> Result<bool, LabError> {
    Ok(lab.replays(tenant, run).await?.is_some_and(|replays| !replays.changes.is_empty()))
}

/// `GET /twins`
pub(crate) async fn twins(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock, pairs) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.pairs(),
    )?;
    let wanted = Wanted::of(asked.story, asked.run, asked.fact, &pairs);
    let replays = match &wanted {
        Wanted::Replay { run, .. } => {
            Some(console.lab.replays(tenant, run).await?.ok_or_else(nothing_to_replay)?)
        }
        Wanted::Story(_) => None,
    };
    let kept = wanted.key(tenant).and_then(|key| console.executed_twins.of(&key));
    if wants_json(&headers) {
        return Ok(kept.map_or_else(
            || StatusCode::NOT_FOUND.into_response(),
            |kept| Json(kept.json.clone()).into_response(),
        ));
    }
    let frame = Frame::of(&console, &headers, Section::Twins, &credentials, &clock, &tenants, "");
    let result = kept.as_deref().map(|kept| &kept.twins);
    let page = TwinsPage::of(frame, &credentials, &wanted, &pairs, replays, result);
    Ok(page.frame.respond(show(&page)))
}

/// `POST /twins`: runs both.
pub(crate) async fn execute(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<ExecuteForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(to_page("", Some(&out_of_date())));
    };
    let tenant = match chosen(&console, Choice { tenant: Some(form.tenant) }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (credentials, pairs) = tokio::try_join!(console.lab.tenant(tenant), console.lab.pairs())?;
    let wanted = Wanted::of(form.story, form.run, form.fact, &pairs);
    let query = wanted.query(&credentials);
    let Some(key) = wanted.key(tenant) else { return Ok(to_page(&query, None)) };
    let message = match console.lab.twins(&wanted.request(tenant)).await {
        Ok(json) => {
            let twins = serde_json::from_value::<Twins>(json.clone());
            let twins = twins.map_err(|error| LabError::Garbled(error.to_string()))?;
            console.executed_twins.keep(&key, Kept { twins, json });
            None
        }
        Err(LabError::Refused { message, .. }) => Some(Message::failure(message)),
        Err(error) => return Err(error.into()),
    };
    Ok(to_page(&query, message.as_ref()))
}

fn to_page(query: &str, message: Option<&Message>) -> Response {
    let location = (LOCATION, format!("/twins?{query}"));
    let cookie = message.map(|message| (SET_COOKIE, message.set_cookie()));
    let headers: Vec<_> = std::iter::once(location).chain(cookie).collect();
    (StatusCode::SEE_OTHER, AppendHeaders(headers)).into_response()
}

/// `GET /twins.json`
pub(crate) async fn data(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let kept = find_kept(&console, query).await?;
    let file = (CONTENT_DISPOSITION, "attachment; filename=\"twins.json\"");
    Ok(([file], Json(kept.json.clone())).into_response())
}

/// `GET /twins.md`
pub(crate) async fn markdown(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let kept = find_kept(&console, query).await?;
    let headers = [
        (CONTENT_TYPE, "text/markdown; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"twins.md\""),
    ];
    Ok((headers, document(&kept.twins)).into_response())
}

async fn find_kept(
    console: &Console,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Arc<Kept>, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(_) => return Err(not_executed()),
    };
    let pairs = console.lab.pairs().await?;
    let wanted = Wanted::of(asked.story, asked.run, asked.fact, &pairs);
    wanted.key(tenant).and_then(|key| console.executed_twins.of(&key)).ok_or_else(not_executed)
}

/// Both sides in Markdown: what is the same, and where they part.
fn document(twins: &Twins) -> String {
    let [written, _] = &twins.results;
    let [this, that] = &twins.shown;
    let escaped = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = format!("# {}\n\n", written.name);
    if let Some(about) = &written.about {
        let _ = writeln!(text, "{}\n", about.trim());
    }
    let _ = writeln!(text, "One fact differs, {}: {this} | {that}\n", twins.fact.fact);
    let end = twins.diverged_at.unwrap_or(written.steps.len());
    for step in written.steps.iter().take(end) {
        let at = step.at.map(|at| at.to_string()).unwrap_or_default();
        let _ = writeln!(text, "- {at} {}, the same in both", step.title);
    }
    let count = written.steps.len();
    let _ = match twins.diverged_at {
        Some(at) => writeln!(text, "\nThe outcomes differ at step {} of {count}.\n", at + 1),
        None => writeln!(text, "\nThe outcomes do not differ in any of {}.\n", counted(count, "step")),
    };
    let _ = writeln!(text, "| {} | outcome | why |\n| --- | --- | --- |", escaped(&twins.fact.fact));
    for side in sides(twins) {
        let row = side.row.map(|row| format!(" Row {row}.")).unwrap_or_default();
        let why = format!("{}{row} {}", side.reason, side.more);
        let _ = writeln!(text, "| {} | {} | {} |", escaped(&side.value), side.state, escaped(why.trim()));
    }
    for limit in &twins.limits {
        let _ = writeln!(text, "\n{limit}");
    }
    text
}

fn nothing_to_replay() -> ErrorPage {
    ErrorPage {
        status: 404,
        what: "This run cannot be replayed".to_owned(),
        why: "no run of this name presented a refresh token, so there is no decision to repeat".to_owned(),
        remedy: "Choose a run in which the hub refreshed; its page shows the steps.",
    }
}

fn not_executed() -> ErrorPage {
    ErrorPage {
        status: 404,
        what: "There is no result yet".to_owned(),
        why: "these two were not run since the console started".to_owned(),
        remedy: "Run both on the page Twins first.",
    }
}
