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

/// Settings that are wrong in every run are rejected when the flow is saved, all at once.
#[test]
fn literal_settings_that_cannot_work_are_rejected() {
    let lab = Lab::new();
    let set = |value: Value| json!({"type": "SetVariable", "inputs": {"name": "n", "value": value}, "runAfter": {"V": ["Succeeded"]}});
    let http = |more: Value| {
        let mut inputs = json!({"method": "GET", "uri": "https://api.contoso.example/x"});
        for (name, value) in more.as_object().expect("an object") {
            inputs[name] = value.clone();
        }
        json!({"type": "Http", "inputs": inputs})
    };
    let api = |more: Value| {
        let mut inputs = json!({"host": {"connection": {"referenceName": "shared_contoso-orders"}}, "method": "get", "path": "/x"});
        for (name, value) in more.as_object().expect("an object") {
            inputs[name] = value.clone();
        }
        json!({"type": "ApiConnection", "inputs": inputs})
    };
    let of = |kind: &str, inputs: Value| json!({"type": kind, "inputs": inputs});
    let wait = |count: Value, unit: &str| of("Wait", json!({"interval": {"count": count, "unit": unit}}));
    // The action, the path below it, and whether it is wrong.
    let rows = [
        (wait(json!(-1), "Second"), ".inputs.interval.count", true),
        (wait(json!("2"), "Seconds"), ".inputs.interval.count", false),
        (wait(json!("@{1}"), "Month"), ".inputs.interval.count", false),
        (wait(json!(1), "Fortnight"), ".inputs.interval.unit", true),
        (of("Wait", json!({"until": {"timestamp": "soon"}})), ".inputs.until.timestamp", true),
        (of("Wait", json!({"until": "@utcNow()"})), ".inputs.until", false),
        (of("Wait", json!({"until": "2026-02-30"})), ".inputs.until", true),
        (of("Response", json!({"statusCode": 99_999})), ".inputs.statusCode", true),
        (of("Response", json!({"statusCode": "201"})), ".inputs.statusCode", false),
        (of("Response", json!({"statusCode": 200, "headers": {"a\r\nb": "1"}})), ".inputs.headers.a", true),
        (
            of("Response", json!({"statusCode": 200, "headers": {"a": "1\r\nSet-Cookie: x"}})),
            ".inputs.headers.a",
            true,
        ),
        (
            of("Response", json!({"statusCode": 200, "headers": {"a": "@{1}", "@{1}": "b", "c": 7}})),
            ".inputs.headers",
            false,
        ),
        (of("Response", json!({"statusCode": 200, "headers": ["a"]})), ".inputs.headers", true),
        (http(json!({"headers": {"x": "a\nb", "y": "@{1}"}})), ".inputs.headers.x", true),
        (http(json!({"headers": "@json('{}')"})), ".inputs.headers", false),
        (http(json!({"method": "G T"})), ".inputs.method", true),
        (http(json!({"method": 7})), ".inputs.method", true),
        (http(json!({"uri": "ftp://api.contoso.example"})), ".inputs.uri", true),
        (http(json!({"uri": "https://api.contoso.example/@{1}"})), ".inputs.uri", false),
        (http(json!({"queries": "a=b"})), ".inputs.queries", true),
        (
            http(json!({"authentication": {"type": "Basic", "username": 1, "password": "x"}})),
            ".inputs.authentication.username",
            true,
        ),
        (
            http(json!({"authentication": {"type": "Raw", "value": "a\nb"}})),
            ".inputs.authentication.value",
            true,
        ),
        (api(json!({"path": "/../x"})), ".inputs.path", true),
        (api(json!({"headers": {"Authorization": "x"}})), ".inputs.headers.Authorization", true),
        (api(json!({"headers": {"Content-Type": "text/csv"}})), ".inputs.headers", false),
        (of("Select", json!({"from": "@{1}", "select": 1})), ".inputs.from", true),
        (of("Select", json!({"from": ["@{1}"], "select": 1})), ".inputs.from", false),
        (of("Query", json!({"from": {}, "where": true})), ".inputs.from", true),
        (of("Query", json!({"from": [], "where": "yes"})), ".inputs.where", true),
        (of("Join", json!({"from": [], "joinWith": 7})), ".inputs.joinWith", true),
        (of("Table", json!({"from": 7, "format": "CSV"})), ".inputs.from", true),
        (of("ParseJson", json!({"content": "{"})), ".inputs.content", true),
        (of("ParseJson", json!({"content": "{}"})), ".inputs.content", false),
        (
            of("InitializeVariable", json!({"variables": [{"name": "m", "type": "Integer", "value": "x"}]})),
            ".inputs.variables[0].value",
            true,
        ),
        (set(json!("many")), ".inputs.value", true),
        (set(json!("7")), ".inputs.value", false),
        (
            json!({"type": "If", "expression": {"and": [{"greater": [1, {}]}]}, "actions": {}}),
            ".expression.and[0].greater",
            true,
        ),
        (
            json!({"type": "If", "expression": {"and": [{"greater": [2, 1]}, true]}, "actions": {}}),
            ".expression",
            false,
        ),
        (json!({"type": "Foreach", "foreach": "a,b", "actions": {}}), ".foreach", true),
        (
            json!({"type": "HttpWebhook", "inputs": {"subscribe": {"method": "POST", "uri": "nowhere"}}}),
            ".inputs.subscribe.uri",
            true,
        ),
    ];
    let variable =
        of("InitializeVariable", json!({"variables": [{"name": "n", "type": "Integer", "value": 1}]}));
    let mut all = json!({});
    let mut expected = Vec::new();
    for (number, (action, below, is_wrong)) in rows.into_iter().enumerate() {
        let at = format!("properties.definition.actions.A{number}{below}");
        let body = flow(manual(json!({"V": variable, format!("A{number}"): action})));
        let response = lab.owner("PUT", &format!("/{FLOW}"), Some(body));
        let message = response.body["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(response.status == 400, is_wrong, "{action} {}", response.body);
        assert_eq!(
            message.contains(&format!("{at}: ")) || message.contains(&format!("{at}\\")),
            is_wrong,
            "{at}: {message}"
        );
        if is_wrong {
            all[format!("A{number}")] = action;
            expected.push(at);
        }
    }
    all["V"] = variable;
    let error = lab.owner("PUT", &format!("/{FLOW}"), Some(flow(manual(all)))).expect(400);
    let details = error["error"]["details"].as_array().expect("details").clone();
    for at in expected {
        let is_there = |one: &Value| one["target"].as_str().is_some_and(|target| target.starts_with(&at));
        assert!(details.iter().any(is_there), "{at}: {details:?}");
    }
}

#[test]
fn triggers_and_outputs_that_cannot_work_are_rejected() {
    let lab = Lab::new();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut definition = manual(json!({"A": {"type": "Compose", "inputs": 1}}));
        change(&mut definition);
        let response = lab.owner("PUT", &format!("/{FLOW}"), Some(flow(definition)));
        (response.status.as_u16(), response.body["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let trigger = |member: &'static str, value: Value| {
        refused(&|of: &mut Value| of["triggers"]["manual"][member] = value.clone())
    };
    let output = |value: &'static str| {
        refused(&|of: &mut Value| of["outputs"]["o"] = json!({"type": "String", "value": value}))
    };
    let at = "properties.definition.triggers.manual";
    for ((status, message), expected) in [
        (trigger("splitOn", json!(7)), format!("{at}.splitOn: ")),
        (trigger("splitOn", json!("@{triggerBody()}")), format!("{at}.splitOn: ")),
        (trigger("splitOn", json!("@outputs('A')")), format!("{at}: outputs() has no value")),
        (trigger("conditions", json!([{"expression": "never"}])), format!("{at}.conditions[0].expression: ")),
        (trigger("conditions", json!([{"expression": "@variables('x')"}])), format!("{at}: variables()")),
        (
            trigger("correlation", json!({"clientTrackingId": 7})),
            format!("{at}.correlation.clientTrackingId: "),
        ),
        (output("@outputs('B')"), "properties.definition.outputs.o.value: there is no action 'B'".to_owned()),
        (
            output("@variables('n')"),
            "properties.definition.outputs.o.value: there is no variable 'n'".to_owned(),
        ),
        (
            output("@parameters('p')"),
            "properties.definition.outputs.o.value: there is no parameter 'p'".to_owned(),
        ),
    ] {
        assert!(status == 400 && message.contains(&expected), "{expected}: {status} {message}");
    }
    for (status, message) in [
        trigger("splitOn", json!([1, 2])),
        trigger("splitOn", json!("@triggerBody()")),
        output("@outputs('A')"),
    ] {
        assert!(status < 300, "{message}");
    }
}

#[test]
fn a_definition_that_cannot_be_read_affects_its_flow_only() {
    const OTHER: &str = "aaaaaaaa-1111-4000-8000-00000000000f";
    let mut lab = Lab::with_flow(hourly());
    lab.owner("PUT", &format!("/{OTHER}"), Some(flow(hourly()))).expect(201);
    lab.due();
    lab.spoil_definitions(FLOW);
    lab.restart();
    let requests = [
        ("GET", format!("/{FLOW}")),
        ("PATCH", format!("/{FLOW}")),
        ("POST", format!("/{FLOW}/start")),
        ("POST", format!("/{FLOW}/triggers/Recurrence/run")),
        ("GET", format!("/{FLOW}/triggers")),
        ("POST", format!("/{FLOW}/listCallbackUrl")),
    ];
    for (method, below) in requests {
        let body = (method == "PATCH").then(|| json!({"properties": {"displayName": "x"}}));
        let error = lab.owner(method, &below, body).expect(409);
        assert_eq!(error["error"]["code"], "FlowDefinitionNotReadable", "{method} {below}");
    }
    let listed = lab.owner("GET", "", None).expect(200);
    assert_eq!(listed["value"].as_array().map(Vec::len), Some(2));
    // Other flows run; this one is turned off, and its runs remain.
    lab.advance_to_day(1);
    let runs = |id: &str| {
        lab.owner("GET", &format!("/{id}/runs"), None).expect(200)["value"].as_array().expect("runs").len()
    };
    assert_eq!((runs(FLOW), runs(OTHER)), (1, 25));
    assert_eq!(lab.journal("flow.suspended").len(), 1);
    // A whole definition repairs it.
    lab.put_flow(hourly()).expect(200);
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.due();
    assert_eq!((runs(FLOW), lab.newest_run()["properties"]["status"].clone()), (2, json!("Succeeded")));
    lab.spoil_definitions(FLOW);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
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
