//! Operations that respond 202 with `Location` are polled in the tenant's time.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, call, manual};

const URI: &str = "https://api.contoso.example/apim/x/y/jobs";
const THROUGH: &str = "/apim/shared_contoso-orders/00112233445566778899aabbccddeeff";

fn accepted(location: &str, retry_after: Option<&str>) -> Reply {
    let mut headers = vec![("location", location.to_owned())];
    headers.extend(retry_after.map(|after| ("retry-after", after.to_owned())));
    Reply::With(202, headers, json!({"state": "running"}))
}

fn http(more: Value) -> Value {
    let mut action = json!({"type": "Http", "inputs": {
        "method": "POST", "uri": URI, "queries": {"a": 1}, "headers": {"x-own": "1"}, "body": {"n": 1},
        "authentication": {"type": "Basic", "username": "amy", "password": "pw"},
    }});
    for (name, value) in more.as_object().expect("an object") {
        action[name] = value.clone();
    }
    action
}

fn run(lab: &Lab) -> Value {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
    lab.newest_run()
}

fn lines(lab: &Lab) -> Vec<String> {
    lab.hub.calls().into_iter().map(|call| call.line).collect()
}

#[test]
fn an_operation_is_polled_until_it_has_ended() {
    let mut lab = Lab::with_flow(manual(json!({ "Call": http(json!({})) })));
    let start = lab.now();
    lab.hub.replies([
        accepted("jobs/1?t=2", Some("60")),
        accepted("/apim/x/y/jobs/2", None),
        Reply::Respond(503, json!({})),
        Reply::Respond(200, json!({"state": "done"})),
    ]);
    assert_eq!(run(&lab)["properties"]["status"], "Waiting");
    assert_eq!(lab.next_due(), Some(start + Span::from_seconds(60)));
    lab.restart();
    lab.set_clock(start + Span::from_seconds(60));
    lab.due();
    assert_eq!(lab.next_due(), Some(start + Span::from_seconds(80)), "without Retry-After");
    lab.restart();
    lab.advance(Span::from_minutes(5));
    let run = lab.newest_run();
    let action = &run["properties"]["actions"]["Call"];
    assert_eq!(
        (&action["status"], &action["outputs"]["statusCode"]),
        (&json!("Succeeded"), &json!(200)),
        "{run}"
    );
    assert_eq!(action["outputs"]["body"], json!({"state": "done"}));
    let poll = "GET /apim/x/y/jobs/2".to_owned();
    let expected = ["POST /apim/x/y/jobs?a=1", "GET /apim/x/y/jobs/1?t=2", &poll, &poll];
    assert_eq!(lines(&lab), expected);
    let calls = lab.hub.calls();
    assert!(calls.iter().all(|call| call.authorization == "Basic YW15OnB3"), "the same host");
    assert!(calls[1..].iter().all(|call| call.body.is_empty()));
}

#[test]
fn an_address_of_another_host_gets_no_credential() {
    let lab = Lab::with_flow(manual(json!({ "Call": http(json!({})) })));
    for (location, code) in [
        ("https://other.contoso.example/apim/x/y/1", None),
        ("http://api.contoso.example/apim/x/y/1", None),
        ("https://elsewhere.test/", Some("HostNotMapped")),
        ("file:///etc/passwd", Some("BadRequest")),
    ] {
        lab.hub.calls.lock().expect("lock").clear();
        lab.hub.replies([accepted(location, Some("5"))]);
        run(&lab);
        lab.advance(Span::from_minutes(1));
        let run = lab.newest_run();
        let action = &run["properties"]["actions"]["Call"];
        assert_eq!(action["code"].as_str().filter(|code| *code != "OK"), code, "{location}: {run}");
        let calls = lab.hub.calls();
        assert_eq!(calls.len(), if code.is_none() { 2 } else { 1 }, "{location}");
        assert!(calls[1..].iter().all(|call| call.authorization.is_empty()), "{location}");
    }
}

#[test]
fn the_pattern_can_be_turned_off() {
    let lab =
        Lab::with_flow(manual(json!({"Call": http(json!({"operationOptions": "DisableAsyncPattern"}))})));
    lab.hub.replies([accepted("/apim/x/y/1", Some("5"))]);
    let run = run(&lab);
    assert_eq!(run["properties"]["status"], "Succeeded");
    assert_eq!(run["properties"]["actions"]["Call"]["outputs"]["statusCode"], 202);
    assert_eq!((lab.hub.calls().len(), lab.next_due()), (1, None));
}

#[test]
fn polling_ends_with_the_limit_or_when_the_run_is_cancelled() {
    let call = http(json!({"limit": {"timeout": "PT10M"}}));
    let lab = Lab::with_flow(manual(json!({ "Call": call })));
    let start = lab.now();
    lab.hub.replies((0..9).map(|_| accepted("/apim/x/y/1", Some("240"))));
    run(&lab);
    lab.advance(Span::from_hours(1));
    let timed_out = lab.newest_run();
    let action = &timed_out["properties"]["actions"]["Call"];
    assert_eq!((&action["status"], &action["code"]), (&json!("TimedOut"), &json!("ActionTimedOut")));
    assert_eq!(action["endTime"], json!(start + Span::from_minutes(10)));
    assert_eq!(lab.hub.calls().len(), 3, "at 0, 4 and 8 minutes");
    let name = run(&lab)["name"].as_str().expect("a name").to_owned();
    lab.owner("POST", &format!("/{FLOW}/runs/{name}/cancel"), None).expect(200);
    assert_eq!(lab.next_due(), None);
    assert_eq!(lab.newest_run()["properties"]["actions"]["Call"]["status"], "Cancelled");
}

#[test]
fn a_connector_is_polled_through_its_connection() {
    let lab = Lab::with_flow(manual(json!({ "Call": call("ListOrders", json!({})) })));
    lab.hub.replies([
        accepted(&format!("{THROUGH}/orders/7?page=2"), Some("5")),
        Reply::Respond(200, json!({"id": 7})),
        accepted("/orders/7", Some("5")),
        accepted("https://other.contoso.example/apim/x/y/1", Some("5")),
    ]);
    run(&lab);
    lab.advance(Span::from_minutes(1));
    assert_eq!(lab.newest_run()["properties"]["actions"]["Call"]["outputs"]["body"], json!({"id": 7}));
    assert_eq!(lines(&lab)[1], format!("GET {THROUGH}/orders/7?page=2"));
    assert!(lab.hub.calls().iter().all(|call| call.authorization.starts_with("Key connection-key-jwt-")));
    // Not the connection's: there is no such address.
    run(&lab);
    lab.advance(Span::from_minutes(1));
    assert_eq!(lab.newest_run()["properties"]["actions"]["Call"]["code"], "BadRequest");
    // Another host gets no key.
    run(&lab);
    lab.advance(Span::from_minutes(1));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    assert_eq!(lab.hub.calls().last().map(|call| call.authorization.clone()).as_deref(), Some(""));
}
