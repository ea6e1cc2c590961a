//! Requested scopes, token audiences, and the `scope` of responses.

use serde_json::json;

use crate::device_code::{let_in, poll_with, start_with};
use crate::tenant::{ORDERS, READ, Tenant};
use crate::tokens::Tokens;

const GRAPH: &str = "https://graph.microsoft.com";
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
const OLD: &str = "https://old.contoso.example";

#[tokio::test]
async fn consent_covers_several_resources_and_tokens_one_each() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let all = format!("openid {READ} {OLD}/Orders.Read User.Read");
    let code = app.code_for(&tenant, "owner", &all).await;
    app.try_redeem(&code, &[("scope", &all)]).await.refused(400, "invalid_request", "AADSTS28000");
    app.try_redeem(&code, &[]).await.refused(400, "invalid_request", "AADSTS28003");
    app.try_redeem(&code, &[("scope", "openid")]).await.refused(400, "invalid_request", "AADSTS28003");
    let first = Tokens::of(app.try_redeem(&code, &[("scope", &format!("{ORDERS}/Orders.Read"))]).await);
    assert_eq!(first.claims()["aud"], json!(tenant.id_of(10)));
    assert_eq!(first.0["scope"], format!("{ORDERS}/Orders.Read"));
    for (scope, audience, returned) in [
        ("User.Read".to_owned(), GRAPH_ID, "User.Read profile openid email".to_owned()),
        (format!("{GRAPH}/User.Read"), GRAPH, format!("profile openid email {GRAPH}/User.Read")),
        (format!("{OLD}/Orders.Read"), OLD, format!("{OLD}/Orders.Read")),
        (format!("{OLD}/.default"), OLD, format!("{OLD}/Orders.Read {OLD}/.default")),
    ] {
        let tokens = Tokens::of(app.try_refresh(first.refresh(), &[("scope", &scope)]).await);
        assert_eq!(tokens.claims()["aud"], audience, "{scope}");
        assert_eq!(tokens.0["scope"], returned, "{scope}");
    }
    let both = format!("User.Read {READ}");
    let answer = app.try_refresh(first.refresh(), &[("scope", &both)]).await;
    answer.refused(400, "invalid_request", "AADSTS28000");
    // The grant covers several resources, so a refresh has to name one.
    for scope in ["", "openid profile"] {
        let answer = app.try_refresh(first.refresh(), &[("scope", scope)]).await;
        answer.refused(400, "invalid_request", "AADSTS28003");
    }
    // A device may request several resources too, but cannot redeem the code (azure-docs 42565).
    let codes = start_with(&app, &[("scope", &all)]).await;
    let_in(&tenant, &codes).await;
    poll_with(&app, &codes, &[]).await.refused(400, "invalid_request", "AADSTS28000");
    Tokens::of(poll_with(&app, &codes, &[("scope", "User.Read")]).await);
}

#[tokio::test]
async fn unprefixed_scopes_belong_to_graph_and_default_stands_alone() {
    let tenant = Tenant::new().await;
    let tool = tenant.admin_tool();
    let by_default = tool.sign_in(&tenant, "owner", "openid .default").await;
    assert_eq!(by_default.claims()["aud"], GRAPH_ID);
    let returned = by_default.0["scope"].as_str().expect("a text");
    assert!(
        returned.starts_with("profile openid email ") && returned.ends_with(&format!(" {GRAPH_ID}/.default"))
    );
    assert!(returned.contains(&format!(" {GRAPH_ID}/Policy.ReadWrite.ConditionalAccess ")), "{returned}");
    for mixed in [format!("{ORDERS}/.default {ORDERS}/Orders.Read"), format!("{ORDERS}/.default User.Read")] {
        let url = tenant.desktop().authorize_url(&mixed, &[]);
        tenant.browser().open(&url).await.refused("invalid_scope", "AADSTS70011");
    }
}

/// Documented for names; the response has the registered spelling (microsoft-graph-training 103).
#[tokio::test]
async fn the_case_of_letters_and_a_slash_at_the_end_do_not_matter() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let scope = "API://Contoso-Orders/orders.READ user.read USER.READ OpenID";
    let url = app.authorize_url(scope, &[]);
    let code = tenant.browser().go_through(&url, &tenant.upn("owner"), crate::tenant::PASSWORD).await.code();
    let tokens = Tokens::of(app.try_redeem(&code, &[("scope", "api://CONTOSO-orders/orders.read")]).await);
    assert_eq!(tokens.0["scope"], "api://CONTOSO-orders/Orders.Read");
    assert_eq!(tokens.claims()["scp"], "Orders.Read");
    assert!(tokens.0["id_token"].is_string());
    let old = app.sign_in(&tenant, "owner", &format!("{OLD}//Orders.Read")).await;
    assert_eq!(
        (&old.claims()["aud"], &old.0["scope"]),
        (&json!(format!("{OLD}/")), &json!(format!("{OLD}//Orders.Read")))
    );
    let both = app.sign_in(&tenant, "owner", &format!("{OLD}//Orders.Read {OLD}/Orders.ReadWrite")).await;
    assert_eq!(both.0["scope"], format!("{OLD}//Orders.Read {OLD}/Orders.ReadWrite"), "one resource");
}

/// scope-semantics: `.default` is returned as it was written if it was requested; version 1.0 has
/// no such scope.
#[tokio::test]
async fn responses_repeat_default_verbatim() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let v1 = app.clone().v1();
    let code = v1.code_for(&tenant, "owner", ORDERS).await;
    let first = Tokens::of(v1.try_redeem(&code, &[("resource", ORDERS)]).await);
    assert_eq!(first.0["scope"], "Orders.Read");
    let refreshed = Tokens::of(app.try_refresh(first.refresh(), &[]).await);
    assert_eq!(refreshed.0["scope"], format!("{ORDERS}/Orders.Read"));
    let again = Tokens::of(app.try_refresh(refreshed.refresh(), &[]).await);
    assert_eq!(again.0["scope"], refreshed.0["scope"]);
    let code = v1.code_for(&tenant, "owner", ORDERS).await;
    let at_v2 = Tokens::of(app.try_redeem(&code, &[]).await);
    assert_eq!(at_v2.0["scope"], format!("{ORDERS}/Orders.Read"));

    for word in [".DEFAULT", ".Default", ".default"] {
        let tokens = app.sign_in(&tenant, "owner", &format!("{ORDERS}/{word} offline_access")).await;
        let expected = format!("{ORDERS}/Orders.Read {ORDERS}/{word}");
        assert_eq!(tokens.0["scope"], expected);
        let refreshed = Tokens::of(app.try_refresh(tokens.refresh(), &[]).await);
        assert_eq!(refreshed.0["scope"], expected);
    }
    // Revoked consent is missing, however the scopes were requested.
    tenant.happens(json!({"type": "withdraw_consent", "app": app.client_id})).await;
    app.try_refresh(again.refresh(), &[]).await.grant_refused("AADSTS65001");
}

#[tokio::test]
async fn malformed_scopes_are_errors() {
    let tenant = Tenant::new().await;
    let app = tenant.kiosk();
    let owner = tenant.upn("owner");
    for (scope, says) in [
        // DataverseDevTools-VSCode 84.
        ("orders/Orders.Read", "The scope format is invalid."),
        ("/.default", "The scope format is invalid."),
        (&format!("{ORDERS}/"), "The scope format is invalid."),
        // OpenID Connect scopes belong to Graph only (fastmcp pull request 2506).
        (&format!("{ORDERS}/openid"), "does not exist."),
        ("Nothing.Read openid", "The scope 'Nothing.Read openid' does not exist."),
        (&format!("{ORDERS}/.default User.Read"), ".default scope can't be combined"),
    ] {
        let body = app.password(&owner, crate::tenant::PASSWORD, scope).await.refused(
            400,
            "invalid_scope",
            "AADSTS70011",
        );
        assert!(
            body["error_description"].as_str().is_some_and(|text| text.contains(says)),
            "{scope}: {body}"
        );
    }
    // Registered under Graph, as in the Azure portal: the same scopes.
    let kiosk =
        tenant.desktop().sign_in(&tenant, "owner", &format!("{GRAPH}/openid {GRAPH}/User.Read")).await;
    assert_eq!(kiosk.0["scope"], format!("profile openid email {GRAPH}/User.Read"));
    assert!(kiosk.0["id_token"].is_string());
}

/// azure-docs 37280; OpenID Connect scopes belong to Graph only (fastmcp pull request 2506).
#[tokio::test]
async fn an_unknown_scope_is_reported_to_the_client() {
    let tenant = Tenant::new().await;
    for name in ["Nothing.Read", "openid"] {
        let url = tenant.desktop().authorize_url(&format!("{ORDERS}/{name}"), &[]);
        let sent = tenant.browser().open(&url).await.refused("invalid_client", "AADSTS650053");
        assert!(sent["error_description"].contains(&tenant.id_of(10)), "{sent:?}");
    }
}

/// Reported on a page (n8n 33881, copilot-cli 4582).
#[tokio::test]
async fn an_authorization_request_without_scope_is_refused_on_a_page() {
    let tenant = Tenant::new().await;
    let url = tenant.desktop().authorize_url(READ, &[("scope", "")]);
    tenant.browser().open(&url).await.page().says(400, "AADSTS900144");
}

#[tokio::test]
async fn an_api_may_be_named_by_its_client_id() {
    let tenant = Tenant::new().await;
    let by_id = |n: u32| format!("{}/Orders.Read", tenant.id_of(n));
    for n in [10, 11] {
        let tokens = tenant.desktop().sign_in(&tenant, "owner", &by_id(n)).await;
        assert_eq!(tokens.claims()["aud"], json!(tenant.id_of(n)));
        assert_eq!(tokens.0["scope"], by_id(n));
        assert_eq!(tokens.0.get("refresh_token"), None);
    }
}

#[tokio::test]
async fn on_v1_the_resource_is_the_same_in_both_places() {
    let tenant = Tenant::new().await;
    let app = tenant.connector().v1();
    let code = app.code_for(&tenant, "owner", ORDERS).await;
    app.try_redeem(&code, &[("resource", OLD)]).await.refused(400, "invalid_request", "AADSTS90023");
    let tokens = Tokens::of(app.try_redeem(&code, &[("resource", ORDERS)]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
    let later = app.authorize_url("", &[]);
    let code =
        tenant.browser().go_through(&later, &tenant.upn("owner"), crate::tenant::PASSWORD).await.code();
    let tokens = Tokens::of(app.try_redeem(&code, &[("resource", ORDERS)]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
}

#[tokio::test]
async fn requests_may_name_unregistered_scopes_and_the_own_api() {
    let tenant = Tenant::with_applications(|tenant| {
        let both = json!({
            "redirect_uris": [{"uri": "http://localhost/both", "type": "publicClient"}],
            "identifier_uris": ["api://both"],
            "scopes": [{"id": tenant.id_of(350), "value": "Use", "description": "Use it"}],
        });
        vec![tenant.application(50, "public", &both)]
    })
    .await;
    let app = tenant.app(50, None, "http://localhost/both");
    let own = app.sign_in(&tenant, "owner", "api://both/Use").await.claims();
    assert_eq!((&own["aud"], &own["appid"]), (&json!("api://both"), &json!(app.client_id)));
    assert_eq!(app.sign_in(&tenant, "owner", READ).await.claims()["aud"], tenant.id_of(10));
}

/// LibreChat 11770 and IdentityModel 528 for the URI, ms-365-mcp-server 502 for the id.
#[tokio::test]
async fn the_own_api_by_uri_is_named_again_at_each_refresh() {
    let tenant = Tenant::with_applications(|tenant| {
        let both = json!({
            "redirect_uris": [{"uri": "http://localhost/both", "type": "publicClient"}],
            "identifier_uris": ["api://both"],
            "scopes": [{"id": tenant.id_of(350), "value": "Use", "description": "Use it"}],
        });
        vec![tenant.application(50, "public", &both)]
    })
    .await;
    let app = tenant.app(50, None, "http://localhost/both");
    let by_uri = app.sign_in(&tenant, "owner", "api://both/Use offline_access").await;
    for scope in ["", "openid profile offline_access"] {
        let answer = app.try_refresh(by_uri.refresh(), &[("scope", scope)]).await;
        answer.refused(400, "invalid_request", "AADSTS90009");
    }
    let again = app.try_refresh(by_uri.refresh(), &[("scope", "api://both/Use")]).await;
    assert_eq!(Tokens::of(again).0["scope"], "api://both/Use");
    let named = format!("{}/Use", app.client_id);
    let by_id = app.sign_in(&tenant, "owner", &format!("{named} offline_access")).await;
    for scope in ["", "openid profile offline_access"] {
        let answer = app.try_refresh(by_id.refresh(), &[("scope", scope)]).await;
        assert_eq!(Tokens::of(answer).0["scope"], named.as_str());
    }
}
