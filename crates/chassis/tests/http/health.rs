//! A service is healthy while its database can be written.

use std::time::Duration;

use outlive_chassis::pause;
use outlive_store::Statement;
use serde_json::json;

use crate::scene::{Scene, lab};

/// Longer than a result is reused.
const NEXT_CHECK: Duration = Duration::from_millis(2_100);

#[tokio::test]
async fn a_service_whose_database_cannot_be_written_is_unhealthy_until_it_can() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let change = |sql| scene.chassis.store.commit(Statement::new(sql, Vec::new()));
    // What a full disk and a read-only file have in common: reads succeed and writes fail.
    change("ALTER TABLE probes RENAME TO kept").await.expect("is renamed");
    let answer = scene.get("/healthz").await;
    assert_eq!(answer.refused(), (503, "DatabaseNotWritable"));
    assert_eq!(scene.get(&lab(1, "/journal")).await.status, 200, "reads succeed");
    change("ALTER TABLE kept RENAME TO probes").await.expect("is renamed");
    assert_eq!(scene.get("/healthz").await.status, 503, "the result is reused for a moment");
    pause(NEXT_CHECK).await;
    let answer = scene.get("/healthz").await;
    assert_eq!((answer.status, answer.body), (200, json!({"service": "reminders", "status": "ok"})));
    scene.chassis.close().await;
    pause(NEXT_CHECK).await;
    assert_eq!(scene.get("/healthz").await.status, 503, "a closed database cannot be written");
}

#[tokio::test]
async fn a_health_check_writes_at_most_once_in_two_seconds() {
    let scene = Scene::start().await;
    let before = *scene.chassis.store.commits().borrow();
    for _ in 0..10 {
        assert_eq!(scene.get("/healthz").await.status, 200);
    }
    let writes = *scene.chassis.store.commits().borrow() - before;
    assert!(writes <= 2, "{writes} commits for ten checks");
}
