//! `…/triggers` and `…/triggers/{trigger}/histories`: what fired a flow. Each run has an event of
//! the same name; the calls that begin and end a subscription have events that fired nothing.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::Caller;
use super::flow_routes::flow_id;
use super::links::{below, flow_path};
use super::paging::Page;
use super::run_documents::run_path;
use super::run_routes;
use crate::ids::FlowId;
use crate::lifecycle::Rule;
use crate::service::{Flows, unreadable};
use crate::tables::flows::FlowRow;
use crate::tables::lifecycle;
use crate::tables::permissions::Role;
use crate::tables::runs::RunRow;
use crate::tables::subscription_calls::{self, SubscriptionCall};

/// Lists the only trigger of a flow.
pub(super) async fn list(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let trigger = trigger_of(&caller, &flows, &flow).await?;
    Ok(Json(json!({ "value": [trigger] })))
}

pub(super) async fn show(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    Ok(Json(find_by_name(&caller, &flows, &flow, &trigger).await?))
}

pub(super) async fn histories(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let trigger = find_by_name(&caller, &flows, &flow, &trigger).await?["name"].clone();
    let page = Page::of_query(query.as_deref())?;
    let (rows, next) = run_routes::page_of(&caller, &flows, (&flow, Role::Owner), &page).await?;
    let bounds = (
        next.as_deref().and_then(|token| token.parse().ok()).unwrap_or(0),
        page.token.as_deref().and_then(|token| token.parse().ok()).unwrap_or(i64::MAX),
    );
    // A filter is one of the status of a run.
    let calls = match page.filter {
        Some(_) => Vec::new(),
        None => subscription_calls::list(&flows.chassis.store, caller.tenant, flow.id, bounds, caller.now)
            .await
            .map_err(Problem::from)?,
    };
    let mut events: Vec<_> = rows.iter().map(|row| (row.number, false, history(&caller, row))).collect();
    events.extend(calls.iter().map(|call| (call.runs, true, call_history(&caller, flow.id, call))));
    // Newest first. A call follows the run that the flow had last before it; calls are in order.
    events.sort_by_key(|(runs, is_call, _)| Reverse((*runs, *is_call)));
    let value: Vec<_> = events.into_iter().map(|(.., document)| document).collect();
    let mut body = json!({ "value": value });
    if let Some(token) = next {
        let name = trigger.as_str().unwrap_or_default();
        let path = below(&flow_path(&caller.environment, flow.id), &["triggers", name, "histories"]);
        body["nextLink"] = Value::String(page.next_link(&caller, &path, &token));
    }
    Ok(Json(body))
}

pub(super) async fn show_history(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger, name)): Path<(String, String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let call = subscription_calls::find(&flows.chassis.store, caller.tenant, flow.id, &name).await;
    if let Some(call) = call.map_err(Problem::from)? {
        return Ok(Json(call_history(&caller, flow.id, &call)));
    }
    let (row, state) = run_routes::read(&caller, &flows, &id, &name).await?;
    if !row.trigger_name.eq_ignore_ascii_case(&trigger) {
        return Err(not_found(&trigger));
    }
    let mut document = history(&caller, &row);
    match state.shown_trigger_outputs() {
        Ok(outputs) => document["properties"]["outputs"] = outputs.into_owned(),
        Err(secured) => document["properties"]["secureData"] = json!({ "properties": secured }),
    }
    Ok(Json(document))
}

pub(super) fn not_found(trigger: &str) -> Problem {
    let trigger: String = trigger.chars().take(100).collect();
    Problem::not_found("WorkflowTriggerNotFound", format!("The flow has no trigger '{trigger}'."))
}

/// Returns the trigger of this name.
async fn find_by_name(caller: &Caller, flows: &Flows, flow: &FlowRow, name: &str) -> Result<Value, Problem> {
    let trigger = trigger_of(caller, flows, flow).await?;
    let is_named = trigger["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
    if is_named { Ok(trigger) } else { Err(not_found(name)) }
}

async fn trigger_of(caller: &Caller, flows: &Flows, flow: &FlowRow) -> Result<Value, Problem> {
    let program = flows.definition(caller.tenant, flow.id, flow.version).await?;
    let program = program.ok_or_else(|| unreadable(flow.id))?;
    let name = &program.trigger.name;
    let state = if flow.state.name() == "Started" { "Enabled" } else { "Disabled" };
    let subscription = flows.subscription(caller.tenant, flow.id).await?;
    let provisioned = subscription.as_ref().map_or("Succeeded", |one| one.state.provisioning_state());
    let mut properties = json!({
        "provisioningState": provisioned,
        "createdTime": flow.created,
        "changedTime": flow.changed,
        "state": state,
    });
    if let Some(next) = flow.next_due {
        properties["nextExecutionTime"] = json!(next);
    }
    // A poll that fails starts no run, so it is shown here only.
    let store = &flows.chassis.store;
    let failing = lifecycle::find_failures(store, caller.tenant, flow.id, Rule::FailingTrigger).await?;
    if let Some((since, failures)) = failing {
        let message =
            format!("It failed {failures} times since {since}. The log of the flow service says why.");
        properties["status"] = json!("Failed");
        properties["error"] = json!({"code": "TriggerFailed", "message": message});
    }
    if let Some(error) = subscription.and_then(|one| one.error) {
        properties["error"] = json!(error);
    }
    Ok(json!({
        "name": name,
        "id": below(&flow_path(&caller.environment, flow.id), &["triggers", name]),
        "type": "Microsoft.ProcessSimple/environments/flows/triggers",
        "properties": properties,
    }))
}

fn history(caller: &Caller, row: &RunRow) -> Value {
    let path = flow_path(&caller.environment, row.flow);
    json!({
        "name": row.name,
        "id": below(&path, &["triggers", &row.trigger_name, "histories", &row.name]),
        "type": "Microsoft.ProcessSimple/environments/flows/triggers/histories",
        "properties": {
            "startTime": row.started,
            "endTime": row.started,
            "scheduledTime": row.due,
            "status": "Succeeded",
            "fired": true,
            "correlation": {"clientTrackingId": row.name, "traceId": row.trace},
            "run": {
                "name": row.name,
                "id": run_path(&caller.environment, row),
                "type": "Microsoft.ProcessSimple/environments/flows/runs",
            },
        },
    })
}

fn call_history(caller: &Caller, flow: FlowId, call: &SubscriptionCall) -> Value {
    let path = flow_path(&caller.environment, flow);
    let mut properties = json!({
        "startTime": call.at,
        "endTime": call.at,
        "scheduledTime": call.at,
        "status": if call.error.is_some() { "Failed" } else { "Succeeded" },
        "code": call.error.as_ref().map_or("OK", |error| error.code.as_str()),
        "fired": false,
        "operation": call.operation,
        "correlation": {"clientTrackingId": call.name, "traceId": call.trace},
    });
    if let Some(error) = &call.error {
        properties["error"] = json!(error);
    }
    json!({
        "name": call.name,
        "id": below(&path, &["triggers", &call.trigger, "histories", &call.name]),
        "type": "Microsoft.ProcessSimple/environments/flows/triggers/histories",
        "properties": properties,
    })
}
