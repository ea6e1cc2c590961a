//! Webhook triggers subscribe while their flow is on.

use std::sync::mpsc;
use std::time::Duration;

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, Response, TENANT, definition, flow, path};

const URI: &str = "https://api.contoso.example/apim/x/y/hooks";
const THROUGH: &str = "/apim/shared_contoso-orders/00112233445566778899aabbccddeeff";
const SUBSCRIBE: &str = "POST /apim/x/y/hooks";
const UNSUBSCRIBE: &str = "DELETE /apim/x/y/hooks/7";

fn over_http() -> Value {
    json!({"When_ordered": {"type": "HttpWebhook", "inputs": {
        "subscribe": {"method": "POST", "uri": URI, "body": {"callback": "@{listCallbackUrl()}"},
                      "authentication": {"type": "Basic", "username": "amy", "password": "pw"}},
        "unsubscribe": {"method": "DELETE", "uri": format!("{URI}/7")},
    }}})
}

fn through_a_connector() -> Value {
    json!({"When_ordered": {"type": "OpenApiConnectionWebhook", "inputs": {
        "host": {"apiId": "/providers/Microsoft.PowerApps/apis/shared_contoso-orders",
                 "connectionName": "shared_contoso-orders", "operationId": "Subscribe"},
        "parameters": {"hook/kind": "new"}, "authentication": "@parameters('$authentication')",
    }}})
}

fn of(trigger: Value) -> Value {
    definition(trigger, json!({"Show": {"type": "Compose", "inputs": "@triggerBody()?['id']"}}))
}

fn lines(lab: &Lab) -> Vec<String> {
    std::mem::take(&mut *lab.hub.calls.lock().expect("lock")).into_iter().map(|call| call.line).collect()
}

/// Returns the address that the newest subscription gave.
fn address(lab: &Lab, pointer: &str) -> String {
    let calls = lab.hub.calls();
    let newest = calls.iter().rfind(|call| call.line.starts_with("POST")).expect("a subscription");
    let body: Value = serde_json::from_str(&newest.body).expect("JSON");
    let url = body.pointer(pointer).and_then(Value::as_str).expect("an address");
    url.strip_prefix("http://flow.test").expect("our origin").to_owned()
}

fn created(location: &str) -> Reply {
    Reply::With(201, vec![("location", location.to_owned())], json!({"id": 7}))
}

fn shown(lab: &Lab) -> Value {
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    shown["properties"]["triggerSubscription"].clone()
}

fn set(lab: &Lab, state: &str) -> Value {
    lab.owner("POST", &format!("/{FLOW}/{state}"), None).expect(200)
}

/// Returns operation and status of the calls in the trigger's history, and of its runs, newest
/// first.
fn history(lab: &Lab) -> Vec<String> {
    let below = format!("/{FLOW}/triggers/When_ordered/histories");
    let page = lab.owner("GET", &below, None).expect(200);
    let value = page["value"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().unwrap_or("Run").to_owned();
    value
        .iter()
        .map(|event| {
            let properties = &event["properties"];
            let name = event["name"].as_str().expect("a name");
            let alone = lab.owner("GET", &format!("{below}/{name}"), None).expect(200);
            assert_eq!(alone["properties"]["status"], properties["status"]);
            assert_eq!(properties["fired"], properties.get("run").is_some());
            format!("{} {}", text(&properties["operation"]), text(&properties["code"]))
        })
        .collect()
}

fn post(lab: &Lab, address: &str, body: Value) -> Response {
    lab.send("POST", address, None, Some(body))
}

#[test]
fn a_trigger_is_subscribed_while_its_flow_is_on() {
    let lab = Lab::new();
    let saved = lab.put_flow(of(over_http())).expect(201);
    assert_eq!(saved["properties"]["triggerSubscription"], json!({"state": "Registered"}));
    let trigger = lab.owner("GET", &format!("/{FLOW}/triggers/When_ordered"), None).expect(200);
    assert_eq!(trigger["properties"]["provisioningState"], "Registered");
    let call = lab.hub.calls().remove(0);
    assert_eq!((call.line.as_str(), call.authorization.as_str()), (SUBSCRIBE, "Basic YW15OnB3"));
    let url = address(&lab, "/callback");
    assert!(url.starts_with("/workflows/"), "{url}");

    post(&lab, &url, json!({"id": 42})).expect(202);
    assert_eq!(lab.newest_run()["properties"]["actions"]["Show"]["outputs"], 42);
    assert_eq!(lab.newest_run()["properties"]["trigger"]["outputs"]["body"], json!({"id": 42}));
    post(&lab, &url.replace("sig=", "sig=A"), json!({})).expect(401);
    assert_eq!(history(&lab), ["Run Run", "Subscribe OK"]);
    assert_eq!(lab.next_due(), None);

    // Only what the subscription depends on makes a new one.
    lines(&lab);
    let mut changed = of(over_http());
    changed["actions"]["More"] = json!({"type": "Compose", "inputs": 1});
    lab.put_flow(changed.clone()).expect(200);
    lab.put_flow(changed.clone()).expect(200);
    lab.owner("PATCH", &format!("/{FLOW}"), Some(json!({"properties": {"displayName": "Other"}})))
        .expect(200);
    assert_eq!(lines(&lab), [""; 0]);
    changed["triggers"]["When_ordered"]["inputs"]["subscribe"]["uri"] = json!(format!("{URI}/new"));
    lab.put_flow(changed).expect(200);
    assert_eq!(lines(&lab), [UNSUBSCRIBE, "POST /apim/x/y/hooks/new"]);

    assert_eq!(set(&lab, "stop")["properties"]["triggerSubscription"], Value::Null);
    assert_eq!(lines(&lab), [UNSUBSCRIBE]);
    post(&lab, &url, json!({})).expect(400);
    assert_eq!(set(&lab, "start")["properties"]["triggerSubscription"]["state"], "Registered");
    assert_eq!(lines(&lab), ["POST /apim/x/y/hooks/new"]);
    assert_eq!(
        history(&lab),
        ["Subscribe OK", "Unsubscribe OK", "Subscribe OK", "Unsubscribe OK", "Run Run", "Subscribe OK"]
    );
    lab.put_flow(definition(json!({"r": {"type": "Request", "kind": "Http"}}), json!({}))).expect(200);
    assert_eq!(lines(&lab), [UNSUBSCRIBE]);
    lab.put_flow(of(over_http())).expect(200);
    lines(&lab);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(lines(&lab), [UNSUBSCRIBE]);
    let counted = |kind: &str| lab.journal(kind).len();
    assert_eq!((counted("flow.subscribed"), counted("flow.unsubscribed")), (4, 4));
}

#[test]
fn a_connector_deletes_what_its_subscription_located() {
    let lab = Lab::new();
    lab.hub.replies([created(&format!("{THROUGH}/hooks/7"))]);
    lab.put_flow(of(through_a_connector())).expect(201);
    let body: Value = serde_json::from_str(&lab.hub.calls()[0].body).expect("JSON");
    assert_eq!(body["kind"], "new");
    let url = address(&lab, "/target/url");
    post(&lab, &url, json!({"id": 1})).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    lines(&lab);
    // The access to the connection is needed for the last call.
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    let call = lab.hub.calls().remove(0);
    assert_eq!(call.line, format!("DELETE {THROUGH}/hooks/7"));
    assert!(call.authorization.starts_with("Key "));
    assert_eq!(*lab.hub.withdrawn.lock().expect("lock"), [FLOW]);
    for table in ["definitions", "access_keys", "subscriptions"] {
        assert_eq!(lab.count(table), 0, "{table}");
    }
    // Logic Apps write the address with an expression.
    let request = json!({"When_ordered": {"type": "ApiConnectionWebhook", "inputs": {
        "host": {"connection": {"name": "@parameters('$connections')['shared_contoso-orders']['connectionId']"}},
        "path": "/hooks", "body": {"target": {"url": "@{listCallbackUrl()}"}},
    }}});
    let lab = Lab::with_flow(of(request));
    post(&lab, &address(&lab, "/target/url"), json!({"id": 1})).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    // A service that gave no address cannot be asked to end it.
    lines(&lab);
    set(&lab, "stop");
    assert_eq!((lines(&lab).len(), shown(&lab)), (0, Value::Null));
}

#[test]
fn a_failed_subscription_is_shown_and_retried_in_virtual_time() {
    let fails =
        |status: u16| Reply::Respond(status, json!({"error": {"code": "Down", "message": "not now"}}));
    let error = json!({"code": "Down", "message": "not now"});
    let lab = Lab::new();
    lab.hub.replies([fails(503), fails(503)]);
    let start = lab.now();
    let saved = lab.put_flow(of(over_http())).expect(201);
    let subscription = &saved["properties"]["triggerSubscription"];
    assert_eq!((&subscription["state"], &subscription["error"]), (&json!("Registering"), &error));
    assert_eq!(subscription["nextAttemptTime"], json!(lab.next_due()));
    assert!(lab.next_due().is_some_and(|due| start + Span::from_seconds(5) <= due));
    lab.advance_to_day(1);
    assert_eq!((shown(&lab), lab.next_due()), (json!({"state": "Registered"}), None));
    assert_eq!(history(&lab), ["Subscribe OK", "Subscribe Down", "Subscribe Down"]);
    set(&lab, "stop");
    lines(&lab);

    // A refusal is final, until the flow is saved or turned on.
    for (day, replies, attempts) in [(2, vec![fails(403)], 1), (3, vec![fails(500); 5], 5)] {
        lab.hub.replies(replies);
        set(&lab, "start");
        lab.advance_to_day(day);
        assert_eq!(shown(&lab), json!({"state": "Failed", "error": error}));
        assert_eq!((lines(&lab).len(), lab.next_due()), (attempts, None));
        let trigger = lab.owner("GET", &format!("/{FLOW}/triggers/When_ordered"), None).expect(200);
        assert_eq!(trigger["properties"]["provisioningState"], "Failed");
        assert_eq!(trigger["properties"]["error"], error);
        assert_eq!(history(&lab)[0], "Subscribe Down");
        let event = lab.journal("flow.subscription_failed").pop().expect("an event");
        assert_eq!((&event["data"]["code"], &event["data"]["retry_due"]), (&json!("Down"), &Value::Null));
        // The service responded that it has none.
        set(&lab, "stop");
        assert_eq!(lines(&lab).len(), 0);
    }
    for again in
        [|lab: &Lab| _ = set(lab, "start"), |lab: &Lab| _ = lab.put_flow(of(over_http())).expect(200)]
    {
        set(&lab, "stop");
        lab.hub.replies([fails(403)]);
        set(&lab, "start");
        assert_eq!(shown(&lab)["state"], "Failed");
        again(&lab);
        assert_eq!(shown(&lab), json!({"state": "Registered"}));
    }
    // What cannot be called is a failure, too.
    let lab =
        Lab::with_flow(of(json!({"When_ordered": {"type": "ApiConnectionWebhook", "inputs": {"path": 7}}})));
    assert_eq!(shown(&lab)["error"]["code"], "TriggerNotAvailable");
    let nowhere = of(json!({"When_ordered": {"type": "HttpWebhook", "inputs": {
        "subscribe": {"method": "POST", "uri": "https://nowhere.example/hooks"},
    }}}));
    lab.put_flow(nowhere).expect(200);
    assert_eq!(shown(&lab)["state"], "Failed");
}

#[test]
fn a_crash_repeats_the_call_that_was_in_progress() {
    let mut lab = Lab::new();
    let (called, call) = mpsc::channel();
    lab.hub.replies([
        Reply::Hang(called.clone()),
        created(&format!("{THROUGH}/hooks/7")),
        Reply::Hang(called),
    ]);
    let wait = || call.recv_timeout(Duration::from_secs(20)).expect("the call reached the service");
    let token = lab.token(crate::lab::OWNER);
    let put =
        Lab::request("PUT", &path(&format!("/{FLOW}")), Some(&token), Some(flow(of(through_a_connector()))));
    lab.send_request_and_forget(put);
    wait();
    lab.restart();
    assert_eq!(shown(&lab)["state"], "Registering");
    assert_eq!(lab.next_due(), Some(lab.now()));
    lab.due();
    assert_eq!(shown(&lab), json!({"state": "Registered"}));
    assert_eq!(lines(&lab), vec![format!("POST {THROUGH}/hooks"); 2]);

    lab.send_request_and_forget(Lab::request("DELETE", &path(&format!("/{FLOW}")), Some(&token), None));
    wait();
    lab.restart();
    lab.owner("GET", &format!("/{FLOW}"), None).expect(404);
    assert_eq!(lab.hub.withdrawn.lock().expect("lock").len(), 0);
    lab.due();
    lab.send("POST", &format!("/_lab/tenants/{TENANT}/due"), None, None).expect(200);
    assert_eq!(lines(&lab), vec![format!("DELETE {THROUGH}/hooks/7"); 2]);
    assert_eq!(*lab.hub.withdrawn.lock().expect("lock"), [FLOW]);
    assert_eq!((lab.count("definitions"), lab.next_due()), (0, None));
}

#[test]
fn a_subscription_outlives_the_credential_that_made_it() {
    let unauthorized = json!({"error": {"code": "Unauthorized", "message": "The password is not valid."}});
    let refused = || Reply::Respond(401, unauthorized.clone());
    let trigger = || {
        let mut trigger = through_a_connector();
        trigger["When_ordered"]["runtimeConfiguration"] = json!({"concurrency": {"runs": 5}});
        trigger
    };
    let lab = Lab::new();
    lab.hub.replies([created(&format!("{THROUGH}/hooks/7"))]);
    let mut read = of(trigger());
    read["actions"] = json!({"Read": crate::lab::call("ListOrders", json!({}))});
    lab.put_flow(read).expect(201);
    let url = address(&lab, "/target/url");
    // The events come on: the signed address is their credential. What the run does with the
    // connection fails.
    lab.hub.replies([refused()]);
    post(&lab, &url, json!({"id": 1})).expect(202);
    let run = lab.newest_run();
    assert_eq!(run["properties"]["actions"]["Read"]["code"], "Unauthorized", "{run}");
    assert_eq!(shown(&lab)["state"], "Registered");
    // The call that ends it is refused: the service keeps it, and the history says so.
    lab.hub.replies([refused()]);
    set(&lab, "stop");
    assert_eq!((shown(&lab), lab.next_due()), (Value::Null, None));
    assert_eq!(history(&lab), ["Unsubscribe Unauthorized", "Run Run", "Subscribe OK"]);
    let event = lab.journal("flow.subscription_failed").pop().expect("an event");
    assert_eq!(event["data"]["is_ending"], true);
    post(&lab, &url, json!({"id": 2})).expect(400);
    // Turned on with the dead credential, it is not subscribed, and nothing starts the flow.
    lab.hub.replies([refused()]);
    assert_eq!(set(&lab, "start")["properties"]["triggerSubscription"]["state"], "Failed");
    set(&lab, "start");
    assert_eq!(shown(&lab)["state"], "Registered", "the credential was repaired");
}

#[test]
fn a_flow_that_is_turned_off_by_a_rule_unsubscribes() {
    let lab = Lab::new();
    let mut failing = of(over_http());
    failing["actions"] = json!({"Fail": {"type": "Terminate", "inputs": {"runStatus": "Failed"}}});
    lab.put_flow(failing).expect(201);
    let url = address(&lab, "/callback");
    for _ in 0..2 {
        post(&lab, &url, json!({})).expect(202);
    }
    lines(&lab);
    lab.advance_to_day(15);
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    assert_eq!(shown["properties"]["state"], "Suspended");
    assert_eq!((lines(&lab), lab.next_due()), (vec![UNSUBSCRIBE.to_owned()], None));
}

#[test]
fn a_flow_that_is_turned_off_meanwhile_ends_what_was_subscribed() {
    let lab = Lab::new();
    let (sender, reached) = mpsc::channel();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    lab.hub.replies([Reply::Hold(sender, std::sync::Arc::clone(&release))]);
    let token = lab.token(crate::lab::OWNER);
    let put = Lab::request("PUT", &path(&format!("/{FLOW}")), Some(&token), Some(flow(of(over_http()))));
    lab.send_request_and_forget(put);
    reached.recv_timeout(Duration::from_secs(20)).expect("the subscription reached the service");
    // An event comes before the subscription has its response.
    post(&lab, &address(&lab, "/callback"), json!({"id": 3})).expect(202);
    let stop = Lab::request("POST", &path(&format!("/{FLOW}/stop")), Some(&token), None);
    lab.send_request_and_forget(stop);
    while lab.owner("GET", &format!("/{FLOW}"), None).expect(200)["properties"]["state"] == "Started" {}
    release.notify_one();
    while shown(&lab) != Value::Null {}
    assert_eq!(lines(&lab), [SUBSCRIBE, UNSUBSCRIBE]);
    assert_eq!((lab.count("subscriptions"), lab.next_due()), (0, None));
}
