//! Runs and their actions in responses (reference §6.2).

use serde_json::{Map, Value, json};

use super::flow_documents::flow_path;
use crate::engine::{ActionRecord, RunState};
use crate::status::RunStatus;
use crate::tables::runs::RunRow;

/// Returns a run, with its trigger's outputs and its actions if `state` is given.
pub(super) fn run(environment: &str, row: &RunRow, state: Option<&RunState>) -> Value {
    let correlation = json!({"clientTrackingId": row.name, "traceId": row.trace});
    let mut trigger = Map::new();
    put(&mut trigger, "name", &row.trigger_name);
    put(&mut trigger, "startTime", row.started);
    put(&mut trigger, "endTime", row.started);
    put(&mut trigger, "scheduledTime", row.due);
    put(&mut trigger, "originHistoryName", &row.name);
    put(&mut trigger, "correlation", &correlation);
    put(&mut trigger, "status", "Succeeded");
    let mut properties = Map::new();
    put(&mut properties, "startTime", row.started);
    if let Some(ended) = row.ended {
        put(&mut properties, "endTime", ended);
    }
    put(&mut properties, "status", row.status);
    if let Some(error) = &row.error {
        put(&mut properties, "code", &error.code);
        put(&mut properties, "error", error);
    }
    if let (RunStatus::Waiting, Some(until)) = (row.status, row.next_due) {
        put(&mut properties, "waitEndTime", until);
    }
    put(&mut properties, "correlation", &correlation);
    if let Some(state) = state {
        put(&mut trigger, "outputs", &state.trigger_outputs);
        let actions: Map<String, Value> = state
            .actions
            .iter()
            .flatten()
            .map(|record| (record.name.clone(), action_properties(row, record)))
            .collect();
        put(&mut properties, "actions", actions);
    }
    put(&mut properties, "trigger", trigger);
    json!({
        "name": row.name,
        "id": run_path(environment, row),
        "type": "Microsoft.ProcessSimple/environments/flows/runs",
        "properties": properties,
    })
}

pub(super) fn run_path(environment: &str, row: &RunRow) -> String {
    format!("{}/runs/{}", flow_path(environment, row.flow), row.name)
}

/// Returns the actions of a run, in evaluation order.
pub(super) fn actions(environment: &str, row: &RunRow, state: &RunState) -> Value {
    let actions = state.actions.iter().flatten().map(|record| {
        json!({
            "name": record.name,
            "id": format!("{}/actions/{}", run_path(environment, row), record.name),
            "type": "Microsoft.ProcessSimple/environments/flows/runs/actions",
            "properties": action_properties(row, record),
        })
    });
    json!({"value": actions.collect::<Vec<_>>()})
}

fn action_properties(row: &RunRow, record: &ActionRecord) -> Value {
    let mut properties = Map::new();
    put(&mut properties, "startTime", record.start);
    if let Some(end) = record.end {
        put(&mut properties, "endTime", end);
    }
    put(&mut properties, "status", record.status);
    if let Some(code) = &record.code {
        put(&mut properties, "code", code);
    }
    if let Some(error) = &record.error {
        put(&mut properties, "error", error);
    }
    if record.retries > 0 {
        put(&mut properties, "retryCount", record.retries);
    }
    if let Some(due) = record.retry_due {
        put(&mut properties, "retryDueTime", due);
    }
    put(&mut properties, "correlation", json!({"clientTrackingId": row.name, "traceId": row.trace}));
    if let Some(inputs) = &record.inputs {
        put(&mut properties, "inputs", inputs);
    }
    if let Some(outputs) = &record.outputs {
        put(&mut properties, "outputs", outputs);
    }
    Value::Object(properties)
}

fn put(map: &mut Map<String, Value>, name: &str, value: impl serde::Serialize) {
    // Strings, instants, statuses and JSON values can always be serialized.
    map.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
}
