//! Runs and their actions in responses (reference §6.2).

use serde_json::{Map, Value, json};

use super::links::{below, flow_path};
use super::repetitions::{self, Repetition};
use crate::engine::{ActionRecord, RunState, ShownAction};
use crate::status::RunStatus;
use crate::tables::permissions::Role;
use crate::tables::runs::RunRow;

/// Returns a run as a user with `role` sees it, with its trigger's outputs and its actions if
/// `state` is given. Errors can contain what actions returned, so only owners see them.
pub(super) fn run(environment: &str, row: &RunRow, role: Role, state: Option<&RunState>) -> Value {
    let state = state.filter(|_| role.owns());
    let tracking = state.and_then(RunState::shown_tracking_id).unwrap_or(&row.name);
    let correlation = json!({"clientTrackingId": tracking, "traceId": row.trace});
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
    if let Some(error) = row.error.as_ref().filter(|_| role.owns()) {
        put(&mut properties, "code", &error.code);
        put(&mut properties, "error", error);
    }
    if let (RunStatus::Waiting, Some(until)) = (row.status, row.next_due) {
        put(&mut properties, "waitEndTime", until);
    }
    put(&mut properties, "correlation", &correlation);
    if let Some(state) = state {
        match state.shown_trigger_outputs() {
            Ok(outputs) => put(&mut trigger, "outputs", outputs),
            Err(secured) => put(&mut trigger, "secureData", json!({ "properties": secured })),
        }
        let actions: Map<String, Value> = repetitions::newest(state)
            .into_iter()
            .map(|(record, count)| (record.name.clone(), action_properties(row, state, record, count)))
            .collect();
        put(&mut properties, "actions", actions);
        if let Some(outputs) = &state.outputs {
            put(&mut properties, "outputs", outputs);
        }
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
    below(&flow_path(environment, row.flow), &["runs", &row.name])
}

/// Returns the actions of a run, in evaluation order; those in loops with their newest repetition.
pub(super) fn actions(environment: &str, row: &RunRow, state: &RunState) -> Value {
    let list = repetitions::newest(state);
    let actions = list.into_iter().map(|(record, count)| action(environment, row, state, record, count));
    json!({"value": actions.collect::<Vec<_>>()})
}

/// Returns an action, or its newest repetition.
pub(super) fn action(
    environment: &str,
    row: &RunRow,
    state: &RunState,
    record: &ActionRecord,
    count: Option<usize>,
) -> Value {
    json!({
        "name": record.name,
        "id": below(&run_path(environment, row), &["actions", &record.name]),
        "type": "Microsoft.ProcessSimple/environments/flows/runs/actions",
        "properties": action_properties(row, state, record, count),
    })
}

/// Returns a repetition of an action, or an iteration of a loop.
pub(super) fn repetition(
    environment: &str,
    row: &RunRow,
    state: &RunState,
    action: &str,
    repetition: &Repetition<'_>,
) -> Value {
    let mut properties = match repetition.record() {
        Some(record) => action_properties(row, state, record, None),
        None => {
            let frame = &repetition.frame;
            let mut properties = json!({"startTime": frame.start, "status": frame.status.name()});
            if let Some(end) = frame.end {
                properties["endTime"] = json!(end);
            }
            properties
        }
    };
    properties["repetitionIndexes"] = repetition
        .indexes
        .iter()
        .map(|(scope, index)| json!({"scopeName": scope, "itemIndex": index}))
        .collect();
    json!({
        "name": repetition.name,
        "id": below(&run_path(environment, row), &["actions", action, "repetitions", &repetition.name]),
        "type": "Microsoft.ProcessSimple/environments/flows/runs/actions/repetitions",
        "properties": properties,
    })
}

fn action_properties(row: &RunRow, state: &RunState, record: &ActionRecord, count: Option<usize>) -> Value {
    let mut properties = Map::new();
    put(&mut properties, "startTime", record.start);
    if let Some(end) = record.end {
        put(&mut properties, "endTime", end);
    }
    put(&mut properties, "status", record.status);
    let ShownAction { code, error, inputs, outputs, tracked, secured } = record.shown();
    put_some(&mut properties, "code", code);
    put_some(&mut properties, "error", error);
    if record.retries > 0 {
        put(&mut properties, "retryCount", record.retries);
    }
    if let Some(due) = record.retry_due {
        put(&mut properties, "retryDueTime", due);
    }
    if let Some(until) = record.wait_until {
        put(&mut properties, "waitEndTime", until);
    }
    if let Some(iterations) = &record.iterations {
        put(&mut properties, "repetitionCount", iterations.started);
    } else if let Some(count) = count {
        put(&mut properties, "repetitionCount", count);
    }
    let tracking = state.shown_tracking_id().unwrap_or(&row.name);
    put(&mut properties, "correlation", json!({"clientTrackingId": tracking, "traceId": row.trace}));
    put_some(&mut properties, "inputs", inputs);
    put_some(&mut properties, "outputs", outputs);
    if !secured.is_empty() {
        put(&mut properties, "secureData", json!({ "properties": secured }));
    }
    put_some(&mut properties, "trackedProperties", tracked);
    Value::Object(properties)
}

fn put(map: &mut Map<String, Value>, name: &str, value: impl serde::Serialize) {
    // Strings, instants, statuses and JSON values can always be serialized.
    map.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
}

fn put_some(map: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        put(map, name, value);
    }
}
