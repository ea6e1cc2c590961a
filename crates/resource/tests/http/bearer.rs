//! Which tokens are accepted, and what the challenge says of the others.

use http::Method;
use outlive_clock::{Span, TenantId};
use outlive_tokens::{Challenge, TokenVersion, issuer, sign_hs256, sign_rs256};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scene::{AUDIENCE, Answer, NOW, PUBLIC_ORIGIN, Scene, key, spec};

const READ: &[&str] = &["Orders.Read"];

fn challenge(answer: &Answer) -> Challenge {
    Challenge::parse(&answer.challenge).expect("a bearer challenge")
}

/// That the answer is a 401 with `invalid_token`, and what the challenge says.
fn invalid_token(answer: &Answer) -> String {
    assert_eq!(answer.refused(), (401, "InvalidAuthenticationToken"));
    let challenge = challenge(answer);
    assert_eq!(challenge.error(), Some("invalid_token"));
    challenge.error_description().expect("a description").to_owned()
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[tokio::test]
async fn without_a_token_the_challenge_is_plain() {
    let scene = Scene::start().await;
    let plain =
        format!(r#"Bearer realm="", authorization_uri="{PUBLIC_ORIGIN}/common/oauth2/v2.0/authorize""#);
    for authorization in [None, Some("Basic b3duZXI6cHc="), Some("Bearer"), Some("Key abc")] {
        let answer = scene
            .send(Method::GET, "/orders", |request| match authorization {
                Some(value) => request.header("authorization", value),
                None => request,
            })
            .await;
        assert_eq!(answer.refused(), (401, "InvalidAuthenticationToken"));
        assert_eq!(answer.challenge, plain, "{authorization:?}");
    }
}

#[tokio::test]
async fn a_token_lives_until_it_expires_by_the_tenants_clock_and_not_after() {
    let scene = Scene::start().await;
    let token = scene.user_token(READ);
    assert_eq!(scene.get("/orders", &token).await.status, 200);
    let exp = NOW + Span::from_hours(1);
    scene.move_time_to(exp - Span::from_micros(1)).await;
    assert_eq!(scene.get("/orders", &token).await.status, 200);
    scene.move_time_to(exp).await;
    let answer = scene.get("/orders", &token).await;
    assert_eq!(invalid_token(&answer), format!("the token expired at {exp}; it is {exp}"));
    assert_eq!(challenge(&answer).realm(), Some(scene.tenant.to_string().as_str()));
    assert_eq!(
        challenge(&answer).authorization_uri(),
        Some(format!("{PUBLIC_ORIGIN}/{}/oauth2/v2.0/authorize", scene.tenant).as_str())
    );
}

#[tokio::test]
async fn a_token_of_the_future_waits() {
    let scene = Scene::start().await;
    let nbf = NOW + Span::from_minutes(10);
    let token = scene.sign(&with(scene.user_claims(READ), "nbf", json!(nbf.as_seconds())));
    assert!(invalid_token(&scene.get("/orders", &token).await).contains("not valid before"));
    scene.move_time_to(nbf).await;
    assert_eq!(scene.get("/orders", &token).await.status, 200);
}

#[tokio::test]
async fn audience_issuer_and_tenant_must_fit() {
    let scene = Scene::start().await;
    let claims = scene.user_claims(READ);
    let elsewhere = TenantId::from_uuid(Uuid::from_u128(99));
    for (name, value, reason) in [
        ("aud", json!("https://graph.microsoft.com"), "another audience"),
        ("aud", json!("api://contoso-orders/"), "another audience"),
        ("iss", json!(issuer("http://evil.example", scene.tenant, TokenVersion::V2)), "issuer"),
        ("iss", json!(issuer(PUBLIC_ORIGIN, elsewhere, TokenVersion::V2)), "issuer"),
        ("tid", json!(elsewhere), "does not exist in the tenant"),
        ("tid", json!("contoso.example"), "malformed"),
        ("tid", Value::Null, "malformed"),
        ("azp", Value::Null, "malformed"),
    ] {
        let token = scene.sign(&with(claims.clone(), name, value));
        let description = invalid_token(&scene.get("/orders", &token).await);
        assert!(description.contains(reason), "{name}: {description}");
    }
    for (name, value) in [
        ("aud", json!("00000000-0000-0000-0000-000000000002")),
        ("iss", json!(issuer(PUBLIC_ORIGIN, scene.tenant, TokenVersion::V1))),
        ("iss", json!(issuer("https://tls.example:8743", scene.tenant, TokenVersion::V2))),
    ] {
        let token = scene.sign(&with(claims.clone(), name, value));
        assert_eq!(scene.get("/orders", &token).await.status, 200, "{name}");
    }
    assert_eq!(claims["aud"], AUDIENCE);
}

#[tokio::test]
async fn only_the_issuers_rs256_signature_counts() {
    let scene = Scene::start().await;
    let claims = scene.user_claims(READ);
    let good = scene.sign(&claims);
    let (head, signature) = good.rsplit_once('.').expect("three parts");
    let body = good.split('.').nth(1).expect("three parts");
    // {"alg":"none"} and {"alg":"HS256","typ":"JWT"} in base64url; the second signed with the
    // public key, which everyone knows.
    let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
    let confused = sign_hs256(key(0).modulus().as_bytes(), &claims);
    let altered = format!("{}{}.{signature}", &head[..head.len() - 4], "AAAA");
    let foreign = sign_rs256(&key(1), TokenVersion::V2, &claims);
    for (token, reason) in [
        (unsigned, "not signed with RS256"),
        (confused, "not signed with RS256"),
        (foreign, "does not publish"),
        (altered, ""),
        (format!("{good}x"), ""),
        ("no token at all".replace(' ', "-"), "malformed"),
        ("a.b.c".into(), "malformed"),
        ("x".repeat(17_000), "malformed"),
    ] {
        let description = invalid_token(&scene.get("/orders", &token).await);
        assert!(description.contains(reason), "{description}");
    }
    let two = scene
        .send(Method::GET, "/orders", |request| {
            request.bearer_auth(&good).header("authorization", "Bearer x")
        })
        .await;
    assert!(invalid_token(&two).contains("malformed"));
}

#[tokio::test]
async fn fetches_a_rotated_key() {
    let scene = Scene::start().await;
    let old = scene.user_token(READ);
    assert_eq!(scene.get("/orders", &old).await.status, 200);
    scene.publish_only(key(2));
    let new = sign_rs256(&key(2), TokenVersion::V2, &scene.user_claims(READ));
    assert_eq!(scene.get("/orders", &new).await.status, 200);
    assert!(invalid_token(&scene.get("/orders", &old).await).contains("does not publish"));
}

#[tokio::test]
async fn an_unreachable_issuer_is_a_503() {
    let scene = Scene::start().await;
    scene.break_issuer();
    let answer = scene.get("/orders", &scene.user_token(READ)).await;
    assert_eq!(answer.refused(), (503, "ServiceUnavailable"));
    assert_eq!(answer.challenge, "");
}

#[tokio::test]
async fn browser_pages_of_any_origin_can_call_the_api() {
    let scene = Scene::start().await;
    let from_page = |request: reqwest::RequestBuilder| request.header("origin", "http://page.example");
    let preflight = |request: reqwest::RequestBuilder| {
        from_page(request)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
    };
    for path in ["/orders", "/orders/1"] {
        let may = scene.send(Method::OPTIONS, path, preflight).await;
        assert_eq!((may.status, &*may.pages), (200, "*"), "{path}");
    }
    let token = scene.user_token(READ);
    let answer = scene.send(Method::GET, "/orders", |request| from_page(request).bearer_auth(&token)).await;
    assert_eq!((answer.status, &*answer.pages), (200, "*"));
    // The page can also read the challenge.
    let refused = scene.send(Method::GET, "/orders", from_page).await;
    assert_eq!((refused.status, &*refused.pages), (401, "*"));
    assert!(refused.exposed_headers.contains("WWW-Authenticate"), "{refused:?}");
    // No CORS headers on the issuer's endpoint, nor without an Origin header.
    let event = scene.send(Method::OPTIONS, "/security-events", preflight).await;
    assert_eq!((event.status, &*event.pages), (405, ""));
    assert_eq!(scene.get("/orders", &token).await.pages, "");
}

#[tokio::test]
async fn a_tenant_that_is_created_again_has_its_new_audiences() {
    let scene = Scene::start().await;
    let token = scene.user_token(READ);
    assert_eq!(scene.get("/orders", &token).await.status, 200);
    let path = format!("/_lab/tenants/{}", scene.tenant);
    assert_eq!(scene.send(Method::DELETE, &path, |request| request).await.status, 204);
    let other = with(spec(), "audiences", json!(["api://contoso-invoices"]));
    assert_eq!(scene.create_tenant(&other).await.status, 201);
    assert!(invalid_token(&scene.get("/orders", &token).await).contains("another audience"));
    let new = scene.sign(&with(scene.user_claims(READ), "aud", json!("api://contoso-invoices")));
    assert_eq!(scene.get("/orders", &new).await.status, 200);
}
