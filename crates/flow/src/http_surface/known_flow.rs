//! `GET /_lab/tenants/{tenant}/flows/{flow}`: a flow with a page of its run history and its users;
//! `…/runs/{run}`: one run with its actions. Only the lab reads them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_wire::{FlowDetails, FlowUser, ListedRun, RunDetails};
use serde::Deserialize;
use serde_json::Value;

use super::flow_routes::flow_id;
use super::lab_tenant::tenant_of_path;
use super::run_documents;
use crate::engine::RunState;
use crate::service::{Flows, unreadable};
use crate::status::RunStatus;
use crate::tables::flows::{self, FlowRow};
use crate::tables::permissions::{self, Role};
use crate::tables::run_lists;
use crate::tables::runs::{self, RunRow};

/// The default and maximum number of runs of a page.
const RUNS_DEFAULT: u32 = 50;
const RUNS_MAX: u32 = 250;

/// A page of the run history.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct History {
    /// The `older` of an earlier answer.
    before: Option<i64>,
    /// The name of a run: the page begins with the one after it.
    around: Option<String>,
    /// Only runs of this status.
    status: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn show(
    State(flows): State<Arc<Flows>>,
    Path((tenant, flow)): Path<(String, String)>,
    history: Result<Query<History>, QueryRejection>,
) -> Result<Json<FlowDetails>, Problem> {
    let (tenant, flow) = find_flow(&flows, &tenant, &flow).await?;
    let Query(history) = history?;
    let status = history.status.as_deref().filter(|status| !status.is_empty()).map(status_of).transpose()?;
    let limit = history.limit.unwrap_or(RUNS_DEFAULT).clamp(1, RUNS_MAX);
    let store = &flows.chassis.store;
    let now = flows.chassis.clocks.now(tenant).await?;
    let around = match &history.around {
        Some(name) => runs::find(store, tenant, flow.id, name).await?,
        None => None,
    };
    // Runs of a flow are numbered in turn.
    let around = around.map(|(run, _)| run.number.saturating_add(2));
    let before = history.before.or(around).unwrap_or(i64::MAX);
    let mut rows = run_lists::list(store, (tenant, flow.id), status, now, before, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let older = rows.last().filter(|_| has_more).map(|row| row.number.to_string());
    let users = permissions::list(store, tenant, flow.id).await?.into_iter().map(|permission| FlowUser {
        user: permission.principal.to_string(),
        role: permission.role.name().to_owned(),
    });
    let users = users.collect();
    let program = flows.definition(tenant, flow.id, flow.version).await?;
    let program = program.ok_or_else(|| unreadable(flow.id))?;
    Ok(Json(FlowDetails {
        id: flow.id.to_string(),
        owner: flow.owner.to_string(),
        state: flow.state.name().to_owned(),
        trigger: program.trigger.name.clone(),
        next_due: flow.next_due,
        users,
        runs: rows.into_iter().map(listed).collect(),
        older,
        display_name: flow.display_name,
    }))
}

pub(super) async fn show_run(
    State(flows): State<Arc<Flows>>,
    Path((tenant, flow, name)): Path<(String, String, String)>,
) -> Result<Json<RunDetails>, Problem> {
    let (tenant, flow) = find_flow(&flows, &tenant, &flow).await?;
    let now = flows.chassis.clocks.now(tenant).await?;
    let read = runs::find(&flows.chassis.store, tenant, flow.id, &name).await?;
    let (row, record) = read.filter(|(row, _)| row.is_shown(now)).ok_or_else(|| {
        Problem::not_found("WorkflowRunNotFound", "The flow has no such run, or no longer.")
    })?;
    let state: RunState =
        serde_json::from_str(&record).map_err(|error| Problem::unavailable().caused_by(error))?;
    let environment = format!("Default-{tenant}");
    let mut run = run_documents::run(&environment, &row, Role::Owner, Some(&state));
    // They are in `actions`, in order.
    if let Some(properties) = run.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("actions");
    }
    let mut listed = run_documents::actions(&environment, &row, &state);
    let actions = match listed.get_mut("value").map(Value::take) {
        Some(Value::Array(actions)) => actions,
        _ => Vec::new(),
    };
    Ok(Json(RunDetails { run, actions }))
}

async fn find_flow(flows: &Flows, tenant: &str, flow: &str) -> Result<(TenantId, FlowRow), Problem> {
    let tenant = tenant_of_path(flows, tenant).await?;
    let row = flows::find(&flows.chassis.store, tenant, flow_id(flow)?).await?;
    let row = row.ok_or_else(|| Problem::not_found("FlowNotFound", "The tenant has no such flow."))?;
    Ok((tenant, row))
}

fn status_of(text: &str) -> Result<RunStatus, Problem> {
    let names = RunStatus::ALL.map(RunStatus::name).join(", ");
    RunStatus::named(text).ok_or_else(|| Problem::bad_request(format!("The status is none of {names}.")))
}

fn listed(run: RunRow) -> ListedRun {
    ListedRun {
        name: run.name,
        started: run.started,
        ended: run.ended,
        status: run.status.name().to_owned(),
        code: run.error.map(|failure| failure.code),
    }
}
