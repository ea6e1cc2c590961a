//! Loops, waits, cancelled and resubmitted runs.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, OWNER, call, definition, hourly, manual};

fn run(lab: &Lab, body: Value) -> String {
    let response = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(body));
    response.expect(202)["name"].as_str().expect("a name").to_owned()
}

fn each(items: Value, actions: Value) -> Value {
    json!({"type": "Foreach", "foreach": items, "actions": actions})
}

fn wait(unit: &str, count: u32) -> Value {
    json!({"type": "Wait", "inputs": {"interval": {"count": count, "unit": unit}}})
}

#[test]
fn a_wait_inside_a_loop_is_resumed_after_a_crash() {
    let get = call("GetOrder", json!({"id": "@{items('Each')}"}));
    let mut after = wait("Day", 1);
    after["runAfter"] = json!({"Get": ["Succeeded"]});
    let mut lab =
        Lab::with_flow(manual(json!({"Each": each(json!(["a", "b"]), json!({"Get": get, "Wait": after}))})));
    let start = lab.now();
    let name = run(&lab, json!({}));
    assert_eq!(lab.next_due(), Some(start + Span::from_days(1)));
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    lab.restart();
    assert_eq!(lab.advance(Span::from_hours(36)), (1, 0));
    lab.restart();
    assert_eq!(lab.advance(Span::from_hours(36)), (1, 0));
    let run = lab.newest_run();
    assert_eq!((&run["name"], &run["properties"]["status"]), (&json!(name), &json!("Succeeded")));
    assert_eq!(run["properties"]["endTime"], json!(start + Span::from_days(2)));
    let paths: Vec<_> =
        lab.hub.calls().iter().map(|call| call.line.rsplit('/').next().map(str::to_owned)).collect();
    assert_eq!(paths, [Some("a".to_owned()), Some("b".to_owned())], "no call is repeated");
}

#[test]
fn repetitions_are_listed_in_pages() {
    let inner = each(
        json!("@createArray(1, 2)"),
        json!({"Sum": {"type": "Compose", "inputs": "@add(items('Outer'), items('Inner'))"}}),
    );
    let lab =
        Lab::with_flow(manual(json!({"Outer": each(json!("@range(1, 3)"), json!({ "Inner": inner }))})));
    let name = run(&lab, json!({}));
    let actions = lab.owner("GET", &format!("/{FLOW}/runs/{name}/actions"), None).expect(200);
    let counts: Vec<_> = actions["value"]
        .as_array()
        .expect("actions")
        .iter()
        .map(|action| {
            (action["name"].as_str().expect("a name"), action["properties"]["repetitionCount"].as_u64())
        })
        .collect();
    assert_eq!(counts, [("Outer", Some(3)), ("Inner", Some(2)), ("Sum", Some(6))]);
    let mut next =
        Some(format!("{}&$top=4", crate::lab::path(&format!("/{FLOW}/runs/{name}/actions/Sum/repetitions"))));
    let mut found = Vec::new();
    while let Some(link) = next {
        let page = lab.send("GET", &link, Some(&lab.token(OWNER)), None).expect(200);
        for one in page["value"].as_array().expect("repetitions") {
            found.push((
                one["name"].as_str().expect("a name").to_owned(),
                one["properties"]["outputs"].clone(),
            ));
        }
        next = page["nextLink"].as_str().map(|link| link.replace("http://flow.test", ""));
    }
    let expected = [(0, 0, 2), (0, 1, 3), (1, 0, 3), (1, 1, 4), (2, 0, 4), (2, 1, 5)];
    let expected = expected.map(|(outer, inner, sum)| (format!("{outer:06}-{inner:06}"), json!(sum)));
    assert_eq!(found, expected);
    let at = |rest: &str| format!("/{FLOW}/runs/{name}/actions/{rest}");
    let one = lab.owner("GET", &at("Sum/repetitions/000002-000001"), None).expect(200);
    let indexes = json!([{"scopeName": "Outer", "itemIndex": 2}, {"scopeName": "Inner", "itemIndex": 1}]);
    assert_eq!(one["properties"]["repetitionIndexes"], indexes);
    let iterations = lab.owner("GET", &at("Outer/repetitions"), None).expect(200);
    assert_eq!(iterations["value"].as_array().map(Vec::len), Some(3));
    assert_eq!(lab.owner("GET", &at("Outer"), None).expect(200)["properties"]["status"], "Succeeded");
    for missing in ["Gone", "Gone/repetitions", "Sum/repetitions/000009"] {
        let error = lab.owner("GET", &at(missing), None).expect(404);
        assert_eq!(error["error"]["code"], "WorkflowRunActionNotFound");
    }
    lab.owner("GET", &at("Sum/repetitions?$skiptoken=x"), None).expect(400);
}

#[test]
fn a_waiting_run_can_be_cancelled() {
    let mut lab = Lab::with_flow(manual(json!({
        "Wait": wait("Hour", 1), "After": {"type": "Compose", "inputs": 1, "runAfter": {"Wait": ["Succeeded"]}},
    })));
    let name = run(&lab, json!({}));
    let at = format!("/{FLOW}/runs/{name}/cancel");
    let run = lab.owner("POST", &at, None).expect(200);
    assert_eq!(run["properties"]["status"], "Cancelled");
    assert_eq!(run["properties"]["actions"]["Wait"]["status"], "Cancelled");
    assert_eq!(run["properties"]["actions"]["After"]["status"], "Skipped");
    let error = lab.owner("POST", &at, None).expect(400);
    assert_eq!(error["error"]["code"], "WorkflowRunAlreadyEnded");
    lab.restart();
    assert_eq!((lab.next_due(), lab.advance(Span::from_days(1))), (None, (0, 0)));
    assert_eq!(lab.journal("run.finished").len(), 1);
    let stranger = lab.token(crate::lab::COLLEAGUE);
    lab.send("POST", &crate::lab::path(&at), Some(&stranger), None).expect(404);
}

#[test]
fn a_run_can_be_resubmitted() {
    let lab =
        Lab::with_flow(manual(json!({"Get": call("GetOrder", json!({"id": "@triggerBody()?['id']"}))})));
    lab.hub.replies([Reply::Respond(401, json!({}))]);
    let name = run(&lab, json!({"id": "o-1"}));
    assert_eq!(lab.newest_run()["properties"]["status"], "Failed");
    let at = format!("/{FLOW}/triggers/manual/histories/{name}/resubmit");
    let again = lab.owner("POST", &at, None).expect(202)["name"].clone();
    let run = lab.newest_run();
    assert_eq!((&run["name"], &run["properties"]["status"]), (&again, &json!("Succeeded")));
    assert_eq!(run["properties"]["trigger"]["outputs"]["body"], json!({"id": "o-1"}));
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/histories/none/resubmit"), None).expect(404);
    lab.owner("POST", &format!("/{FLOW}/triggers/other/histories/{name}/resubmit"), None).expect(404);
}

#[test]
fn the_history_of_a_trigger_has_an_event_for_each_run() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_hours(2));
    let triggers = lab.owner("GET", &format!("/{FLOW}/triggers"), None).expect(200);
    assert_eq!(triggers["value"][0]["name"], "Recurrence");
    assert_eq!(triggers["value"][0]["properties"]["nextExecutionTime"], json!(lab.next_due()));
    let at = format!("/{FLOW}/triggers/recurrence/histories");
    let first = lab.owner("GET", &format!("{at}?$top=2"), None).expect(200);
    let link = first["nextLink"].as_str().expect("a link").replace("http://flow.test", "");
    let second = lab.send("GET", &link, Some(&lab.token(OWNER)), None).expect(200);
    let names = |page: &Value| -> Vec<String> {
        let value = page["value"].as_array().expect("events").clone();
        value
            .iter()
            .map(|event| event["properties"]["run"]["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let runs: Vec<_> =
        lab.runs("").iter().map(|run| run["name"].as_str().expect("a name").to_owned()).collect();
    assert_eq!([names(&first), names(&second)].concat(), runs);
    let one = lab.owner("GET", &format!("{at}/{}", runs[0]), None).expect(200);
    assert_eq!((&one["properties"]["fired"], &one["properties"]["outputs"]), (&json!(true), &Value::Null));
    for missing in ["triggers/other", "triggers/other/histories", "triggers/Recurrence/histories/none"] {
        lab.owner("GET", &format!("/{FLOW}/{missing}"), None).expect(404);
    }
}

#[test]
fn an_event_can_start_a_run_for_each_item() {
    let trigger = json!({"manual": {
        "type": "Request", "kind": "Http", "splitOn": "@triggerBody()?['value']",
        "conditions": [{"expression": "@not(equals(triggerBody()['n'], 2))"}],
    }});
    let lab = Lab::with_flow(definition(
        trigger,
        json!({"A": {"type": "Compose", "inputs": "@triggerBody()['n']"}}),
    ));
    run(&lab, json!({"value": [{"n": 1}, {"n": 2}, {"n": 3}]}));
    let bodies: Vec<_> = lab
        .runs("")
        .iter()
        .map(|run| {
            let name = run["name"].as_str().expect("a name");
            lab.owner("GET", &format!("/{FLOW}/runs/{name}"), None).expect(200)["properties"]["actions"]["A"]
                ["outputs"]
                .clone()
        })
        .collect();
    assert_eq!(bodies, [json!(3), json!(1)]);
    let at = format!("/{FLOW}/triggers/manual/run");
    let skipped = lab.owner("POST", &at, Some(json!({"value": []}))).expect(202);
    assert_eq!((skipped, lab.runs("").len()), (json!({"status": "Skipped"}), 2));
    let error = lab.owner("POST", &at, Some(json!({"value": "x"}))).expect(400);
    assert_eq!(error["error"]["code"], "InvalidTemplate");
}

#[test]
fn the_caller_gets_the_response_of_the_run() {
    let trigger = json!({"manual": {
        "type": "Request", "kind": "Button",
        "inputs": {"schema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
    }});
    let response = json!({"type": "Response", "kind": "Http", "inputs": {
        "statusCode": 201, "headers": {"x-id": "@triggerBody()['id']", "Content-Length": "9"}, "body": {"id": "@triggerBody()['id']"},
    }});
    let lab = Lab::with_flow(definition(trigger, json!({ "Response": response })));
    let at = format!("/{FLOW}/triggers/manual/run");
    let answer = lab.owner("POST", &at, Some(json!({"id": "o-1"})));
    assert_eq!(answer.headers["x-id"], "o-1");
    assert!(answer.headers.contains_key("x-ms-workflow-run-id"));
    assert_eq!(answer.expect(201), json!({"id": "o-1"}));
    let error = lab.owner("POST", &at, Some(json!({"id": 1}))).expect(400);
    assert_eq!(error["error"]["code"], "TriggerInputSchemaMismatch");
}

#[test]
fn runs_beyond_the_concurrency_of_the_trigger_wait() {
    let trigger = |waiting: Option<u32>| json!({"manual": {"type": "Request", "runtimeConfiguration": {"concurrency": {"runs": 1, "maximumWaitingRuns": waiting}}}});
    let actions = json!({"Wait": wait("Hour", 1)});
    let lab = Lab::with_flow(definition(trigger(None), actions.clone()));
    let start = lab.now();
    for _ in 0..3 {
        run(&lab, json!({}));
    }
    lab.advance(Span::from_hours(5));
    let mut ends: Vec<_> = lab
        .runs("")
        .iter()
        .map(|run| run["properties"]["endTime"].as_str().expect("an end").parse().expect("an instant"))
        .collect();
    ends.sort_unstable();
    let hours = ends.iter().map(|end: &outlive_clock::Instant| (*end - start).as_seconds() / 3_600);
    assert_eq!(hours.collect::<Vec<_>>(), [1, 2, 3], "{ends:?}");
    let lab = Lab::with_flow(definition(trigger(Some(1)), actions));
    run(&lab, json!({}));
    run(&lab, json!({}));
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(429);
}

#[test]
fn secured_values_are_not_shown() {
    let mut get = call("GetOrder", json!({"id": "o-1"}));
    get["runtimeConfiguration"] = json!({"secureData": {"properties": ["outputs"]}});
    let actions = json!({
        "Get": get,
        "Copy": {"type": "Compose", "inputs": "@body('Get')", "runAfter": {"Get": ["Succeeded"]}},
        "Other": {"type": "Compose", "inputs": "visible", "runAfter": {"Copy": ["Succeeded"]}},
    });
    let lab = Lab::with_flow(manual(actions));
    run(&lab, json!({}));
    let run = lab.newest_run();
    let actions = &run["properties"]["actions"];
    assert_eq!(actions["Get"]["secureData"], json!({"properties": ["outputs"]}));
    assert!(actions["Get"].get("inputs").is_some() && actions["Get"].get("outputs").is_none());
    assert_eq!(actions["Copy"]["secureData"], json!({"properties": ["inputs", "outputs"]}));
    assert!(actions["Copy"].get("outputs").is_none());
    assert_eq!(actions["Other"]["outputs"], "visible");
    let mut trigger = json!({"manual": {"type": "Request", "kind": "Button"}});
    trigger["manual"]["runtimeConfiguration"] = json!({"secureData": {"properties": ["outputs"]}});
    let copy = json!({"Copy": {"type": "Compose", "inputs": "@triggerBody()?['id']"}});
    let lab = Lab::with_flow(definition(trigger, copy));
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({"id": "hidden-7"}))).expect(202);
    assert!(!lab.newest_run().to_string().contains("hidden-7"));
}

#[test]
fn a_failure_inside_a_loop_is_in_the_journal() {
    let lab = Lab::with_flow(hourly());
    lab.put_flow(manual(
        json!({"Each": each(json!([1, 2]), json!({"Get": call("GetOrder", json!({"id": "x"}))}))}),
    ))
    .expect(200);
    lab.hub.replies([
        Reply::Respond(200, json!({})),
        Reply::Respond(404, json!({"error": {"message": "gone"}})),
    ]);
    run(&lab, json!({}));
    let finished = lab.journal("run.finished");
    let actions = finished[0]["data"]["actions"].as_array().expect("actions").clone();
    let list: Vec<_> =
        actions.iter().map(|action| (action["name"].as_str(), action["code"].as_str())).collect();
    assert_eq!(list, [(Some("Each"), Some("ActionFailed")), (Some("Get"), Some("NotFound"))]);
}
