//! Pages, as people and browsers see them.

use reqwest::Method;

use crate::browser::Page;
use crate::tenant::{PASSWORD, READ, Tenant, send};

/// A form may lead to a chain of redirects, through the application and beyond; browsers apply the
/// policy of the form's page to all of them.
#[tokio::test]
async fn form_action_allows_the_application_and_its_redirects() {
    let tenant = Tenant::new().await;
    let policy = async |url: String| {
        let page = tenant.browser().open(&url).await.page();
        page.answer.header("content-security-policy").to_owned()
    };
    for app in [tenant.desktop(), tenant.connector()] {
        for uri in ["", &app.redirect_uri] {
            if uri.is_empty() && app.secret.is_none() {
                continue;
            }
            let policy = policy(app.authorize_url(READ, &[("redirect_uri", uri)])).await;
            assert!(policy.contains("form-action 'self' http: https:;"), "{policy}");
        }
    }
    let native = tenant.desktop().authorize_url(READ, &[("redirect_uri", "ordersdesktop://auth")]);
    assert!(policy(native).await.contains("form-action 'self' http: https: ordersdesktop:;"));
    let own = policy(format!("/{}/changepassword", tenant.id())).await;
    assert!(own.contains("form-action 'self';"), "{own}");
}

#[tokio::test]
async fn unknown_paths_get_a_page() {
    let tenant = Tenant::new().await;
    for path in ["/", "/nonsense", "/a/b/c", "/%ff/login/x"] {
        let page = Page::read(tenant.get(path).await);
        assert_eq!(page.answer.status, 404, "{path}");
    }
    let missing = tenant.get("/_lab/nonsense").await;
    assert_eq!((missing.status, missing.json()["error"]["code"].as_str()), (404, Some("NotFound")));
    for (method, path) in [
        (Method::GET, "login"),
        (Method::GET, "consent"),
        (Method::DELETE, "changepassword"),
        (Method::PUT, "oauth2/v2.0/authorize"),
        (Method::PUT, "oauth2/v2.0/logout"),
    ] {
        let url = tenant.url(&format!("/{}/{path}", tenant.id()));
        Page::read(send(tenant.http.request(method, url)).await).says(400, "AADSTS900561");
    }
}

#[tokio::test]
async fn pages_are_not_cached_anywhere() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    assert_eq!(page.answer.header("cache-control"), "no-store");
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert_eq!(page.answer.header("cache-control"), "no-store");
    for asset in ["/_pages/style.css", "/_pages/submit.js"] {
        assert_eq!(tenant.get(asset).await.status, 200);
    }
}

#[tokio::test]
async fn signing_in_changes_the_cookie() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    browser.cookies.insert("ESTSAUTH".to_owned(), "x".repeat(43));
    app.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
    let first = browser.cookies["ESTSAUTH"].clone();
    assert_ne!(first, "x".repeat(43), "a chosen cookie is not accepted");
    let page = browser.open(&app.authorize_url("User.Read", &[("prompt", "login")])).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    assert_ne!(browser.cookies["ESTSAUTH"], first);
}
