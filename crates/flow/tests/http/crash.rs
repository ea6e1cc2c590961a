//! The service crashes and restarts on the same data.

use std::sync::mpsc;
use std::time::Duration;

use outlive_clock::Span;
use serde_json::json;

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, TENANT, hourly};

#[test]
fn an_abandoned_run_is_resumed() {
    let mut lab = Lab::with_flow(hourly());
    let (called, call) = mpsc::channel();
    lab.hub.replies([Reply::Hang(called)]);
    lab.send_and_forget("POST", &format!("/_lab/tenants/{TENANT}/due"));
    call.recv_timeout(Duration::from_secs(20)).expect("the call reached the hub");
    lab.restart();

    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Running");
    assert_eq!(lab.next_due(), Some(lab.now()), "an abandoned run is still due");
    assert_eq!(lab.due(), (1, 0));
    assert_eq!(lab.runs("").len(), 1, "the occurrence runs once");
    let again = lab.newest_run();
    assert_eq!((&again["name"], &again["properties"]["status"]), (&run["name"], &json!("Succeeded")));
    assert_eq!(lab.hub.calls().len(), 2, "a call whose response was not stored is repeated");
    assert_eq!(lab.hub.calls()[0].traceparent[..35], lab.hub.calls()[1].traceparent[..35]);
    assert_eq!(lab.advance(Span::from_hours(3)), (3, 0));
    assert_eq!(lab.journal("run.finished").len(), 4);
}

#[test]
fn waiting_runs_keep_waiting_and_ended_runs_stay_ended() {
    let mut lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    lab.due();
    let due = lab.next_due();
    lab.restart();
    assert_eq!((lab.next_due(), lab.newest_run()["properties"]["status"].clone()), (due, json!("Waiting")));
    assert_eq!(lab.advance(Span::from_hours(1)), (2, 0));
    lab.restart();
    assert_eq!((lab.due(), lab.runs("").len()), ((0, 0), 2));
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    lab.restart();
    assert_eq!((lab.next_due(), lab.runs("").len()), (None, 2));
}
