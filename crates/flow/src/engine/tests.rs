use outlive_clock::Span;
use std::cell::Cell;

use outlive_clock::Randomness;
use serde_json::{Map, json};

use super::stepper::ACTIONS_PER_RUN_MAX;
use super::*;
use crate::definition::Definition;
use crate::status::RunStatus;

mod control;
mod data;
mod loops;
mod random;

const NOW: Instant = Instant::from_seconds(1_767_603_600);

fn definition(actions: Value) -> Definition {
    let definition = json!({
        "triggers": {"manual": {"type": "Request", "kind": "Button"}},
        "actions": actions,
    });
    // Earlier versions also saved settings that fail when they run.
    Definition::restore(&definition, &Value::Null).expect("reads")
}

fn call(after: Value, retry: Value) -> Value {
    json!({"type": "OpenApiConnection", "runAfter": after, "inputs": {
        "host": {"apiId": "shared_x", "connectionName": "x", "operationId": "Op"},
        "parameters": {"id": "@triggerBody()?['id']"}, "retryPolicy": retry,
    }})
}

fn compose(inputs: Value, after: Value) -> Value {
    json!({"type": "Compose", "inputs": inputs, "runAfter": after})
}

fn answered(status: u16) -> Outcome {
    let failure =
        (status >= 400).then(|| Failure::new(if status == 401 { "Unauthorized" } else { "Refused" }, "no"));
    Outcome { status: Some(status), outputs: Some(json!({"statusCode": status, "body": {"n": 1}})), failure }
}

/// Executes a run with outcomes from `answer(action name, attempt)`; time jumps to every wait.
fn run(definition: &Definition, answer: impl Fn(&str, u32) -> Outcome) -> (Ending, RunState, Vec<Instant>) {
    let mut state = RunState::new(definition, NOW, json!({"body": {"id": "o-7"}}));
    let random = Randomness::from_seed(5);
    let (mut now, mut calls, draws) = (NOW, Vec::new(), Cell::new(0));
    loop {
        // The stored state is all that a waiting run needs.
        state = serde_json::from_value(serde_json::to_value(&state).expect("writes")).expect("reads");
        let run = identity();
        let draw = || draws.replace(draws.get() + 1);
        let context = Context::new(now, &run, &draw);
        match next(definition, &mut state, &context) {
            Next::Call { at, inputs } => {
                if let CallInputs::Operation { parameters, .. } = inputs {
                    assert_eq!(parameters["id"], "o-7");
                }
                calls.push(now);
                let record = state.record(at).expect("a record");
                let outcome = answer(&record.name, record.retries);
                conclude(definition, &mut state, at, outcome, || random.stream("retry"), &context);
            }
            // A service stores what is archived.
            Next::Pause => drop(state.take_archived()),
            Next::Wait(until) => {
                assert!(until > now);
                now = until;
            }
            Next::Done(ending) => return (ending, state, calls),
        }
    }
}

fn identity() -> RunIdentity {
    RunIdentity { environment: "Default-x".to_owned(), flow: "f".to_owned(), name: "r".to_owned() }
}

/// Returns the record of an action of the flow itself.
fn record<'a>(definition: &Definition, state: &'a RunState, name: &str) -> &'a ActionRecord {
    let action = &definition.actions[definition.place(name).expect(name)];
    state.record(Spot { frame: FLOW, slot: action.slot }).expect(name)
}

fn statuses(definition: &Definition, state: &RunState) -> Vec<(String, &'static str)> {
    let status = |slot: usize| state.status(Spot { frame: FLOW, slot }).map_or("none", ActionStatus::name);
    let members = definition.members(0).iter().map(|place| &definition.actions[*place]);
    let mut list: Vec<_> = members.map(|action| (action.name.clone(), status(action.slot))).collect();
    list.sort();
    list
}

#[test]
fn actions_use_outputs_of_earlier_actions() {
    let definition = definition(json!({
        "Get": call(json!({}), Value::Null),
        "Sum": compose(json!("@add(body('Get')?['n'], 1)"), json!({"Get": ["Succeeded"]})),
    }));
    let (ending, state, calls) = run(&definition, |_, _| answered(200));
    assert_eq!(ending, Ending { status: RunStatus::Succeeded, error: None });
    assert_eq!(calls, [NOW]);
    let sum = state.actions[definition.place("Sum").expect("there")].as_ref().expect("done");
    assert_eq!(sum.outputs, Some(json!(2)));
}

#[test]
fn only_transient_failures_are_retried() {
    let definition = definition(
        json!({"Get": call(json!({}), json!({"type": "fixed", "count": 2, "interval": "PT10S"}))}),
    );
    for (status, attempts) in [(401, 1), (403, 1), (404, 1), (400, 1), (408, 3), (429, 3), (503, 3)] {
        let (ending, state, calls) = run(&definition, |_, _| answered(status));
        assert_eq!((ending.status, calls.len()), (RunStatus::Failed, attempts), "{status}");
        let waited: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waited.iter().all(|wait| *wait == Span::from_seconds(10)), "{waited:?}");
        let record = state.actions[0].as_ref().expect("done");
        assert_eq!((record.status, record.retry_due), (ActionStatus::Failed, None));
    }
    let (ending, state, calls) = run(&definition, |_, attempt| answered(if attempt < 2 { 503 } else { 200 }));
    assert_eq!((ending.status, calls.len()), (RunStatus::Succeeded, 3));
    let record = state.actions[0].as_ref().expect("done");
    assert_eq!((record.retries, &record.error, record.end), (2, &None, Some(NOW + Span::from_seconds(20))));
}

#[test]
fn results_follow_run_after() {
    let ok = json!({"A": ["Succeeded"]});
    let caught = json!({"A": ["Failed"]});
    for (actions, run_status, list) in [
        // (actions, the run's status, the statuses of all actions)
        (
            json!({"A": call(json!({}), Value::Null), "B": compose(json!(1), ok.clone())}),
            RunStatus::Failed,
            "A=Failed B=Skipped",
        ),
        (
            json!({"A": call(json!({}), Value::Null), "B": compose(json!(1), ok.clone()), "C": compose(json!(1), caught.clone())}),
            RunStatus::Succeeded,
            "A=Failed B=Skipped C=Succeeded",
        ),
        (
            json!({"A": call(json!({}), Value::Null), "C": compose(json!("@parameters('$connections')['none']"), caught)}),
            RunStatus::Failed,
            "A=Failed C=Failed",
        ),
        (
            json!({"A": call(json!({}), Value::Null), "B": compose(json!(1), ok.clone()),
                   "C": compose(json!(1), json!({"B": ["Succeeded", "Skipped"]}))}),
            RunStatus::Succeeded,
            "A=Failed B=Skipped C=Succeeded",
        ),
        (
            json!({"A": call(json!({}), Value::Null), "I": {"type": "If", "expression": true, "runAfter": ok,
                   "actions": {"T": compose(json!(1), json!({}))}}}),
            RunStatus::Failed,
            "A=Failed I=Skipped T=Skipped",
        ),
    ] {
        let definition = definition(actions.clone());
        let (ending, state, _) = run(&definition, |_, _| answered(401));
        let found: Vec<_> =
            statuses(&definition, &state).iter().map(|(name, status)| format!("{name}={status}")).collect();
        assert_eq!((ending.status, found.join(" ").as_str()), (run_status, list), "{actions}");
    }
}

#[test]
fn a_condition_runs_one_branch_and_has_its_result() {
    let definition = definition(json!({
        "If": {
            "type": "If", "expression": {"and": [{"equals": ["@triggerBody()['id']", "o-7"]}]},
            "actions": {"Get": call(json!({}), Value::Null), "After": compose(json!("@body('Get')['n']"), json!({"Get": ["Succeeded"]}))},
            "else": {"actions": {"Else": compose(json!(1), json!({}))}}
        },
        "End": compose(json!("@outputs('After')"), json!({"If": ["Succeeded"]})),
    }));
    let list = |status: u16| {
        let (ending, state, _) = run(&definition, |_, _| answered(status));
        let found: Vec<_> =
            statuses(&definition, &state).iter().map(|(name, status)| format!("{name}={status}")).collect();
        (ending.status, found.join(" "))
    };
    assert_eq!(
        list(200),
        (
            RunStatus::Succeeded,
            "After=Succeeded Else=Skipped End=Succeeded Get=Succeeded If=Succeeded".to_owned()
        )
    );
    assert_eq!(
        list(404),
        (RunStatus::Failed, "After=Skipped Else=Skipped End=Skipped Get=Failed If=Failed".to_owned())
    );
}

#[test]
fn other_actions_continue_while_one_waits() {
    let definition = definition(json!({
        "A": call(json!({}), json!({"type": "fixed", "count": 1, "interval": "PT1H"})),
        "B": call(json!({}), Value::Null),
    }));
    let (ending, _, calls) = run(&definition, |name, _| answered(if name == "A" { 503 } else { 200 }));
    assert_eq!((ending.status, calls), (RunStatus::Failed, vec![NOW, NOW, NOW + Span::from_hours(1)]));
}

#[test]
fn a_run_times_out_after_thirty_days() {
    let definition =
        definition(json!({"A": call(json!({}), json!({"type": "fixed", "count": 90, "interval": "P1D"}))}));
    let (ending, state, calls) = run(&definition, |_, _| answered(503));
    assert_eq!((ending.status, calls.len()), (RunStatus::TimedOut, 30));
    assert_eq!(state.status(Spot { frame: FLOW, slot: 0 }), Some(ActionStatus::TimedOut));
}

#[test]
fn the_size_of_a_run_is_limited() {
    let big = "x".repeat(900_000);
    let actions: Map<_, _> = (0..8).map(|n| (format!("A{n}"), compose(json!(big), json!({})))).collect();
    let definition = definition(Value::Object(actions));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Failed);
    let failed = state.actions.iter().flatten().filter(|record| record.status == ActionStatus::Failed);
    assert_eq!(
        failed.map(|record| record.code.as_deref()).collect::<Vec<_>>(),
        vec![Some("ActionOutputsTooLarge"); 4]
    );
}
