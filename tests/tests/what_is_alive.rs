//! The lab says which credentials of a user are alive and why, repairs connections as their owner,
//! and starts a tenant over.

use outlive_tests::{System, Tenant, sign_in};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "a new password, 2 words";
const ROW: &str = "Password changed by user";

async fn story(tenant: &Tenant) -> Value {
    tenant.call(Method::GET, "/story", None).await
}

/// Each credential: what it is, who has it, its state, the row that revoked it, the code.
fn credentials(story: &Value) -> Vec<[String; 5]> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let credentials = story["credentials"].as_array().expect("a list").iter();
    let described = credentials.map(|one| {
        let holder =
            one["holder"]["display_name"].as_str().or(one["holder"]["name"].as_str()).unwrap_or("browser");
        let row = text(&one["revoked_by"]["title"]);
        [text(&one["kind"]), holder.to_owned(), text(&one["state"]), row, text(&one["code"])]
    });
    described.collect()
}

fn last_runs(story: &Value) -> Vec<(String, String)> {
    let flows = story["flows"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    flows.map(|flow| (text(&flow["display_name"]), text(&flow["runs"][0]["status"]))).collect()
}

fn expect(story: &Value, expected: &[[&str; 5]]) {
    let found = credentials(story);
    let found: Vec<_> = found.iter().map(|one| one.each_ref().map(String::as_str)).collect();
    assert_eq!(found, expected, "{story:#}");
}

fn expect_runs(story: &Value, expected: [&str; 3]) {
    let names = ["Hourly orders", "Hourly, public", "Hourly, basic"];
    let expected: Vec<_> =
        names.iter().zip(expected).map(|(name, status)| ((*name).to_owned(), status.to_owned())).collect();
    assert_eq!(last_runs(story), expected);
}

#[tokio::test]
async fn a_password_change_and_its_repair_appear_credential_by_credential() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;

    let before = story(&tenant).await;
    assert_eq!(before["latest"], Value::Null);
    let all = credentials(&before);
    assert_eq!(all.len(), 8, "{all:?}");
    assert!(all.iter().all(|one| one[2] == "alive" && one[3] == "-"), "{all:?}");

    tenant.change_password("owner", NEW_PASSWORD).await;
    tenant.advance("PT3H").await;
    let after = story(&tenant).await;
    assert_eq!(after["latest"]["title"], ROW);
    expect(
        &after,
        &[
            ["refresh_token", "Orders", "alive", "-", "-"],
            ["access_token", "Orders", "alive", "-", "-"],
            ["refresh_token", "Orders, public", "revoked", ROW, "AADSTS50173"],
            ["access_token", "Orders, public", "expired", "-", "-"],
            ["refresh_token", "Orders Desktop", "revoked", ROW, "AADSTS50173"],
            ["access_token", "Orders Desktop", "expired", "-", "-"],
            ["session_cookie", "browser", "revoked", ROW, "AADSTS50133"],
            ["password", "Orders, basic", "revoked", ROW, "401"],
        ],
    );
    expect_runs(&after, ["Succeeded", "Failed", "Failed"]);
    assert_eq!(after["credentials"][0]["survived"][0]["title"], ROW);

    // The new password is a value of the connection; the tokens come from a sign-in.
    let secret = json!({"secret": NEW_PASSWORD});
    let fixed = tenant.call(Method::POST, "/connections/orders-of-the-owner-basic/fix", Some(secret)).await;
    assert_eq!(fixed["link"], Value::Null);
    let public = "/connections/orders-of-the-owner-public";
    let request = json!({"return_url": "http://127.0.0.1:5000/connected"});
    let begun = tenant.call(Method::POST, &format!("{public}/fix"), Some(request)).await;
    let upn = tenant.user("owner")["upn"].as_str().expect("a name");
    let back = sign_in(begun["link"].as_str().expect("a link"), upn, NEW_PASSWORD).await;
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    tenant.call(Method::POST, &format!("{public}/confirm"), Some(json!({ "code": code }))).await;
    tenant.advance("PT1H").await;
    let repaired = story(&tenant).await;
    expect_runs(&repaired, ["Succeeded"; 3]);
    let states = credentials(&repaired);
    assert!(
        states.iter().filter(|one| one[1].starts_with("Orders,")).all(|one| one[2] == "alive"),
        "{states:?}"
    );

    tenant.revoke_sessions("owner").await;
    let revoked = story(&tenant).await;
    let tokens = credentials(&revoked);
    let tokens: Vec<_> = tokens.iter().filter(|one| one[0] == "refresh_token").collect();
    assert!(tokens.iter().all(|one| one[2] == "revoked"), "{tokens:?}");
    system.stop().await;
}

#[tokio::test]
async fn a_tenant_starts_over_with_its_ids_and_new_data() {
    let system = System::start().await;
    for tenant in [system.seed_tenant().await, system.new_tenant().await] {
        tenant.change_password("owner", NEW_PASSWORD).await;
        tenant.advance("PT5H").await;
        let before = tenant.look().await;
        let reset = tenant.call(Method::POST, "/reset", Some(json!({}))).await;
        for member in ["tenant_id", "domain", "name", "rules", "flows", "connections"] {
            assert_eq!(reset[member], before[member], "{member}");
        }
        let fresh = story(&tenant).await;
        assert_eq!(fresh["latest"], Value::Null);
        assert!(credentials(&fresh).iter().all(|one| one[2] == "alive"), "{fresh:#}");
        tenant.advance("PT1H").await;
        let runs = last_runs(&story(&tenant).await);
        assert!(!runs.is_empty() && runs.iter().all(|(_, status)| status == "Succeeded"), "{runs:?}");
    }
    system.stop().await;
}

#[tokio::test]
async fn what_cannot_be_fixed_or_found_says_why() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    let url = |path: &str| format!("{}/lab/tenants/{path}", system.url(outlive_tests::Service::Console));
    let id = tenant.id();
    let other = "c0470500-0000-4000-8000-0000000000ff";
    for (path, body, status, words) in [
        (format!("{id}/connections/nothing/fix"), json!({}), 400, "no connection of the name nothing"),
        (format!("{id}/connections/orders-of-the-owner/fix"), json!({}), 400, "Give 'return_url'"),
        (
            format!("{id}/connections/orders-of-the-owner/fix"),
            json!({"secret": "x"}),
            400,
            "stores no password",
        ),
        (format!("{id}/connections/orders-of-the-owner-basic/fix"), json!({}), 400, "as 'secret'"),
        (
            format!("{id}/connections/orders-of-the-owner/fix"),
            json!({"return_url": "http://elsewhere.example/"}),
            400,
            "redirectUrl",
        ),
        (
            format!("{id}/connections/orders-of-the-owner/fix"),
            json!({"return_url": "http://localhost/", "password": "wrong"}),
            409,
            "cannot sign in",
        ),
        (format!("{id}/connections/orders-of-the-owner/confirm"), json!({"code": "made up"}), 400, ""),
        (format!("{id}/connections/orders-of-the-owner/fix"), json!({"x": 1}), 422, "unknown field `x`"),
        (format!("{other}/reset"), json!({}), 404, "no tenant"),
        (format!("{id}/reset"), json!({"x": 1}), 422, "unknown field `x`"),
    ] {
        let answer = system.http().post(url(&path)).json(&body).send().await.expect("it answers");
        let (found, text) = (answer.status(), answer.text().await.expect("a body"));
        assert_eq!(found, StatusCode::from_u16(status).expect("a status"), "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
    }
    let missing = system.http().get(url(&format!("{other}/story"))).send().await.expect("it answers");
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    system.stop().await;
}
