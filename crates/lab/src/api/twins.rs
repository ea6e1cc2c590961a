//! `/lab/twins`: paired scenarios, in two temporary tenants; and a run of a flow again, with one
//! fact changed.
//!
//! An execution is canceled when its caller disconnects; its temporary tenants are deleted.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use outlive_chassis::{Problem, pause};
use outlive_clock::TenantId;
use outlive_wire::lab_api::TenantCredentials;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::busy::Refusal;
use super::problem::{of_body, of_call, tenant_of};
use crate::Diagnostic;
use crate::scenario::run::TwinsResult;
use crate::tenants::Tenants;
use crate::twins::{
    self, Change, ChangedFact, Pair, REPLAY_LIMITS, RunOrigin, origin_of, pairs, replay_text, replays,
};

/// The maximum number of executions at once; further callers are rejected.
const CALLERS_MAX: usize = 2;
const RETRY_AFTER_SECONDS: &str = "5";
/// The maximum duration of an execution, in wall time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Limits the number of executions.
#[derive(Debug, Clone)]
pub(crate) struct TwinPlaces(Arc<Semaphore>);

impl Default for TwinPlaces {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CALLERS_MAX)))
    }
}

/// What to execute: `scenario`, or `replay`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TwinsRequest {
    /// The name of a paired scenario that ships.
    scenario: Option<String>,
    /// A run to replay.
    replay: Option<ReplayRequest>,
}

/// A run, and the fact to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// The tenant, which is not touched.
    #[schema(value_type = String)]
    tenant: TenantId,
    /// The name of the run.
    run: String,
    /// The fact.
    fact: ChangedFact,
}

/// The paired scenarios that ship.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PairList {
    pairs: Vec<Pair>,
}

/// How a run can be replayed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayList {
    /// The facts that can be changed, each with the value it had and the other one.
    changes: Vec<Change>,
    /// What is repeated and what is not.
    limits: Vec<&'static str>,
}

/// Both sides of a pair.
#[derive(Debug, Serialize)]
pub(crate) struct TwinsAnswer {
    #[serde(flatten)]
    result: TwinsResult,
    /// The values as they are shown.
    shown: [String; 2],
    /// What a replay repeats and what not; empty for a scenario that ships.
    limits: Vec<&'static str>,
    /// The scenario file of a replay.
    scenario: Option<String>,
}

fn busy() -> Refusal {
    let message = format!("{CALLERS_MAX} callers run paired scenarios already. Try again later.");
    Refusal::Busy { code: "TwinsBusy", message, retry_after: RETRY_AFTER_SECONDS }
}

#[utoipa::path(get, path = "/lab/twins",
    responses((status = 200, body = PairList, description = "the paired scenarios that ship"),
        (status = 409, description = "the seed of this lab lacks what they name")))]
pub(crate) async fn list(State(tenants): State<Tenants>) -> Result<Json<PairList>, Problem> {
    let file = twins::shipped(&tenants).map_err(|wrong| of_seed(&wrong))?;
    Ok(Json(PairList { pairs: pairs(&file) }))
}

#[utoipa::path(post, path = "/lab/twins", request_body = TwinsRequest,
    responses((status = 200, description = "both sides step by step, the first step with different outcomes, and why", body = Object),
        (status = 400, description = "neither a scenario nor a run to replay, or both; the run does not have the fact"),
        (status = 404, description = "no such scenario, tenant or run"),
        (status = 409, description = "the seed of this lab lacks what the scenario names"),
        (status = 503, description = "too many callers; `Retry-After` says when to try again"),
        (status = 504, description = "it took too long")))]
pub(crate) async fn execute(
    State(tenants): State<Tenants>,
    Extension(places): Extension<TwinPlaces>,
    body: Result<Json<TwinsRequest>, JsonRejection>,
) -> Result<Json<TwinsAnswer>, Refusal> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    let Ok(place) = places.0.try_acquire_owned() else { return Err(busy()) };
    let tenants = tenants.keeping(place);
    // In the caller's own task, so that it ends when the caller does.
    let answer = async {
        match (request.scenario, request.replay) {
            (Some(name), None) => of_scenario(&tenants, &name).await,
            (None, Some(replay)) => of_replay(&tenants, &replay).await,
            _ => Err(Problem::bad_request("Give either 'scenario', one of GET /lab/twins, or 'replay'.")),
        }
    };
    let answer = tokio::select! {
        answer = answer => answer?,
        () = pause(TIMEOUT) => {
            let message = format!("The scenarios did not end within {} s; nothing is left of them.", TIMEOUT.as_secs());
            return Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "TwinsTimeout", message).into());
        }
    };
    Ok(Json(answer))
}

async fn of_scenario(tenants: &Tenants, name: &str) -> Result<TwinsAnswer, Problem> {
    let file = twins::shipped(tenants).map_err(|wrong| of_seed(&wrong))?;
    let unknown = || {
        Problem::not_found(
            "ScenarioNotFound",
            "No paired scenario that ships has this name; GET /lab/twins lists them.",
        )
    };
    let result = twins::run(tenants, &file, name).await.ok_or_else(unknown)?;
    Ok(TwinsAnswer { shown: result.fact.values.clone(), result, limits: Vec::new(), scenario: None })
}

async fn of_replay(tenants: &Tenants, request: &ReplayRequest) -> Result<TwinsAnswer, Problem> {
    let tenant = tenants.credentials(request.tenant).await?;
    let origin = origin(tenants, &tenant, &request.run).await?;
    let change = replays(&origin).into_iter().find(|change| change.fact == request.fact);
    let name = format!("The token of the run of {} again", origin.at.whole_second());
    let (Some(change), Some(text)) = (change, replay_text(&origin, request.fact, &name)) else {
        return Err(Problem::bad_request(
            "The run does not have this fact; the page of its replay lists those that it has.",
        ));
    };
    let file = twins::read(tenants, "replay.yaml", text.clone()).map_err(|wrong| of_seed(&wrong))?;
    let result = twins::run(tenants, &file, &name).await;
    let result =
        result.ok_or_else(|| Problem::not_found("ScenarioNotFound", "The run cannot be replayed."))?;
    Ok(TwinsAnswer { result, shown: change.values, limits: REPLAY_LIMITS.into(), scenario: Some(text) })
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/runs/{run}/replays",
    params(("tenant" = String, Path, description = "tenant id"), ("run" = String, Path, description = "name of a run")),
    responses((status = 200, body = ReplayList, description = "the facts that can be changed when the run is replayed by POST /lab/twins"),
        (status = 404, description = "no such tenant or run, or the run presented no refresh token")))]
pub(crate) async fn of_run(
    State(tenants): State<Tenants>,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<Json<ReplayList>, Problem> {
    let tenant = tenants.credentials(tenant_of(&tenant)?).await?;
    let origin = origin(&tenants, &tenant, &run).await?;
    Ok(Json(ReplayList { changes: replays(&origin), limits: REPLAY_LIMITS.into() }))
}

async fn origin(tenants: &Tenants, tenant: &TenantCredentials, run: &str) -> Result<RunOrigin, Problem> {
    let found = origin_of(tenants.surface(), tenant, run).await;
    found.map_err(|call| of_call(&call, call.to_string()))?.ok_or_else(|| {
        Problem::not_found(
            "NothingToReplay",
            "No run of that name presented a refresh token, so there is no decision to repeat with another fact.",
        )
    })
}

/// The seed of this lab has not what a scenario names.
fn of_seed(wrong: &[Diagnostic]) -> Problem {
    let first = wrong.first().map(|diagnostic| diagnostic.message.as_str()).unwrap_or_default();
    Problem::conflict(format!(
        "The seed of this lab does not fit the scenario: {first}. Start with the built-in seed."
    ))
}
