//! Definitions in the forms in which they are exported.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::{CONNECTION, Reply};
use crate::lab::{FLOW, Lab, OWNER, call, definition, flow, manual};

const HOST: &str = "@parameters('$connections')['shared_contoso-orders']['connectionId']";

fn request(method: &str, path: &str, more: Value) -> Value {
    let mut inputs = json!({"host": {"connection": {"name": HOST}}, "method": method, "path": path});
    for (name, value) in more.as_object().expect("an object") {
        inputs[name] = value.clone();
    }
    json!({"type": "ApiConnection", "inputs": inputs, "runAfter": {}})
}

#[test]
fn requests_are_sent_through_the_connection() {
    let put = request(
        "put",
        "/orders/@{encodeURIComponent(triggerBody()?['id'])}",
        json!({"queries": {"notify": true}, "headers": {"If-Match": "*"}, "body": {"n": "@add(1, 1)"},
               "authentication": "@parameters('$authentication')"}),
    );
    let lab = Lab::with_flow(manual(json!({ "Put": put })));
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({"id": "o 1"}))).expect(202);
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Succeeded", "{run}");
    let inputs = &run["properties"]["actions"]["Put"]["inputs"];
    assert_eq!((&inputs["path"], &inputs["body"]), (&json!("/orders/o%201"), &json!({"n": 2})));
    let calls = lab.hub.calls();
    assert!(
        calls[0].line.starts_with("PUT /apim/") && calls[0].line.ends_with("/orders/o%201?notify=true"),
        "{}",
        calls[0].line
    );
    assert_eq!(calls[0].body, "{\"n\":2}");
    // Transient failures are retried, and the others have the documented codes.
    lab.hub.replies([Reply::Respond(503, json!({})), Reply::Respond(404, json!({}))]);
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({"id": "2"}))).expect(202);
    lab.advance(Span::from_minutes(1));
    let run = lab.newest_run();
    assert_eq!(run["properties"]["actions"]["Put"]["code"], "NotFound");
    assert_eq!(run["properties"]["actions"]["Put"]["retryCount"], 1);
}

#[test]
fn a_reference_without_a_connection_fails_when_it_is_used() {
    let lab = Lab::new();
    for (references, code) in [
        (json!({}), "MissingConnectionReference"),
        (
            json!({"shared_contoso-orders": {"connection": {"id": ""}, "api": {"id": "/x/managedApis/orders"}}}),
            "ConnectionNotConfigured",
        ),
        (
            json!({"shared_contoso-orders": {"runtimeSource": "invoker", "connection": {"connectionReferenceLogicalName": "x"}, "api": {"name": "shared_contoso-orders"}}}),
            "ConnectionNotConfigured",
        ),
        (
            json!({"shared_contoso-orders": {"connection": {"id": format!("/x/connections/{CONNECTION}")}}}),
            "",
        ),
    ] {
        let mut body = flow(manual(json!({"Get": request("get", "/orders", json!({}))})));
        body["properties"]["connectionReferences"] = references;
        lab.owner("PUT", &format!("/{FLOW}"), Some(body));
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
        let run = lab.newest_run();
        let error = run["properties"]["actions"]["Get"]["error"]["code"].as_str().unwrap_or_default();
        assert_eq!(error, code, "{run}");
    }
}

#[test]
fn a_connector_is_asked_for_events() {
    let mut ask = request("get", "/orders/new", json!({}));
    ask.as_object_mut().expect("an object").remove("runAfter");
    ask["recurrence"] = json!({"frequency": "Minute", "interval": 5});
    ask["splitOn"] = json!("@triggerBody()?['value']");
    let lab = Lab::new();
    lab.hub.replies([
        Reply::Respond(202, json!({})),
        Reply::Respond(200, json!({"value": [{"id": 1}, {"id": 2}]})),
        Reply::Respond(401, json!({})),
    ]);
    let actions = json!({"Id": {"type": "Compose", "inputs": "@triggerBody()['id']"}});
    lab.put_flow(definition(json!({ "When_new": ask }), actions)).expect(201);
    let end = lab.now() + Span::from_minutes(12);
    while let Some(due) = lab.next_due().filter(|due| *due <= end) {
        lab.set_clock(due);
        lab.due();
    }
    assert_eq!(lab.hub.calls().len(), 3);
    let runs = lab.runs("");
    assert_eq!(runs.len(), 2);
    assert_eq!(lab.newest_run()["properties"]["trigger"]["outputs"]["body"], json!({"id": 2}));
    assert_eq!(lab.newest_run()["properties"]["actions"]["Id"]["outputs"], json!(2));
}

#[test]
fn a_webhook_trigger_fires_when_its_event_is_posted() {
    let hook = json!({"When_done": {
        "type": "OpenApiConnectionWebhook", "splitOn": "@triggerOutputs()?['body']?['value']",
        "inputs": {"host": {"apiId": "shared_forms", "connectionName": "forms", "operationId": "Hook"}, "parameters": {}},
    }});
    let lab =
        Lab::with_flow(definition(hook, json!({"Id": {"type": "Compose", "inputs": "@triggerBody()"}})));
    assert_eq!(lab.next_due(), None);
    let body = json!({"value": ["a"]});
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    let uri = shown["properties"]["flowTriggerUri"].as_str().expect("an address").to_owned();
    let path = uri.strip_prefix("http://flow.test").expect("our origin");
    lab.send("POST", path, Some(&lab.token(OWNER)), Some(body)).expect(202);
    assert_eq!(lab.newest_run()["properties"]["actions"]["Id"]["outputs"], "a");
}

#[test]
fn a_schedule_is_in_its_time_zone() {
    let daily = json!({"Daily": {"type": "Recurrence", "recurrence": {
        "frequency": "Week", "interval": 1, "timeZone": "Pacific Standard Time",
        "schedule": {"hours": ["9"], "minutes": [30], "weekDays": ["Monday", "Friday"]},
    }}});
    let lab = Lab::with_flow(definition(daily, json!({})));
    let due: Vec<_> = (0..3)
        .map(|_| {
            let due = lab.next_due().expect("due");
            lab.set_clock(due);
            assert_eq!(lab.due(), (1, 0));
            due.to_string()
        })
        .collect();
    assert_eq!(due, ["2026-01-05T17:30:00Z", "2026-01-09T17:30:00Z", "2026-01-12T17:30:00Z"]);
}

#[test]
fn a_weekday_of_the_month_is_scheduled() {
    let monthly = |occurrences: Value| {
        let recurrence = json!({
            "frequency": "Month", "interval": 1,
            "schedule": {"hours": [9], "minutes": [0], "monthlyOccurrences": occurrences},
        });
        definition(json!({"Monthly": {"type": "Recurrence", "recurrence": recurrence}}), json!({}))
    };
    let lab = Lab::with_flow(monthly(
        json!([{"day": "Friday", "occurrence": "-1"}, {"day": "tuesday", "occurrence": 2}]),
    ));
    let due: Vec<_> = (0..3)
        .map(|_| {
            let due = lab.next_due().expect("due");
            lab.set_clock(due);
            assert_eq!(lab.due(), (1, 0));
            due.to_string()
        })
        .collect();
    assert_eq!(due, ["2026-01-13T09:00:00Z", "2026-01-30T09:00:00Z", "2026-02-10T09:00:00Z"]);
    for (occurrences, at) in [
        (json!([{"day": "Friday", "occurrence": 6}]), "[0].occurrence"),
        (json!([{"day": "Friday", "occurrence": 0}]), "[0].occurrence"),
        (json!([{"occurrence": 1}]), "[0]"),
        (json!([{"day": "Freitag", "occurrence": 1}]), "[0].day"),
    ] {
        let error = lab.put_flow(monthly(occurrences)).expect(400);
        let target = error["error"]["details"][0]["target"].as_str().expect("a path").to_owned();
        assert!(target.ends_with(&format!("monthlyOccurrences{at}")), "{target}");
    }
}

#[test]
fn unknown_actions_are_rejected_by_name() {
    let lab = Lab::new();
    let actions = json!({
        "Script": {"type": "JavaScript", "inputs": {"code": "x"}},
        "Scope": {"type": "Scope", "actions": {"Child": {"type": "Nothing", "inputs": {}}}},
        "Call": call("ListOrders", json!({})),
        "Ask": {"type": "Robot", "inputs": {}},
    });
    let error = lab.put_flow(manual(actions)).expect(400);
    let details: Vec<_> = error["error"]["details"]
        .as_array()
        .expect("details")
        .iter()
        .map(|detail| {
            (
                detail["target"].as_str().expect("a path").to_owned(),
                detail["message"].as_str().expect("text").to_owned(),
            )
        })
        .collect();
    let at = |path: &str| format!("properties.definition.actions.{path}.type");
    let targets: Vec<_> = details.iter().map(|(target, _)| target.clone()).collect();
    assert_eq!(targets, [at("Ask"), at("Scope.actions.Child"), at("Script")]);
    assert!(details.iter().all(|(_, message)| message.contains("is not supported; ")), "{details:?}");
}
