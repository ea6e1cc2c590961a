//! The published paths, in both versions and for every name of the tenant.

use reqwest::Method;

use crate::client::App;
use crate::tenant::{PASSWORD, READ, Tenant, send};

#[tokio::test]
async fn every_endpoint_works_for_every_name_of_a_tenant() {
    let tenant = Tenant::new().await;
    let (get, post) = (Method::GET, Method::POST);
    for segment in [&*tenant.id(), &*tenant.domain, "common", "organizations"] {
        for (method, path) in [
            (&get, "oauth2/v2.0/authorize"),
            (&get, "oauth2/authorize"),
            (&post, "oauth2/v2.0/authorize"),
            (&post, "oauth2/authorize"),
            (&post, "oauth2/v2.0/token"),
            (&post, "oauth2/token"),
            (&post, "oauth2/v2.0/devicecode"),
            (&post, "oauth2/devicecode"),
            (&get, "oauth2/v2.0/logout"),
            (&get, "oauth2/logout"),
            (&post, "oauth2/v2.0/logout"),
            (&post, "oauth2/logout"),
            (&get, "v2.0/.well-known/openid-configuration"),
            (&get, ".well-known/openid-configuration"),
            (&get, "discovery/v2.0/keys"),
            (&get, "discovery/keys"),
            (&get, "adminconsent"),
            (&get, "v2.0/adminconsent"),
            (&get, "openid/userinfo"),
        ] {
            let url = tenant.url(&format!("/{segment}/{path}"));
            let answer = send(tenant.http.request(method.clone(), url)).await;
            assert!(answer.status != 404 && answer.status < 500, "{segment}/{path}: {answer:?}");
            assert!(!answer.text.contains("AADSTS900561"), "{method} {segment}/{path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn authorization_requests_support_post() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    app.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
    let url = reqwest::Url::parse(&app.authorize_url("User.Read", &[])).expect("a URL");
    let fields: Vec<_> = url.query_pairs().into_owned().collect();
    app.redeem(&browser.post(url.path(), &fields).await.code()).await;
}

#[tokio::test]
async fn sign_out_supports_post() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    app.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
    let page = browser.post(&format!("/{}/oauth2/logout", tenant.id()), &[]).await.page();
    assert_eq!(page.heading, "You are signed out");
    let silently = app.authorize_url("User.Read", &[("prompt", "none")]);
    browser.open(&silently).await.refused("login_required", "AADSTS50058");
}

#[tokio::test]
async fn there_are_no_personal_accounts() {
    let tenant = Tenant::new().await;
    for segment in ["consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"] {
        let app = App { segment: segment.to_owned(), ..tenant.connector() };
        let page = tenant.browser().open(&app.authorize_url(READ, &[])).await.page();
        page.says(400, if segment == "consumers" { "AADSTS50059" } else { "AADSTS90002" });
        let answer = app.password(&tenant.upn("owner"), PASSWORD, READ).await;
        assert_eq!(answer.status, 400, "{segment}: {answer:?}");
    }
}
