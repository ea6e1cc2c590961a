//! What happens to accounts, and what that does to grants.

use reqwest::Method;
use serde_json::json;

use crate::tenant::{PASSWORD, READ, Tenant};

#[tokio::test]
async fn a_disabled_account_gets_nothing_and_loses_nothing() {
    let tenant = Tenant::new().await;
    let (public, confidential) = (tenant.desktop(), tenant.connector());
    let held = [
        (&public, public.sign_in(&tenant, "owner", READ).await),
        (&confidential, confidential.sign_in(&tenant, "owner", READ).await),
    ];
    let code = public.code_for(&tenant, "owner", READ).await;
    tenant.happens_to("owner", "disable_user").await;
    for (app, tokens) in &held {
        app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50057");
    }
    public.try_redeem(&code, &[]).await.grant_refused("AADSTS50057");
    let mut browser = tenant.browser();
    let page = browser.open(&public.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    page.says(200, "AADSTS50057");
    let page = browser.sign_in(&page, &tenant.upn("owner"), "Wrong-Horse-9").await.page();
    page.says(200, "AADSTS50126");
    tenant.happens_to("owner", "enable_user").await;
    for (app, tokens) in &held {
        app.refresh(tokens.refresh()).await;
    }
}

#[tokio::test]
async fn a_deleted_account_gets_nothing_until_it_is_restored() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant.happens_to("owner", "delete_user").await;
    app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS500341");
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page().says(200, "AADSTS50034");
    tenant.happens_to("owner", "restore_user").await;
    app.refresh(tokens.refresh()).await;
}

#[tokio::test]
async fn nobody_is_known_who_is_not_in_the_directory() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    let page = browser.open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, "nobody@nowhere.example", PASSWORD).await.page();
    page.says(200, "AADSTS50034");
    let line = &tenant.journal("sign_in.refused").await[0];
    assert_eq!(line["data"]["upn"], "nobody@nowhere.example");
    // Case and blanks around a name do not matter.
    let upn = format!(" {} ", tenant.upn("owner").to_uppercase());
    browser.sign_in(&page, &upn, PASSWORD).await.page();
}

#[tokio::test]
async fn the_lab_is_told_what_it_cannot_do() {
    let tenant = Tenant::new().await;
    for (event, status) in [
        (json!({"type": "disable_user", "user": "nobody"}), 404),
        (json!({"type": "disable_app", "app": tenant.id_of(99)}), 404),
        (json!({"type": "disable_app", "app": "no id"}), 400),
        (json!({"type": "dance"}), 400),
        (json!({"type": "disable_user", "user": tenant.upn("owner"), "more": 1}), 400),
        (json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "weak"}), 400),
        (json!([]), 400),
    ] {
        let answer = tenant.lab(Method::POST, "/events", &event).await;
        assert_eq!(answer.status, status, "{event}: {answer:?}");
        assert!(answer.json()["error"]["message"].is_string(), "{answer:?}");
    }
    assert_eq!(tenant.journal("").await.len(), 1, "nothing but the tenant's creation");
}

#[tokio::test]
async fn a_tenant_that_is_removed_is_gone_with_all_it_had() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    app.refresh(tokens.refresh()).await;
    assert_eq!(tenant.lab(Method::DELETE, "", &json!(null)).await.status, 204);
    app.try_refresh(tokens.refresh(), &[]).await.refused(400, "invalid_tenant", "AADSTS90002");
    tenant.browser().open(&app.authorize_url(READ, &[])).await.page().says(400, "AADSTS90002");
}
