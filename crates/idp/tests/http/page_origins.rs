//! Cross-origin token requests of a single-page application: allowed from the origins of its
//! redirect URIs.

use reqwest::Method;
use reqwest::header::ORIGIN;
use serde_json::json;

use crate::client::{App, VERIFIER};
use crate::tenant::{Answer, READ, Tenant, send};
use crate::tokens::Tokens;

fn redemption<'a>(app: &'a App, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", &app.client_id),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

async fn from_page(app: &App, origin: &str, form: &[(&str, &str)]) -> Answer {
    send(app.http.post(app.endpoint("token")).header(ORIGIN, origin).form(form)).await
}

#[tokio::test]
async fn pages_of_other_origins_get_a_readable_error() {
    let tenant = Tenant::new().await;
    let app = tenant.spa();
    let (code, held) =
        (app.code_for(&tenant, "owner", READ).await, app.sign_in(&tenant, "owner", READ).await);
    let redemption = redemption(&app, &code);
    let renewal =
        [("client_id", &*app.client_id), ("grant_type", "refresh_token"), ("refresh_token", held.refresh())];
    for elsewhere in [
        "https://evil.example",
        "https://spa.example.evil.example",
        "https://spa.example:8443",
        "http://spa.example",
        "null",
        "nonsense",
    ] {
        for form in [&redemption[..], &renewal] {
            let answer = from_page(&app, elsewhere, form).await;
            answer.refused(400, "invalid_request", "AADSTS9002326");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
    let verdict = &tenant.journal("token.refused").await[0]["data"]["verdict"];
    assert_eq!(verdict["rule"], "origin_foreign", "{verdict}");
    for form in [&redemption[..], &renewal] {
        Tokens::of(from_page(&app, "https://spa.example", form).await);
    }
}

#[tokio::test]
async fn a_page_calls_graph_with_its_token() {
    let tenant = Tenant::new().await;
    let tokens = tenant.spa().sign_in(&tenant, "owner", "openid User.Read").await;
    for path in ["/v1.0/me", "/v1.0/users/unknown/nothing", "/oidc/userinfo"] {
        let url = tenant.url(path);
        let asked = tenant
            .http
            .request(Method::OPTIONS, &url)
            .header(ORIGIN, "https://spa.example")
            .header("Access-Control-Request-Method", "PATCH")
            .header("Access-Control-Request-Headers", "authorization, content-type");
        let may = send(asked).await;
        assert_eq!((may.status, may.header("access-control-allow-origin")), (200, "*"), "{path}");
        assert_eq!(may.header("access-control-allow-headers"), "authorization, content-type");
        assert_eq!(may.header("access-control-allow-methods"), "PATCH");
        let page = || tenant.http.get(&url).header(ORIGIN, "https://spa.example");
        for answer in [send(page().bearer_auth(tokens.access())).await, send(page()).await] {
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}: {answer:?}");
            let exposed = answer.header("access-control-expose-headers");
            assert!(exposed.contains("WWW-Authenticate"), "{exposed}");
        }
        assert_eq!(
            tenant.get(path).await.header("access-control-allow-origin"),
            "",
            "only pages get the header"
        );
    }
    let me = send(tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(tokens.access())).await;
    assert_eq!(me.json()["id"], tenant.id_of(1));
}

#[tokio::test]
async fn loopback_pages_may_use_any_port() {
    let tenant = Tenant::with_applications(|tenant| {
        let uris = json!({"redirect_uris": [{"uri": "http://localhost:5173/", "type": "spa"}]});
        vec![tenant.application(40, "spa", &uris)]
    })
    .await;
    let app = tenant.app(40, None, "http://localhost:5173/");
    let code = app.code_for(&tenant, "owner", READ).await;
    let form = redemption(&app, &code);
    for elsewhere in ["https://localhost:5173", "http://127.0.0.1:5173", "http://localhost.example:5173"] {
        from_page(&app, elsewhere, &form).await.refused(400, "invalid_request", "AADSTS9002326");
    }
    Tokens::of(from_page(&app, "http://localhost:49152", &form).await);
}
