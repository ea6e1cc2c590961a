//! Definitions and runs that are meant to do harm: each is refused or fails with a reason, nothing
//! is reached, and what was saved before is still there.

use serde_json::{Map, Value, json};

use crate::lab::{FLOW, Lab, OWNER, call, definition, flow, hourly, manual, path};

fn nested(kind: &str, levels: usize) -> Value {
    let mut action = json!({"type": "Compose", "inputs": 1});
    for level in 0..levels {
        action = json!({"type": kind, "foreach": [1], "expression": true, "actions": {format!("A{level}"): action}});
    }
    json!({ "Top": action })
}

#[test]
fn hostile_definitions_are_refused_with_a_path() {
    let lab = Lab::with_flow(hourly());
    let before = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    let compose = |after: Value| json!({"type": "Compose", "inputs": 1, "runAfter": after});
    let after = |name: &str| compose(json!({name: ["Succeeded"]}));
    let many: Map<_, _> = (0..60_000).map(|n| (format!("a{n}"), json!({}))).collect();
    let circle: Map<_, _> =
        (0..400).map(|n| (format!("A{n}"), after(&format!("A{}", (n + 1) % 400)))).collect();
    let wide: Map<_, _> = (0..20_000).map(|n| (format!("x{n}"), json!(["Succeeded"]))).collect();
    let deep_expression = format!("@{}1{}", "if(true, ".repeat(700), ", 1)".repeat(700));
    let long = "x".repeat(200_000);
    let switch = json!({"type": "Switch", "expression": "x", "cases": (0..5_000).map(|n| (n.to_string(), json!({}))).collect::<Map<_, _>>()});
    for (what, actions, place) in [
        ("a circle", json!({"A": after("B"), "B": after("A")}), "actions.A"),
        ("a long circle", Value::Object(circle), "actions.A"),
        ("an action after itself", json!({"A": after("A")}), "actions.A.runAfter.A"),
        (
            "an action of another level",
            json!({"S": {"type": "Scope", "actions": {"A": after("B")}}, "B": compose(json!({}))}),
            "actions.S.actions.A.runAfter.B",
        ),
        (
            "a loop after its own action",
            json!({"S": {"type": "Scope", "runAfter": {"A": ["Succeeded"]}, "actions": {"A": compose(json!({}))}}}),
            "actions.S.runAfter.A",
        ),
        ("very many actions", Value::Object(many), "actions.a"),
        ("very many runAfter", json!({"A": compose(Value::Object(wide))}), "actions.A.runAfter.x"),
        ("very many cases", json!({ "S": switch }), "actions.S.cases"),
        ("deep scopes", nested("Scope", 60), "actions.Top"),
        ("deep loops", nested("Foreach", 60), "actions.Top"),
        ("deep conditions", nested("If", 60), "actions.Top"),
        (
            "a deep expression",
            json!({"A": {"type": "Compose", "inputs": deep_expression}}),
            "actions.A.inputs",
        ),
        (
            "a long expression",
            json!({"A": {"type": "Compose", "inputs": format!("@concat('{long}')")}}),
            "actions.A.inputs",
        ),
        ("a long name", json!({ long.as_str(): compose(json!({})) }), "actions.x"),
        ("a long type", json!({"A": {"type": long}}), "actions.A.type"),
        ("no object", json!([[[]]]), "actions"),
    ] {
        let response = lab.owner("PUT", &format!("/{FLOW}"), Some(flow(manual(actions))));
        assert_eq!(response.status, 400, "{what}");
        let details = response.body["error"]["details"].as_array().expect("details").clone();
        let target = details[0]["target"].as_str().unwrap_or_default();
        assert!(target.starts_with(&format!("properties.definition.{place}")), "{what}: {target:.200}");
        assert!(details.len() <= 100 && response.body.to_string().len() < 200_000, "{what}");
    }
    let path = path(&format!("/{FLOW}"));
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let properties = format!("{{\"properties\":{{\"definition\":{deep}}}}}");
    for body in [deep, properties, "[".repeat(50_000)] {
        let request = axum::http::Request::builder().method("PUT").uri(&path).header("host", "flow.test");
        let request = request.header("authorization", format!("Bearer {}", lab.token(OWNER)));
        let response = lab.send_request(request.body(axum::body::Body::from(body)).expect("a request"));
        assert_eq!(response.status, 400, "{}", response.body);
    }
    assert_eq!(lab.owner("GET", &format!("/{FLOW}"), None).expect(200), before);
    assert!(lab.journal("flow.changed").is_empty());
}

/// Returns an expression for a text, which is not known when the flow is saved.
fn computed(text: &str) -> String {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("@{{decodeUriComponent('{encoded}')}}")
}

#[test]
fn hostile_requests_reach_nothing() {
    let http = |more: Value| {
        let mut inputs = json!({"method": "GET", "uri": "https://api.contoso.example/apim/x/y"});
        for (name, value) in more.as_object().expect("an object") {
            inputs[name] = value.clone();
        }
        json!({"type": "Http", "inputs": inputs})
    };
    let lab = Lab::with_flow(hourly());
    for (action, code) in [
        (http(json!({"uri": "http://169.254.169.254/metadata"})), "HostNotMapped"),
        (http(json!({"uri": "http://localhost:22/"})), "HostNotMapped"),
        (http(json!({"uri": "http://[::1]/"})), "HostNotMapped"),
        (http(json!({"uri": "http://2130706433/"})), "HostNotMapped"),
        (http(json!({"uri": "http://api.contoso.example.nip.test/"})), "HostNotMapped"),
        (http(json!({"uri": computed("gopher://api.contoso.example/")})), "BadRequest"),
        (http(json!({"uri": computed("//api.contoso.example/")})), "BadRequest"),
        (http(json!({"method": computed("GET / HTTP/1.1\r\nX: y")})), "BadRequest"),
        (http(json!({"headers": {"x": computed("a\r\nY: b")}})), "BadRequest"),
        (http(json!({"headers": {computed("x\r\nY"): "b"}})), "BadRequest"),
        (http(json!({"authentication": {"type": "Raw", "value": computed("a\r\nY: b")}})), "BadRequest"),
        (call("GetOrder", json!({"id": "../../other"})), ""),
        (call("GetOrder", json!({"id": "a\r\nY: b"})), ""),
        (call("GetOrder", json!({"id": ".."})), ""),
    ] {
        lab.put_flow(definition(json!({"manual": {"type": "Request"}}), json!({ "Call": action })))
            .expect(200);
        let run = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({})));
        assert!(run.status.is_success(), "{action}: {}", run.body);
        let record = lab.newest_run()["properties"]["actions"]["Call"].clone();
        if code.is_empty() {
            continue;
        }
        assert_eq!(
            (record["status"].as_str(), record["code"].as_str()),
            (Some("Failed"), Some(code)),
            "{action}"
        );
    }
    // Values stay in their segment of the path of the connection.
    for sent in lab.hub.calls() {
        let target = sent.line.split(' ').nth(1).unwrap_or_default();
        let segments: Vec<_> = target.split('?').next().unwrap_or_default().split('/').collect();
        assert!(!segments.contains(&"..") && !sent.line.contains(['\r', '\n']), "{}", sent.line);
        assert!(target.starts_with("/apim/"), "{}", sent.line);
    }
}
