//! `GET /_lab/counts`: what a service did since its start.

use outlive_wire::Counts;

use crate::scene::{NOON, Scene};

async fn counts(scene: &Scene) -> Counts {
    let answer = scene.get("/_lab/counts").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_value(answer.body).expect("counts")
}

#[tokio::test]
async fn requests_calls_and_work_of_the_database_are_counted() {
    let scene = Scene::start().await;
    let before = counts(&scene).await;
    scene.get("/trace").await;
    scene.get("/nowhere").await;
    scene.create(1, &[("a", NOON)]).await;
    let after = counts(&scene).await;
    // The last is the request for the counts.
    assert_eq!(after.exchanges - before.exchanges, 4);
    assert_eq!(after.lab_exchanges - before.lab_exchanges, 2);
    assert_eq!(after.database.changes - before.database.changes, 1, "the tenant");
    assert_eq!(after.database.commits - before.database.commits, 1);
    // Its reminder, its clock and its journal event.
    assert!(after.database.statements - before.database.statements >= 3);
    assert!(after.process.calls > before.process.calls, "the handler of /trace creates a call");
    assert!(after.process.database.statements >= after.database.statements);
}
