//! Response headers that clients read.

use outlive_clock::Span;

use crate::tenant::{Answer, PASSWORD, READ, Tenant, send};

fn is_of_sign_in_service(answer: &Answer) {
    assert_eq!(answer.header("p3p"), "CP=\"DSP CUR OTPi IND OTRi ONL FIN\"", "{answer:?}");
    assert!(answer.header("x-ms-ests-server").starts_with("2.1."), "{answer:?}");
}

#[tokio::test]
async fn token_responses_include_client_telemetry() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    let answer = app.try_redeem(&code, &[]).await;
    is_of_sign_in_service(&answer);
    assert_eq!(answer.header("x-ms-clitelem"), "1,0,0,,");
    assert_eq!((answer.header("pragma"), answer.header("expires")), ("no-cache", "-1"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let tokens = crate::tokens::Tokens::of(answer);

    tenant.advance(Span::from_seconds(89)).await;
    tenant.happens_to("owner", "revoke_sessions").await;
    let refused = app.try_refresh(tokens.refresh(), &[]).await;
    is_of_sign_in_service(&refused);
    assert_eq!(refused.header("x-ms-clitelem"), "1,50173,0,91000.000,", "the token was 91 seconds old");
    let garbled = app.try_refresh("garbled", &[]).await;
    assert_eq!(garbled.header("x-ms-clitelem"), "1,9002313,0,,");
    let anonymous = app.ask(&[("grant_type", "refresh_token")], &[("client_id", "")]).await;
    assert_eq!(anonymous.header("x-ms-clitelem"), "1,900144,0,,");
}

#[tokio::test]
async fn the_client_sets_the_correlation_id() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let form = [("client_id", &*app.client_id), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    let named = send(app.token_request().header("client-request-id", id).form(&form)).await;
    assert_eq!(named.grant_refused("AADSTS9002313")["correlation_id"], id);
    let unnamed = send(app.token_request().header("client-request-id", "no id").form(&form)).await;
    let body = unnamed.grant_refused("AADSTS9002313");
    // The two differ in every published response.
    assert_ne!(body["correlation_id"], body["trace_id"]);
    assert_eq!(body["trace_id"], unnamed.header("x-ms-request-id"));
    assert_eq!((unnamed.header("pragma"), unnamed.header("expires")), ("no-cache", "-1"));
}

#[tokio::test]
async fn a_client_that_asks_for_it_gets_its_id_back() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let form = [("client_id", &*app.client_id), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    let ask = async |returned: &str| {
        let request = app.token_request().header("client-request-id", id);
        let answer = send(request.header("return-client-request-id", returned).form(&form)).await;
        answer.header("client-request-id").to_owned()
    };
    assert_eq!((&*ask("true").await, &*ask("false").await), (id, ""));
}

/// MSAL for JavaScript sends `client-request-id` as a parameter, because navigation has no custom
/// headers.
#[tokio::test]
async fn a_page_shows_the_id_that_the_client_put_in_its_address() {
    let tenant = Tenant::new().await;
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let url = tenant
        .desktop()
        .authorize_url(READ, &[("client-request-id", id), ("redirect_uri", "https://no.example")]);
    let page = tenant.browser().open(&url).await.page();
    page.says(400, "AADSTS50011");
    assert!(page.answer.text.contains(id), "{page:?}");
}

/// Captured responses of 2026-08.
#[tokio::test]
async fn json_responses_have_a_charset() {
    let tenant = Tenant::new().await;
    let id = tenant.id();
    for path in [
        "/common/discovery/instance?authorization_endpoint=x".to_owned(),
        format!("/common/userrealm/{}", tenant.upn("owner")),
        format!("/{id}/v2.0/.well-known/openid-configuration"),
        format!("/{id}/discovery/keys"),
        "/v1.0/me".to_owned(),
        "/v1.0/nonsense".to_owned(),
        "/beta/nonsense".to_owned(),
        "/oidc/userinfo".to_owned(),
    ] {
        let answer = tenant.get(&path).await;
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{path}: {answer:?}");
    }
    for path in ["oauth2/v2.0/token", "oauth2/token", "oauth2/v2.0/devicecode", "oauth2/devicecode"] {
        let answer = send(tenant.http.post(tenant.url(&format!("/{id}/{path}")))).await;
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{path}: {answer:?}");
    }
}

/// "Microsoft Graph error responses and resource types": the client's id if it sent one, or else
/// the request's.
#[tokio::test]
async fn every_answer_of_graph_names_its_request() {
    let tenant = Tenant::new().await;
    let tokens = tenant.desktop().sign_in(&tenant, "owner", "User.Read openid").await;
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    for (method, path, token, status) in [
        ("GET", "/v1.0/me", tokens.access(), 200),
        ("GET", "/v1.0//me", tokens.access(), 200),
        ("GET", "/v1.0/users", tokens.access(), 403),
        ("GET", "/v1.0/nonsense", tokens.access(), 404),
        ("DELETE", "/v1.0/me", tokens.access(), 405),
        ("POST", "/v1.0/me/changePassword", tokens.access(), 400),
        ("GET", "/v1.0/me", "", 401),
        ("GET", "/beta/me", tokens.access(), 200),
        ("GET", "/beta/nonsense", tokens.access(), 404),
        ("GET", "/oidc/userinfo", tokens.access(), 200),
        ("OPTIONS", "/v1.0/me", "", 200),
    ] {
        let request = || {
            let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
            let request = tenant.http.request(method, tenant.url(path)).bearer_auth(token);
            request
                .header("origin", "https://spa.example")
                .header("access-control-request-method", "GET")
                .header("content-type", "application/json")
        };
        let named = send(request().header("client-request-id", id)).await;
        assert_eq!(named.status, status, "{method} {path}: {named:?}");
        assert_eq!(named.header("client-request-id"), id, "{method} {path}");
        assert_eq!(named.header("request-id"), named.header("x-ms-request-id"), "{method} {path}");
        assert!(named.header("access-control-expose-headers").contains(", request-id,"), "{named:?}");
        let unnamed = send(request()).await;
        assert_eq!(unnamed.header("client-request-id"), unnamed.header("request-id"), "{method} {path}");
        if status >= 400 {
            let inner = &named.json()["error"]["innerError"];
            assert_eq!(inner["client-request-id"], id);
            assert_eq!(inner["request-id"], named.header("request-id"));
        }
    }
    assert_eq!(tenant.get("/common/discovery/keys").await.header("request-id"), "", "Graph's alone");
}

#[tokio::test]
async fn no_response_pins_the_browser_to_https() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url("User.Read", &[])).await.page();
    assert_eq!(page.answer.header("strict-transport-security"), "");
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    let names = browser.set_cookies.iter().filter_map(|set| set.split('=').next());
    let names: std::collections::BTreeSet<_> = names.collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["ESTSAUTH", "ESTSAUTHPERSISTENT", "esctx"]);
}

#[tokio::test]
async fn documents_and_pages_have_them_and_graph_has_not() {
    let tenant = Tenant::new().await;
    let id = tenant.id();
    for path in [
        format!("/{id}/v2.0/.well-known/openid-configuration"),
        format!("/{id}/discovery/v2.0/keys"),
        format!("/{id}/oauth2/v2.0/authorize"),
        "/error?code=50173".to_owned(),
    ] {
        let answer = tenant.get(&path).await;
        is_of_sign_in_service(&answer);
        assert_eq!(answer.header("x-ms-clitelem"), "");
    }
    for path in ["/v1.0/me".to_owned(), format!("/_lab/tenants/{id}/clock")] {
        assert_eq!(tenant.get(&path).await.header("p3p"), "", "{path}");
    }
}
