//! Continuous access evaluation through the whole system: the issuer's security events, the claims
//! challenges of the resource, and a client whose refresh token outlives the password.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode as Answer;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_tests::{Service, System, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// Sends a token request of the seed's confidential connector, to which the owner has consented.
async fn request_token(system: &System, tenant: &Tenant, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let connector = tenant.application("Contoso Orders Connector");
    let text = |name: &str| connector[name].as_str().expect("a text").to_owned();
    let (client_id, secret) = (text("client_id"), text("secret"));
    let mut form = vec![
        ("client_id", client_id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", "api://contoso-orders/Orders.Read offline_access"),
    ];
    form.extend_from_slice(more);
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("it answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

/// Requests the orders. Returns the status, and the requested claims of a claims challenge.
async fn orders(system: &System, tokens: &Value) -> (StatusCode, Option<String>) {
    let url = format!("{}/orders", system.url(Service::Resource));
    let token = tokens["access_token"].as_str().expect("a token");
    let answer = system.http().get(url).bearer_auth(token).send().await.expect("it answers");
    let challenge = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
    let claims =
        challenge.and_then(|text| text.split_once("claims=\"")).and_then(|(_, rest)| rest.split_once('"'));
    let claims = claims.map(|(claims, _)| STANDARD.decode(claims).expect("padded base64"));
    (answer.status(), claims.map(|claims| String::from_utf8(claims).expect("a text")))
}

/// Returns the lab's explanation of an access token.
async fn why(system: &System, tenant: &Tenant, tokens: &Value) -> Value {
    let url = format!("{}/lab/tenants/{}/why", system.url(Service::Console), tenant.id());
    let answer = system.http().post(url).json(&json!({"of": tokens["access_token"]})).send().await;
    answer.expect("it answers").json().await.expect("JSON")
}

#[tokio::test]
async fn a_days_token_dies_with_the_password_and_the_confidential_grant_gets_another() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let owner = tenant.user("owner");
    let (upn, password) =
        (owner["upn"].as_str().expect("a name"), owner["password"].as_str().expect("a text"));
    let sign_in = [("grant_type", "password"), ("username", upn), ("password", password)];
    let (status, short) = request_token(&system, &tenant, &sign_in).await;
    assert_eq!(status, StatusCode::OK, "{short}");
    let mut capable = sign_in.to_vec();
    capable.push(("claims", CAPABLE));
    let (status, long) = request_token(&system, &tenant, &capable).await;
    assert_eq!(status, StatusCode::OK, "{long}");
    assert!(long["expires_in"].as_i64().expect("a number") >= 20 * 3_600, "{long}");
    assert!(short["expires_in"].as_i64().expect("a number") <= 90 * 60, "{short}");
    for tokens in [&short, &long] {
        assert_eq!(orders(&system, tokens).await, (StatusCode::OK, None));
    }

    tenant.advance("PT10M").await;
    tenant.change_password("owner", "Another-Horse-7!").await;
    assert_eq!(
        orders(&system, &short).await,
        (StatusCode::OK, None),
        "a token that is not CAE-enabled remains valid"
    );
    let (status, claims) = orders(&system, &long).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let claims = claims.expect("a claims challenge");
    let mut requested: Value = serde_json::from_str(&claims).expect("JSON");
    assert!(requested["access_token"]["nbf"]["value"].is_string(), "{claims}");

    let of_short = why(&system, &tenant, &short).await;
    assert_eq!(
        (&of_short["verdict"]["outcome"], &of_short["would_end_it"]),
        (&json!("accepted"), &json!([]))
    );
    let of_long = why(&system, &tenant, &long).await;
    assert_eq!(
        (&of_long["verdict"]["rule"], &of_long["verdict"]["outcome"]),
        (&json!("critical_event"), &json!("refused"))
    );
    assert!(of_long["what"].as_str().is_some_and(|what| what.contains("CAE-enabled")), "{of_long}");
    let changes: Vec<_> =
        of_long["what_if"].as_array().expect("a list").iter().map(|found| &found["words"]).collect();
    assert_eq!(
        changes,
        [
            "Had the user not changed the password, it would have been accepted.",
            "Had the client not declared the capability cp1, it would have been accepted.",
        ]
    );

    // As an SDK does: the requested claims and the client's capabilities in one request.
    requested["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    let refresh_token = long["refresh_token"].as_str().expect("a token");
    let merged = requested.to_string();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("claims", &merged)];
    let (status, fresh) = request_token(&system, &tenant, &refresh).await;
    assert_eq!(status, StatusCode::OK, "the grant of a confidential client outlives the password: {fresh}");
    assert_eq!(orders(&system, &fresh).await, (StatusCode::OK, None));

    tenant.advance("PT10M").await;
    tenant.revoke_sessions("owner").await;
    let (status, claims) = orders(&system, &fresh).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let claims = claims.expect("a claims challenge");
    let refresh_token = fresh["refresh_token"].as_str().expect("a token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("claims", &claims)];
    let (status, refused) = request_token(&system, &tenant, &refresh).await;
    assert_eq!((status, &refused["suberror"]), (StatusCode::BAD_REQUEST, &Value::from("bad_token")));
    assert!(refused["error_description"].as_str().is_some_and(|text| text.starts_with("AADSTS50173: ")));
    assert_eq!(orders(&system, &short).await, (StatusCode::OK, None), "nothing but time ends it");

    let received = system.journal(Service::Resource, &tenant, "security_event.received").await;
    assert_eq!(received.len(), 2, "{received:?}");
    system.stop().await;
}

/// The claims of a JWT, unverified.
fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn an_api_that_was_down_is_notified_later_even_by_an_issuer_that_was_killed() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    // An address without a listener.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let api = tenant.application("Contoso Orders API")["client_id"].as_str().expect("an id");
    let stream = format!("{}/_lab/tenants/{}/event-streams/{api}", system.url(Service::Idp), tenant.id());
    let set = system
        .lab_surface(Method::PUT, &stream)
        .json(&json!({"endpoint": format!("http://{address}/events")}));
    assert_eq!(set.send().await.expect("it answers").status(), StatusCode::OK);
    tenant.change_password("owner", "Another-Horse-7!").await;
    tenant.revoke_sessions("owner").await;
    let postponed = system.journal(Service::Idp, &tenant, "security_event.postponed").await;
    assert!(!postponed.is_empty(), "it was tried");

    system.kill();
    let (events_in, mut received) = mpsc::unbounded_channel();
    let take = move |body: String| async move {
        events_in.send(claims_of(&body)).expect("the test listens");
        Answer::ACCEPTED
    };
    let listener = TcpListener::bind(address).await.expect("the port is still free");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/events", post(take))).await });
    system.restart().await;
    let mut events = Vec::new();
    for _ in 0..2 {
        let event = tokio::time::timeout(Duration::from_secs(60), received.recv()).await.expect("in time");
        events.push(event.expect("an event")["events"].to_string());
    }
    assert!(events[0].contains("credential-change") && events[1].contains("session-revoked"), "{events:?}");
    system.stop().await;
}
