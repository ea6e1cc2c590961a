//! The authorization code grant: PKCE, single use, the client, expiry.

use outlive_clock::Span;
use serde_json::json;

use crate::client::VERIFIER;
use crate::tenant::{BEGIN, ORDERS, PASSWORD, READ, SECRET, Tenant};
use crate::tokens::{Tokens, header};

#[tokio::test]
async fn a_public_client_gets_tokens_for_the_user() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let url = app.authorize_url(&format!("openid profile {READ}"), &[("nonce", "a nonce")]);
    let sent = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await.app();
    assert_eq!(sent["state"], "a state");
    let tokens = app.redeem(&sent["code"]).await;
    let access = tokens.claims();
    assert_eq!(access["aud"], tenant.id_of(10));
    assert_eq!(access["iss"], format!("{}/{}/v2.0", tenant.installation.url, tenant.id()));
    assert_eq!(access["scp"], "Orders.Read");
    assert_eq!(access["azp"], app.client_id);
    assert_eq!(access["azpacr"], "0");
    assert_eq!(access["oid"], tenant.id_of(1));
    assert_eq!(access["tid"], tenant.id());
    let lifetime = access["exp"].as_i64().unwrap() - BEGIN.as_seconds();
    assert!((3_600..=5_400).contains(&lifetime), "{lifetime}");
    assert!((lifetime - tokens.0["expires_in"].as_i64().unwrap()).abs() <= 1, "{lifetime}");
    let id = tokens.id_claims();
    assert_eq!((&id["aud"], &id["nonce"]), (&json!(app.client_id), &json!("a nonce")));
    assert_eq!(id["preferred_username"], tenant.upn("owner"));
    assert_eq!(id["exp"].as_i64().unwrap() - BEGIN.as_seconds(), 3_600);
    assert_ne!(id["sub"], access["sub"], "subjects are pairwise");
}

/// RFC 6749, section 4.1.2: `state` is "the exact value received from the client"; OpenID Connect
/// Core 1.0, section 2: the `nonce` is passed through unmodified. Complete, or rejected: 90015
/// ("The query string is too long").
#[tokio::test]
async fn state_and_nonce_are_returned_complete() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let (state, nonce) = ("s\u{e9}&=%".repeat(1_500), "n".repeat(20_000));
    let url = app.authorize_url("openid", &[("nonce", &nonce), ("state", &state)]);
    assert!((40_000..65_000).contains(&url.len()), "{}", url.len());
    let sent = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await.app();
    assert!(sent["state"] == state, "{} bytes came back", sent["state"].len());
    let tokens = app.redeem(&sent["code"]).await;
    assert!(tokens.id_claims()["nonce"] == json!(nonce));
    // Errors return the state, too.
    let url = app.authorize_url("openid", &[("prompt", "none"), ("state", &state)]);
    assert!(tenant.browser().open(&url).await.refused("login_required", "AADSTS50058")["state"] == state);
    // A form can hold more than a page can carry.
    let fields: Vec<_> = url::Url::parse(&app.authorize_url("openid", &[("state", &"x".repeat(66_000))]))
        .expect("a URL")
        .query_pairs()
        .into_owned()
        .collect();
    let path = format!("/{}/oauth2/v2.0/authorize", tenant.id());
    tenant.browser().post(&path, &fields).await.page().says(400, "AADSTS90015");
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| if name == "state" { (name, "x".repeat(60_000)) } else { (name, value) })
        .collect();
    let mut browser = tenant.browser();
    let page = browser.post(&path, &fields).await.page();
    let page = browser.sign_in(&page, &tenant.upn("colleague"), PASSWORD).await;
    assert_eq!(page.app()["state"].len(), 60_000);
}

/// The hundredth parameter is processed like the first.
#[tokio::test]
async fn all_parameters_count() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let mut url = url::Url::parse(&app.authorize_url("openid", &[("state", "")])).expect("a URL");
    for number in 0..200 {
        url.query_pairs_mut().append_pair(&format!("extra{number}"), "x");
    }
    url.query_pairs_mut().append_pair("state", "the last");
    let sent = tenant.browser().go_through(url.as_str(), &tenant.upn("owner"), PASSWORD).await.app();
    assert_eq!(sent["state"], "the last");
}

#[tokio::test]
async fn a_confidential_client_authenticates_in_the_body_or_by_basic() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    assert_eq!(tokens.claims()["azpacr"], "1");

    let code = app.code_for(&tenant, "owner", READ).await;
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let request = app.token_request().basic_auth(encoded(&app.client_id), Some(encoded(SECRET))).form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
    ]);
    let tokens = Tokens::of(crate::tenant::send(request).await);
    assert_eq!(tokens.claims()["azpacr"], "1");
}

#[tokio::test]
async fn on_v1_requests_name_a_resource_and_responses_have_the_older_format() {
    let tenant = Tenant::new().await;
    for (resource, version, audience) in [
        (ORDERS, "2.0", tenant.id_of(10)),
        ("https://old.contoso.example", "1.0", "https://old.contoso.example".to_owned()),
    ] {
        let app = tenant.connector().v1();
        tenant.connector().code_for(&tenant, "owner", &format!("{resource}/Orders.Read")).await;
        let tokens = app.sign_in(&tenant, "owner", resource).await;
        assert!(tokens.0["expires_in"].is_string() && tokens.0["expires_on"].is_string(), "{}", tokens.0);
        assert_eq!(tokens.0["resource"], resource);
        assert_eq!(tokens.0["scope"], "Orders.Read");
        let access = tokens.claims();
        assert_eq!((&access["ver"], &access["aud"]), (&json!(version), &json!(audience)));
        assert_eq!(tokens.id_claims()["ver"], "1.0", "an ID token follows the endpoint");
        assert_eq!(header(tokens.access()).get("x5t").is_some(), version == "1.0");
        app.refresh(tokens.refresh()).await;
    }
}

#[tokio::test]
async fn on_v1_the_scope_has_no_effect() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    app.code_for(&tenant, "owner", "https://old.contoso.example/Orders.Read").await;
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let v1 = app.v1();
    let changes = [("resource", "https://old.contoso.example"), ("scope", "openid")];
    let other = Tokens::of(v1.try_refresh(tokens.refresh(), &changes).await);
    assert_eq!(other.claims()["aud"], "https://old.contoso.example");
}

#[tokio::test]
async fn a_single_redirect_uri_is_the_default() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let url = app.authorize_url(READ, &[("redirect_uri", "")]);
    let code = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await.code();
    app.redeem(&code).await;
}

#[tokio::test]
async fn a_code_expires_after_ten_minutes() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let (in_time, too_late) =
        (app.code_for(&tenant, "owner", READ).await, app.code_for(&tenant, "owner", READ).await);
    tenant.advance(Span::from_minutes(10) - Span::from_micros(1)).await;
    app.redeem(&in_time).await;
    tenant.advance(Span::from_micros(1)).await;
    app.try_redeem(&too_late, &[]).await.grant_refused("AADSTS70008");
    app.try_redeem(&in_time, &[]).await.grant_refused("AADSTS54005");
}

#[tokio::test]
async fn concurrent_redemptions_of_a_code_yield_one_grant() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let code = app.code_for(&tenant, "owner", READ).await;
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (app, code) = (app.clone(), code.clone());
            tokio::spawn(async move { app.try_redeem(&code, &[]).await })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        let answer = attempt.await.expect("no panic");
        if answer.status == 200 {
            won += 1;
        } else {
            answer.grant_refused("AADSTS54005");
        }
    }
    assert_eq!(won, 1);
    assert_eq!(tenant.journal("token.issued").await.len(), 1);
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_and_tenant() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    let other = tenant.admin_tool();
    let answer = other.try_redeem(&code, &[("redirect_uri", &app.redirect_uri)]).await;
    assert_eq!(answer.grant_refused("AADSTS70000")["suberror"], "bad_token");
    let answer = app.try_redeem(&code, &[("redirect_uri", "http://localhost:53124")]).await;
    answer.refused(400, "invalid_request", "AADSTS500112");
    let answer = app.try_redeem(&code, &[("redirect_uri", "")]).await;
    answer.refused(400, "invalid_request", "AADSTS900144");
    let elsewhere = Tenant::new().await;
    elsewhere.desktop().try_redeem(&code, &[]).await.grant_refused("AADSTS700005");
    app.redeem(&code).await;
}

#[tokio::test]
async fn pkce_needs_the_matching_verifier() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    for wrong in [&VERIFIER[1..], "x"] {
        app.try_redeem(&code, &[("code_verifier", wrong)]).await.grant_refused("AADSTS501481");
    }
    // A missing verifier has another error: django-allauth#2916, msal-js#5044 and #7649.
    app.try_redeem(&code, &[("code_verifier", "")]).await.grant_refused("AADSTS50148");
    app.redeem(&code).await;

    let mut browser = tenant.browser();
    let mut code_for = async |changes: &[(&str, &str)]| {
        let url = app.authorize_url(READ, changes);
        browser.go_through(&url, &tenant.upn("owner"), PASSWORD).await.code()
    };
    let plain = code_for(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]).await;
    app.redeem(&plain).await;
    let plain_unsaid = code_for(&[("code_challenge", VERIFIER), ("code_challenge_method", "")]).await;
    app.redeem(&plain_unsaid).await;
    let none = code_for(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    app.try_redeem(&none, &[]).await.grant_refused("AADSTS501481");
    Tokens::of(app.try_redeem(&none, &[("code_verifier", "")]).await);
}

#[tokio::test]
async fn malformed_code_challenges_are_errors() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let umlauts = "ä".repeat(25);
    for (changes, code) in [
        ([("code_challenge", "short"), ("code_challenge_method", "S256")], "AADSTS501491"),
        ([("code_challenge", &umlauts), ("code_challenge_method", "S256")], "AADSTS50147"),
        ([("code_challenge", VERIFIER), ("code_challenge_method", "S512")], "AADSTS50147"),
        ([("code_challenge", ""), ("code_challenge_method", "S256")], "AADSTS50147"),
    ] {
        let arrival = tenant.browser().open(&app.authorize_url(READ, &changes)).await;
        arrival.refused("invalid_request", code);
    }
}

#[tokio::test]
async fn a_spa_redeems_cross_origin_with_pkce() {
    let tenant = Tenant::new().await;
    let app = tenant.spa();
    let code = app.code_for(&tenant, "owner", READ).await;
    let elsewhere = crate::client::App { page_origin: None, ..app.clone() };
    elsewhere.try_redeem(&code, &[]).await.refused(400, "invalid_request", "AADSTS9002327");
    let answer = app.try_redeem(&code, &[]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    Tokens::of(answer);

    let without = app.authorize_url(READ, &[("code_challenge", ""), ("code_challenge_method", "")]);
    let code = tenant.browser().go_through(&without, &tenant.upn("owner"), PASSWORD).await.code();
    let answer = app.try_redeem(&code, &[("code_verifier", "")]).await;
    answer.refused(400, "invalid_request", "AADSTS9002325");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "the page can read why");

    let desktop = tenant.desktop();
    let code = desktop.code_for(&tenant, "owner", READ).await;
    let page = crate::client::App { page_origin: Some("https://spa.example".to_owned()), ..desktop };
    page.try_redeem(&code, &[]).await.refused(400, "invalid_request", "AADSTS9002326");
    let page =
        crate::client::App { page_origin: Some("https://spa.example".to_owned()), ..tenant.connector() };
    page.client_credentials(&format!("{ORDERS}/.default")).await.refused(
        400,
        "invalid_request",
        "AADSTS9002326",
    );
}

#[tokio::test]
async fn cors_preflight() {
    let tenant = Tenant::new().await;
    let url = tenant.url(&format!("/{}/oauth2/v2.0/token", tenant.id()));
    let request = tenant
        .http
        .request(reqwest::Method::OPTIONS, url)
        .header("Origin", "https://spa.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "client-request-id");
    let answer = crate::tenant::send(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "POST, OPTIONS");
    assert_eq!(answer.header("access-control-allow-headers"), "client-request-id");
}

#[tokio::test]
async fn openid_connect_scopes_are_those_of_both_requests() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let read = format!("{ORDERS}/Orders.Read");
    for (at_authorize, at_token, tokens) in [
        ("", "", [false, false]),
        ("openid", "", [true, false]),
        ("openid", "offline_access", [true, true]),
        // MSAL Go's AuthCodeURL sends none of them.
        ("", "openid profile offline_access", [true, true]),
        ("offline_access", "", [false, true]),
    ] {
        let code = app.code_for(&tenant, "owner", &format!("{read} {at_authorize}")).await;
        let answer = app.try_redeem(&code, &[("scope", &format!("{read} {at_token}"))]).await.json();
        let has = ["id_token", "refresh_token"].map(|name| answer[name].is_string());
        assert_eq!(has, tokens, "'{at_authorize}', then '{at_token}'");
    }
}

#[tokio::test]
async fn openid_scopes_alone_yield_a_token_for_the_own_profile() {
    let tenant = Tenant::new().await;
    let tokens = tenant.desktop().sign_in(&tenant, "owner", "openid profile email").await;
    assert_eq!(tokens.claims()["aud"], "00000003-0000-0000-c000-000000000000");
    assert_eq!(tokens.claims()["scp"], "profile openid email");
}

#[tokio::test]
async fn client_info_is_returned_on_request() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    let tokens = Tokens::of(app.try_redeem(&code, &[("client_info", "1"), ("x-client-SKU", "MSAL")]).await);
    let info = tokens.0["client_info"].as_str().expect("client_info");
    let info = crate::tokens::header(info);
    assert_eq!(info, json!({"uid": tenant.id_of(1), "utid": tenant.id()}));
}

#[tokio::test]
async fn ended_sessions_issue_no_codes() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    tenant
        .happens(
            json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"}),
        )
        .await;
    assert_eq!(app.try_redeem(&code, &[]).await.grant_refused("AADSTS50173")["suberror"], "bad_token");
}
