//! Signing keys: published before they are used, and as long as what they signed can live.

use std::sync::Arc;

use serde_json::json;

use crate::installation::Installation;
use crate::tenant::{ORDERS, Tenant, send};
use crate::tokens::{Tokens, header};

async fn published(tenant: &Tenant) -> Vec<String> {
    let keys = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await.json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

async fn signs_with(tenant: &Tenant) -> String {
    let tokens = Tokens::of(tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await);
    header(tokens.access())["kid"].as_str().expect("a kid").to_owned()
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_after() {
    // Keys are the installation's: this one is not shared with tests that count them.
    let installation = Arc::new(Installation::start());
    let tenant = Tenant::inside(Arc::clone(&installation), "2025-11").await;
    let neighbour = Tenant::inside(installation, "2025-11").await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    let first = signs_with(&tenant).await;
    let mut signed = vec![first.clone()];
    for _ in 0..3 {
        let before = published(&tenant).await;
        tenant.happens(json!({"type": "rotate_signing_key"})).await;
        let now = signs_with(&tenant).await;
        assert!(!signed.contains(&now), "a new key signs");
        assert!(before.contains(&now), "it was published before");
        let after = published(&tenant).await;
        assert!(signed.iter().all(|kid| after.contains(kid)), "what was signed can be verified");
        let me = send(tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(token.access())).await;
        assert_eq!(me.status, 200, "{me:?}");
        signed.push(now);
    }
    assert_eq!(signs_with(&neighbour).await, first, "another tenant's key is its own affair");
}
