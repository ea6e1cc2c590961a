//! The directory as the lab reads it: pages, one object, and nothing secret.

use reqwest::Method;
use serde_json::{Value, json};

use crate::tenant::{PASSWORD, READ, SECRET, Tenant};

async fn read(tenant: &Tenant, path: &str) -> (u16, Value) {
    let answer = tenant.get(&format!("/_lab/tenants/{}/directory/{path}", tenant.id())).await;
    for secret in [PASSWORD, SECRET, "nightly secret", "password_hash", "$argon2"] {
        assert!(!answer.text.contains(secret), "{path}: {}", answer.text);
    }
    (answer.status, answer.json())
}

fn texts(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|one| one[member].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn lists_have_pages_that_together_are_everything() {
    let tenant = Tenant::new().await;
    for (path, list, key) in [
        ("users?", "users", "upn"),
        ("applications?of=registrations&", "applications", "name"),
        ("applications?", "applications", "name"),
        ("grants?", "grants", "client"),
    ] {
        let (status, all) = read(&tenant, path).await;
        assert_eq!((status, &all["next"]), (200, &Value::Null), "{path}");
        let all = texts(&all[list], key);
        assert!(!all.is_empty(), "{path}");
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = read(&tenant, &format!("{path}limit=2{after}")).await;
            assert_eq!(status, 200, "{page}");
            seen.extend(texts(&page[list], key));
            let Some(next) = page["next"].as_str() else { break };
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            after = format!("&after={next}");
        }
        assert_eq!(seen, all, "{path}");
    }
    let registered = read(&tenant, "applications?of=registrations").await.1;
    let registered = texts(&registered["applications"], "name");
    assert!(registered.contains(&"Orders SPA".to_owned()), "{registered:?}");
    assert!(!registered.contains(&"Microsoft Graph".to_owned()), "{registered:?}");
}

#[tokio::test]
async fn unknown_objects_and_pages_are_problems() {
    let tenant = Tenant::new().await;
    let other = Tenant::new().await;
    for (path, expected) in [
        ("users/nothing", 404),
        (&format!("users/{}", other.id_of(1)), 404),
        (&format!("users/{}", other.upn("owner")), 404),
        ("groups/nothing", 404),
        (&format!("groups/{}", tenant.id_of(999)), 404),
        ("applications/nothing", 404),
        (&format!("applications/{}", other.id_of(12)), 404),
        ("users?limit=0", 400),
        ("users?limit=101", 400),
        ("users?of=both", 400),
        ("users?after=%00", 400),
        ("users?more=1", 400),
        ("grants?after=x", 200),
    ] {
        let (status, answer) = read(&tenant, path).await;
        assert_eq!(status, expected, "{path}: {answer}");
        assert!(status == 200 || answer["error"]["message"].is_string(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_user_has_sessions_events_and_a_state() {
    let tenant = Tenant::new().await;
    tenant.connector().sign_in(&tenant, "owner", READ).await;
    let path = format!("users/{}", tenant.upn("owner"));
    let (_, before) = read(&tenant, &path).await;
    assert_eq!(before["sessions"][0]["methods"], json!(["pwd"]));
    assert_eq!(before["events"], json!([]));
    for event in [
        json!({"type": "admin_reset", "user": tenant.upn("owner"), "new_password": "Other-Horse-2", "channel": "entra_admin_center"}),
        json!({"type": "disable_user", "user": tenant.upn("owner")}),
        json!({"type": "delete_user", "user": tenant.upn("owner")}),
    ] {
        assert_eq!(tenant.lab(Method::POST, "/events", &event).await.status, 200, "{event}");
    }
    let (status, after) = read(&tenant, &path).await;
    assert_eq!(status, 200, "a deleted user can be read, and restored: {after}");
    assert_eq!(after["events"][0]["event"], "admin_reset_entra_admin_center", "{after}");
    assert_eq!((&after["user"]["enabled"], after["user"]["deleted"].is_string()), (&json!(false), true));
    assert_eq!(texts(&read(&tenant, "users?of=deleted").await.1["users"], "upn"), [tenant.upn("owner")]);
    assert!(!texts(&read(&tenant, "users").await.1["users"], "upn").contains(&tenant.upn("owner")));
}

#[tokio::test]
async fn an_application_has_its_credentials_without_their_values() {
    let tenant = Tenant::new().await;
    let (_, job) = read(&tenant, &format!("applications/{}", tenant.id_of(15))).await;
    assert_eq!(job["secrets"].as_array().map(Vec::len), Some(1), "{job}");
    assert!(job["secrets"][0]["expires"].is_string());
    assert_eq!(job["permissions"][0]["roles"], json!(["Orders.Read.All"]));
    assert!(texts(&job["role_assignments"], "resource").contains(&"Microsoft Graph".to_owned()), "{job}");
    tenant.connector().sign_in(&tenant, "owner", READ).await;
    let path = format!("applications/{}", tenant.id_of(12));
    let (_, connector) = read(&tenant, &path).await;
    assert_eq!(connector["redirect_uris"][0]["type"], "web");
    assert_eq!(connector["grants"][0]["upn"], tenant.upn("owner"));
    let event = json!({"type": "withdraw_consent", "app": tenant.id_of(12), "user": tenant.upn("owner")});
    assert_eq!(tenant.lab(Method::POST, "/events", &event).await.status, 200);
    assert_eq!(read(&tenant, &path).await.1["grants"], json!([]));
}

#[tokio::test]
async fn keys_and_policies_follow_the_events() {
    let tenant = Tenant::new().await;
    let (_, before) = read(&tenant, "keys").await;
    assert_eq!(texts(&before["keys"], "state"), ["next", "active"]);
    for event in [
        json!({"type": "rotate_signing_key"}),
        json!({"type": "rotate_signing_key", "every": "P42D"}),
        json!({"type": "sign_in_frequency", "every": "P1D"}),
        json!({"type": "require_mfa"}),
    ] {
        assert_eq!(tenant.lab(Method::POST, "/events", &event).await.status, 200, "{event}");
    }
    let (_, after) = read(&tenant, "keys").await;
    assert_eq!(texts(&after["keys"], "state"), ["next", "active", "retired"]);
    assert_eq!(after["keys"][1]["kid"], before["keys"][0]["kid"], "the next key signs");
    assert!(after["keys"][1]["since"].is_string() && after["next_rotation"].is_string(), "{after}");
    let jwks = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await.json();
    for key in texts(&after["keys"], "kid") {
        assert!(texts(&jwks["keys"], "kid").contains(&key), "{key}");
    }
    let (_, policies) = read(&tenant, "policies").await;
    let frequency = &policies["policies"][0]["policy"]["sessionControls"]["signInFrequency"];
    assert_eq!((&frequency["value"], &frequency["type"]), (&json!(1), &json!("days")), "{policies}");
    assert_eq!(
        (&policies["require_mfa"], read(&tenant, "tenant").await.1["rules"].as_str()),
        (&json!(true), Some("2025-11"))
    );
}
