//! Invalid definitions and request bodies.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, call, flow, hourly, manual, path};

#[test]
fn errors_contain_the_path_and_change_nothing() {
    let lab = Lab::with_flow(hourly());
    let before = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    let mut interval = hourly();
    interval["triggers"]["Recurrence"]["recurrence"]["interval"] = json!(0);
    let mut two = hourly();
    two["triggers"]["manual"] = json!({"type": "Request"});
    let mut reference = flow(hourly());
    reference["properties"]["connectionReferences"]["x"] = json!({"runtimeSource": "stranger"});
    for (body, at) in [
        (flow(interval), "properties.definition.triggers.Recurrence.recurrence.interval: "),
        (flow(two), "properties.definition.triggers: "),
        (flow(json!("text")), "properties.definition: "),
        (flow(manual(json!({"A": {"type": "Nothing"}}))), "properties.definition.actions.A.type: "),
        (
            flow(manual(json!({"A": call("X", json!({"a": "@oops("}))}))),
            "properties.definition.actions.A.inputs.parameters.a: ",
        ),
        (reference, "properties.connectionReferences.x.runtimeSource: "),
        (json!({"properties": {"definition": hourly(), "state": "Suspended"}}), "properties.state: "),
        (json!({"properties": {"definition": hourly(), "displayName": 7}}), "properties.displayName: "),
        (
            json!({"properties": {"definition": hourly(), "displayName": "x".repeat(257)}}),
            "properties.displayName: ",
        ),
        (json!({"properties": {}}), "properties.definition is required"),
        (json!([]), "properties: "),
    ] {
        for method in ["PUT", "PATCH"] {
            if method == "PATCH" && body["properties"].get("definition").is_none() && body.is_object() {
                continue;
            }
            let error = lab.owner(method, &format!("/{FLOW}"), Some(body.clone())).expect(400);
            let message = error["error"]["message"].as_str().expect("a message");
            assert!(message.contains(at), "{method} {body}: {message}");
        }
    }
    assert_eq!(lab.owner("GET", &format!("/{FLOW}"), None).expect(200), before);
    assert_eq!(lab.journal("flow.").len(), 1);
}

#[test]
fn bodies_that_are_not_json_are_rejected() {
    let lab = Lab::new();
    let token = lab.token(OWNER);
    let send = |body: Vec<u8>| {
        let request =
            Request::builder().method("PUT").uri(path(&format!("/{FLOW}"))).header("host", "flow.test");
        lab.send_request(
            request
                .header("authorization", format!("Bearer {token}"))
                .body(Body::from(body))
                .expect("a request"),
        )
    };
    for body in [&b""[..], b"{", b"\xff\xfe", b"null", b"{\"properties\":[]}"] {
        send(body.to_vec()).expect(400);
    }
    send([b"[".repeat(100_000), b"]".repeat(100_000)].concat()).expect(400);
    send(vec![b' '; 2 << 20]).expect(413);
    lab.owner("GET", &format!("/{FLOW}"), None).expect(404);
}

#[test]
fn a_flow_can_be_created_without_choosing_its_name() {
    let lab = Lab::new();
    let created = lab.owner("POST", "", Some(flow(hourly()))).expect(201);
    let name = created["name"].as_str().expect("a name");
    assert_eq!(lab.owner("GET", &format!("/{name}"), None).expect(200), created);
    assert_eq!(created["properties"]["state"], "Started");
    let id = format!(
        "/providers/Microsoft.ProcessSimple/environments/Default-{}/flows/{name}",
        crate::lab::TENANT
    );
    assert_eq!(created["id"], json!(id));
    let mut stopped = flow(hourly());
    stopped["properties"]["state"] = json!("Stopped");
    let created = lab.owner("POST", "", Some(stopped)).expect(201);
    assert_eq!(created["properties"]["nextRunTime"], Value::Null);
    // Pages of flows.
    let first = lab.owner("GET", "?$top=1", None).expect(200);
    let link =
        first["nextLink"].as_str().expect("a link").strip_prefix("http://flow.test").expect("our origin");
    let second = lab.send("GET", link, Some(&lab.token(OWNER)), None).expect(200);
    assert_eq!(second["nextLink"], Value::Null);
    assert_ne!(first["value"][0]["name"], second["value"][0]["name"]);
    lab.owner("GET", "?$skiptoken=x.y", None).expect(400);
}

#[test]
fn members_that_are_not_honored_are_rejected_with_their_paths() {
    let lab = Lab::new();
    let targets = |rejected: &Value| {
        let details = rejected["error"]["details"].as_array().expect("details");
        let mut targets: Vec<_> =
            details.iter().map(|one| one["target"].as_str().expect("a path").to_owned()).collect();
        targets.sort_unstable();
        targets
    };
    let mut body = flow(hourly());
    body["tags"] = json!({"team": "orders"});
    body["properties"]["parameters"] = json!({"limit": {"value": 1}});
    body["properties"]["plan"] = json!("premium");
    let at = format!("/{FLOW}");
    for (method, at) in [("PUT", at.as_str()), ("POST", "")] {
        let rejected = lab.owner(method, at, Some(body.clone())).expect(400);
        assert_eq!(targets(&rejected), ["properties.parameters.limit", "properties.plan", "tags"]);
    }
    lab.owner("GET", &at, None).expect(404);
    // An exported flow can be written, and written again; a PATCH cannot make it another one.
    let mut body = flow(hourly());
    body["name"] = json!("00000000-0000-4000-8000-00000000ffff");
    body["properties"]["environment"] = json!({"name": "another"});
    body["properties"]["creator"] = json!({"objectId": COLLEAGUE});
    lab.owner("PUT", &at, Some(body.clone())).expect(201);
    lab.owner("PUT", &at, Some(body.clone())).expect(200);
    let rejected = lab.owner("PATCH", &at, Some(body)).expect(400);
    assert_eq!(targets(&rejected), ["name", "properties.creator", "properties.environment"]);
    // What was read can be written, also at a later time, and what exports contain besides.
    lab.put_flow(hourly()).expect(200);
    let mut shown = lab.owner("GET", &at, None).expect(200);
    shown["properties"]["nextRunTime"] = json!("2020-01-01T00:00:00Z");
    shown["properties"]["definitionSummary"] = json!({"triggers": [], "actions": []});
    shown["schemaVersion"] = json!("1.0.0.0");
    lab.owner("PUT", &at, Some(shown)).expect(200);
    let rejected = lab.owner("PATCH", &at, Some(json!({"properties": {"Definition": {}}}))).expect(400);
    assert_eq!(rejected["error"]["details"][0]["target"], "properties.Definition");
}

#[test]
fn a_workflow_has_its_connections_in_a_parameter() {
    let lab = Lab::new();
    let mut body = flow(hourly());
    let value = json!({"shared_contoso-orders": {
        "connectionId": "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Web/connections/orders-of-owner",
        "connectionName": "orders-of-owner",
        "id": "/subscriptions/s/providers/Microsoft.Web/locations/unitedstates/managedApis/shared_contoso-orders",
    }});
    body["properties"]["parameters"] = json!({"$connections": {"value": value}});
    let at = format!("/{FLOW}");
    let both = lab.owner("PUT", &at, Some(body.clone())).expect(400);
    assert_eq!(both["error"]["details"][0]["target"], "properties.parameters.$connections");
    body["properties"].as_object_mut().expect("properties").remove("connectionReferences");
    let made = lab.owner("PUT", &at, Some(body)).expect(201);
    assert_eq!(made["properties"]["connectionReferences"], value);
    assert_eq!((lab.due(), lab.hub.calls().len()), ((1, 0), 1));
}
