//! A secured value is shown nowhere: not by the actions that use it, in any way.

use serde_json::{Value, json};

use crate::crawl::crawl;
use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, OWNER, TENANT, call, definition};

const SECRET: &str = "hidden-7";

/// One way in which a definition passes a value on.
struct Route {
    name: &'static str,
    /// What is secured of the action or trigger that has the value.
    secured: &'static str,
    trigger: Value,
    actions: Value,
    outputs: Value,
}

fn after(mut action: Value, before: &str) -> Value {
    action["runAfter"] = json!({before: ["Succeeded", "Failed", "Skipped", "TimedOut"]});
    action
}

fn compose(inputs: &str) -> Value {
    json!({"type": "Compose", "inputs": inputs})
}

/// A definition whose action `Get` has the value in its outputs, and one that uses it.
fn used(name: &'static str, action: Value) -> Route {
    let actions = json!({"Get": call("GetOrder", json!({"id": "o-1"})), "Use": after(action, "Get")});
    Route { name, secured: "Get.outputs", trigger: json!({}), actions, outputs: json!({}) }
}

fn routes() -> Vec<Route> {
    let inside = |kind: &str, more: Value| {
        let mut action = json!({"type": kind});
        for (name, value) in more.as_object().expect("an object") {
            action[name] = value.clone();
        }
        action
    };
    let variables = |name, actions: Value| {
        let mut all = json!({
            "Get": call("GetOrder", json!({"id": "o-1"})),
            "Init": after(json!({"type": "InitializeVariable", "inputs": {"variables": [
                {"name": "Text", "type": "string", "value": "x"}, {"name": "List", "type": "array", "value": []},
                {"name": "Sum", "type": "integer", "value": 1}]}}), "Get"),
        });
        for (name, action) in actions.as_object().expect("an object") {
            all[name] = action.clone();
        }
        Route { name, secured: "Get.outputs", trigger: json!({}), actions: all, outputs: json!({}) }
    };
    let set =
        |kind: &str, name: &str, value: &str| json!({"type": kind, "inputs": {"name": name, "value": value}});
    let mut routes = vec![
        used("outputs", compose("@outputs('Get')")),
        used("interpolation", compose("id: @{body('Get')?['secret']}")),
        used("a computed name", compose("@outputs(concat('G', 'et'))")),
        used(
            "item",
            inside(
                "Foreach",
                json!({"foreach": "@body('Get')['list']", "actions": {"In": compose("@item()")}}),
            ),
        ),
        used(
            "items",
            inside(
                "Foreach",
                json!({"foreach": "@body('Get')['list']", "actions": {
                    "Inner": inside("Foreach", json!({"foreach": [1], "actions": {"In": compose("@items('Use')")}})),
                }}),
            ),
        ),
        used(
            "item of an outer loop",
            inside(
                "Foreach",
                json!({"foreach": "@body('Get')['list']", "actions": {
                    "Inner": inside("Until", json!({"expression": "@equals(1, 1)", "actions": {"In": compose("@item()")}})),
                }}),
            ),
        ),
        used("actions", compose("@actions('Get')?['outputs']")),
        used(
            "tracked properties",
            inside("Compose", json!({"inputs": 1, "trackedProperties": {"t": "@body('Get')"}})),
        ),
        used(
            "condition",
            inside("If", json!({"expression": "@equals(body('Get')['secret'], 'x')", "actions": {}})),
        ),
        used("switch", inside("Switch", json!({"expression": "@body('Get')['secret']", "cases": {}}))),
        used("error of an expression", compose("@int(body('Get')['secret'])")),
        used(
            "error of a loop",
            inside("Foreach", json!({"foreach": "@createArray(int(body('Get')['secret']))", "actions": {}})),
        ),
        used(
            "error of a condition",
            inside("Until", json!({"expression": "@int(body('Get')['secret'])", "actions": {}})),
        ),
        used(
            "error of the run",
            inside(
                "Terminate",
                json!({"inputs": {"runStatus": "Failed", "runError": {
            "code": "@body('Get')['secret']", "message": "@{body('Get')['secret']}"}}}),
            ),
        ),
        used("wait", inside("Wait", json!({"inputs": {"until": {"timestamp": "@body('Get')['secret']"}}}))),
        used("another call", call("GetOrder", json!({"id": "@body('Get')['secret']"}))),
        used(
            "request",
            inside(
                "Http",
                json!({"inputs": {"method": "GET", "uri": "https://@{body('Get')['secret']}.test/"}}),
            ),
        ),
        used("parse", inside("ParseJson", json!({"inputs": {"content": "@body('Get')", "schema": {}}}))),
        used(
            "select",
            inside("Select", json!({"inputs": {"from": "@body('Get')['list']", "select": "@item()"}})),
        ),
        used(
            "query",
            inside(
                "Query",
                json!({"inputs": {"from": "@body('Get')['list']", "where": "@equals(item(), item())"}}),
            ),
        ),
        used("join", inside("Join", json!({"inputs": {"from": "@body('Get')['list']", "joinWith": ","}}))),
        used(
            "table",
            inside("Table", json!({"inputs": {"from": "@createArray(body('Get'))", "format": "CSV"}})),
        ),
        used("response", inside("Response", json!({"inputs": {"statusCode": 200, "body": "@body('Get')"}}))),
        variables(
            "variable",
            json!({
                "Set": after(set("SetVariable", "text", "@{body('Get')['secret']}"), "Init"),
                "Use": after(compose("@variables('TEXT')"), "Set"),
            }),
        ),
        variables(
            "appended variable",
            json!({
                "Set": after(set("AppendToArrayVariable", "List", "@body('Get')['secret']"), "Init"),
                "Use": after(compose("@variables('List')"), "Set"),
            }),
        ),
        variables(
            "sum",
            json!({
                "Set": after(set("IncrementVariable", "Sum", "@body('Get')['number']"), "Init"),
                "More": after(json!({"type": "IncrementVariable", "inputs": {"name": "Sum", "value": 0}}), "Set"),
            }),
        ),
        variables(
            "a computed variable",
            json!({
                "Set": after(set("SetVariable", "Text", "@{body('Get')['secret']}"), "Init"),
                "Use": after(compose("@variables(concat('Te', 'xt'))"), "Set"),
            }),
        ),
        variables(
            "variable of an earlier iteration",
            json!({
                "Each": after(inside("Foreach", json!({"foreach": [1, 2], "actions": {
                    "Use": compose("@variables('Text')"),
                    "Set": after(set("SetVariable", "Text", "@{body('Get')['secret']}"), "Use"),
                }})), "Init"),
            }),
        ),
        Route {
            name: "result",
            secured: "Scope.actions.Get.outputs",
            trigger: json!({}),
            actions: json!({
                "Scope": {"type": "Scope", "actions": {"Get": call("GetOrder", json!({"id": "o-1"}))}},
                "Use": after(compose("@result('Scope')"), "Scope"),
            }),
            outputs: json!({}),
        },
        Route {
            name: "tracked properties of the action itself",
            secured: "Get.outputs",
            trigger: json!({}),
            actions: json!({"Get": {
                "type": "ParseJson", "inputs": {"content": "{}", "schema": {}},
                "trackedProperties": {"t": "@concat(string(action()?['outputs']), 'hidden-7')"},
            }}),
            outputs: json!({}),
        },
        Route {
            name: "tracked properties of another action",
            secured: "Get.outputs",
            trigger: json!({}),
            actions: json!({
                "Get": call("GetOrder", json!({"id": "o-1"})),
                "Track": after(inside("Compose", json!({"inputs": 1, "trackedProperties": {"t": "@body('Get')"}})), "Get"),
                "Use": after(compose("@actions('Track')?['trackedProperties']"), "Track"),
            }),
            outputs: json!({}),
        },
        Route {
            name: "inputs",
            secured: "Get.inputs",
            trigger: json!({}),
            actions: json!({
                "Get": call("GetOrder", json!({"id": "@concat('hidden-', '7')"})),
                "Use": after(compose("@actions('Get')?['inputs']"), "Get"),
            }),
            outputs: json!({}),
        },
        Route {
            name: "outputs of the flow",
            secured: "Get.outputs",
            trigger: json!({}),
            actions: json!({"Get": call("GetOrder", json!({"id": "o-1"}))}),
            outputs: json!({"result": {"type": "String", "value": "@{body('Get')['secret']}"}}),
        },
        Route {
            name: "error of an output of the flow",
            secured: "Get.outputs",
            trigger: json!({}),
            actions: json!({"Get": call("GetOrder", json!({"id": "o-1"}))}),
            outputs: json!({"result": {"type": "Int", "value": "@int(body('Get')['secret'])"}}),
        },
    ];
    for (name, action) in [
        ("trigger body", compose("@triggerBody()")),
        ("trigger outputs", compose("@triggerOutputs()?['body']?['secret']")),
        ("trigger", compose("@trigger()['outputs']")),
    ] {
        let actions = json!({ "Use": action });
        routes.push(Route {
            name,
            secured: "trigger.outputs",
            trigger: json!({}),
            actions,
            outputs: json!({}),
        });
    }
    routes.push(Route {
        name: "tracking id",
        secured: "trigger.outputs",
        trigger: json!({"correlation": {"clientTrackingId": "@triggerBody()['secret']"}}),
        actions: json!({"Use": compose("@actions('First')?['clientTrackingId']"), "First": compose("x")}),
        outputs: json!({}),
    });
    routes.last_mut().expect("a route").actions["Use"]["runAfter"] = json!({"First": ["Succeeded"]});
    routes
}

/// Runs a route. Returns everything that is shown of the run.
fn show(route: &Route, is_secured: bool) -> String {
    let mut trigger = route.trigger.clone();
    trigger["type"] = json!("Request");
    trigger["kind"] = json!("Button");
    let mut actions = route.actions.clone();
    let setting = |what: &str| json!({"secureData": {"properties": [what]}});
    if is_secured {
        let (owner, what) = route.secured.rsplit_once('.').expect("a path");
        if owner == "trigger" {
            trigger["runtimeConfiguration"] = setting(what);
        } else {
            let pointer = format!("/{}", owner.replace('.', "/"));
            actions.pointer_mut(&pointer).expect("an action")["runtimeConfiguration"] = setting(what);
        }
    }
    let mut flow = definition(json!({ "manual": trigger }), actions);
    flow["outputs"] = route.outputs.clone();
    let lab = Lab::with_flow(flow);
    let in_reply = if route.secured == "Get.inputs" { "x" } else { SECRET };
    let reply = json!({"secret": in_reply, "list": [in_reply], "number": 777_777_777});
    lab.hub.replies([Reply::Respond(200, reply)]);
    let sent = if route.secured == "trigger.outputs" { json!({ "secret": SECRET }) } else { json!({}) };
    let path = crate::lab::path(&format!("/{FLOW}/triggers/manual/run"));
    let response = lab.send("POST", &path, Some(&lab.token(OWNER)), Some(sent));
    assert!(response.status.is_success(), "{}: {}", route.name, response.body);
    // The definition itself is not a document of the run.
    let documents = crawl(&lab).into_iter().skip(1).map(|(_, document)| document.to_string());
    documents.collect::<String>() + &shown_to_lab(&lab) + &format!("{:?}", lab.journal("run."))
}

/// What the lab reads of the flow and of its newest run.
fn shown_to_lab(lab: &Lab) -> String {
    let flow = format!("/_lab/tenants/{TENANT}/flows/{FLOW}");
    let history = lab.send("GET", &flow, None, None).expect(200);
    let name = history["runs"][0]["name"].as_str().expect("a run").to_owned();
    let run = lab.send("GET", &format!("{flow}/runs/{name}"), None, None).expect(200);
    assert_eq!(run["run"]["name"], *name);
    format!("{history}{run}")
}

#[test]
fn a_secured_value_is_shown_on_no_route() {
    for route in routes() {
        let secret = if route.name == "sum" { "777777778" } else { SECRET };
        assert!(show(&route, false).contains(secret), "without the setting, '{}' shows nothing", route.name);
        let shown = show(&route, true);
        let at = shown.find(secret).map(|at| &shown[at.saturating_sub(400)..(at + 100).min(shown.len())]);
        assert_eq!(at, None, "{}", route.name);
    }
}

#[test]
fn errors_of_secured_actions_are_not_shown() {
    let mut get = call("GetOrder", json!({"id": "o-1"}));
    get["runtimeConfiguration"] = json!({"secureData": {"properties": ["outputs"]}});
    let lab = Lab::with_flow(crate::lab::manual(json!({ "Get": get })));
    let error = json!({"error": {"code": "code-hidden-7", "message": "No order 'hidden-7'."}});
    lab.hub.replies([Reply::Respond(404, error)]);
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
    let run = lab.newest_run();
    let action = &run["properties"]["actions"]["Get"];
    assert_eq!((action["status"].as_str(), action["code"].as_str()), (Some("Failed"), Some("NotFound")));
    assert!(action["error"]["message"].as_str().is_some_and(|text| text.contains("not shown")), "{action}");
    assert!(!format!("{run}{:?}", lab.journal("")).contains(SECRET));
}

#[test]
fn values_of_secure_parameters_are_not_shown() {
    for (action, shows_inputs) in [
        (compose("@parameters('key')"), false),
        (compose("@parameters(concat('ke', 'y'))"), false),
        (call("GetOrder", json!({"id": "@parameters('key')"})), false),
        (compose("@int(parameters('key'))"), false),
        (
            json!({"type": "Http", "inputs": {"method": "GET", "uri": "https://api.contoso.example/apim/x/y/orders",
                   "authentication": {"type": "Raw", "value": "@parameters('key')"}}}),
            true,
        ),
    ] {
        let mut flow = crate::lab::manual(json!({ "Use": action }));
        flow["parameters"]["key"] = json!({"type": "SecureString", "defaultValue": SECRET});
        let lab = Lab::with_flow(flow);
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
        let run = lab.newest_run();
        assert!(!format!("{run}{}{:?}", shown_to_lab(&lab), lab.journal("")).contains(SECRET), "{run}");
        let inputs = run["properties"]["actions"]["Use"].get("inputs");
        assert_eq!(inputs.is_some(), shows_inputs, "{run}");
    }
}
