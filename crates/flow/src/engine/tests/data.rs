//! Actions that work on data, and triggers.

use super::*;

fn result(action: Value) -> Result<Value, String> {
    let definition = definition(json!({
        "List": compose(json!([{"n": 1, "name": "a"}, {"n": 2, "name": "b,c"}, {"n": 3}]), json!({})),
        "Action": action,
    }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    let record = record(&definition, &state, "Action");
    match &record.error {
        None => Ok(record.outputs.clone().unwrap_or_default()["body"].clone()),
        Some(error) => Err(format!("{}: {}", error.code, error.message)),
    }
}

fn on_list(kind: &str, mut inputs: Value) -> Value {
    if inputs.get("from").is_none() {
        inputs["from"] = json!("@outputs('List')");
    }
    json!({"type": kind, "inputs": inputs, "runAfter": {"List": ["Succeeded"]}})
}

#[test]
fn results_of_data_actions() {
    let person = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    for (action, expected) in [
        (on_list("Select", json!({"select": "@item()['n']"})), json!([1, 2, 3])),
        (
            on_list("Select", json!({"select": {"id": "@item()?['name']", "x": 1}})),
            json!([{"id": "a", "x": 1}, {"id": "b,c", "x": 1}, {"id": null, "x": 1}]),
        ),
        (on_list("Query", json!({"where": "@greater(item()['n'], 2)"})), json!([{"n": 3}])),
        (
            on_list("Query", json!({"where": {"and": [{"equals": ["@item()?['name']", "a"]}]}})),
            json!([{"n": 1, "name": "a"}]),
        ),
        (on_list("Join", json!({"from": ["a", 1, null, true], "joinWith": "; "})), json!("a; 1; ; True")),
        (on_list("Table", json!({"format": "CSV"})), json!("n,name\r\n1,a\r\n2,\"b,c\"\r\n3,\r\n")),
        (
            on_list(
                "Table",
                json!({"format": "csv", "columns": [{"header": "No", "value": "@item()['n']"}]}),
            ),
            json!("No\r\n1\r\n2\r\n3\r\n"),
        ),
        (
            on_list("Table", json!({"format": "HTML", "from": [{"a": "<b>"}]})),
            json!(
                "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>"
            ),
        ),
        (on_list("Table", json!({"format": "CSV", "from": []})), json!("\r\n")),
        (
            json!({"type": "ParseJson", "inputs": {"content": "{\"name\": \"x\"}", "schema": person}}),
            json!({"name": "x"}),
        ),
        (
            json!({"type": "ParseJson", "inputs": {"content": {"name": "x"}, "schema": {}}}),
            json!({"name": "x"}),
        ),
        (
            json!({"type": "Expression", "kind": "AddToTime", "inputs": {"baseTime": "2026-01-05T09:00:00Z", "interval": "@add(1, 1)", "timeUnit": "Hour"}}),
            json!("2026-01-05T11:00:00.0000000Z"),
        ),
        (
            json!({"type": "Expression", "kind": "ConvertTimeZone", "inputs": {"baseTime": "@utcNow()", "formatString": "HH:mm", "sourceTimeZone": "UTC", "destinationTimeZone": "W. Europe Standard Time"}}),
            json!("10:00"),
        ),
        (
            json!({"type": "Expression", "kind": "CurrentTime", "inputs": {}}),
            json!("2026-01-05T09:00:00.0000000Z"),
        ),
        (
            json!({"type": "Expression", "kind": "Substring", "inputs": {"text": "abcd", "start": 1, "length": 2}}),
            json!("bc"),
        ),
        (
            json!({"type": "Expression", "kind": "IndexOf", "inputs": {"text": "abcd", "searchText": "c"}}),
            json!(2),
        ),
        (
            json!({"type": "Expression", "kind": "FormatNumber", "inputs": {"number": 1234.5, "format": "N2"}}),
            json!("1,234.50"),
        ),
    ] {
        assert_eq!(result(action.clone()), Ok(expected), "{action}");
    }
    for (action, expected) in [
        (
            on_list("Select", json!({"from": "@null", "select": 1})),
            "BadRequest: The 'from' property value in the 'Action' action inputs is of type 'Null'.",
        ),
        (on_list("Select", json!({"select": "@item()['name']"})), "InvalidTemplate: "),
        (on_list("Query", json!({"where": "@item()['n']"})), "neither true nor false"),
        (on_list("Join", json!({"joinWith": 1})), "joinWith is not a string"),
        (on_list("Table", json!({"format": "CSV", "from": [1]})), "not an object"),
        (json!({"type": "ParseJson", "inputs": {"content": "{"}}), "cannot be parsed as JSON"),
        (
            json!({"type": "ParseJson", "inputs": {"content": {}, "schema": person}}),
            "ValidationFailed: The schema validation failed. Required properties are missing from object: name.",
        ),
    ] {
        let error = result(action.clone()).expect_err(&action.to_string());
        assert!(error.contains(expected), "{action}: {error}");
    }
    let large = on_list("Select", json!({"from": "@range(1, 2000)", "select": "x".repeat(1_000)}));
    assert!(result(large).expect_err("too large").contains("larger than"));
}

#[test]
fn one_event_can_start_several_runs() {
    let read = |trigger: Value| {
        let definition = json!({"triggers": {"manual": trigger}, "actions": {}});
        Definition::read(&definition, &Value::Null).expect("reads")
    };
    let fired = |trigger: Value, body: Value| {
        let run = identity();
        let context = Context::new(NOW, &run, &|| 0);
        match fire(&read(trigger), json!({"headers": {"a": "b"}, "body": body}), &context) {
            Fired::Runs(states) => states
                .into_iter()
                .map(|state| (state.trigger_outputs["body"].clone(), state.tracking_id))
                .collect(),
            Fired::Rejected(failure) => vec![(json!(failure.code), Some(failure.message))],
        }
    };
    let split = json!({
        "type": "Request", "kind": "Http", "splitOn": "@triggerBody()?['value']",
        "conditions": [{"expression": "@greater(triggerBody()['n'], 1)"}],
        "correlation": {"clientTrackingId": "@{concat('t-', triggerBody()['n'])}"},
    });
    let body = json!({"value": [{"n": 1}, {"n": 2}, {"n": 3}]});
    assert_eq!(
        fired(split.clone(), body),
        [(json!({"n": 2}), Some("t-2".to_owned())), (json!({"n": 3}), Some("t-3".to_owned()))]
    );
    assert_eq!(fired(split.clone(), json!({"value": []})), []);
    assert_eq!(fired(split, json!({"value": 1}))[0].0, "InvalidTemplate");
    let schema = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let button = json!({"type": "Request", "kind": "Button", "inputs": {"schema": schema}});
    assert_eq!(fired(button.clone(), json!({"n": 1})), [(json!({"n": 1}), None)]);
    let rejected = fired(button, json!({"n": "x"}));
    assert_eq!(rejected[0].0, "TriggerInputSchemaMismatch");
    assert!(
        rejected[0].1.as_ref().is_some_and(|message| message.contains("Expected Integer but got String"))
    );
    let http = json!({"type": "Request", "kind": "Http", "inputs": {"schema": schema}});
    assert_eq!(fired(http, json!("text")).len(), 1, "the schema of an Http request is a description");
    let checked = json!({"type": "Request", "inputs": {"schema": schema}, "operationOptions": "EnableSchemaValidation"});
    assert_eq!(fired(checked, json!("text"))[0].0, "TriggerInputSchemaMismatch");
}

#[test]
fn requests_through_connections_have_evaluated_inputs() {
    let written = json!({
        "triggers": {"manual": {"type": "Request"}},
        "actions": {"Put": {"type": "ApiConnection", "inputs": {
            "host": {"connection": {"name": "@parameters('$connections')[concat('blob', '_1')]['connectionId']"}},
            "method": "put", "path": "/files/@{encodeURIComponent('a b')}", "queries": {"n": "@add(1, 1)"},
            "headers": {"If-Match": "*"}, "body": "@triggerBody()",
            "retryPolicy": {"type": "fixed", "count": 1, "interval": "PT10S"},
        }}},
    });
    let references = json!({"blob_1": {"connection": {"id": "/x/connections/b1"}, "api": {"id": "/x/managedApis/azureblob"}}});
    let definition = Definition::read(&written, &references).expect("reads");
    assert_eq!(definition.connections["blob_1"].connection.as_deref(), Some("b1"));
    let mut state = RunState::new(&definition, NOW, json!({"body": {"id": 1}}));
    let run = identity();
    let mut now = NOW;
    for attempt in 0..2 {
        let context = Context::new(now, &run, &|| 0);
        let Next::Call { at, inputs: CallInputs::Request(request) } = next(&definition, &mut state, &context)
        else {
            panic!("a call");
        };
        let expected = ApiRequest {
            reference: "blob_1".to_owned(),
            method: "PUT".to_owned(),
            path: "/files/a%20b".to_owned(),
            queries: json!({"n": 2}).as_object().cloned().expect("a map"),
            headers: json!({"If-Match": "*"}).as_object().cloned().expect("a map"),
            body: Some(json!({"id": 1})),
        };
        assert_eq!(request, expected, "{attempt}");
        conclude(
            &definition,
            &mut state,
            at,
            answered(503),
            || Randomness::from_seed(1).stream("retry"),
            &context,
        );
        state = serde_json::from_value(serde_json::to_value(&state).expect("writes")).expect("reads");
        if let Next::Wait(due) = next(&definition, &mut state, &context) {
            now = due;
        }
    }
}

#[test]
fn the_outputs_of_a_flow_are_evaluated_at_its_end() {
    let read = |value: Value| {
        let definition = json!({
            "triggers": {"manual": {"type": "Request"}}, "actions": {"A": compose(json!(4), json!({}))},
            "outputs": {"sum": {"type": "Int", "value": value}},
        });
        Definition::read(&definition, &Value::Null).expect("reads")
    };
    let (ending, state, _) = run(&read(json!("@add(outputs('A'), 1)")), |_, _| answered(200));
    assert_eq!((ending.status, state.outputs), (RunStatus::Succeeded, Some(json!({"sum": {"value": 5}}))));
    let (ending, state, _) = run(&read(json!("@div(1, 0)")), |_, _| answered(200));
    assert_eq!((ending.status, state.outputs), (RunStatus::Failed, None));
}

#[test]
fn tracked_properties_are_recorded() {
    let mut action = compose(json!({"n": 4}), json!({}));
    action["trackedProperties"] = json!({"n": "@action()['outputs']['n']"});
    let definition = definition(json!({ "A": action }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(record(&definition, &state, "A").tracked, Some(json!({"n": 4})));
}

#[test]
fn what_an_action_computes_is_bounded() {
    let definition = definition(json!({
        "Big": compose(json!("@join(range(0,100000),'')"), json!({})),
        "Select": {"type": "Select", "runAfter": {"Big": ["Succeeded"]}, "inputs": {
            "from": "@range(0,100000)", "select": "@length(toUpper(outputs('Big')))",
        }},
        "Wide": {"type": "Select", "runAfter": {"Select": ["Failed"]}, "inputs": {
            "from": "@range(0,20000)", "select": {"k@{item()}": 1},
        }},
        "Table": {"type": "Table", "runAfter": {"Wide": ["Succeeded"]}, "inputs": {"from": "@body('Wide')", "format": "CSV"}},
        "Checked": {"type": "ParseJson", "runAfter": {"Table": ["Failed"]}, "inputs": {
            "content": "@range(0,50000)",
            "schema": {"items": {"enum": (0..50_000).collect::<Vec<_>>()}},
        }},
    }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    for (name, words) in [
        ("Select", "the action's expressions read"),
        ("Table", "more than 1000000 cells"),
        ("Checked", "too complex"),
    ] {
        let error = record(&definition, &state, name).error.clone().expect(name);
        assert!(error.message.contains(words), "{name}: {error:?}");
    }
}
