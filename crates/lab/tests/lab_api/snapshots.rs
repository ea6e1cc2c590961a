//! Snapshots and restores where services change, lack a version or do not answer.

use outlive_store::sql;
use reqwest::Method;

use super::*;

impl Lab {
    fn each(&self, change: impl Fn(&mut fakes::FakeState)) {
        self.fakes.iter().for_each(|fake| change(&mut fake.lock().expect("no test panicked")));
    }

    fn contents(&self) -> Vec<String> {
        self.fakes.iter().map(|fake| fake.lock().expect("no test panicked").content.clone()).collect()
    }

    /// A tenant with a snapshot of the content `then`, and the content `now`.
    async fn changed_tenant(&self) -> String {
        let id = self.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
        self.each(|service| "then".clone_into(&mut service.content));
        let body = json!({"name": "then"});
        let (status, taken) = self.call(Method::POST, &format!("/{id}/snapshots"), Some(body)).await;
        assert_eq!(status, 201, "{taken}");
        self.each(|service| "now".clone_into(&mut service.content));
        id
    }

    async fn restore(&self, id: &str) -> (u16, Value) {
        self.call(Method::POST, &format!("/{id}/snapshots/then/restore"), Some(json!({}))).await
    }

    async fn operation(&self, id: &str) -> Value {
        self.call(Method::GET, &format!("/{id}/clock"), None).await.1["operation"].take()
    }
}

#[tokio::test]
async fn a_tenant_that_changes_whenever_it_is_copied_is_busy() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    lab.fakes[3].lock().expect("no test panicked").changes = true;
    let path = format!("/{id}/snapshots");
    let (status, refused) = lab.call(Method::POST, &path, Some(json!({}))).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("TenantBusy")), "{refused}");
    let copied = lab.calls(0).into_iter().filter(|call| call == "copy").count();
    assert_eq!(copied, 5, "it is tried five times");
    assert_eq!(lab.call(Method::GET, &path, None).await.1["snapshots"], json!([]));
    lab.fakes[3].lock().expect("no test panicked").changes = false;
    assert_eq!(lab.call(Method::POST, &path, Some(json!({}))).await.0, 201);
}

#[tokio::test]
async fn a_restore_that_cannot_be_changes_nothing() {
    let lab = Lab::start().await;
    let id = lab.changed_tenant().await;
    let set = |version: i64, down: bool| {
        let mut service = lab.fakes[2].lock().expect("no test panicked");
        (service.version, service.down) = (version, down);
    };
    for (version, down, status, code) in
        [(1, false, 409, "SnapshotOfOtherVersion"), (0, true, 502, "ServiceFailed")]
    {
        set(version, down);
        let (answered, refused) = lab.restore(&id).await;
        assert_eq!((answered, &refused["error"]["code"]), (status, &json!(code)), "{refused}");
        assert!(
            refused["error"]["message"].as_str().is_some_and(|text| text.contains("resource")),
            "{refused}"
        );
        assert_eq!(lab.operation(&id).await, Value::Null, "none is recorded");
    }
    set(0, false);
    assert_eq!(lab.contents(), ["now"; 4]);
    assert_eq!(lab.restore(&id).await.0, 200);
    assert_eq!(lab.contents(), ["then"; 4]);
}

#[tokio::test]
async fn a_restore_is_completed_when_the_missing_service_answers() {
    let lab = Lab::start().await;
    let id = lab.changed_tenant().await;
    let fails = |fails| lab.fakes[1].lock().expect("no test panicked").fails_copies = fails;
    fails(true);
    let (status, refused) = lab.restore(&id).await;
    assert_eq!((status, &refused["error"]["code"]), (502, &json!("ServiceFailed")), "{refused}");
    let message = refused["error"]["message"].as_str().expect("a text");
    assert!(message.contains("hub") && message.contains("is completed when"), "{message}");
    let operation = lab.operation(&id).await;
    assert_eq!(operation["kind"], "restore", "{operation}");
    // The same snapshot again joins it; nothing else begins.
    let advance = json!({"advance": "PT1H"});
    assert_ne!(lab.call(Method::POST, &format!("/{id}/clock"), Some(advance.clone())).await.0, 200);
    fails(false);
    lab.until(|lab| lab.contents() == ["then"; 4]).await;
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    while !lab.operation(&id).await.is_null() {
        looks.tick().await;
    }
    // All clocks are of the incarnation that the lab names.
    let (status, moved) = lab.call(Method::POST, &format!("/{id}/clock"), Some(advance)).await;
    assert_eq!((status, &moved["now"]), (200, &json!("2026-01-05T10:00:00.5Z")), "{moved}");
}

/// A deletion does not wait for a service that fails, and removes the snapshots.
#[tokio::test]
async fn a_deletion_replaces_a_restore_that_cannot_end() {
    let lab = Lab::start().await;
    let id = lab.changed_tenant().await;
    lab.fakes[1].lock().expect("no test panicked").fails_copies = true;
    assert_eq!(lab.restore(&id).await.0, 502);
    assert_eq!(lab.call(Method::DELETE, &format!("/{id}"), None).await.0, 204);
    assert_eq!(lab.restore(&id).await.1["error"]["code"], json!("TenantNotFound"));
    let copy = lab.copied_data();
    let database = DatabaseUrl::Sqlite(copy.path().join("lab.db"));
    let store = outlive_store::Store::open(&database, "lab", &[]).await.expect("opens");
    for select in [sql!("SELECT tenant FROM snapshots"), sql!("SELECT tenant FROM snapshot_pieces")] {
        assert!(store.rows(select).await.expect("reads").is_empty());
    }
}
