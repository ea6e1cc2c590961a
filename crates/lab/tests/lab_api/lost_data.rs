//! A service that lost its database, or was given another one.

use super::*;

impl Lab {
    /// The service's database is new.
    fn lose_data(&self, fake: usize) {
        self.fakes[fake].lock().expect("no test panicked").spec = None;
    }
}

async fn tenants_at(origin: &str, client: &reqwest::Client) -> Value {
    let list = client.get(format!("{origin}/lab/tenants")).send().await.expect("it answers");
    list.json().await.expect("JSON")
}

/// Reads until the list shows what is missing.
async fn until_missing(origin: &str, client: &reqwest::Client, missing: &Value) {
    let shown = async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
        while tenants_at(origin, client).await["tenants"][0]["missing"] != *missing {
            looks.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), shown).await.expect("it is shown in time");
}

#[tokio::test]
async fn a_service_that_lost_its_tenants_is_named_after_the_next_start() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    lab.lose_data(3);
    let copy = lab.copied_data();
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    until_missing(&origin, &client, &json!(["flow"])).await;
    // Its clock can be read, in part, and is not changed.
    let clock = format!("{origin}/lab/tenants/{id}/clock");
    let shown: Value = client.get(&clock).send().await.expect("it answers").json().await.expect("JSON");
    assert_eq!(shown["missing"], json!(["flow"]));
    let refused = client.post(&clock).json(&json!({"advance": "PT1H"})).send().await.expect("it answers");
    assert_eq!(refused.status().as_u16(), 502);
    let refused: Value = refused.json().await.expect("JSON");
    assert_eq!(refused["error"]["code"], "TenantIncomplete");
    let message = refused["error"]["message"].as_str().expect("a message");
    for part in ["flow service", &id, "backup", "DELETE"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    // The tenant can be deleted: what is left of it is gone.
    let deleted = client.delete(format!("{origin}/lab/tenants/{id}")).send().await.expect("it answers");
    assert_eq!(deleted.status().as_u16(), 204);
    assert_eq!(tenants_at(&origin, &client).await, json!({"tenants": []}));
}

#[tokio::test]
async fn the_loss_is_named_when_the_service_returns() {
    let lab = Lab::start().await;
    lab.bare_tenant().await;
    lab.lose_data(1);
    lab.set_down(1, true);
    let copy = lab.copied_data();
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    assert!(tenants_at(&origin, &client).await["tenants"][0]["missing"].is_null());
    lab.set_down(1, false);
    until_missing(&origin, &client, &json!(["hub"])).await;
}

/// Tenants of an earlier version name no lab.
#[tokio::test]
async fn a_tenant_that_names_no_lab_is_not_missing() {
    let lab = Lab::start().await;
    lab.bare_tenant().await;
    for fake in &lab.fakes {
        let mut state = fake.lock().expect("no test panicked");
        state.listed = 0;
        state.spec.as_mut().expect("it was created")["lab"] = json!("");
    }
    let copy = lab.copied_data();
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    // Once for the tenants of this lab, once for all.
    lab.until(|lab| lab.fakes.iter().all(|fake| fake.lock().expect("no test panicked").listed >= 2)).await;
    assert!(tenants_at(&origin, &client).await["tenants"][0]["missing"].is_null());
}
