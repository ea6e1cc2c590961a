//! Secured values stay out of all documents and events of runs of generated definitions, which use
//! them in every way that the language has.

use std::borrow::Cow;
use std::cell::Cell;

use outlive_clock::{Instant, Randomness};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Map, Value, json};

use super::{repetitions, run_documents};
use crate::definition::Definition;
use crate::engine::{self, CallInputs, Context, Fired, Next, Outcome, RunIdentity, RunState, conclude, next};
use crate::service::recorded_actions;
use crate::status::RunStatus;
use crate::tables::permissions::Role;
use crate::tables::runs::RunRow;

const SECRET: &str = "m4rk3r";
const NOW: Instant = Instant::from_seconds(1_767_603_600);
const STEPS_MAX: usize = 300;

/// The names of the actions: `Source` and `Sender` have the secret.
const NAMES: [&str; 8] = ["Source", "Sender", "A0", "A1", "A2", "A3", "A4", "A5"];

/// The functions whose names of actions are checked.
const READING: [&str; 4] = ["body", "outputs", "actions", "result"];

/// An expression that may read something secured, without `@`.
fn reading() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(&NAMES[..]);
    let atom = prop_oneof![
        name().prop_map(|name| format!("body('{name}')")),
        name().prop_map(|name| format!("outputs('{name}')")),
        name().prop_map(|name| format!("actions('{name}')")),
        name().prop_map(|name| format!("result('{name}')")),
        name().prop_map(|name| format!("items('{name}')")),
        name().prop_map(|name| format!("outputs(concat('', '{name}'))")),
        name().prop_map(|name| format!("body('{name}')?['list']")),
        name().prop_map(|name| format!("actions('{name}')?['inputs']")),
        name().prop_map(|name| format!("actions('{name}')?['error']")),
        prop::sample::select(vec![
            "item()",
            "trigger()",
            "triggerBody()",
            "triggerOutputs()",
            "variables('text')",
            "variables('LIST')",
            "variables(concat('te', 'xt'))",
            "parameters('key')",
            "action()",
            "body('Source')?['secret']",
            "body('Source')",
        ])
        .prop_map(str::to_owned),
    ];
    (atom, 0..7_u8).prop_map(|(atom, around)| match around {
        0 => format!("string({atom})"),
        1 => format!("concat('x', string({atom}))"),
        2 => format!("createArray({atom})"),
        3 => format!("int({atom})"),
        4 => format!("if(true, {atom}, null)"),
        _ => atom,
    })
}

/// The definition of an action; `inner` are those inside, if it contains others.
fn action(inner: Vec<(String, Value)>) -> impl Strategy<Value = Value> {
    let chained = chain(inner);
    (reading(), reading(), 0..17_u8, any::<bool>()).prop_map(move |(one, other, kind, tracks)| {
        let (plain, text) = (format!("@{one}"), format!("a @{{{one}}} b"));
        let mut action = match kind {
            0 => json!({"type": "Compose", "inputs": {"value": plain, text: other}}),
            1 => json!({"type": "ParseJson", "inputs": {"content": plain, "schema": {}}}),
            2 => json!({"type": "Select", "inputs": {"from": plain, "select": format!("@{other}")}}),
            3 => json!({"type": "Query", "inputs": {"from": plain, "where": format!("@equals({other}, 1)")}}),
            4 => json!({"type": "Join", "inputs": {"from": plain, "joinWith": ","}}),
            5 => json!({"type": "Table", "inputs": {"from": plain, "format": "CSV"}}),
            6 => {
                // No variable can be set to itself.
                let value = text.replace("variables('text')", "variables('LIST')");
                json!({"type": "SetVariable", "inputs": {"name": "Text", "value": value}})
            }
            7 => {
                let value = plain.replace("variables('LIST')", "variables('text')");
                json!({"type": "AppendToArrayVariable", "inputs": {"name": "list", "value": value}})
            }
            8 => json!({"type": "If", "expression": {"equals": [plain, 1]}, "actions": chained}),
            9 => json!({"type": "Switch", "expression": plain, "cases": {"c": {"case": "x", "actions": {}}},
                        "default": {"actions": chained}}),
            10 => json!({"type": "Foreach", "foreach": plain, "actions": chained}),
            11 => json!({"type": "Foreach", "foreach": [1, 2], "actions": chained}),
            12 => json!({"type": "Scope", "actions": chained}),
            13 => json!({"type": "Until", "expression": plain, "limit": {"count": 2}, "actions": chained}),
            14 => json!({"type": "Http", "inputs": {"method": "GET", "uri": text, "headers": {"x": plain}}}),
            15 => json!({"type": "Response", "inputs": {"statusCode": 200, "body": plain}}),
            _ => json!({"type": "Wait", "inputs": {"until": {"timestamp": plain}}}),
        };
        if tracks && kind != 13 {
            action["trackedProperties"] = json!({"t": format!("@{other}")});
        }
        action
    })
}

/// Actions that are not there, because another one contains none, cannot be read.
fn with_known_names(written: &Value) -> Value {
    let mut text = written.to_string();
    for name in NAMES.iter().filter(|name| !written.to_string().contains(&format!("\"{name}\":{{"))) {
        for function in READING {
            text = text.replace(&format!("{function}('{name}')"), &format!("{function}('Source')"));
        }
    }
    serde_json::from_str(&text).expect("the same definition")
}

/// Each action runs after the one before it, whatever happened.
fn chain(actions: Vec<(String, Value)>) -> Value {
    let mut map = Map::new();
    let mut before: Option<String> = None;
    for (name, action) in actions {
        // No action can read itself.
        let mut text = action.to_string();
        for function in READING {
            text = text.replace(&format!("{function}('{name}')"), &format!("{function}('Source')"));
        }
        let mut action: Value = serde_json::from_str(&text).expect("the same action");
        if let Some(before) = before {
            action["runAfter"] = json!({before: ["Succeeded", "Failed", "Skipped", "TimedOut"]});
        }
        before = Some(name.clone());
        map.insert(name, action);
    }
    Value::Object(map)
}

fn definition() -> impl Strategy<Value = Value> {
    let inner = (action(Vec::new()), action(Vec::new())).prop_flat_map(|(deep, flat)| {
        let inside = vec![("A4".to_owned(), deep)];
        action(inside).prop_map(move |one| vec![("A3".to_owned(), one), ("A5".to_owned(), flat.clone())])
    });
    let inner = inner.prop_flat_map(action);
    let ends = prop::option::of(reading());
    (inner, action(Vec::new()), action(Vec::new()), reading(), any::<bool>(), ends).prop_map(
        |(nested, first, second, output, tracks, ends)| {
            let call = |parameter: &str, secured: &str| {
                json!({"type": "OpenApiConnection", "inputs": {
                    "host": {"apiId": "shared_x", "connectionName": "x", "operationId": "Op"},
                    "parameters": {"id": parameter}},
                    "runtimeConfiguration": {"secureData": {"properties": [secured]}}})
            };
            let variables = json!([{"name": "Text", "type": "string", "value": "x"},
                                   {"name": "List", "type": "array", "value": []}]);
            let mut list = vec![
                ("Variables", json!({"type": "InitializeVariable", "inputs": {"variables": variables}})),
                ("Source", call("plain", "outputs")),
                ("Sender", call(SECRET, "inputs")),
                ("A0", first),
                ("A1", nested),
                ("A2", second),
            ];
            if let Some(reading) = ends {
                let error = json!({"code": format!("@{{{reading}}}"), "message": format!("@{{{reading}}}")});
                list.push((
                    "End",
                    json!({"type": "Terminate", "inputs": {"runStatus": "Failed", "runError": error}}),
                ));
            }
            let list = list.into_iter().map(|(name, action)| (name.to_owned(), action)).collect();
            let mut trigger = json!({"type": "Request", "kind": "Button",
                "runtimeConfiguration": {"secureData": {"properties": ["outputs"]}}});
            if tracks {
                trigger["correlation"] = json!({"clientTrackingId": "@{triggerBody()}"});
            }
            let written = json!({
                "parameters": {"key": {"type": "SecureString", "defaultValue": SECRET}},
                "triggers": {"manual": trigger},
                "actions": chain(list),
                "outputs": {"o": {"type": "String", "value": format!("@{output}")}},
            });
            with_known_names(&written)
        },
    )
}

/// Runs a definition. Returns all that is shown of the run.
fn show(definition: &Definition) -> String {
    let run = RunIdentity { environment: "Default-x".to_owned(), flow: "f".to_owned(), name: "r".to_owned() };
    let (random, draws) = (Randomness::from_seed(5), Cell::new(0));
    let draw = || draws.replace(draws.get() + 1);
    let outputs = json!({"headers": {}, "body": {"id": SECRET, "list": [SECRET]}});
    let fired = engine::fire(definition, outputs, &Context::new(NOW, &run, &draw));
    let Fired::Runs(mut states) = fired else { return format!("{fired:?}") };
    let mut state = states.remove(0);
    let mut now = NOW;
    let mut error = None;
    for _ in 0..STEPS_MAX {
        let context = Context::new(now, &run, &draw);
        match next(definition, &mut state, &context) {
            Next::Call { at, inputs } => {
                let is_source = matches!(&inputs, CallInputs::Operation { parameters, .. } if parameters["id"] == "plain");
                let body = if is_source { json!({"secret": SECRET, "list": [SECRET, 7]}) } else { json!({}) };
                let outputs = Some(json!({"statusCode": 200, "headers": {}, "body": body}));
                let outcome = Outcome { status: Some(200), outputs, failure: None };
                conclude(definition, &mut state, at, outcome, || random.stream("retry"), &context);
            }
            Next::Pause => {}
            Next::Wait(until) => now = until,
            Next::Done(ending) => {
                error = ending.error;
                break;
            }
        }
    }
    documents(definition, &state, error)
}

fn documents(definition: &Definition, state: &RunState, error: Option<engine::Failure>) -> String {
    let row = RunRow {
        flow: "cccccccc-0000-4000-8000-000000000001".parse().expect("an id"),
        name: "r".to_owned(),
        number: 1,
        version: 1,
        trigger_name: "manual".to_owned(),
        due: NOW,
        started: NOW,
        ended: Some(NOW),
        status: RunStatus::Failed,
        error,
        trace: "t".to_owned(),
        invoker: None,
        next_due: None,
        attempt: 1,
    };
    let mut shown = vec![
        run_documents::run("e", &row, Role::Owner, Some(state)),
        run_documents::actions("e", &row, state),
        state.shown_trigger_outputs().map(Cow::into_owned).unwrap_or_default(),
    ];
    for action in &definition.actions {
        for repetition in repetitions::held(state, &action.name) {
            shown.push(run_documents::repetition("e", &row, state, &action.name, &repetition));
        }
    }
    format!("{}{:?}", Value::Array(shown), recorded_actions(state))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn secured_values_are_in_no_document(written in definition()) {
        let read = Definition::read(&written, &Value::Null);
        let definition = read.map_err(|error| TestCaseError::fail(format!("{error} {written}")))?;
        let shown = show(&definition);
        let at = shown.find(SECRET).map(|at| &shown[at.saturating_sub(300)..at]);
        prop_assert_eq!(at, None, "{}", written);
    }
}

#[test]
fn without_settings_the_same_documents_show_the_values() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut shown = 0;
    for _ in 0..100 {
        let mut written = definition().new_tree(&mut runner).expect("a tree").current();
        for place in ["/triggers/manual", "/actions/Source", "/actions/Sender"] {
            let settings = written.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
            settings.remove("runtimeConfiguration");
        }
        written["parameters"]["key"]["type"] = json!("String");
        let definition = Definition::read(&written, &Value::Null).expect("reads");
        shown += usize::from(show(&definition).contains(SECRET));
    }
    assert_eq!(shown, 100);
}
