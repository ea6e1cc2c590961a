//! `…/runs`: the history of a flow, the newest first.

use std::num::ParseIntError;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::Caller;
use super::client_address::check_address;
use super::flow_routes::flow_id;
use super::lab_tenant::tenant_of_path;
use super::links::{below, flow_path};
use super::paging::{Page, bad_token};
use super::{repetitions, run_documents};
use crate::engine::RunState;
use crate::service::{Flows, unreadable};
use crate::status::RunStatus;
use crate::tables::flows::FlowRow;
use crate::tables::permissions::Role;
use crate::tables::run_lists;
use crate::tables::runs::{self, RunRow};

/// `GET /_lab/tenants/{tenant}/runs`: counts runs by status.
pub(super) async fn counts(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tenant = tenant_of_path(&flows, &tenant).await?;
    Ok(Json(json!(run_lists::count_by_status(&flows.chassis.store, tenant).await?)))
}

pub(super) async fn list(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let (flow, role) = flows.find_usable(&caller.actor(), flow_id(&id)?).await?;
    let page = Page::of_query(query.as_deref())?;
    let (rows, next) = page_of(&caller, &flows, (&flow, role), &page).await?;
    let value = rows.iter().map(|row| run_documents::run(&caller.environment, row, role, None));
    let mut body = json!({"value": value.collect::<Vec<_>>()});
    if let Some(token) = next {
        let path = below(&flow_path(&caller.environment, flow.id), &["runs"]);
        body["nextLink"] = Value::String(page.next_link(&caller, &path, &token));
    }
    Ok(Json(body))
}

/// Reads a page of runs, and the token of the next one if there is more. Run-only users see those
/// that they started.
pub(super) async fn page_of(
    caller: &Caller,
    flows: &Flows,
    (flow, role): (&FlowRow, Role),
    page: &Page,
) -> Result<(Vec<RunRow>, Option<String>), Problem> {
    let status = page.filter.as_deref().map(status_of).transpose()?;
    let now = caller.actor().now;
    let before = match &page.token {
        None => i64::MAX,
        Some(token) => token.parse().map_err(|error: ParseIntError| bad_token().caused_by(error))?,
    };
    let (store, limit) = (&flows.chassis.store, page.top + 1);
    let mut rows = if role.owns() {
        run_lists::list(store, (caller.tenant, flow.id), status, now, before, limit).await?
    } else {
        let own = (caller.tenant, flow.id, caller.user);
        run_lists::list_of_invoker(store, own, status, now, before, limit).await?
    };
    let has_more = rows.len() > page.top as usize;
    rows.truncate(page.top as usize);
    let next = rows.last().filter(|_| has_more).map(|last| last.number.to_string());
    Ok((rows, next))
}

/// Parses the only supported filter: `status eq 'Failed'`.
fn status_of(filter: &str) -> Result<RunStatus, Problem> {
    let words: Vec<_> = filter.split_whitespace().collect();
    let status = match words.as_slice() {
        [field, "eq", quoted] if field.eq_ignore_ascii_case("status") => {
            quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).and_then(RunStatus::named)
        }
        _ => None,
    };
    let names = RunStatus::ALL.map(RunStatus::name).join(", ");
    status.ok_or_else(|| {
        Problem::bad_request(format!("$filter must be status eq '<status>', with one of {names}."))
    })
}

pub(super) async fn show(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let (flow, role) = flows.find_usable(&caller.actor(), flow_id(&id)?).await?;
    if role.owns() {
        check_reader(&caller, &flows, &flow).await?;
    }
    let (row, state) = read_of(&caller, &flows, (&flow, role), &name).await?;
    // Outputs come from connections that a run-only user may not use elsewhere.
    Ok(Json(run_documents::run(&caller.environment, &row, role, Some(&state))))
}

pub(super) async fn actions(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let (row, state) = read(&caller, &flows, &id, &name).await?;
    Ok(Json(run_documents::actions(&caller.environment, &row, &state)))
}

pub(super) async fn action(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name, action)): Path<(String, String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let (row, state) = read(&caller, &flows, &id, &name).await?;
    let list = repetitions::newest(&state);
    let (record, count) = list
        .into_iter()
        .find(|(record, _)| record.name == action)
        .ok_or_else(|| action_not_found(&action))?;
    Ok(Json(run_documents::action(&caller.environment, &row, &state, record, count)))
}

/// Lists the repetitions of an action in a loop, or the iterations of a loop.
pub(super) async fn repetitions(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name, action)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let (row, state) = read(&caller, &flows, &id, &name).await?;
    let page = Page::of_query(query.as_deref())?;
    let after = page.token.as_deref().unwrap_or_default();
    if !after.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err(bad_token());
    }
    if !repetitions::newest(&state).iter().any(|(record, _)| record.name == action) {
        return Err(action_not_found(&action));
    }
    let key = (caller.tenant, row.flow, row.name.as_str());
    let mut list = repetitions::page(&flows.chassis.store, key, &state, &action, after, page.top + 1).await?;
    let has_more = list.len() > page.top as usize;
    list.truncate(page.top as usize);
    let value =
        list.iter().map(|one| run_documents::repetition(&caller.environment, &row, &state, &action, one));
    let mut body = json!({"value": value.collect::<Vec<_>>()});
    if let Some(last) = list.last().filter(|_| has_more) {
        let run = run_documents::run_path(&caller.environment, &row);
        let path = below(&run, &["actions", &action, "repetitions"]);
        body["nextLink"] = Value::String(page.next_link(&caller, &path, &last.name));
    }
    Ok(Json(body))
}

pub(super) async fn repetition(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name, action, repetition)): Path<(String, String, String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let (row, state) = read(&caller, &flows, &id, &name).await?;
    let key = (caller.tenant, row.flow, row.name.as_str());
    let found = repetitions::find(&flows.chassis.store, key, &state, &action, &repetition).await?;
    let found = found.ok_or_else(|| action_not_found(&action))?;
    Ok(Json(run_documents::repetition(&caller.environment, &row, &state, &action, &found)))
}

pub(super) async fn cancel(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let (row, _) = read_to_change(&caller, &flows, &id, &name).await?;
    flows.cancel(&caller.actor(), row.flow, &name).await?;
    let (row, state) = read(&caller, &flows, &id, &name).await?;
    Ok(Json(run_documents::run(&caller.environment, &row, Role::Owner, Some(&state))))
}

fn action_not_found(action: &str) -> Problem {
    let action: String = action.chars().take(100).collect();
    Problem::not_found(
        "WorkflowRunActionNotFound",
        format!("The run has no action or repetition '{action}'."),
    )
}

/// Reads a run of a flow that the caller owns.
pub(super) async fn read(
    caller: &Caller,
    flows: &Flows,
    id: &str,
    name: &str,
) -> Result<(RunRow, RunState), Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(id)?).await?;
    check_reader(caller, flows, &flow).await?;
    read_of(caller, flows, (&flow, Role::Owner), name).await
}

/// Checks that inputs and outputs of a flow can be read from the address of the caller.
async fn check_reader(caller: &Caller, flows: &Flows, flow: &FlowRow) -> Result<(), Problem> {
    let program = flows.definition(caller.tenant, flow.id, flow.version).await?;
    let program = program.ok_or_else(|| unreadable(flow.id))?;
    check_address(program.access.readers.as_deref(), caller.address_of_client)
}

/// Reads a run of which nothing is shown.
pub(super) async fn read_to_change(
    caller: &Caller,
    flows: &Flows,
    id: &str,
    name: &str,
) -> Result<(RunRow, RunState), Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(id)?).await?;
    read_of(caller, flows, (&flow, Role::Owner), name).await
}

/// Reads a run that a user with `role` can see.
async fn read_of(
    caller: &Caller,
    flows: &Flows,
    (flow, role): (&FlowRow, Role),
    name: &str,
) -> Result<(RunRow, RunState), Problem> {
    let found = runs::find(&flows.chassis.store, caller.tenant, flow.id, name).await?;
    let is_own = |row: &RunRow| row.invoker.as_ref().is_some_and(|invoker| invoker.user == caller.user);
    let found = found.filter(|(row, _)| row.is_shown(caller.actor().now) && (role.owns() || is_own(row)));
    let (row, record) = found.ok_or_else(|| {
        let name: String = name.chars().take(100).collect();
        Problem::not_found("WorkflowRunNotFound", format!("The flow has no run '{name}'."))
    })?;
    let state = serde_json::from_str(&record).map_err(|error| Problem::unavailable().caused_by(error))?;
    Ok((row, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_contain_a_status() {
        assert_eq!(status_of("status eq 'Failed'").ok(), Some(RunStatus::Failed));
        assert_eq!(status_of("Status eq 'succeeded'").ok(), Some(RunStatus::Succeeded));
        for bad in [
            "",
            "status",
            "status eq Failed",
            "status ne 'Failed'",
            "status eq 'Lost'",
            "startTime eq 'Failed'",
        ] {
            assert!(status_of(bad).is_err(), "{bad}");
        }
    }
}
