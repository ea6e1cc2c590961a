//! Run-only users: what they may do with a flow, and the connections that they provide.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use serde_json::{Value, json};

use crate::crawl::crawl;
use crate::fake_hub::{CONNECTION, FakeConnection, Reply};
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, Response, call, flow, manual, path};

const ID: &str = "00112233445566778899aabbccddeeff";
const STRANGER: &str = "bbbbbbbb-0000-4000-8000-000000000009";

/// A flow of the owner whose connection comes from `source`, shared with the colleague to run.
fn shared(source: &str) -> Lab {
    let lab = Lab::new();
    let mut body = flow(manual(json!({"Get": call("ListOrders", json!({}))})));
    body["properties"]["connectionReferences"]["shared_contoso-orders"]["runtimeSource"] = json!(source);
    lab.owner("PUT", &format!("/{FLOW}"), Some(body)).expect(201);
    let put = json!({"put": [{"properties": {
        "principal": {"id": COLLEAGUE, "type": "User"}, "roleName": "CanView",
    }}]});
    lab.owner("POST", &format!("/{FLOW}/modifyPermissions"), Some(put)).expect(200);
    lab
}

fn send(lab: &Lab, user: &str, method: &str, below: &str) -> Response {
    lab.send(method, &path(&below.replace(' ', "%20")), Some(&lab.token(user)), None)
}

/// Runs the flow with the header in which a user provides connections.
pub(crate) fn run_with(lab: &Lab, user: &str, tokens: &Value) -> Response {
    let at = path(&format!("/{FLOW}/triggers/manual/run"));
    let mut request = Lab::request("POST", &at, Some(&lab.token(user)), Some(json!({})));
    let header = STANDARD.encode(tokens.to_string()).parse().expect("a header");
    request.headers_mut().insert("x-ms-apim-tokens", header);
    lab.send_request(request)
}

fn provided(name: &str) -> Value {
    let id = format!("/providers/Microsoft.PowerApps/apis/shared_contoso-orders/connections/{name}");
    json!({"$connections": {"shared_contoso-orders": {"connectionId": id}}})
}

fn run(lab: &Lab, user: &str) -> Response {
    send(lab, user, "POST", &format!("/{FLOW}/triggers/manual/run"))
}

fn keys(lab: &Lab) -> Vec<Value> {
    std::mem::take(&mut *lab.hub.key_requests.lock().expect("lock"))
}

fn connection(lab: &Lab, creator: &'static str) {
    *lab.hub.connection.lock().expect("lock") =
        Some(FakeConnection { id: ID, creator, shared_with: None, identity: None });
}

#[test]
fn a_run_only_user_runs_a_flow_and_sees_only_own_runs() {
    let lab = shared("embedded");
    run(&lab, OWNER).expect(202);
    let started = run(&lab, COLLEAGUE).expect(202);
    let name = started["name"].as_str().expect("a name");
    run(&lab, STRANGER).expect(404);

    let at = format!("/{FLOW}");
    let shown = send(&lab, COLLEAGUE, "GET", &at).expect(200);
    assert_eq!(
        (&shown["properties"]["displayName"], &shown["properties"]["userType"]),
        (&json!("Hourly orders"), &json!("User"))
    );
    for hidden in ["definition", "connectionReferences"] {
        assert_eq!(shown["properties"].get(hidden), None, "{hidden}");
    }
    assert!(
        shown["properties"]["flowTriggerUri"].as_str().expect("an address").contains("/triggers/manual/run")
    );
    let listed = send(&lab, COLLEAGUE, "GET", "").expect(200);
    assert_eq!(listed["value"][0]["name"], FLOW);

    // The history of a run-only user: its own runs, without what they returned.
    for (query, count) in [("", 1), ("?$filter=status eq 'Succeeded'", 1), ("?$filter=status eq 'Failed'", 0)]
    {
        let runs = send(&lab, COLLEAGUE, "GET", &format!("{at}/runs{query}")).expect(200);
        assert_eq!(runs["value"].as_array().expect("runs").len(), count, "{query}");
    }
    assert_eq!(lab.runs("").len(), 2);
    let own = send(&lab, COLLEAGUE, "GET", &format!("{at}/runs/{name}")).expect(200);
    assert_eq!((&own["properties"]["status"], own["properties"].get("actions")), (&json!("Succeeded"), None));
    let of_owner = lab.runs("")[1]["name"].as_str().expect("a name").to_owned();
    send(&lab, COLLEAGUE, "GET", &format!("{at}/runs/{of_owner}")).expect(404);
    for (method, below) in [
        ("GET", format!("{at}/runs/{name}/actions")),
        ("GET", format!("{at}/runs/{name}/actions/Get")),
        ("POST", format!("{at}/runs/{name}/cancel")),
        ("POST", format!("{at}/triggers/manual/histories/{name}/resubmit")),
        ("GET", format!("{at}/triggers")),
        ("GET", format!("{at}/triggers/manual/histories")),
        ("GET", format!("{at}/owners")),
        ("GET", format!("{at}/permissions")),
        ("POST", format!("{at}/modifyPermissions")),
        ("POST", format!("{at}/stop")),
        ("DELETE", at.clone()),
    ] {
        let refused = send(&lab, COLLEAGUE, method, &below).expect(403);
        assert_eq!(refused["error"]["code"], "FlowAccessForbidden", "{method} {below}");
    }
    // Pages of its own runs.
    for _ in 0..2 {
        run(&lab, COLLEAGUE).expect(202);
    }
    let first = send(&lab, COLLEAGUE, "GET", &format!("{at}/runs?$top=2")).expect(200);
    let next =
        first["nextLink"].as_str().and_then(|link| link.strip_prefix("http://flow.test")).expect("a link");
    let second = lab.send("GET", next, Some(&lab.token(COLLEAGUE)), None).expect(200);
    assert_eq!(second["value"].as_array().expect("runs").len(), 1);
    assert_eq!(second["value"][0]["name"], name);
}

/// An error can contain what an action returned, and an identity is the flow's own.
#[test]
fn a_run_only_user_sees_neither_errors_nor_the_identity() {
    let lab = shared("embedded");
    let end = json!({"type": "Terminate", "inputs": {
        "runStatus": "Failed", "runError": {"code": "Stop", "message": "@{string(body('Get'))}"},
    }, "runAfter": {"Get": ["Succeeded"]}});
    let mut body = flow(manual(json!({"Get": call("ListOrders", json!({})), "End": end})));
    body["identity"] = json!({"type": "SystemAssigned"});
    lab.owner("PUT", &format!("/{FLOW}"), Some(body)).expect(200);
    let name = run(&lab, COLLEAGUE).expect(202)["name"].as_str().expect("a name").to_owned();
    let at = format!("/{FLOW}");
    for below in [format!("{at}/runs"), format!("{at}/runs/{name}")] {
        let of_owner = send(&lab, OWNER, "GET", &below).expect(200);
        assert!(of_owner.to_string().contains("\"Stop\""), "{of_owner}");
        let own = send(&lab, COLLEAGUE, "GET", &below).expect(200);
        assert!(own.to_string().contains("\"Failed\"") && !own.to_string().contains("Stop"), "{own}");
    }
    assert!(send(&lab, OWNER, "GET", &at).expect(200).get("identity").is_some());
    assert_eq!(send(&lab, COLLEAGUE, "GET", &at).expect(200).get("identity"), None);
}

#[test]
fn a_fixed_connection_is_used_for_every_invoker() {
    let lab = shared("embedded");
    run(&lab, COLLEAGUE).expect(202);
    // A connection in the header does not replace it.
    run_with(&lab, COLLEAGUE, &provided("other")).expect(202);
    assert_eq!(keys(&lab).len(), 1);
    assert!(lab.runs("").iter().all(|run| run["properties"]["status"] == "Succeeded"));
}

#[test]
fn an_invoker_provides_the_connection_of_a_run() {
    let lab = shared("invoker");
    // The owner's runs use the owner's connection.
    run(&lab, OWNER).expect(202);
    assert_eq!(keys(&lab)[0]["workflowId"], FLOW);
    let first_key = lab.hub.calls().last().expect("a call").authorization.clone();
    let refused = run(&lab, COLLEAGUE).expect(400);
    assert_eq!(
        refused["error"],
        json!({
            "code": "InvokerConnectionOverrideFailed",
            "message": "Failed to parse invoker connections from trigger 'manual' outputs. Exception: Could not find any \
                        valid connection for connection reference name 'shared_contoso-orders' in APIM tokens header.",
        })
    );
    assert_eq!(lab.runs("").len(), 1);

    // Someone else's connection, and one that does not exist, are refused.
    for name in [CONNECTION, "none"] {
        run_with(&lab, COLLEAGUE, &provided(name)).expect(202);
        assert_eq!(lab.newest_run()["properties"]["actions"]["Get"]["code"], "ConnectionNotFound", "{name}");
    }
    assert!(keys(&lab).is_empty());

    // With her own, the flow calls as the invoker, also when it waits in between.
    connection(&lab, COLLEAGUE);
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    run_with(&lab, COLLEAGUE, &provided(CONNECTION)).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    let requested = keys(&lab);
    assert_eq!((&requested[0]["objectId"], requested[0].get("workflowId")), (&json!(COLLEAGUE), None));
    lab.advance(Span::from_minutes(5));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    // The owner does not get to use it: the reference means the owner's connection.
    run(&lab, OWNER).expect(202);
    assert!(keys(&lab).iter().all(|request| request.get("objectId").is_none()));
    assert_eq!(lab.hub.calls().last().expect("a call").authorization, first_key);
}

#[test]
fn an_invokers_own_token_is_sent_with_the_provided_connection_and_shown_nowhere() {
    const TOKEN: &str = "own.token.9";
    let lab = shared("invoker");
    connection(&lab, COLLEAGUE);
    let mut own = provided(CONNECTION);
    own["$connections"]["shared_contoso-orders"]["authentication"] =
        json!({"type": "Raw", "scheme": "Bearer", "parameter": TOKEN});
    // Also when the run waits in between.
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    run_with(&lab, COLLEAGUE, &own).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    lab.advance(Span::from_minutes(5));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    let sent: Vec<_> = lab.hub.calls().iter().map(|call| call.authorization.clone()).collect();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|sent| sent.contains(TOKEN)), "{sent:?}");
    // The next run has the token that it is started with, or none.
    run_with(&lab, COLLEAGUE, &provided(CONNECTION)).expect(202);
    let last = lab.hub.calls().last().expect("a call").authorization.clone();
    assert!(!last.contains(TOKEN), "{last}");
    for (link, shown) in crawl(&lab) {
        assert!(!shown.to_string().contains(TOKEN), "{link}: {shown}");
    }
}

#[test]
fn an_invoker_cannot_provide_a_connection_of_another_connector() {
    let lab = shared("invoker");
    connection(&lab, COLLEAGUE);
    *lab.hub.connector.lock().expect("lock") = "shared_of-the-invoker".to_owned();
    // Neither with a new key nor with a cached one.
    for _ in 0..2 {
        run_with(&lab, COLLEAGUE, &provided(CONNECTION)).expect(202);
        let action = &lab.newest_run()["properties"]["actions"]["Get"];
        assert_eq!(
            action["error"],
            json!({
                "code": "InvokerConnectionOverrideFailed",
                "message": format!(
                    "The connection '{CONNECTION}' is of the connector 'shared_of-the-invoker', and the flow needs one of \
                     'shared_contoso-orders'."
                ),
            })
        );
    }
    assert!(lab.hub.calls().is_empty(), "nothing is sent");
}
