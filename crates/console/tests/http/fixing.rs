//! Fixing a connection: by a sign-in at its link, or with a new password.

use http::StatusCode;
use http::header::LOCATION;
use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::fake_lab::{FakeLab, TENANT};

async fn fix(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get("/").await;
    let token = page.attributes("form[action$='/fix'] input[name=token]", "value").remove(0);
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    browser.post(&format!("/console/{TENANT}/fix"), &all).await
}

#[tokio::test]
async fn a_connection_with_tokens_leads_to_the_sign_in_and_returns_with_a_code() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = fix(&mut browser, &[("connection", "orders")]).await;
    assert_eq!(page.status, StatusCode::OK);
    let link = "http://127.0.0.1:8702/sign-in?a=1&b=2";
    assert_eq!(page.attributes("a.is-primary", "href"), [link]);
    assert_eq!(page.attributes("meta[http-equiv=refresh]", "content"), [format!("0;url={link}")]);
    let fixed = format!("/console/{TENANT}/fixed/orders");
    let back = browser.get(&format!("{fixed}?code=abc")).await;
    assert_eq!(back.headers[LOCATION].to_str().expect("text"), format!("/?tenant={TENANT}"));
    assert!(browser.get("/").await.texts("#notices .is-alive")[0].starts_with("The connection is fixed."));
    assert_eq!(
        lab.requests(),
        [
            json!({"fix": "orders", "with": {"return_url": format!("http://127.0.0.1:8700{fixed}")}}),
            json!({"confirm": "orders", "with": {"code": "abc"}}),
        ]
    );
}

#[tokio::test]
async fn a_sign_in_that_fails_says_why_and_fixes_nothing() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let fixed = format!("/console/{TENANT}/fixed/orders");
    for (query, words) in [
        ("?error=access_denied&error_description=The+user+declined%0Amore", "The user declined."),
        ("?error=access_denied", "access_denied."),
        ("", "it returned no code."),
    ] {
        browser.get(&format!("{fixed}{query}")).await;
        let message = browser.get("/").await.texts("#notices .is-revoked").remove(0);
        assert_eq!(message, format!("The connection is not fixed: {words}"));
    }
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn a_stored_password_is_asked_for() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = fix(&mut browser, &[("connection", "basic")]).await;
    assert_eq!(page.texts("label"), ["New password"]);
    assert_eq!(page.attributes("input[type=password]", "name"), ["secret"]);
    let done = fix(&mut browser, &[("connection", "basic"), ("secret", "Harbor-7421-fern")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let requests = lab.requests();
    assert_eq!(requests[0]["with"]["secret"], "Harbor-7421-fern");
    assert!(!browser.get("/").await.body.contains("Harbor-7421-fern"));
}

#[tokio::test]
async fn a_password_that_the_lab_does_not_know_is_asked_for() {
    let lab = FakeLab { changed: true, password_unknown: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = fix(&mut browser, &[("connection", "orders")]).await;
    assert_eq!(page.texts("h1"), ["What is the owner’s password now?"]);
    let page = fix(&mut browser, &[("connection", "orders"), ("password", "Harbor-7421-fern")]).await;
    assert_eq!(page.texts("h1"), ["Sign in to fix the connection"]);
}
