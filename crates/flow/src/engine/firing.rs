//! Decides which runs a trigger starts.

use serde_json::{Value, json};

use super::calls;
use super::context::Context;
use super::facts::View;
use super::inputs::CallInputs;
use super::place::FLOW;
use super::record::Failure;
use super::state::RunState;
use crate::definition::{Definition, TriggerKind, VariableType};
use crate::expression::EvaluationError;

/// The maximum number of runs that one event starts.
const RUNS_MAX: usize = 1_000;

/// What a trigger does with an event.
#[derive(Debug)]
pub(crate) enum Fired {
    /// It starts these runs; none if its conditions are not met.
    Runs(Vec<RunState>),
    /// The event is not valid.
    Rejected(Failure),
}

/// Decides about an event with these outputs. Events that a caller sends are checked with the
/// trigger's schema.
pub(crate) fn fire(definition: &Definition, outputs: Value, context: &Context<'_>) -> Fired {
    let trigger = &definition.trigger;
    if let TriggerKind::Request(request) = &trigger.kind
        && let Some(schema) = &request.schema
        && let Some(mismatch) = schema.mismatch(outputs.get("body").unwrap_or(&Value::Null))
    {
        return Fired::Rejected(Failure::new(
            "TriggerInputSchemaMismatch",
            format!(
                "The input body for trigger '{}' of type 'Request' did not match its schema definition. Error details: '{mismatch}'.",
                trigger.name
            ),
        ));
    }
    match runs(definition, outputs, context) {
        Ok(runs) => Fired::Runs(runs),
        Err(error) => Fired::Rejected(invalid(definition, &error)),
    }
}

fn runs(
    definition: &Definition,
    outputs: Value,
    context: &Context<'_>,
) -> Result<Vec<RunState>, EvaluationError> {
    let trigger = &definition.trigger;
    let whole = RunState::new(definition, context.now, outputs);
    let states = match &trigger.split_on {
        None => vec![whole],
        Some(template) => {
            let items = template.evaluate(&View::new(definition, &whole, context, FLOW))?;
            let Value::Array(items) = items else {
                let kind = VariableType::name_of(&items);
                return Err(EvaluationError(format!(
                    "the result of 'splitOn' is of type '{kind}'; it must be an array"
                )));
            };
            if items.len() > RUNS_MAX {
                let what =
                    format!("'splitOn' has {} items; an event starts at most {RUNS_MAX} runs", items.len());
                return Err(EvaluationError(what));
            }
            let split = items.into_iter().map(|item| {
                let mut outputs = whole.trigger_outputs.clone();
                match outputs.as_object_mut() {
                    Some(map) => {
                        map.insert("body".to_owned(), item);
                    }
                    None => outputs = json!({ "body": item }),
                }
                RunState::new(definition, context.now, outputs)
            });
            split.collect()
        }
    };
    let mut fired = Vec::with_capacity(states.len());
    for mut state in states {
        let view = View::new(definition, &state, context, FLOW);
        let mut is_met = true;
        for condition in &trigger.conditions {
            is_met = is_met && condition.holds(&view)?;
        }
        let tracking_id = match trigger.tracking_id.as_ref().map(|template| template.evaluate(&view)) {
            Some(id) => id?.as_str().map(|id| id.chars().take(256).collect()),
            None => None,
        };
        state.tracking_id = tracking_id;
        if is_met {
            fired.push(state);
        }
    }
    Ok(fired)
}

/// Returns the call that asks a connector for events: at the address that its last response gave,
/// or as the trigger says.
pub(crate) fn poll<'d>(
    definition: &'d Definition,
    cursor: Option<&str>,
    context: &Context<'_>,
) -> Option<Result<CallInputs<'d>, Failure>> {
    let TriggerKind::Poll { call, .. } = &definition.trigger.kind else { return None };
    let state = RunState::new(definition, context.now, Value::Null);
    let view = View::new(definition, &state, context, FLOW);
    Some(calls::poll(call, cursor, &view).map_err(|error| invalid(definition, &error)))
}

/// Returns the failure of a trigger whose expressions cannot be evaluated.
pub(super) fn invalid(definition: &Definition, EvaluationError(what): &EvaluationError) -> Failure {
    let trigger = &definition.trigger;
    if trigger.hidden.error {
        return Failure::hidden("InvalidTemplate");
    }
    Failure::new(
        "InvalidTemplate",
        format!("Unable to process template language expressions for trigger '{}': {what}.", trigger.name),
    )
}

/// Returns what is shown of the response of a connector that was asked for events in vain.
pub(crate) fn failure_of_poll(definition: &Definition, failure: Option<Failure>) -> Option<Failure> {
    let is_hidden = definition.trigger.hidden.error;
    failure.map(|failure| if is_hidden { Failure::hidden("PollFailed") } else { failure })
}
