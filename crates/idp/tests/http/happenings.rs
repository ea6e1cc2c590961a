//! Account events and their effect on grants.

use reqwest::Method;
use serde_json::json;

use crate::tenant::{PASSWORD, READ, Tenant};

#[tokio::test]
async fn a_disabled_account_keeps_its_grants() {
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
async fn a_deleted_account_gets_no_tokens_before_restoration() {
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
async fn unknown_users_cannot_sign_in() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    let page = browser.open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, "unknown@nowhere.example", PASSWORD).await.page();
    page.says(200, "AADSTS50034");
    let line = &tenant.journal("sign_in.refused").await[0];
    assert_eq!(line["data"]["upn"], "unknown@nowhere.example");
    // Letter case and blanks around a name are ignored.
    let upn = format!(" {} ", tenant.upn("owner").to_uppercase());
    browser.sign_in(&page, &upn, PASSWORD).await.page();
}

#[tokio::test]
async fn impossible_lab_events_are_errors() {
    let tenant = Tenant::new().await;
    for (event, status) in [
        (json!({"type": "disable_user", "user": "unknown"}), 404),
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
async fn deleting_a_tenant_deletes_all_its_data() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    app.refresh(tokens.refresh()).await;
    assert_eq!(tenant.lab(Method::DELETE, "", &json!(null)).await.status, 204);
    app.try_refresh(tokens.refresh(), &[]).await.refused(400, "invalid_tenant", "AADSTS90002");
    tenant.browser().open(&app.authorize_url(READ, &[])).await.page().says(400, "AADSTS90002");
}
