//! The demo client Orders Desktop.

use http::StatusCode;
use http::header::LOCATION;
use url::Url;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

/// Begins a sign-in, and returns its state.
async fn begin(browser: &mut Browser) -> String {
    let page = browser.get("/orders-desktop/sign-in").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let url: Url = page.headers[LOCATION].to_str().expect("text").parse().expect("a URL");
    assert_eq!(url.path(), format!("/{TENANT}/oauth2/v2.0/authorize"));
    let value =
        |name: &str| url.query_pairs().find(|(known, _)| known == name).expect("a parameter").1.into_owned();
    assert_eq!(value("redirect_uri"), "http://127.0.0.1:8700/orders-desktop");
    assert_eq!(value("code_challenge_method"), "S256");
    value("state")
}

#[tokio::test]
async fn a_sign_in_ends_at_a_page_that_shows_what_the_application_got() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let state = begin(&mut browser).await;
    let page = browser.get(&format!("/orders-desktop?code=abc&state={state}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.texts("h1"), ["Orders Desktop is signed in, and keeps a refresh token."]);
    assert!(page.body.contains("66 minutes"));
    assert_eq!(
        page.texts(".claims tbody tr"),
        ["azpacr 0 The client did not authenticate: a public client."]
    );
    assert!(!page.body.contains("secret-refresh"));
    // A state is good once.
    let again = browser.get(&format!("/orders-desktop?code=abc&state={state}")).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(lab.requests().len(), 1);
}

#[tokio::test]
async fn only_the_browser_that_began_a_sign_in_ends_it() {
    let lab = FakeLab::default();
    let url = lab.serve().await;
    let mut browser = Browser::at(&url);
    let state = begin(&mut browser).await;
    browser.cookies.clear();
    for path in [format!("/orders-desktop?code=abc&state={state}"), "/orders-desktop".to_owned()] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(page.texts("h1"), ["This is not the end of a sign-in"]);
    }
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn what_failed_is_shown() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let state = begin(&mut browser).await;
    let page =
        browser.get(&format!("/orders-desktop?error_description=AADSTS65004+declined&state={state}")).await;
    assert!(page.body.contains("AADSTS65004 declined"));
    let state = begin(&mut browser).await;
    let page = browser.get(&format!("/orders-desktop?code=wrong&state={state}")).await;
    assert!(page.body.contains("AADSTS70008: The code has expired.") && !page.body.contains("Trace"));
}
