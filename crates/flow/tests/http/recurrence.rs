//! Flows with a recurrence.

use outlive_clock::{Instant, Span};
use serde_json::{Value, json};

use crate::fake_hub::KEY;
use crate::lab::{FLOW, Lab, START, definition, flow, hourly};

fn start() -> Instant {
    START.parse().expect("an instant")
}

#[test]
fn a_flow_runs_immediately_and_then_every_hour() {
    let lab = Lab::with_flow(hourly());
    assert_eq!(lab.next_due(), Some(start()));
    assert_eq!(lab.advance(Span::from_hours(48)), (49, 0));

    let runs = lab.runs("");
    assert_eq!(runs.len(), 49);
    for (hour, run) in runs.iter().rev().enumerate() {
        let properties = &run["properties"];
        let due = start() + Span::from_hours(i64::try_from(hour).expect("small"));
        assert_eq!(properties["status"], "Succeeded");
        assert_eq!(properties["startTime"], json!(due));
        assert_eq!(properties["endTime"], json!(due));
        assert_eq!(properties["trigger"]["scheduledTime"], json!(due));
    }
    let names: Vec<_> = runs.iter().map(|run| run["name"].as_str().expect("a name")).collect();
    assert!(names.is_sorted(), "names count down with time");

    let calls = lab.hub.calls();
    assert_eq!(calls.len(), 49);
    assert!(
        calls.iter().all(|call| call.line
            == "GET /apim/shared_contoso-orders/00112233445566778899aabbccddeeff/orders?$top=5")
    );
    assert!(calls.iter().all(|call| call.authorization == format!("Key {KEY}1")));
    // Every run has its own trace, which the journal records.
    let finished = lab.journal("run.finished");
    let traces: std::collections::BTreeSet<_> =
        finished.iter().map(|line| line["trace"].as_str().expect("a trace")).collect();
    assert_eq!((finished.len(), traces.len()), (49, 49));
    assert!(calls.iter().all(|call| traces.contains(&call.traceparent[3..35])));
    let last = &finished[48];
    assert_eq!(last["subject"], json!(format!("run:{}", names[0])));
    assert_eq!(last["at"], json!(start() + Span::from_hours(48)));
    assert_eq!(last["data"]["due"], json!(start() + Span::from_hours(48)));
    assert_eq!(
        (&last["data"]["flow"], &last["data"]["status"], &last["data"]["code"]),
        (&json!(FLOW), &json!("Succeeded"), &Value::Null)
    );
    assert_eq!(
        last["data"]["actions"],
        json!([{"name": "List_orders", "status": "Succeeded", "code": "OK"}])
    );
}

#[test]
fn keys_and_tokens_are_cached_and_refreshed_in_time() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_days(20));
    let requests = lab.hub.key_requests.lock().expect("lock").clone();
    // 20 days with keys that are valid for 7 and refreshed before they expire.
    assert_eq!(requests, vec![json!({"validityTimeSpan": "7.00:00:00", "workflowId": FLOW}); 3]);
    // The swagger is read again when the key is requested, with the same token.
    assert_eq!(*lab.hub.swaggers.lock().expect("lock"), 3);
    assert_eq!(*lab.issuer.asked.lock().expect("lock"), 3);
    assert_eq!(lab.hub.calls().len(), 20 * 24 + 1);
}

#[test]
fn due_runs_catch_up_in_order_after_the_clock_jumped() {
    let lab = Lab::with_flow(hourly());
    let daily = json!({"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1, "startTime": "2026-01-05T10:30:00Z"}}});
    let other = "cccccccc-0000-4000-8000-000000000000";
    let compose = definition(daily, json!({"A": {"type": "Compose", "inputs": "@utcNow()"}}));
    lab.owner("PUT", &format!("/{other}"), Some(flow(compose))).expect(201);
    lab.set_clock(start() + Span::from_days(15));
    // A turn ends after two seconds of wall time.
    let mut runs = (0, 0);
    while lab.next_due().is_some_and(|next| next <= start() + Span::from_days(15)) {
        let (done, failed) = lab.due();
        runs = (runs.0 + done, runs.1 + failed);
    }
    assert_eq!(runs, (15 * 24 + 1 + 15, 0));
    let order: Vec<_> = lab
        .journal("run.finished")
        .iter()
        .map(|line| line["data"]["due"].as_str().expect("due").to_owned())
        .collect();
    let order: Vec<Instant> = order.iter().map(|due| due.parse().expect("an instant")).collect();
    assert!(order.is_sorted());
    assert_eq!(lab.next_due(), Some(start() + Span::from_days(15) + Span::from_hours(1)));
}

#[test]
fn turning_on_restarts_the_recurrence() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_minutes(90));
    let stopped = lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    assert_eq!(
        (&stopped["properties"]["state"], &stopped["properties"]["nextRunTime"]),
        (&json!("Stopped"), &Value::Null)
    );
    assert_eq!((lab.next_due(), lab.advance(Span::from_hours(5))), (None, (0, 0)));
    let started = lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    assert_eq!(started["properties"]["state"], "Started");
    // Without a start time, the first run is immediate again.
    assert_eq!(lab.next_due(), Some(start() + Span::from_minutes(390)));
    assert_eq!(lab.advance(Span::from_hours(1)), (2, 0));
    let kinds: Vec<_> =
        lab.journal("flow.").iter().map(|line| line["kind"].as_str().expect("kind").to_owned()).collect();
    assert_eq!(kinds, ["flow.created", "flow.stopped", "flow.started"]);
    // Starting a started flow changes nothing.
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    assert_eq!(lab.next_due(), Some(start() + Span::from_minutes(510)));
}

#[test]
fn a_new_definition_restarts_the_recurrence_but_a_new_name_does_not() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_minutes(90));
    let renamed = lab
        .owner("PATCH", &format!("/{FLOW}"), Some(json!({"properties": {"displayName": "Other"}})))
        .expect(200);
    assert_eq!(renamed["properties"]["displayName"], "Other");
    assert_eq!(lab.next_due(), Some(start() + Span::from_hours(2)));
    // A response can be sent back unchanged.
    let read = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    assert_eq!(lab.owner("PUT", &format!("/{FLOW}"), Some(read.clone())).expect(200), read);
    assert_eq!(lab.next_due(), Some(start() + Span::from_hours(2)));
    let mut daily = hourly();
    daily["triggers"]["Recurrence"]["recurrence"]["frequency"] = json!("Day");
    lab.put_flow(daily).expect(200);
    assert_eq!(lab.advance(Span::from_days(2)), (3, 0));
}

#[test]
fn due_work_runs_without_requests_while_the_clock_runs() {
    let lab = Lab::with_flow(hourly());
    let path = format!("/_lab/tenants/{}/clock", crate::lab::TENANT);
    lab.send("PUT", &path, None, Some(json!({"speed": 36_000}))).expect(200);
    // Ten virtual hours pass in a second; each turn of this loop is a request.
    assert!((0..100_000).any(|_| lab.runs("").len() >= 3), "time runs and nothing happens");
    assert!(lab.runs("").iter().all(|run| run["properties"]["status"] != "Failed"));
}

/// "If recurrences are missed, the Recurrence trigger doesn't process missed recurrences but
/// restarts recurrences with the next scheduled interval" (Schedule and run recurring workflows
/// with the Recurrence trigger, Azure Logic Apps).
#[test]
fn occurrences_during_an_outage_are_skipped() {
    let mut lab = Lab::with_flow(hourly());
    lab.advance(Span::from_minutes(90));
    let runs = lab.stored_runs();
    // As after a start: the clock advanced by 400 days, and the flow was due at the beginning of
    // them.
    let path = format!("/_lab/tenants/{}/clock", crate::lab::TENANT);
    let wall = outlive_clock::wall_now() - Span::from_days(400) - Span::from_minutes(30);
    let due = start() + Span::from_hours(2);
    lab.send("PUT", &path, None, Some(json!({"now": due, "speed": 1, "wall": wall}))).expect(200);
    lab.restart();
    assert_eq!(lab.due(), (0, 0));
    assert_eq!(lab.stored_runs(), runs);
    let next = lab.next_due().expect("the flow goes on");
    let late = lab.now() - next;
    assert!(late < Span::ZERO && late >= -Span::from_hours(1), "the next whole hour: {next}");
    assert_eq!((next - start()).as_micros() % Span::from_hours(1).as_micros(), 0, "counted from its anchor");
    let missed = lab.journal("flow.occurrences_missed");
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert_eq!(missed[0]["data"]["first"], json!(due));
}

#[test]
fn history_comes_in_pages_and_by_status() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_hours(6));
    lab.hub.replies([crate::fake_hub::Reply::Respond(
        403,
        json!({"error": {"code": "Forbidden", "message": "no"}}),
    )]);
    assert_eq!(lab.advance(Span::from_hours(3)), (3, 1));
    let all = lab.runs("");
    assert_eq!(all.len(), 10);
    assert_eq!(lab.runs("&$top=3"), all);
    assert_eq!(lab.runs("&$top=10"), all);
    let failed = lab.runs("&%24filter=status%20eq%20%27Failed%27&$top=1");
    assert_eq!(failed, [all[2].clone()]);
    for bad in ["&$top=0", "&$top=1000", "&$skiptoken=x", "&$filter=name%20eq%20'x'"] {
        lab.owner("GET", &format!("/{FLOW}/runs?x=1{bad}"), None).expect(400);
    }
    let list = lab.owner("GET", "", None).expect(200);
    assert_eq!((list["value"].as_array().map(Vec::len), &list["value"][0]["name"]), (Some(1), &json!(FLOW)));
    assert!(list["value"][0]["properties"].get("definition").is_none());
}

#[test]
fn concurrent_updates_are_not_lost() {
    let lab = Lab::with_flow(hourly());
    for round in 0..20 {
        let name = format!("Name {round}");
        let (state, action) = if round % 2 == 0 { ("Stopped", "stop") } else { ("Started", "start") };
        let rename = json!({"properties": {"displayName": name}});
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| lab.owner("PATCH", &format!("/{FLOW}"), Some(rename)));
            let other = scope.spawn(|| lab.owner("POST", &format!("/{FLOW}/{action}"), None));
            (one.join().expect("an answer"), other.join().expect("an answer"))
        });
        let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
        for (answer, is_there) in [
            (one, shown["properties"]["displayName"] == *name),
            (other, shown["properties"]["state"] == state),
        ] {
            let status = answer.status.as_u16();
            assert!(status == 409 || (status == 200 && is_there), "{status} {}: {shown}", answer.body);
        }
        if shown["properties"]["state"] != state {
            lab.owner("POST", &format!("/{FLOW}/{action}"), None).expect(200);
        }
    }
}

#[test]
fn an_update_is_one_commit_and_the_confirmed_grant_another() {
    let lab = Lab::with_flow(hourly());
    let other =
        json!({"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1}}});
    let other =
        definition(other, json!({"Nothing": {"type": "Compose", "runAfter": {}, "inputs": "nothing"}}));
    let both = json!({"properties": {"displayName": "Renamed", "state": "Stopped", "definition": other}});
    for (method, below, body, commits) in [
        ("PATCH", "", Some(json!({"properties": {"displayName": "Another name"}})), 1),
        ("PATCH", "", Some(both), 2),
        ("POST", "/start", None, 2),
        ("POST", "/stop", None, 1),
        ("PUT", "", Some(flow(hourly())), 2),
    ] {
        let (before, written) = (lab.commits(), lab.journal("flow.").len());
        lab.owner(method, &format!("/{FLOW}{below}"), body.clone()).expect(200);
        assert_eq!(lab.commits() - before, commits, "{method} {below} {body:?}");
        assert_eq!(lab.journal("flow.").len() - written, 1, "{method} {below} {body:?}");
    }
    // An update without changes writes that the flow's access is to be granted, and that it was.
    let (before, written) = (lab.commits(), lab.journal("flow.").len());
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow(hourly()))).expect(200);
    assert_eq!((lab.commits() - before, lab.journal("flow.").len() - written), (2, 0));
}
