//! Forms that are submitted with modified fields.

use crate::browser::Page;
use crate::tenant::{PASSWORD, READ, Tenant};

fn with(page: &Page, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let mut fields = page.fields.clone();
    fields.retain(|(field, _)| field != name);
    fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    fields
}

#[tokio::test]
async fn a_form_is_bound_to_its_browser_and_path() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    let url = app.authorize_url("User.Read", &[]);
    let mut page = browser.open(&url).await.page();
    page.fields.retain(|(name, _)| name != "loginfmt" && name != "passwd");
    page.fields.push(("loginfmt".to_owned(), tenant.upn("owner")));
    page.fields.push(("passwd".to_owned(), PASSWORD.to_owned()));
    let ctx = page.field("ctx").to_owned();
    let middle = ctx.len() / 2;
    let garbled = format!("{}{}", &ctx[middle..], &ctx[..middle]);
    let foreign = tenant.browser().open(&url).await.page().field("canary").to_owned();
    for fields in [
        with(&page, "ctx", None),
        with(&page, "ctx", Some("nonsense")),
        with(&page, "ctx", Some(&garbled)),
        with(&page, "canary", None),
        with(&page, "canary", Some(&foreign)),
        with(&page, "canary", Some("")),
    ] {
        browser.post(&page.action, &fields).await.page().says(400, "AADSTS165000");
    }
    let mut stranger = tenant.browser();
    stranger.post(&page.action, &page.fields).await.page().says(400, "AADSTS165000");
    stranger.open(&url).await.page();
    stranger.post(&page.action, &page.fields).await.page().says(400, "AADSTS165000");
    let elsewhere = format!("/{}/login", tenant.domain);
    browser.post(&elsewhere, &page.fields).await.page().says(400, "AADSTS165000");
    assert!(tenant.journal("sign_in.").await.is_empty());
    browser.post(&page.action, &page.fields).await.code();
}

#[tokio::test]
async fn a_form_is_bound_to_its_page() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    let sign_in = browser.open(&app.authorize_url(READ, &[])).await.page();
    let consent = format!("/{}/consent", tenant.id());
    let change = format!("/{}/changepassword", tenant.id());
    for action in [&consent, &change] {
        let mut fields = sign_in.fields.clone();
        fields.push(("consent".to_owned(), "accept".to_owned()));
        browser.post(action, &fields).await.page().says(400, "AADSTS165000");
    }
    let page = browser.sign_in(&sign_in, &tenant.upn("owner"), PASSWORD).await.page();
    // A form is rejected once its session has left the browser.
    let mut without = browser.clone();
    without.cookies.remove("ESTSAUTH");
    without.accept_permissions(&page).await.page().says(400, "AADSTS165000");
    assert!(tenant.journal("consent.").await.is_empty());
    // A second user signs in before the page is submitted: it still belongs to the first.
    let again = browser.open(&app.authorize_url(READ, &[("prompt", "login")])).await.page();
    browser.sign_in(&again, &tenant.upn("colleague"), PASSWORD).await.page();
    let code = browser.accept_permissions(&page).await.code();
    assert_eq!(app.redeem(&code).await.claims()["oid"], tenant.id_of(1));
    assert_eq!(tenant.journal("consent.").await[0]["data"]["upn"], tenant.upn("owner"));
}

#[tokio::test]
async fn a_consent_page_needs_a_live_session() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    tenant.happens_to("owner", "revoke_sessions").await;
    let page = browser.accept_permissions(&page).await.page();
    assert_eq!(page.heading, "Sign in");
    assert!(tenant.journal("consent.").await.is_empty());
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    browser.accept_permissions(&page).await.code();
}

#[tokio::test]
async fn markup_stays_text() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let nasty = "\"><script>alert(1)</script>'";
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[("login_hint", nasty)])).await.page();
    assert_eq!(page.field("loginfmt"), nasty);
    let page = browser.sign_in(&page, nasty, nasty).await.page();
    assert_eq!(page.field("loginfmt"), nasty);
    let refused = browser.open(&app.authorize_url(READ, &[("redirect_uri", nasty)])).await.page();
    let unknown = browser.open(&app.authorize_url(READ, &[("client_id", nasty)])).await.page();
    for page in [page, refused, unknown] {
        assert!(!page.answer.text.contains("<script>"), "{page:?}");
        let policy = page.answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
    }
    let tool = tenant.admin_tool();
    tool.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
    let posted = tool.authorize_url("User.Read", &[("response_mode", "form_post"), ("state", nasty)]);
    let page = browser.open(&posted).await.page();
    assert_eq!(page.field("state"), nasty);
    assert!(!page.answer.text.contains("<script>alert"));
}
