//! Runs do not exclude each other; cancelling and deleting do not wait for them.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, TENANT, call, flow, hourly, manual};

const OTHER: &str = "cccccccc-0000-4000-8000-000000000002";
const PATIENCE: Duration = Duration::from_secs(20);

/// Three calls, one after the other.
fn calls() -> Value {
    let get = |id: &str, after: Value| {
        let mut get = call("GetOrder", json!({"id": id}));
        get["runAfter"] = after;
        get
    };
    json!({
        "First": get("1", json!({})), "Second": get("2", json!({"First": ["Succeeded"]})),
        "Third": get("3", json!({"Second": ["Succeeded"]})),
    })
}

fn called(lab: &Lab) -> Vec<String> {
    let line = |line: &str| line.rsplit('/').next().unwrap_or_default().to_owned();
    lab.hub.calls().iter().map(|call| line(&call.line)).collect()
}

/// Starts a run whose second call is held until it is released.
fn start_held(lab: &Lab) -> Arc<tokio::sync::Notify> {
    let (sender, reached) = mpsc::channel();
    let release = Arc::new(tokio::sync::Notify::new());
    lab.hub.replies([Reply::Respond(200, json!({})), Reply::Hold(sender, Arc::clone(&release))]);
    lab.send_as_owner_and_forget("POST", &format!("/{FLOW}/triggers/manual/run"));
    reached.recv_timeout(PATIENCE).expect("the second call reached the hub");
    release
}

#[test]
fn a_crash_repeats_only_the_call_in_progress() {
    let mut lab = Lab::with_flow(manual(calls()));
    let (sender, reached) = mpsc::channel();
    lab.hub.replies([Reply::Respond(200, json!({})), Reply::Hang(sender)]);
    lab.send_as_owner_and_forget("POST", &format!("/{FLOW}/triggers/manual/run"));
    reached.recv_timeout(PATIENCE).expect("the second call reached the hub");
    lab.restart();
    assert_eq!(lab.newest_run()["properties"]["actions"]["First"]["status"], "Succeeded");
    assert_eq!(lab.due(), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    assert_eq!(called(&lab), ["1", "2", "2", "3"]);
    assert_eq!(lab.journal("run.finished").len(), 1);
}

#[test]
fn a_run_that_hangs_delays_no_other_flow() {
    let lab = Lab::with_flow(hourly());
    lab.owner("PUT", &format!("/{OTHER}"), Some(flow(manual(calls())))).expect(201);
    let (sender, reached) = mpsc::channel();
    lab.hub.replies([Reply::Hang(sender)]);
    lab.send_and_forget("POST", &format!("/_lab/tenants/{TENANT}/due"));
    reached.recv_timeout(PATIENCE).expect("the call reached the hub");
    lab.owner("POST", &format!("/{OTHER}/triggers/manual/run"), Some(json!({}))).expect(202);
    let runs = lab.owner("GET", &format!("/{OTHER}/runs"), None).expect(200);
    assert_eq!(runs["value"][0]["properties"]["status"], "Succeeded");
    // The one that hangs can be cancelled, and its flow turned off.
    let name = lab.runs("")[0]["name"].as_str().expect("a name").to_owned();
    let run = lab.owner("POST", &format!("/{FLOW}/runs/{name}/cancel"), None).expect(200);
    assert_eq!(run["properties"]["status"], "Cancelled");
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    assert_eq!(lab.next_due(), None);
}

#[test]
fn cancelling_takes_effect_before_the_next_call() {
    let lab = Lab::with_flow(manual(calls()));
    let release = start_held(&lab);
    let name = lab.runs("")[0]["name"].as_str().expect("a name").to_owned();
    let run = lab.owner("POST", &format!("/{FLOW}/runs/{name}/cancel"), None).expect(200);
    let actions = &run["properties"]["actions"];
    let statuses = ["First", "Second", "Third"].map(|name| actions[name]["status"].clone());
    assert_eq!(statuses, [json!("Succeeded"), json!("Cancelled"), json!("Skipped")]);
    release.notify_one();
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    assert_eq!(called(&lab), ["1", "2", "1", "2", "3"], "the cancelled run made no third call");
    assert_eq!(lab.runs("")[1]["properties"]["status"], "Cancelled");
    assert_eq!(lab.journal("run.finished").len(), 2);
    assert_eq!(lab.next_due(), None);
}

#[test]
fn deleting_takes_effect_before_the_next_call() {
    let lab = Lab::with_flow(manual(calls()));
    let release = start_held(&lab);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    release.notify_one();
    lab.owner("PUT", &format!("/{OTHER}"), Some(flow(manual(calls())))).expect(201);
    lab.owner("POST", &format!("/{OTHER}/triggers/manual/run"), Some(json!({}))).expect(202);
    assert_eq!(called(&lab), ["1", "2", "1", "2", "3"]);
    assert_eq!(lab.stored_runs(), 1);
}

#[test]
fn due_work_waits_for_a_run_that_a_request_started() {
    let lab = Lab::with_flow(manual(calls()));
    let release = start_held(&lab);
    assert_eq!(lab.next_due(), Some(lab.now()), "time does not move past a run in progress");
    let due = lab.send_in_background("POST", &format!("/_lab/tenants/{TENANT}/due"));
    std::thread::yield_now();
    assert!(!due.is_finished());
    release.notify_one();
    lab.wait_for(due);
    assert_eq!((lab.next_due(), called(&lab)), (None, vec!["1".to_owned(), "2".to_owned(), "3".to_owned()]));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
}
