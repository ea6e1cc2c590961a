//! The service dies and comes back on the same data.

use std::sync::mpsc;
use std::time::Duration;

use outlive_clock::Span;
use serde_json::json;

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, TENANT, hourly};

#[test]
fn a_run_that_was_left_behind_is_found_and_done() {
    let mut lab = Lab::with_flow(hourly());
    let (told, asked) = mpsc::channel();
    lab.hub.replies([Reply::Hang(told)]);
    lab.send_and_forget("POST", &format!("/_lab/tenants/{TENANT}/due"));
    asked.recv_timeout(Duration::from_secs(20)).expect("the call reached the hub");
    lab.restart();

    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Running");
    assert_eq!(lab.next_due(), Some(lab.now()), "what was left behind is still due");
    assert_eq!(lab.due(), (1, 0));
    assert_eq!(lab.runs("").len(), 1, "the occurrence is not done twice");
    let again = lab.newest_run();
    assert_eq!((&again["name"], &again["properties"]["status"]), (&run["name"], &json!("Succeeded")));
    assert_eq!(lab.hub.calls().len(), 2, "a call whose answer was not written is made again");
    assert_eq!(lab.hub.calls()[0].traceparent[..35], lab.hub.calls()[1].traceparent[..35]);
    assert_eq!(lab.advance(Span::from_hours(3)), (3, 0));
    assert_eq!(lab.journal("run.finished").len(), 4);
}

#[test]
fn what_waits_goes_on_waiting_and_what_is_done_stays_done() {
    let mut lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Answer(503, json!({}))]);
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
