//! User consent.

use serde_json::json;

use crate::client::App;
use crate::device_code::{let_in, poll_with, refused_by_page, start_with};
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};

#[tokio::test]
async fn consent_is_requested_once_and_for_new_scopes() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    for shown in ["Contoso Orders Connector", "Read your orders", "Maintain access", &owner] {
        assert!(page.answer.text.contains(shown), "{shown} in {page:?}");
    }
    browser.accept_permissions(&page).await.code();
    browser.open(&app.authorize_url(READ, &[])).await.code();

    let more = format!("{ORDERS}/Orders.Read {ORDERS}/Orders.ReadWrite");
    let page = browser.open(&app.authorize_url(&more, &[])).await.page();
    let code = browser.accept_permissions(&page).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.Read Orders.ReadWrite");
    browser.open(&app.authorize_url(READ, &[])).await.code();
    let granted = tenant.journal("consent.granted").await;
    assert_eq!(granted.len(), 2);
    assert_eq!(granted[1]["data"]["scope"], "Orders.Read Orders.ReadWrite");

    // Consent applies to one user only.
    let mut other = tenant.browser();
    let page = other.open(&app.authorize_url(READ, &[])).await.page();
    let page = other.sign_in(&page, &tenant.upn("colleague"), PASSWORD).await.page();
    assert_eq!(page.heading, "Permissions requested");
}

#[tokio::test]
async fn concurrent_consents_to_an_api_are_all_kept() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut prompts = Vec::new();
    for scope in ["Orders.Read", "Orders.ReadWrite"].repeat(2) {
        let mut browser = tenant.browser();
        let page = browser.open(&app.authorize_url(&format!("{ORDERS}/{scope}"), &[])).await.page();
        let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
        assert_eq!(page.heading, "Permissions requested");
        prompts.push((browser, page));
    }
    let mut racing = tokio::task::JoinSet::new();
    for (mut browser, page) in prompts {
        racing.spawn(async move { browser.accept_permissions(&page).await.code() });
    }
    let codes = racing.join_all().await;
    assert_eq!(tenant.journal("consent.granted").await.len(), 4);
    assert_eq!(app.redeem(&codes[0]).await.claims()["scp"], "Orders.Read Orders.ReadWrite");
}

#[tokio::test]
async fn declined_consent_is_an_error() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    let sent = browser.submit(&page, &[("consent", "cancel")]).await.refused("access_denied", "AADSTS65004");
    assert_eq!(sent["state"], "a state");
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    assert_eq!(page.heading, "Permissions requested");
    assert_eq!(tenant.journal("consent.").await.len(), 0);
}

#[tokio::test]
async fn revoked_consent_stops_refreshes() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant
        .happens(json!({"type": "withdraw_consent", "app": app.client_id, "user": tenant.upn("owner")}))
        .await;
    let body = app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS65001");
    assert_eq!(body["suberror"], "consent_required");
    let description = body["error_description"].as_str().unwrap();
    assert!(
        description.contains(&app.client_id) && description.contains("Contoso Orders Connector"),
        "{body}"
    );
    app.sign_in(&tenant, "owner", READ).await;
    app.refresh(tokens.refresh()).await;
    tenant.happens(json!({"type": "withdraw_consent", "app": app.client_id})).await;
    app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS65001");
}

#[tokio::test]
async fn default_means_granted_or_else_registered_scopes() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let default = format!("{ORDERS}/.default offline_access");
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(&default, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert!(page.answer.text.contains("Orders.Read") && !page.answer.text.contains("Orders.ReadWrite"));
    let code = browser.accept_permissions(&page).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.Read");

    // With any grant at all, `.default` requests no consent, and the token contains what was
    // granted.
    let mut other = tenant.browser();
    let write = format!("{ORDERS}/Orders.ReadWrite");
    app.code_in(&mut other, &tenant.upn("colleague"), &write).await;
    let code = other.open(&app.authorize_url(&default, &[])).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.ReadWrite");
}

/// azure-cli#33887 and msal_streamlit_authentication#43 show the redirect; adal-python#146 the page
/// of a device.
#[tokio::test]
async fn default_of_an_unregistered_api_gets_no_code() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let old = "https://old.contoso.example";
    let (v1, default) = (app.clone().v1(), format!("{old}/.default offline_access"));
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    app.code_in(&mut browser, &owner, READ).await;
    for url in [
        app.authorize_url(&default, &[]),
        app.authorize_url(&default, &[("prompt", "none")]),
        app.authorize_url(&format!("{ORDERS}/.default {old}/.default"), &[]),
        v1.authorize_url(old, &[]),
        app.authorize_url("https://graph.microsoft.com/.default", &[]),
    ] {
        let sent = browser.open(&url).await.refused("invalid_client", "AADSTS650057");
        assert!(!sent.contains_key("error_uri") && sent["state"] == "a state", "{sent:?}");
        let named = format!("Client app ID: {}(Contoso Orders Connector)", app.client_id);
        let listed = format!("List of valid resources from app registration: {}.", tenant.id_of(10));
        assert!(sent["error_description"].contains(&named), "{sent:?}");
        assert!(sent["error_description"].contains(&listed), "{sent:?}");
    }
    let url = format!(
        "/{}/v2.0/adminconsent?client_id={}&redirect_uri={}&scope={old}/.default",
        tenant.id(),
        app.client_id,
        app.redirect_uri
    );
    tenant.browser().open(&url).await.refused("invalid_client", "AADSTS650057");

    let desktop = tenant.desktop();
    let codes = start_with(&desktop, &[("scope", &default)]).await;
    refused_by_page(&tenant, &codes).await.says(400, "AADSTS650057");
    poll_with(&desktop, &codes, &[]).await.refused(400, "authorization_pending", "AADSTS70016");
    assert_eq!(tenant.journal("consent.").await.len(), 1);

    // A grant by scope name suffices.
    app.code_in(&mut browser, &owner, &format!("{old}/Orders.Read")).await;
    let code = browser.open(&app.authorize_url(&default, &[("prompt", "none")])).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.Read");
}

/// Consent to any scope of Microsoft Graph includes the four (azure-docs#101648).
#[tokio::test]
async fn default_of_graph_includes_requested_openid_connect_scopes_without_a_registration() {
    let tenant = Tenant::new().await;
    let (app, owner) = (tenant.connector(), tenant.upn("owner"));
    let graph = "https://graph.microsoft.com/.default";
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(&format!("{graph} openid offline_access"), &[])).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    assert_eq!(page.answer.text.matches("offline_access").count(), 1, "{page:?}");
    let code = browser.accept_permissions(&page).await.code();
    let tokens = app.redeem(&code).await;
    assert_eq!(tokens.0["scope"], format!("profile openid email {graph}"));
    assert_eq!(tokens.claims()["scp"], "profile openid email");
    // From then on also without them in the request, at both endpoints.
    browser.open(&app.authorize_url(graph, &[])).await.code();
    let refreshed = app.try_refresh(tokens.refresh(), &[("scope", graph)]).await;
    assert_eq!(refreshed.json()["scope"], tokens.0["scope"], "{refreshed:?}");

    let desktop = tenant.desktop();
    let codes = start_with(&desktop, &[("scope", &format!("{graph} profile"))]).await;
    let_in(&tenant, &codes).await;
    let polled = poll_with(&desktop, &codes, &[]).await;
    assert_eq!(polled.json()["scope"], tokens.0["scope"], "{polled:?}");
}

/// A token of 2021 with the audience of its own client (`<client id>/.default openid`).
#[tokio::test]
async fn default_of_the_own_api_needs_no_registration() {
    let web = |tenant: &Tenant| {
        let mut web = tenant.application(51, "spa", &json!({"identifier_uris": ["api://contoso-web"]}));
        web["redirect_uris"] = json!([{"uri": "https://web.example/cb", "type": "spa"}]);
        web["scopes"] = json!([{"id": tenant.id_of(352), "value": "User.Read"}]);
        vec![web]
    };
    let tenant = Tenant::with_applications(web).await;
    let app = App {
        page_origin: Some("https://web.example".to_owned()),
        ..tenant.app(51, None, "https://web.example/cb")
    };
    let tokens = app.sign_in(&tenant, "owner", &format!("{0}/.default openid", app.client_id)).await;
    assert_eq!(tokens.0["scope"], format!("{0}/User.Read {0}/.default", app.client_id));
}

#[tokio::test]
async fn admin_consent_replaces_the_consent_page() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let url = app.authorize_url("User.Read", &[]);
    let mut browser = tenant.browser();
    let page = browser.open(&url).await.page();
    let code = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    let scp = app.redeem(&code).await.claims()["scp"].clone();
    assert!(scp.as_str().is_some_and(|scp| scp.split(' ').any(|scope| scope == "User.Read")), "{scp}");
}

#[tokio::test]
async fn prompt_consent_forces_the_page() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    app.code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let page = browser.open(&app.authorize_url(READ, &[("prompt", "consent")])).await.page();
    browser.accept_permissions(&page).await.code();
}
