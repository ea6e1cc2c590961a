//! Several replicas on one database. They need PostgreSQL:
//! `OUTLIVE_TEST_DATABASE=postgres scripts/with-postgres cargo test -p outlive-flow`.

use outlive_clock::Span;
use serde_json::json;
use tower::ServiceExt;

use crate::fake_hub::Reply;
use crate::lab::{Lab, TENANT, hourly};

#[test]
fn due_work_runs_once_among_replicas() {
    let lab = Lab::with_flow(hourly());
    if !lab.is_shared() {
        return;
    }
    let others = [lab.start("two"), lab.start("three")];
    lab.hub.replies((0..10).map(|n| Reply::Respond(if n % 3 == 0 { 503 } else { 200 }, json!({}))));
    let due = format!("/_lab/tenants/{TENANT}/due");
    let end = lab.now() + Span::from_hours(30);
    while let Some(next) = lab.next_due().filter(|next| *next <= end) {
        lab.set_clock(next);
        let asked: Vec<_> = others
            .iter()
            .map(|(runtime, router)| {
                runtime.spawn(router.clone().oneshot(Lab::request("POST", &due, None, None)))
            })
            .collect();
        lab.due();
        for ((runtime, _), asked) in others.iter().zip(asked) {
            let answer = runtime.block_on(asked).expect("no panic").expect("infallible");
            assert_eq!(answer.status(), 200);
        }
    }
    let runs = lab.runs("");
    assert_eq!(runs.len(), 31);
    assert!(runs.iter().all(|run| run["properties"]["status"] == "Succeeded"));
    assert_eq!(lab.journal("run.finished").len(), 31);
    assert_eq!(lab.hub.calls().len(), 31 + 4, "four calls were answered 503 and made again");
}
