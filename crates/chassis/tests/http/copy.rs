//! The data of a tenant is copied and replaced by a copy, on both databases.

use serde_json::{Value, json};

use crate::faults::{add, path};
use crate::scene::{NOON, Place, Scene, lab, tenant};

const LATER: &str = "2026-01-05T14:00:00Z";

/// The kinds of the journal lines, and their numbers.
async fn journal(scene: &Scene, number: u128) -> (Vec<Value>, Vec<i64>) {
    let answer = scene.get(&lab(number, "/journal")).await;
    let lines = answer.body["lines"].as_array().expect("lines").clone();
    let numbers = lines.iter().map(|line| line["seq"].as_i64().expect("a number")).collect();
    (lines.into_iter().map(|mut line| line["kind"].take()).collect(), numbers)
}

async fn copy_of(scene: &Scene) -> Value {
    let state = scene.get(&lab(1, "/copy/state")).await;
    let mut read = scene.get(&lab(1, "/copy")).await;
    assert_eq!((read.status, &read.body["state"]), (200, &state.body), "{read:?}");
    assert_eq!(read.body["now"], read.body["copy"]["now"]);
    read.body["copy"].take()
}

async fn a_copy_brings_rows_clock_faults_and_journal_back(scene: &Scene) {
    scene.create(1, &[("a", "2026-01-05T13:00:00Z"), ("b", "2026-01-06T13:00:00Z")]).await;
    let path = path(1, "/");
    add(scene, 1, json!({"do": {"status": 503}})).await;
    let before = copy_of(scene).await;
    let state = scene.get(&lab(1, "/copy/state")).await.body;
    assert_eq!(scene.delete(&lab(1, "/faults")).await.status, 204);
    assert_ne!(scene.get(&lab(1, "/copy/state")).await.body, state, "the journal has one more");
    assert_eq!(scene.get(&path).await.status, 404);
    scene.create(2, &[]).await;
    scene.put(&lab(1, "/clock"), json!({"now": LATER})).await;
    assert_eq!(scene.post(&lab(1, "/due")).await.body["done"], json!(1));
    let (changed, passed) = journal(scene, 1).await;
    assert_eq!(changed, ["tenant.created", "fault.added", "fault.removed", "run.waiting"]);

    let body = json!({"copy": before, "lab": "one"});
    let restored = scene.put(&lab(1, "/copy"), body.clone()).await;
    assert_eq!(restored.status, 204, "{restored:?}");
    assert_eq!(scene.get(&lab(1, "/clock")).await.body["now"], json!(NOON), "time goes back");
    let (kinds, numbers) = journal(scene, 1).await;
    assert_eq!(kinds, ["tenant.created", "fault.added"]);
    assert!(numbers.iter().min() > passed.iter().max(), "a feed that passed them misses nothing");
    assert_eq!(scene.get(&lab(1, "/faults")).await.body["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!(scene.get(&path).await.status, 503, "the fault is there again");
    scene.delete(&lab(1, "/faults")).await;
    assert_eq!(scene.put(&lab(1, "/copy"), body.clone()).await.status, 204);
    assert_eq!(copy_of(scene).await, before, "a copy of a restored tenant is the same");
    assert_eq!(journal(scene, 2).await.0, ["tenant.created"], "another tenant is as before");

    // What was due is due again, and what is written next is numbered after the rest.
    scene.put(&lab(1, "/clock"), json!({"now": LATER})).await;
    assert_eq!(scene.post(&lab(1, "/due")).await.body["done"], json!(1));
    assert_eq!(journal(scene, 1).await.0, ["tenant.created", "fault.added", "run.waiting"]);

    // The tenant is created from a copy where it does not exist; other tenants have its numbers.
    assert_eq!(scene.delete(&lab(1, "")).await.status, 204);
    scene.create(3, &[]).await;
    assert_eq!(scene.put(&lab(1, "/copy"), body).await.status, 204);
    assert_eq!(copy_of(scene).await, before);
    assert_eq!(scene.get("/_lab/tenants?lab=one").await.body, json!({"tenants": [tenant(1)]}));
}

async fn an_invalid_copy_changes_nothing(scene: &Scene) {
    scene.create(1, &[("a", NOON)]).await;
    let good = copy_of(scene).await;
    let reminders = good["tables"].as_array().expect("tables").iter();
    let place = reminders.clone().position(|table| table["name"] == "reminders").expect("is copied");
    let change = |edit: &dyn Fn(&mut Value)| {
        let mut copy = good.clone();
        edit(&mut copy);
        json!({"copy": copy, "lab": ""})
    };
    let twice = |rows: &Value| json!([rows[0], rows[0]]);
    let cases = [
        (change(&|copy| copy["versions"][0][1] = json!(999)), 400, "another version"),
        (change(&|copy| copy["tables"][place]["name"] = json!("clocks")), 400, "other tables"),
        (change(&|copy| copy["tables"][place]["columns"][1] = json!("id; DROP")), 400, "other tables"),
        (change(&|copy| copy["tables"][place]["rows"][0] = json!(["x"])), 400, "Row 1 of the table"),
        (change(&|copy| copy["tables"][place]["rows"][0][1] = json!(7)), 400, "Row 1 of the table"),
        (
            change(&|copy| copy["tables"][place]["rows"] = twice(&copy["tables"][place]["rows"])),
            409,
            "something twice",
        ),
        (change(&|copy| copy["now"] = json!("9999999-01-01")), 400, "form"),
        (change(&|copy| copy["speed"] = json!(1_000_000)), 400, ""),
        (json!({"copy": 1}), 400, "form"),
    ];
    for (body, status, message) in cases {
        let answer = scene.put(&lab(1, "/copy"), body).await;
        assert_eq!(answer.refused().0, status, "{message}: {answer:?}");
        assert!(answer.body.to_string().contains(message), "{message}: {answer:?}");
        assert_eq!(copy_of(scene).await, good, "{message}");
    }
    let answer = scene.get(&lab(9, "/copy/state")).await;
    assert_eq!(answer.refused(), (404, "TenantNotFound"));
    // A copy for an earlier incarnation comes too late.
    let late = |instant: &str| json!({"copy": good, "lab": "", "clock": {"incarnation": instant}});
    assert_eq!(scene.put(&lab(1, "/copy"), late("2026-01-02T00:00:00Z")).await.status, 204);
    let answer = scene.put(&lab(1, "/copy"), late("2026-01-01T00:00:00Z")).await;
    assert_eq!(answer.refused(), (412, "TenantStartedOver"));
}

#[tokio::test]
async fn on_sqlite() {
    a_copy_brings_rows_clock_faults_and_journal_back(&Scene::start().await).await;
    an_invalid_copy_changes_nothing(&Scene::start().await).await;
}

#[tokio::test]
async fn on_postgres() {
    let Some(place) = Place::postgres("copy::on_postgres") else { return };
    a_copy_brings_rows_clock_faults_and_journal_back(&place.start().await).await;
    place.remove().await;
    let Some(place) = Place::postgres("copy::on_postgres") else { return };
    an_invalid_copy_changes_nothing(&place.start().await).await;
    place.remove().await;
}
