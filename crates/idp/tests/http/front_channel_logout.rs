//! OpenID Connect Front-Channel Logout 1.0.

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::Page;
use crate::client::App;
use crate::graph::{call, denied};
use crate::tenant::{PASSWORD, Tenant};

const ME: &str = "User.Read";

/// A tenant with three applications that have a logout URL.
async fn tenant() -> Tenant {
    let required = json!([{"resource": "00000003-0000-0000-c000-000000000000", "scopes": [ME]}]);
    Tenant::with_applications(|tenant| {
        let application = |n: u32, out: &str| {
            let more = json!({
                "redirect_uris": [{"uri": format!("https://app{n}.example/cb"), "type": "web"}],
                "required": required, "admin_consented": true, "logout_url": out,
            });
            tenant.application(n, "confidential", &more)
        };
        vec![
            application(20, "https://app20.example/out?from=idp"),
            application(21, "http://localhost:3000/out"),
            application(22, "https://app22.example/out"),
        ]
    })
    .await
}

fn app(tenant: &Tenant, n: u32) -> App {
    tenant.app(n, None, &format!("https://app{n}.example/cb"))
}

fn frames(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.answer.text);
    let selector = scraper::Selector::parse("iframe[hidden]").expect("a selector");
    html.select(&selector).map(|frame| frame.attr("src").unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn the_signed_out_page_loads_each_applications_logout_url() {
    let tenant = tenant().await;
    let mut browser = tenant.browser();
    app(&tenant, 20).code_in(&mut browser, &tenant.upn("owner"), ME).await;
    for _ in 0..2 {
        let url = app(&tenant, 21).authorize_url(ME, &[]);
        browser.open(&url).await.code();
    }
    let sent = browser.open(&tenant.admin_tool().authorize_url(ME, &[])).await.app();
    let (sid, issuer) = (&sent["session_state"], format!("{}/{}/v2.0", tenant.installation.url, tenant.id()));
    // Another browser's sign-in to the third application does not count.
    app(&tenant, 22).code_in(&mut tenant.browser(), &tenant.upn("owner"), ME).await;

    let back = "https://app20.example/cb";
    let logout = format!("/{}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={back}", tenant.id());
    let page = browser.open(&logout).await.page();
    assert_eq!(page.heading, "You are signed out");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("sid", sid.as_str()), ("iss", &issuer)])
        .finish();
    let expected =
        [format!("https://app20.example/out?from=idp&{query}"), format!("http://localhost:3000/out?{query}")];
    assert_eq!(frames(&page), expected);
    let policy = page.answer.header("content-security-policy");
    let only = "frame-src https://app20.example/out http://localhost:3000/out";
    assert!(policy.ends_with(only), "{policy}");
    assert!(page.answer.text.contains("https://app20.example/cb?state=s"), "{page:?}");

    // Without a session, no application is notified.
    let again = browser.open(&logout).await.app();
    assert_eq!(again["state"], "s");
}

#[tokio::test]
async fn only_ended_sessions_load_logout_urls() {
    let tenant = tenant().await;
    let mut browser = tenant.browser();
    for (n, role) in [(20, "owner"), (22, "colleague")] {
        let page = browser.open(&app(&tenant, n).authorize_url(ME, &[("prompt", "login")])).await.page();
        browser.sign_in(&page, &tenant.upn(role), PASSWORD).await.code();
    }
    let page = browser.open(&format!("/{}/oauth2/v2.0/logout", tenant.id())).await.page();
    // The first button is the last account.
    let page = browser.submit(&page, &[]).await.page();
    let frames_loaded = frames(&page);
    assert!(
        frames_loaded.len() == 1 && frames_loaded[0].starts_with("https://app22.example/out?sid="),
        "{frames_loaded:?}"
    );
}

#[tokio::test]
async fn graph_stores_valid_logout_urls_only() {
    let tenant = tenant().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "https://graph.microsoft.com/.default").await;
    let path = format!("/applications/{}", tenant.id_of(120));
    let change = async |url: Value| {
        call(&tenant, admin.access(), Method::PATCH, &path, json!({"web": {"logoutUrl": url}})).await
    };
    let shown = async || {
        let answer = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await;
        answer.json()["web"].clone()
    };
    assert_eq!(shown().await["logoutUrl"], "https://app20.example/out?from=idp");
    assert_eq!(change(json!("https://app20.example/bye")).await.status, 204);
    let web = shown().await;
    assert_eq!(web["logoutUrl"], "https://app20.example/bye");
    assert_eq!(web["redirectUris"], json!(["https://app20.example/cb"]), "what is not named stays");
    let long = format!("https://app20.example/{}", "x".repeat(255));
    for odd in [
        "javascript:alert(1)",
        "http://app20.example/out",
        "https://a.example/#f",
        "https://me@a.example/",
        "out",
        &long,
    ] {
        denied(&change(json!(odd)).await, 400, "Request_BadRequest");
    }
    assert_eq!(shown().await["logoutUrl"], "https://app20.example/bye");
    assert_eq!(change(Value::Null).await.status, 204);
    assert_eq!(shown().await["logoutUrl"], Value::Null);
}
