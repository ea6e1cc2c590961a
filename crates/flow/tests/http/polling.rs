//! Polling triggers: 200 has events, 202 has none; both can say where and when to poll next.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, call, definition};

const URI: &str = "https://api.contoso.example/apim/x/y/events";
const THROUGH: &str = "/apim/shared_contoso-orders/00112233445566778899aabbccddeeff";

fn polled(mut trigger: Value) -> Value {
    trigger.as_object_mut().expect("an object").remove("runAfter");
    trigger["recurrence"] = json!({"frequency": "Minute", "interval": 5});
    trigger["splitOn"] = json!("@triggerBody()?['value']");
    definition(
        json!({ "When_new": trigger }),
        json!({"Id": {"type": "Compose", "inputs": "@triggerBody()['id']"}}),
    )
}

fn with(status: u16, location: Option<&str>, retry_after: Option<u32>, events: Value) -> Reply {
    let mut headers = Vec::new();
    headers.extend(location.map(|location| ("location", location.to_owned())));
    headers.extend(retry_after.map(|after| ("retry-after", after.to_string())));
    Reply::With(status, headers, json!({ "value": events }))
}

/// Polls once more. Returns what was requested, and the time since the poll before.
fn poll(lab: &Lab) -> (String, Span) {
    let (before, due) = (lab.now(), lab.next_due().expect("due"));
    lab.set_clock(due);
    lab.due();
    (lab.hub.calls().last().expect("a call").line.clone(), due - before)
}

#[test]
fn the_cursor_and_the_time_of_the_next_poll_come_from_the_response() {
    let minutes = Span::from_minutes;
    let http = json!({"type": "Http", "inputs": {
        "method": "GET", "uri": format!("{URI}?since=0"), "authentication": {"type": "Basic", "username": "amy", "password": "pw"},
    }});
    for (trigger, base, first) in [
        (http, "/apim/x/y", "/apim/x/y/events?since=0"),
        (
            call("ListOrders", json!({"$top": 5})),
            THROUGH,
            "/apim/shared_contoso-orders/00112233445566778899aabbccddeeff/orders?$top=5",
        ),
    ] {
        let mut lab = Lab::new();
        let at = |since: &str| format!("{base}/events?since={since}");
        lab.put_flow(polled(trigger.clone())).expect(201);
        lab.hub.replies([
            with(202, Some(&at("1")), None, json!([])),
            with(200, Some(&at("2")), Some(30), json!([{"id": "a"}, {"id": "b"}])),
            with(202, None, Some(600), json!([])),
            Reply::Respond(503, json!({})),
            with(200, Some(&at("3")), None, json!([{"id": "c"}])),
        ]);
        let (line, _) = poll(&lab);
        assert_eq!(line.replace("%24", "$"), format!("GET {first}"));
        lab.restart();
        assert_eq!(poll(&lab), (format!("GET {}", at("1")), minutes(5)));
        assert_eq!(poll(&lab), (format!("GET {}", at("2")), Span::from_seconds(30)), "sooner");
        lab.restart();
        assert_eq!(poll(&lab), (format!("GET {}", at("2")), minutes(10)), "later; the cursor is kept");
        let (line, _) = poll(&lab);
        assert_eq!(line, format!("GET {}", at("2")), "a failure keeps the cursor");
        assert_eq!(poll(&lab).0, format!("GET {}", at("3")));
        let authorized = |value: &str| value == "Basic YW15OnB3" || value.starts_with("Key ");
        assert!(lab.hub.calls().iter().all(|call| authorized(&call.authorization)));
        let ids: Vec<_> = lab
            .runs("")
            .iter()
            .rev()
            .take(3)
            .map(|run| {
                let name = run["name"].as_str().expect("a name");
                let run = lab.owner("GET", &format!("/{FLOW}/runs/{name}"), None).expect(200);
                run["properties"]["actions"]["Id"]["outputs"].clone()
            })
            .collect();
        assert_eq!(ids, [json!("a"), json!("b"), json!("c")]);
        // A new definition begins without a cursor.
        let mut other = trigger;
        other["metadata"] = json!({"changed": true});
        lab.put_flow(polled(other)).expect(200);
        assert_eq!(poll(&lab).0.replace("%24", "$"), format!("GET {first}"));
    }
}

/// The events of a trace are those of one run, so that its steps are no mixture with others.
#[test]
fn each_of_several_runs_of_an_event_has_its_own_trace() {
    let lab = Lab::with_flow(polled(call("ListOrders", json!({"$top": 5}))));
    lab.hub.replies([
        with(200, None, None, json!([{"id": "a"}])),
        with(200, None, None, json!([{"id": "b"}, {"id": "c"}])),
    ]);
    let (mut polls, mut traces) = (Vec::new(), Vec::new());
    for count in [1, 2] {
        poll(&lab);
        let call = lab.hub.calls().last().expect("a call").clone();
        polls.push(call.traceparent.split('-').nth(1).expect("a trace").to_owned());
        let runs = lab.runs("");
        let of_runs = runs
            .iter()
            .take(count)
            .map(|run| run["properties"]["correlation"]["traceId"].as_str().expect("a trace").to_owned());
        traces.push(of_runs.collect::<Vec<_>>());
    }
    assert_eq!(traces[0], polls[..1], "the only run continues the trace of its trigger's request");
    let [b, c] = [&traces[1][0], &traces[1][1]];
    assert!(b != c && ![b, c].contains(&&polls[1]), "{traces:?} {polls:?}");
}

#[test]
fn a_cursor_at_another_host_gets_no_credential() {
    let http = json!({"type": "Http", "inputs": {
        "method": "GET", "uri": URI, "headers": {"x-key": "k"}, "authentication": {"type": "Raw", "value": "secret"},
    }});
    let lab = Lab::with_flow(polled(http));
    lab.hub.replies([
        with(202, Some("https://other.contoso.example/apim/x/y/1"), None, json!([])),
        with(202, Some("https://elsewhere.test/"), None, json!([])),
    ]);
    for (calls, authorization) in [(1, "secret"), (2, ""), (2, "")] {
        poll(&lab);
        let list = lab.hub.calls();
        assert_eq!(list.len(), calls);
        assert_eq!(list.last().map(|call| call.authorization.clone()).as_deref(), Some(authorization));
    }
}
