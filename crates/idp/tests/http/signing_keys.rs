//! Signing keys: published before use, and for as long as their tokens are valid.

use std::sync::Arc;

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::installation::Installation;
use crate::tenant::{ORDERS, Tenant, send};
use crate::tokens::{Tokens, header};

async fn published_key_ids(tenant: &Tenant) -> Vec<String> {
    let keys = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await.json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

async fn signs_with(tenant: &Tenant) -> String {
    let tokens = Tokens::of(tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await);
    header(tokens.access())["kid"].as_str().expect("a kid").to_owned()
}

#[tokio::test]
async fn keys_are_published_before_and_after_signing() {
    // Keys belong to the installation, so a test that counts keys needs its own.
    let installation = Arc::new(Installation::start());
    let tenant = Tenant::inside(Arc::clone(&installation), "2025-11").await;
    let neighbour = Tenant::inside(installation, "2025-11").await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    let first = signs_with(&tenant).await;
    let mut signed = vec![first.clone()];
    for _ in 0..3 {
        let before = published_key_ids(&tenant).await;
        tenant.happens(json!({"type": "rotate_signing_key"})).await;
        let now = signs_with(&tenant).await;
        assert!(!signed.contains(&now), "a new key signs");
        assert!(before.contains(&now), "it was published before");
        let after = published_key_ids(&tenant).await;
        assert!(signed.iter().all(|kid| after.contains(kid)), "what was signed can be verified");
        let me = send(tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(token.access())).await;
        assert_eq!(me.status, 200, "{me:?}");
        signed.push(now);
    }
    assert_eq!(signs_with(&neighbour).await, first, "another tenant's key is its own affair");
}

async fn due(tenant: &Tenant) -> Value {
    tenant.lab(Method::POST, "/due", &Value::Null).await.json()
}

#[tokio::test]
async fn a_schedule_changes_the_key_at_its_own_instants_and_ends() {
    let tenant = Tenant::inside(Arc::new(Installation::start()), "2025-11").await;
    let first = signs_with(&tenant).await;
    tenant.happens(json!({"type": "rotate_signing_key", "every": "P1D"})).await;
    tenant.advance(Span::from_hours(23)).await;
    assert_eq!(due(&tenant).await["done"], 0);
    assert_eq!(signs_with(&tenant).await, first);
    tenant.advance(Span::from_hours(49)).await;
    // A turn ends after two seconds of wall time, which one key can take on a busy machine.
    let (mut rotations, now) = (0, tenant.now().await);
    loop {
        let done = due(&tenant).await;
        rotations += done["done"].as_i64().expect("a number");
        let next = serde_json::from_value::<outlive_clock::Instant>(done["next_due"].clone());
        if next.expect("an instant") > now {
            break;
        }
    }
    assert_eq!(rotations, 3);
    assert_ne!(signs_with(&tenant).await, first);
    let instants: Vec<outlive_clock::Instant> = tenant
        .journal("signing_key.rotated")
        .await
        .iter()
        .map(|line| serde_json::from_value(line["at"].clone()).expect("an instant"))
        .collect();
    assert_eq!(instants.len(), 3);
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] == Span::from_days(1)), "{instants:?}");
    tenant.happens(json!({"type": "rotate_signing_key", "every": "PT0S"})).await;
    tenant.advance(Span::from_days(10)).await;
    let done = due(&tenant).await;
    assert_eq!((&done["done"], &done["next_due"]), (&json!(0), &Value::Null), "{done}");
    for every in ["PT1H", "-P1D", "P9999D", "often"] {
        let event = json!({"type": "rotate_signing_key", "every": every});
        assert_eq!(tenant.lab(Method::POST, "/events", &event).await.status, 400, "{every}");
    }
}

#[tokio::test]
async fn rotations_missed_during_downtime_are_skipped_once_running() {
    let tenant = Tenant::inside(Arc::new(Installation::start()), "2025-11").await;
    tenant.happens(json!({"type": "rotate_signing_key", "every": "P1D"})).await;
    let now = tenant.now().await;
    let wall = outlive_clock::wall_now() - Span::from_days(400) + Span::from_hours(12);
    let ran_on = json!({"now": now, "speed": 1, "wall": wall});
    assert_eq!(tenant.lab(Method::PUT, "/clock", &ran_on).await.status, 200);
    let done = due(&tenant).await;
    assert_eq!(done["done"], 0, "{done}");
    let next: outlive_clock::Instant = serde_json::from_value(done["next_due"].clone()).expect("an instant");
    let ahead = next - tenant.now().await;
    assert!(ahead > Span::ZERO && ahead <= Span::from_days(1), "{ahead}");
    let missed = tenant.journal("signing_key.rotations_missed").await;
    assert_eq!((missed.len(), &missed[0]["data"]["count"]), (1, &json!(399)), "{missed:?}");
    assert!(tenant.journal("signing_key.rotated").await.is_empty());
}

#[tokio::test]
async fn a_retired_key_stays_published_while_a_token_may_need_it_and_no_longer() {
    let tenant = Tenant::inside(Arc::new(Installation::start()), "2025-11").await;
    let first = signs_with(&tenant).await;
    for _ in 0..7 {
        tenant.happens(json!({"type": "rotate_signing_key"})).await;
    }
    assert!(
        published_key_ids(&tenant).await.contains(&first),
        "more than five times in a minute, and still there"
    );
    tenant.advance(Span::from_days(3)).await;
    let later = published_key_ids(&tenant).await;
    assert!(!later.contains(&first));
    assert_eq!(later.len(), 7, "the active key, the next one and the last five: {later:?}");
}
