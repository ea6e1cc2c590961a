use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::{NOON, Scene, lab};

#[tokio::test]
async fn runs_due_work_on_request_and_counts_it() {
    let scene = Scene::start().await;
    scene
        .create(
            1,
            &[
                ("c", "2026-01-05T15:00:00Z"),
                ("a", "2026-01-05T13:00:00Z"),
                ("bad", "2026-01-05T14:00:00Z"),
                ("later", "2026-02-01T00:00:00Z"),
            ],
        )
        .await;
    let nothing = scene.post(&lab(1, "/due")).await;
    assert_eq!(
        nothing.body,
        json!({"done": 0, "failed": 0, "started": 0, "next_due": "2026-01-05T13:00:00Z"})
    );
    scene.put(&lab(1, "/clock"), json!({"now": "2026-01-05T15:00:00Z"})).await;
    let some = scene.post(&lab(1, "/due")).await;
    assert_eq!(some.body, json!({"done": 3, "failed": 1, "started": 0, "next_due": "2026-02-01T00:00:00Z"}));
    let again = scene.post(&lab(1, "/due")).await;
    assert_eq!(again.body, json!({"done": 0, "failed": 0, "started": 0, "next_due": "2026-02-01T00:00:00Z"}));
    assert_eq!(done_work(&scene, 1).await, ["run:a", "run:bad", "run:c"], "in their order");
    let with_the_time = scene.post_json(&lab(1, "/due"), json!({"now": "2026-02-01T00:00:00Z"})).await;
    assert_eq!(with_the_time.body, json!({"done": 1, "failed": 0, "started": 0, "next_due": null}));
    assert_eq!(scene.get(&lab(1, "/clock")).await.body["now"], "2026-02-01T00:00:00Z");
    assert_eq!(scene.post_json(&lab(1, "/due"), Value::Null).await.status, 200, "nothing to move");
    for wrong in [json!({"now": "2026-01-01T00:00:00Z"}), json!({"now": "soon"}), json!({"then": 1})] {
        let refused = scene.post_json(&lab(1, "/due"), wrong).await;
        assert!((400..500).contains(&refused.status), "{refused:?}");
    }
}

#[tokio::test]
async fn a_backlog_is_done_in_bounded_turns_and_the_answer_shows_that_more_is_due() {
    let scene = Scene::start().await;
    let ids: Vec<String> = (0..6).map(|number| format!("slow{number}")).collect();
    let due: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), NOON)).collect();
    scene.create(1, &due).await;
    let first = scene.post(&lab(1, "/due")).await.body;
    let done = first["done"].as_u64().expect("a number");
    assert!((1..6).contains(&done), "a turn of two seconds: {first}");
    assert_eq!(first["next_due"], json!(NOON), "more is due");
    let second = scene.post(&lab(1, "/due")).await.body;
    let third = scene.post(&lab(1, "/due")).await.body;
    let rest = second["done"].as_u64().expect("a number") + third["done"].as_u64().expect("a number");
    assert_eq!((done + rest, &third["next_due"]), (6, &Value::Null));
}

#[tokio::test]
async fn concurrent_requests_do_due_work_once() {
    let scene = Scene::start().await;
    scene.create(1, &[("a", NOON), ("b", NOON), ("c", NOON)]).await;
    let path = lab(1, "/due");
    let answers = futures::future::join_all((0..10).map(|_| scene.post(&path))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let sum: u64 = answers.iter().filter_map(|answer| answer.body["done"].as_u64()).sum();
    assert_eq!(sum, 3);
    assert_eq!(done_work(&scene, 1).await.len(), 3);
}

#[tokio::test]
async fn a_clock_that_stands_still_does_nothing_by_itself_and_a_running_one_does() {
    let scene = Scene::start().await;
    scene.create(1, &[("still", NOON)]).await;
    // Failing work of one tenant does not delay others.
    scene.create(2, &[("broken", NOON)]).await;
    scene.create(3, &[("a", "2026-01-05T12:30:00Z"), ("b", "2026-01-05T13:00:00Z")]).await;
    for running in [2, 3] {
        assert_eq!(scene.put(&lab(running, "/clock"), json!({"speed": 36_000})).await.status, 200);
    }
    let mut commits = scene.chassis.store.commits();
    let waiting = async {
        while done_work(&scene, 3).await.len() < 2 {
            commits.changed().await.expect("the store lives");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("an hour takes a tenth of a second");
    assert_eq!(done_work(&scene, 3).await, ["run:a", "run:b"]);
    let lines = scene.get(&lab(3, "/journal?kind=run.waiting")).await.body;
    for (line, due) in [(0, "2026-01-05T12:30:00Z"), (1, "2026-01-05T13:00:00Z")] {
        let at = |value: &Value| value.as_str().and_then(|text| text.parse::<outlive_clock::Instant>().ok());
        assert!(at(&lines["lines"][line]["at"]) >= at(&json!(due)), "not before it is due: {lines}");
    }
    assert!(done_work(&scene, 1).await.is_empty() && done_work(&scene, 2).await.is_empty());
    let broken = scene.post(&lab(2, "/due")).await;
    assert_eq!(broken.refused(), (503, "ServiceUnavailable"));
}

async fn done_work(scene: &Scene, number: u128) -> Vec<String> {
    let journal = scene.get(&lab(number, "/journal?kind=run.waiting")).await.body;
    let lines = journal["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["subject"].as_str().expect("a text").to_owned()).collect()
}
