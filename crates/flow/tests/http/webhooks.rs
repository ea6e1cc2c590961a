//! Actions that subscribe and wait to be called back.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, Response, call, manual};

const URI: &str = "https://api.contoso.example/apim/x/y/hooks";
const THROUGH: &str = "/apim/shared_contoso-orders/00112233445566778899aabbccddeeff";

fn webhook(more: Value) -> Value {
    let mut action = json!({"type": "HttpWebhook", "inputs": {
        "subscribe": {"method": "POST", "uri": URI, "body": {"callback": "@{listCallbackUrl()}", "n": "@add(1, 1)"},
                      "authentication": {"type": "Basic", "username": "amy", "password": "pw"}},
        "unsubscribe": {"method": "DELETE", "uri": format!("{URI}/1"), "body": {"callback": "@listCallbackUrl()"}},
    }});
    for (name, value) in more.as_object().expect("an object") {
        action[name] = value.clone();
    }
    action
}

fn after(name: &str, inputs: &str) -> Value {
    json!({"type": "Compose", "inputs": inputs, "runAfter": {name: ["Succeeded"]}})
}

fn run(lab: &Lab) -> String {
    let response = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({})));
    response.expect(202)["name"].as_str().expect("a name").to_owned()
}

/// Returns the addresses that subscriptions gave, newest last.
fn addresses(lab: &Lab, pointer: &str) -> Vec<String> {
    let posted = lab.hub.calls().into_iter().filter(|call| call.line.starts_with("POST"));
    let bodies = posted.map(|call| serde_json::from_str::<Value>(&call.body).expect("JSON"));
    bodies
        .map(|body| body.pointer(pointer).and_then(Value::as_str).expect("an address").to_owned())
        .map(|url| url.strip_prefix("http://flow.test").expect("our origin").to_owned())
        .collect()
}

fn call_back(lab: &Lab, address: &str, body: Value) -> Response {
    lab.send("POST", address, None, Some(body))
}

fn lines(lab: &Lab) -> Vec<String> {
    lab.hub.calls().into_iter().map(|call| call.line).collect()
}

#[test]
fn a_run_waits_until_it_is_called_back() {
    let mut lab = Lab::with_flow(manual(json!({
        "Ask": webhook(json!({})), "After": after("Ask", "@body('Ask')['answer']"),
    })));
    let start = lab.now();
    let name = run(&lab);
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    assert_eq!(lab.next_due(), Some(start + Span::from_days(30)), "nothing is done meanwhile");
    let address = addresses(&lab, "/callback").remove(0);
    let shown = lab.newest_run().to_string();
    assert!(!shown.contains("sig=") && shown.contains("*sanitized*"), "{shown}");
    lab.advance(Span::from_days(3));
    lab.restart();
    let forged = [
        address.replace("sig=", "sig=A"),
        address.split("&sig=").next().expect("a part").to_owned(),
        address.replace("/callbacks/0-", "/callbacks/1-"),
        address.replace(&name, &name.to_lowercase()),
    ];
    for forged in forged {
        let error = call_back(&lab, &forged, json!({"answer": "forged"})).expect(401);
        assert_eq!(error["error"]["code"], "AuthorizationFailed", "{forged}");
    }
    for (version, expected) in
        [("api-version=2020-01-01&", "InvalidApiVersionParameter"), ("", "MissingApiVersionParameter")]
    {
        let other = address.replace("api-version=2016-11-01&", version);
        let error = call_back(&lab, &other, json!({"answer": "forged"})).expect(400);
        assert_eq!(error["error"]["code"], expected, "{other}");
    }
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    call_back(&lab, &address, json!({"answer": "yes"})).expect(200);
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Succeeded", "{run}");
    assert_eq!(run["properties"]["endTime"], json!(start + Span::from_days(3)));
    assert_eq!(run["properties"]["actions"]["After"]["outputs"], "yes");
    assert_eq!(lines(&lab), ["POST /apim/x/y/hooks", "DELETE /apim/x/y/hooks/1"]);
    assert!(lab.hub.calls()[1].body.contains("/callbacks/0-"), "the same action");
    let error = call_back(&lab, &address, json!({"answer": "again"})).expect(409);
    assert_eq!(error["error"]["code"], "CallbackNotExpected");
    assert_eq!((lab.next_due(), lab.journal("run.finished").len()), (None, 1));
}

#[test]
fn a_subscription_ends_with_the_limit_and_when_the_run_is_cancelled() {
    let lab = Lab::with_flow(manual(json!({"Ask": webhook(json!({"limit": {"timeout": "PT2H"}}))})));
    let start = lab.now();
    run(&lab);
    assert_eq!(lab.next_due(), Some(start + Span::from_hours(2)));
    lab.advance(Span::from_hours(3));
    let ended = lab.newest_run();
    let action = &ended["properties"]["actions"]["Ask"];
    assert_eq!((&action["status"], &action["code"]), (&json!("TimedOut"), &json!("ActionTimedOut")));
    assert_eq!(action["endTime"], json!(start + Span::from_hours(2)));
    assert_eq!(lines(&lab), ["POST /apim/x/y/hooks", "DELETE /apim/x/y/hooks/1"]);
    let name = run(&lab);
    lab.owner("POST", &format!("/{FLOW}/runs/{name}/cancel"), None).expect(200);
    assert_eq!(lines(&lab)[2..], ["POST /apim/x/y/hooks", "DELETE /apim/x/y/hooks/1"]);
    for address in addresses(&lab, "/callback") {
        call_back(&lab, &address, json!({})).expect(409);
    }
    // As it is when the flow is deleted.
    run(&lab);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(lines(&lab)[4..], ["POST /apim/x/y/hooks", "DELETE /apim/x/y/hooks/1"]);
    // A service that does not accept the subscription.
    let lab = Lab::with_flow(manual(json!({"Ask": webhook(json!({}))})));
    lab.hub.replies([Reply::Respond(403, json!({"error": {"message": "no"}}))]);
    run(&lab);
    assert_eq!(lab.newest_run()["properties"]["actions"]["Ask"]["code"], "Forbidden");
    assert_eq!(lines(&lab).len(), 1, "nothing was subscribed");
}

#[test]
fn each_iteration_has_its_own_subscription() {
    let each = json!({"type": "Foreach", "foreach": ["a", "b"], "actions": {"Ask": webhook(json!({}))},
        "runtimeConfiguration": {"concurrency": {"repetitions": 2}}});
    let mut lab = Lab::with_flow(manual(json!({"Each": each, "All": after("Each", "@outputs('Ask')")})));
    run(&lab);
    let addresses = addresses(&lab, "/callback");
    assert_eq!(addresses.len(), 2);
    call_back(&lab, &addresses[1], json!("second")).expect(200);
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    lab.restart();
    call_back(&lab, &addresses[0], json!("first")).expect(200);
    let run = lab.newest_run();
    let all = run["properties"]["actions"]["All"]["outputs"].as_array().expect("both").clone();
    let bodies: Vec<_> = all.iter().map(|outputs| outputs["body"].clone()).collect();
    assert_eq!(bodies, [json!("first"), json!("second")]);
}

#[test]
fn the_items_of_a_loop_are_known_until_its_subscriptions_have_ended() {
    let mut ask = webhook(json!({"limit": {"timeout": "PT1H"}}));
    ask["inputs"]["unsubscribe"] = json!({"method": "DELETE", "uri": format!("{URI}/@{{item()}}")});
    let lab = Lab::with_flow(manual(json!({
        "Each": {"type": "Foreach", "foreach": ["a", "b", "c"], "actions": {"Ask": ask}},
    })));
    run(&lab);
    // One iteration after the other.
    lab.advance(Span::from_hours(4));
    let mut ended: Vec<_> = lines(&lab).into_iter().filter(|line| line.starts_with("DELETE")).collect();
    ended.sort();
    assert_eq!(ended, ["a", "b", "c"].map(|item| format!("DELETE /apim/x/y/hooks/{item}")));
}

#[test]
fn a_connector_gets_the_address_where_it_is_marked() {
    let mut ask = call("Subscribe", json!({"hook/kind": "new"}));
    ask["type"] = json!("OpenApiConnectionWebhook");
    let mut lab =
        Lab::with_flow(manual(json!({"Ask": ask, "After": after("Ask", "@body('Ask')['answer']")})));
    lab.hub.replies([Reply::With(201, vec![("location", format!("{THROUGH}/hooks/7"))], json!({"id": 7}))]);
    run(&lab);
    let body: Value = serde_json::from_str(&lab.hub.calls()[0].body).expect("JSON");
    assert_eq!(body["kind"], "new");
    let address = addresses(&lab, "/target/url").remove(0);
    lab.restart();
    call_back(&lab, &address, json!({"answer": 42})).expect(200);
    assert_eq!(lab.newest_run()["properties"]["actions"]["After"]["outputs"], 42);
    assert_eq!(lines(&lab)[1], format!("DELETE {THROUGH}/hooks/7"));
    assert!(lab.hub.calls()[1].authorization.starts_with("Key "));
    // Logic Apps write the address with an expression, and no method.
    let request = json!({"type": "ApiConnectionWebhook", "inputs": {
        "host": {"connection": {"name": "@parameters('$connections')['shared_contoso-orders']['connectionId']"}},
        "path": "/hooks", "body": {"target": {"url": "@{listCallbackUrl()}"}},
    }});
    lab.put_flow(manual(json!({ "Ask": request }))).expect(200);
    run(&lab);
    let address = addresses(&lab, "/target/url").pop().expect("an address");
    call_back(&lab, &address, json!({})).expect(200);
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
}

#[test]
fn a_call_back_during_the_subscription_is_not_lost() {
    let lab = Lab::with_flow(manual(json!({"Ask": webhook(json!({}))})));
    let (sender, reached) = std::sync::mpsc::channel();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    lab.hub.replies([Reply::Hold(sender, std::sync::Arc::clone(&release))]);
    lab.send_as_owner_and_forget("POST", &format!("/{FLOW}/triggers/manual/run"));
    reached.recv_timeout(std::time::Duration::from_secs(20)).expect("the subscription reached the service");
    let address = addresses(&lab, "/callback").remove(0);
    call_back(&lab, &address, json!("early")).expect(200);
    release.notify_one();
    // The run is continued by itself; due work waits for it.
    for _ in 0..1_000 {
        lab.due();
        if lab.newest_run()["properties"]["status"] == "Succeeded" {
            break;
        }
    }
    let run = lab.newest_run();
    assert_eq!(run["properties"]["actions"]["Ask"]["outputs"]["body"], "early", "{run}");
    assert_eq!(run["properties"]["status"], "Succeeded");
}
