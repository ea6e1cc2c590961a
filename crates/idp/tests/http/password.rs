//! Password changes and what they revoke.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::tenant::{PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

const NEW: &str = "Other-Horse-2";

/// The initial password no longer works, the public client's token is revoked, and the confidential
/// client's is not.
async fn expect_revocation_by_client_class(
    tenant: &Tenant,
    public: &Tokens,
    confidential: &Tokens,
    changed_at: &str,
) {
    let body = tenant.desktop().try_refresh(public.refresh(), &[]).await.grant_refused("AADSTS50173");
    assert_eq!(body["suberror"], "bad_token");
    let text = body["error_description"].as_str().expect("a text");
    assert!(text.contains("'2026-01-05T09:00:00.5000000Z'"), "{text}");
    assert!(text.contains(&format!("'{changed_at}'")), "{text}");
    tenant.connector().refresh(confidential.refresh()).await;

    let mut browser = tenant.browser();
    let page = browser.open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    page.says(200, "AADSTS50126");
    assert_eq!(page.field("loginfmt"), tenant.upn("owner"));
    browser.sign_in(&page, &tenant.upn("owner"), NEW).await.code();

    let refused = tenant.journal("token.refused").await;
    let verdict = &refused.last().expect("a line")["data"]["verdict"];
    assert_eq!(verdict["revocation"]["event"], "password_changed_by_user");
    assert!(
        verdict["explanation"].as_str().expect("a text").contains("tokens of confidential clients"),
        "{verdict}"
    );
    assert_eq!(tenant.journal("password.changed").await.len(), 1);
}

#[tokio::test]
async fn on_its_page() {
    let tenant = Tenant::new().await;
    let public = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let confidential = tenant.connector().sign_in(&tenant, "owner", READ).await;
    tenant.advance(Span::from_hours(3)).await;
    let page = tenant.browser().change_password(&tenant.id(), &tenant.upn("owner"), PASSWORD, NEW).await;
    assert_eq!(page.heading, "Your password was changed");
    expect_revocation_by_client_class(&tenant, &public, &confidential, "2026-01-05T12:00:00.0000000Z").await;
}

#[tokio::test]
async fn by_graph() {
    let tenant = Tenant::new().await;
    let public = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let confidential = tenant.connector().sign_in(&tenant, "owner", READ).await;
    tenant.advance(Span::from_hours(3)).await;
    let tool = tenant.admin_tool().sign_in(&tenant, "owner", "Directory.AccessAsUser.All").await;
    let change = async |current: &str, new: &str| {
        let body = json!({"currentPassword": current, "newPassword": new});
        let request = tenant.http.post(tenant.url("/v1.0/me/changePassword"));
        send(request.bearer_auth(tool.access()).json(&body)).await
    };
    for (current, new) in [("Wrong-Horse-9", NEW), (PASSWORD, "weak"), (PASSWORD, PASSWORD)] {
        let answer = change(current, new).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("Request_BadRequest")));
    }
    assert_eq!(change(PASSWORD, NEW).await.status, 204);
    expect_revocation_by_client_class(&tenant, &public, &confidential, "2026-01-05T12:00:00.0000000Z").await;
}

#[tokio::test]
async fn by_the_lab() {
    let tenant = Tenant::new().await;
    let public = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let confidential = tenant.connector().sign_in(&tenant, "owner", READ).await;
    let done = tenant
        .happens(json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": NEW}))
        .await;
    assert_eq!(done, json!({"at": "2026-01-05T09:00:01.5Z", "event": "password_changed_by_user"}));
    expect_revocation_by_client_class(&tenant, &public, &confidential, "2026-01-05T09:00:01.0000000Z").await;
}

#[tokio::test]
async fn the_page_says_what_is_wrong_and_changes_nothing() {
    let tenant = Tenant::new().await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&format!("/{}/changepassword", tenant.id())).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    let unequal = [("oldpasswd", PASSWORD), ("newpasswd", NEW), ("confirmpasswd", "else")];
    let page = browser.submit(&page, &unequal).await.page();
    assert!(page.answer.text.contains("not the same"), "{page:?}");
    let page = browser.type_new_password(&page, "Wrong-Horse-9", NEW).await.page();
    page.says(200, "AADSTS120000");
    for weak in ["Sh0rt!", "alllowercase1", PASSWORD, "xX1-owner-Xx", "Pässw0rd!!!"] {
        let page = browser.type_new_password(&page, PASSWORD, weak).await.page();
        page.says(200, "AADSTS120002");
    }
    assert_eq!(tenant.journal("password.").await.len(), 1, "one guess was wrong");
    assert_eq!(tenant.journal("password.change_refused").await.len(), 1);
    let done = browser.type_new_password(&page, PASSWORD, NEW).await.page();
    assert_eq!(done.heading, "Your password was changed");
}

#[tokio::test]
async fn after_a_change_the_page_asks_to_sign_in_again() {
    let tenant = Tenant::new().await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    browser.change_password(&tenant.id(), &owner, PASSWORD, NEW).await;
    tenant.advance(Span::from_seconds(1)).await;
    tenant.happens(json!({"type": "password_change", "user": owner, "new_password": "Third-Horse-3"})).await;
    let page = browser.open(&format!("/{}/changepassword", tenant.id())).await.page();
    assert_eq!(page.heading, "Sign in");
}

#[tokio::test]
async fn an_expired_password_has_to_be_changed_first() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    tenant.happens_to("owner", "password_expiry").await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&app.authorize_url("User.Read", &[])).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    page.says(200, "AADSTS50055");
    let code = browser.type_new_password(&page, PASSWORD, NEW).await.code();
    app.redeem(&code).await;
    let page = tenant.browser().open(&app.authorize_url("User.Read", &[])).await.page();
    tenant.browser().sign_in(&page, &owner, PASSWORD).await.page().says(400, "AADSTS165000");
    assert_eq!(tenant.journal("password.").await.len(), 2);
}

#[tokio::test]
async fn concurrent_changes_lose_nothing() {
    let tenant = Tenant::new().await;
    tenant.advance(Span::from_seconds(1)).await;
    let event = |kind: &str| json!({"type": kind, "user": tenant.upn("owner")});
    for _ in 0..8 {
        let change = json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": NEW});
        let (disable, expire) = (event("disable_user"), event("password_expiry"));
        let (first, second, third) = tokio::join!(
            tenant.lab(reqwest::Method::POST, "/events", &disable),
            tenant.lab(reqwest::Method::POST, "/events", &change),
            tenant.lab(reqwest::Method::POST, "/events", &expire),
        );
        let done = [first, second, third].map(|answer| {
            assert!(matches!(answer.status, 200 | 409), "{answer:?}");
            answer.status == 200
        });
        let disabled = tenant.journal("user.").await.last().map(|line| line["kind"].clone());
        if done[0] {
            assert_eq!(disabled, Some(json!("user.disabled")));
            let admin = tenant.admin_tool().sign_in(&tenant, "admin", "User.ReadWrite.All").await;
            let path = format!("/v1.0/users/{}?$select=accountEnabled", tenant.upn("owner"));
            let request = tenant.http.get(tenant.url(&path));
            let user = send(request.bearer_auth(admin.access())).await.json();
            assert_eq!(user["accountEnabled"], Value::Bool(false));
        }
        tenant.happens_to("owner", "enable_user").await;
    }
}
