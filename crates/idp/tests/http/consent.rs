//! What a person lets an application do.

use serde_json::json;

use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};

#[tokio::test]
async fn consent_is_asked_once_and_then_for_more_only() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    for shown in ["Contoso Orders Connector", "Read your orders", "while you are not there", &owner] {
        assert!(page.answer.text.contains(shown), "{shown} in {page:?}");
    }
    browser.consent(&page).await.code();
    browser.open(&app.authorize_url(READ, &[])).await.code();

    let more = format!("{ORDERS}/Orders.Read {ORDERS}/Orders.ReadWrite");
    let page = browser.open(&app.authorize_url(&more, &[])).await.page();
    let code = browser.consent(&page).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.Read Orders.ReadWrite");
    browser.open(&app.authorize_url(READ, &[])).await.code();
    let granted = tenant.journal("consent.granted").await;
    assert_eq!(granted.len(), 2);
    assert_eq!(granted[1]["data"]["scope"], "Orders.Read Orders.ReadWrite");

    // One person's consent is nobody else's.
    let mut other = tenant.browser();
    let page = other.open(&app.authorize_url(READ, &[])).await.page();
    let page = other.sign_in(&page, &tenant.upn("colleague"), PASSWORD).await.page();
    assert_eq!(page.heading, "Permissions requested");
}

#[tokio::test]
async fn consent_that_is_declined_gives_nothing() {
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
async fn consent_that_is_withdrawn_stops_refreshing_until_it_is_given_again() {
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
async fn default_asks_for_what_is_registered_unless_something_was_granted() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let default = format!("{ORDERS}/.default offline_access");
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(&default, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert!(page.answer.text.contains("Orders.Read") && !page.answer.text.contains("Orders.ReadWrite"));
    let code = browser.consent(&page).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.Read");

    // Whatever was granted, even if it is not what is registered: nothing is asked, and that is what the token says.
    let mut other = tenant.browser();
    let write = format!("{ORDERS}/Orders.ReadWrite");
    app.code_in(&mut other, &tenant.upn("colleague"), &write).await;
    let code = other.open(&app.authorize_url(&default, &[])).await.code();
    assert_eq!(app.redeem(&code).await.claims()["scp"], "Orders.ReadWrite");
}

#[tokio::test]
async fn default_without_anything_registered_or_granted_gives_nothing() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let code = app.code_for(&tenant, "owner", "https://old.contoso.example/.default").await;
    app.try_redeem(&code, &[]).await.grant_refused("AADSTS65001");
}

#[tokio::test]
async fn what_an_administrator_granted_is_asked_of_nobody() {
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
async fn consent_can_be_asked_for_again() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    app.code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let page = browser.open(&app.authorize_url(READ, &[("prompt", "consent")])).await.page();
    browser.consent(&page).await.code();
}
