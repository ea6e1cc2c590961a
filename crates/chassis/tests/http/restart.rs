use serde_json::json;

use crate::scene::{NOON, Place, lab};

#[tokio::test]
async fn a_clock_survives_a_restart() {
    let place = Place::sqlite();
    let scene = place.start().await;
    scene.create(1, &[("a", NOON)]).await;
    scene.put(&lab(1, "/clock"), json!({"now": "2026-04-05T12:00:00.000001Z"})).await;
    scene.create(2, &[]).await;
    scene.put(&lab(2, "/clock"), json!({"speed": 1_440})).await;
    let running = scene.get(&lab(2, "/clock")).await.body["now"].clone();
    let standing = scene.get(&lab(1, "/clock")).await.body;
    scene.chassis.close().await;

    // The first is still held, as by a connection that has not ended.
    let again = place.start().await;
    assert_eq!(again.get(&lab(1, "/clock")).await.body, standing);
    let clock = again.get(&lab(2, "/clock")).await.body;
    assert_eq!(clock["speed"], json!(1_440));
    assert!(clock["now"].as_str() > running.as_str(), "it ran on meanwhile");
    assert_eq!(scene.get(&lab(1, "/journal")).await.refused(), (503, "ServiceUnavailable"));
}

#[tokio::test]
async fn with_a_seed_draws_repeat_and_a_restart_does_not_draw_the_same_again() {
    let draws = async || {
        let place = Place::sqlite();
        let mut draws = Vec::new();
        for _ in 0..2 {
            let chassis = place.chassis().await;
            draws.push(chassis.random.stream("id").next_u64());
            chassis.close().await;
        }
        draws
    };
    let first = draws().await;
    assert_eq!(draws().await, first);
    assert_ne!(first[0], first[1]);
}
