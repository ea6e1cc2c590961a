//! The `claims` parameter: requested claims and client capabilities.

use outlive_clock::{Instant, Span};
use serde_json::{Value, json};

use crate::client::App;
use crate::tenant::{PASSWORD, READ, Tenant};
use crate::tokens::{Tokens, claims};

pub(crate) const CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// A tenant whose orders API is CAE-enabled.
pub(crate) async fn evaluating() -> Tenant {
    Tenant::with(|spec| spec["applications"][0]["continuous_access_evaluation"] = json!(true)).await
}

fn no_older_than(instant: Instant) -> String {
    json!({"access_token": {"nbf": {"essential": true, "value": instant.as_seconds().to_string()}}})
        .to_string()
}

/// Returns the remaining lifetime of the access token, in seconds.
async fn lives(tenant: &Tenant, tokens: &Tokens) -> i64 {
    tokens.claims()["exp"].as_i64().expect("a number") - tenant.now().await.as_seconds()
}

async fn capable_code(app: &App, tenant: &Tenant) -> String {
    let url = app.authorize_url(READ, &[("claims", CAPABLE)]);
    tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await.code()
}

#[tokio::test]
async fn client_capabilities_persist_with_the_grant_and_lengthen_lifetimes() {
    let tenant = evaluating().await;
    for app in [tenant.desktop(), tenant.connector()] {
        let mut tokens = app.redeem(&capable_code(&app, &tenant).await).await;
        let mut lives_of = Vec::new();
        for _ in 0..3 {
            assert_eq!(tokens.claims()["xms_cc"], json!(["cp1"]));
            let left = lives(&tenant, &tokens).await;
            assert!((20 * 3_600..=28 * 3_600).contains(&left), "{left}");
            let expires_in = tokens.0["expires_in"].as_i64().expect("a number");
            assert_eq!(tokens.0["refresh_in"], json!(expires_in / 2));
            lives_of.push(left);
            // With a seed, tokens of one instant have one lifetime.
            tenant.advance(Span::from_seconds(1)).await;
            tokens = app.refresh(tokens.refresh()).await;
        }
        lives_of.dedup();
        assert!(lives_of.len() > 1, "drawn, not fixed: {lives_of:?}");
    }
}

#[tokio::test]
async fn capabilities_at_the_token_endpoint_apply_to_later_tokens() {
    let tenant = evaluating().await;
    let app = tenant.desktop();
    let before = app.sign_in(&tenant, "owner", READ).await;
    assert_eq!(before.claims().get("xms_cc"), None);
    assert_eq!(before.0.get("refresh_in"), None);
    assert!((3_599..=5_400).contains(&lives(&tenant, &before).await));
    let capable = Tokens::of(app.try_refresh(before.refresh(), &[("claims", CAPABLE)]).await);
    assert!(lives(&tenant, &capable).await >= 20 * 3_600);
    assert!(lives(&tenant, &app.refresh(capable.refresh()).await).await >= 20 * 3_600);
    assert!(
        lives(&tenant, &app.refresh(before.refresh()).await).await <= 5_400,
        "another branch of the family"
    );

    let answer = app.try_redeem(&app.code_for(&tenant, "owner", READ).await, &[("claims", CAPABLE)]).await;
    assert!(lives(&tenant, &Tokens::of(answer)).await >= 20 * 3_600);
}

#[tokio::test]
async fn long_lifetimes_need_a_cae_enabled_resource_and_a_user() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.redeem(&capable_code(&app, &tenant).await).await;
    assert_eq!(tokens.claims().get("xms_cc"), None);
    assert!(lives(&tenant, &tokens).await <= 5_400);

    let tenant = evaluating().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "api://contoso-orders/.default"),
        ("claims", CAPABLE),
    ];
    let tokens = Tokens::of(tenant.nightly().ask(&form, &[]).await);
    assert!(lives(&tenant, &tokens).await <= 5_400);
    let old = Tokens::of(
        app_of(&tenant)
            .password(&tenant.upn("owner"), PASSWORD, "https://graph.microsoft.com/User.Read")
            .await,
    );
    assert!(lives(&tenant, &old).await <= 5_400);
}

fn app_of(tenant: &Tenant) -> App {
    tenant.admin_tool()
}

#[tokio::test]
async fn tokens_honor_a_minimum_issue_time() {
    let tenant = evaluating().await;
    let app = tenant.desktop();
    let tokens = app.redeem(&capable_code(&app, &tenant).await).await;
    let now = tenant.now().await;
    for asked in [now, now - Span::from_seconds(60), now + Span::from_seconds(299)] {
        let fresh = Tokens::of(app.try_refresh(tokens.refresh(), &[("claims", &no_older_than(asked))]).await);
        assert_eq!(fresh.claims()["nbf"], asked.as_seconds());
        assert_eq!(fresh.claims()["iat"], now.as_seconds() - 300);
        assert_eq!(fresh.claims()["xms_cc"], json!(["cp1"]), "the capability is remembered");
    }
    let long_ago = no_older_than(now - Span::from_days(1));
    let fresh = Tokens::of(app.try_refresh(tokens.refresh(), &[("claims", &long_ago)]).await);
    assert_eq!(fresh.claims()["nbf"], now.as_seconds() - 300, "as always");
    let never = no_older_than(now + Span::from_hours(1));
    let answer = app.try_refresh(tokens.refresh(), &[("claims", &never)]).await;
    answer.refused(400, "invalid_request", "AADSTS90023");
    let old_endpoint = app.clone().v1();
    let v1 = Tokens::of(old_endpoint.try_refresh(tokens.refresh(), &[("claims", &no_older_than(now))]).await);
    assert_eq!(v1.0["not_before"], now.as_seconds().to_string());

    tenant
        .happens(
            json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2!"}),
        )
        .await;
    let asked = no_older_than(tenant.now().await);
    let body = app.try_refresh(tokens.refresh(), &[("claims", &asked)]).await.grant_refused("AADSTS50173");
    assert_eq!(body["suberror"], "bad_token");
}

#[tokio::test]
async fn requested_claims_are_in_the_id_token() {
    const NAMED: &str =
        r#"{"id_token":{"auth_time":{"essential":true},"sid":null,"shoe_size":{"essential":true}}}"#;
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let scope = &format!("openid {READ}");
    let began = tenant.now().await.as_seconds();
    let owner = tenant.upn("owner");

    let plain = app.sign_in(&tenant, "owner", scope).await.id_claims();
    assert_eq!((plain.get("auth_time"), plain.get("sid")), (None, None));

    let url = app.authorize_url(scope, &[("claims", NAMED)]);
    let claims =
        app.redeem(&tenant.browser().go_through(&url, &owner, PASSWORD).await.code()).await.id_claims();
    assert_eq!(claims["auth_time"], began);
    assert!(claims["sid"].is_string() && claims.get("shoe_size").is_none(), "{claims}");

    // Posted instead of in the query, and repeated at the token endpoint.
    let (path, query) = url.split_once('?').expect("a query");
    let fields: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let page = tenant.browser().post(path, &fields).await.page();
    assert_eq!(page.heading, "Sign in");
    let code = app.code_for(&tenant, "owner", scope).await;
    let answer = app.try_redeem(&code, &[("claims", NAMED)]).await;
    assert_eq!(Tokens::of(answer).id_claims()["auth_time"], began);
}

#[tokio::test]
async fn front_channel_tokens_keep_the_claims_parameter_across_sign_in() {
    let tenant = Tenant::with(|spec| {
        spec["applications"][0]["continuous_access_evaluation"] = json!(true);
        spec["applications"][4]["implicit"] = json!({"id_tokens": true, "access_tokens": true});
    })
    .await;
    let both = r#"{"id_token":{"auth_time":null},"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let changes = [("response_type", "id_token token"), ("nonce", "n"), ("claims", both)];
    let url = tenant.spa().authorize_url("openid api://contoso-orders/Orders.Read", &changes);
    let sent = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await.app();
    assert_eq!(claims(&sent["id_token"])["auth_time"], tenant.now().await.as_seconds());
    assert_eq!(claims(&sent["access_token"])["xms_cc"], json!(["cp1"]));
    assert!(sent["expires_in"].parse::<i64>().expect("a number") >= 20 * 3_600);
}

#[tokio::test]
async fn malformed_claims_parameters_are_errors_at_every_endpoint() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(3_000), "]".repeat(3_000));
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(9_000));
    for garbled in ["{", "cp1", "[]", r#"{"access_token":{"nbf":{"value":"soon"}}}"#, &deep, &long] {
        let answer = app.try_refresh(tokens.refresh(), &[("claims", garbled)]).await;
        let body = answer.refused(400, "invalid_request", "AADSTS9002313");
        assert_eq!(body.get("suberror"), None::<&Value>, "{body}");
        let url = app.authorize_url(READ, &[("claims", garbled)]);
        let sent = tenant.browser().open(&url).await.refused("invalid_request", "AADSTS9002313");
        assert_eq!(sent["state"], "a state");
    }
    app.refresh(tokens.refresh()).await;
    // Client authentication errors come first.
    let form = [("claims", "{"), ("client_secret", "wrong")];
    app.try_refresh(tokens.refresh(), &form).await.refused(401, "invalid_client", "AADSTS7000215");
}
