//! `--seed N`: the same ids, keys, lifetimes and tokens, twice.

use outlive_tests::{Service, System};
use serde_json::{Value, json};

/// Everything that was generated, which must be equal in two runs.
#[derive(Debug, PartialEq)]
struct Drawn {
    tenant: Value,
    keys: Value,
    token: Value,
    lives_until: Vec<Value>,
}

/// Starts at `port_base` on empty data, creates a tenant with a stopped clock, requests a token and
/// advances time by five hours.
async fn draw(seed: &str, port_base: u16) -> Drawn {
    let system = System::start_at(port_base, &["--seed", seed]).await;
    let wanted = json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}});
    let tenant = system.new_tenant_like(wanted).await;
    let idp = system.url(Service::Idp);
    let keys = system
        .http()
        .get(format!("{idp}/{}/discovery/v2.0/keys", tenant.id()))
        .send()
        .await
        .expect("it answers");
    let keys = keys.json().await.expect("JSON");
    let job = tenant.application("Nightly Job");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", job["client_id"].as_str().expect("an id")),
        ("client_secret", job["secret"].as_str().expect("a secret")),
        ("scope", "api://contoso-orders/.default"),
    ];
    let token = system
        .http()
        .post(format!("{idp}/{}/oauth2/v2.0/token", tenant.id()))
        .form(&form)
        .send()
        .await
        .expect("it answers");
    let token = token.json().await.expect("JSON");
    tenant.advance("PT5H").await;
    let issued = tenant.journal("token.issued").await;
    let lines = issued["lines"].as_array().expect("lines").clone();
    let lives_until = lines.iter().map(|line| line["data"]["access_token"].clone()).collect();
    let drawn = Drawn { tenant: tenant.facts.clone(), keys, token, lives_until };
    system.stop().await;
    drawn
}

#[tokio::test]
async fn a_seed_repeats_everything_and_another_nothing() {
    let port_base = outlive_tests::free_base();
    let first = draw("7", port_base).await;
    assert!(first.token["access_token"].is_string(), "{first:?}");
    assert!(first.lives_until.len() >= 4, "{first:?}");
    assert_eq!(first, draw("7", port_base).await);
    let other = draw("8", port_base).await;
    assert_ne!(first.tenant["tenant_id"], other.tenant["tenant_id"]);
    assert_ne!(first.keys, other.keys);
    assert_ne!(first.token["access_token"], other.token["access_token"]);
}
