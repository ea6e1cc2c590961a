//! Continuous access evaluation: received security events and their effect on tokens.

use http::Method;
use outlive_clock::{Instant, Span, UserId};
use outlive_tokens::{
    Challenge, InitiatingEntity, SecurityEvent, SecurityEventKind, TokenVersion, fingerprint, issuer,
    sign_rs256,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scene::{AUDIENCE, Answer, NOW, PUBLIC_ORIGIN, Scene, key};

const OWNER: u128 = 4;

/// A CAE-capable token of the owner, issued at this instant and valid for a day.
fn evaluated(scene: &Scene, issued_at: Instant) -> String {
    let mut claims = scene.user_claims(&["Orders.Read"]);
    claims["xms_cc"] = json!(["cp1"]);
    claims["iat"] = json!(issued_at.as_seconds() - 300);
    claims["nbf"] = claims["iat"].clone();
    claims["exp"] = json!((issued_at + Span::from_days(1)).as_seconds());
    scene.sign(&claims)
}

struct EventToken {
    issuer: String,
    audience: &'static str,
    jti: &'static str,
    user: u128,
    kind: SecurityEventKind,
    happened_at: Instant,
    issued_at: Instant,
    key: usize,
}

fn event_token(scene: &Scene, jti: &'static str, happened_at: Instant) -> EventToken {
    EventToken {
        issuer: issuer(PUBLIC_ORIGIN, scene.tenant, TokenVersion::V2),
        audience: AUDIENCE,
        jti,
        user: OWNER,
        kind: SecurityEventKind::CredentialChange,
        happened_at,
        issued_at: happened_at,
        key: 0,
    }
}

impl EventToken {
    fn sign(&self) -> String {
        SecurityEvent {
            issuer: &self.issuer,
            audience: self.audience,
            jti: self.jti,
            txn: "4bf92f3577b34da6a3ce929d0e0e4736",
            user: UserId::from_uuid(Uuid::from_u128(self.user)),
            kind: self.kind,
            happened_at: self.happened_at,
            by: InitiatingEntity::User,
            reason: "The user's password was changed or reset.",
            issued_at: self.issued_at,
        }
        .sign(&key(self.key))
    }
}

async fn push(scene: &Scene, token: String) -> Answer {
    push_as(scene, "application/secevent+jwt", token).await
}

async fn push_as(scene: &Scene, kind: &str, token: String) -> Answer {
    let with = |request: reqwest::RequestBuilder| request.header("content-type", kind).body(token);
    scene.send(Method::POST, "/security-events", with).await
}

/// Asserts that the token is rejected with this error.
async fn assert_rejects(scene: &Scene, token: String, err: &str) {
    let answer = push(scene, token).await;
    assert_eq!((answer.status, answer.body["err"].as_str()), (400, Some(err)), "{answer:?}");
    assert!(answer.body["description"].as_str().is_some_and(|text| text.ends_with('.')), "{answer:?}");
}

#[tokio::test]
async fn challenges_a_token_issued_before_an_event() {
    let scene = Scene::start().await;
    let before = evaluated(&scene, NOW);
    assert_eq!(scene.get("/orders", &before).await.status, 200);
    let happened_at = NOW + Span::from_seconds(10);
    let taken = push(&scene, event_token(&scene, "one", happened_at).sign()).await;
    assert_eq!((taken.status, &taken.body), (202, &Value::Null));
    let now = NOW + Span::from_seconds(40);
    scene.move_time_to(now).await;
    let answer = scene.get("/orders", &before).await;
    assert_eq!(answer.status, 401);
    // {"access_token":{"nbf":{"essential":true,"value":"1767603640"}}}: the time of the challenge,
    // not of the event.
    assert_eq!(
        answer.challenge,
        format!(
            "Bearer realm=\"\", authorization_uri=\"{PUBLIC_ORIGIN}/common/oauth2/authorize\", \
             client_id=\"00000000-0000-0000-0000-000000000002\", error=\"insufficient_claims\", \
             claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzY3NjAzNjQwIn19fQ==\""
        )
    );
    let asked = Challenge::parse(&answer.challenge).and_then(|challenge| challenge.claims()).expect("claims");
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    let nbf = json!({"essential": true, "value": now.as_seconds().to_string()});
    assert_eq!(asked, json!({"access_token": {"nbf": nbf}}));
    let error = &answer.body["error"];
    assert_eq!(error["code"], "InvalidAuthenticationToken");
    assert_eq!(
        error["message"],
        "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: \
         TokenIssuedBeforeRevocationTimestamp"
    );
    assert_eq!(error["innerError"]["date"], "2026-01-05T09:00:40");
    for name in ["request-id", "client-request-id"] {
        assert!(error["innerError"][name].as_str().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{error}");
    }
    let line = &scene.journal("request.refused").await[0];
    let data = &line["data"];
    assert_eq!(
        (&data["reason"], &data["event"]),
        (&json!("insufficient_claims"), &json!("credential-change"))
    );
    assert_eq!((&data["event_at"], &data["token"]), (&json!(happened_at), &json!(fingerprint(&before))));
    assert_eq!(scene.get("/orders", &evaluated(&scene, now)).await.status, 200, "a fresh one is good");
}

#[tokio::test]
async fn a_token_issued_within_the_second_of_an_event_survives() {
    let scene = Scene::start().await;
    let happened_at = NOW + Span::from_seconds(10);
    assert_eq!(push(&scene, event_token(&scene, "one", happened_at).sign()).await.status, 202);
    scene.move_time_to(NOW + Span::from_seconds(20)).await;
    for (issued_at, status) in [
        (happened_at - Span::from_seconds(1), 401),
        (happened_at, 200),
        (happened_at + Span::from_seconds(1), 200),
    ] {
        assert_eq!(scene.get("/orders", &evaluated(&scene, issued_at)).await.status, status, "{issued_at}");
    }
}

#[tokio::test]
async fn does_not_affect_tokens_without_cp1_or_of_other_users() {
    let scene = Scene::start().await;
    assert_eq!(
        push(&scene, event_token(&scene, "one", NOW + Span::from_seconds(1)).sign()).await.status,
        202
    );
    scene.move_time_to(NOW + Span::from_seconds(20)).await;
    assert_eq!(scene.get("/orders", &scene.user_token(&["Orders.Read"])).await.status, 200, "without cp1");
    assert_eq!(scene.get("/orders", &scene.app_token(&["Orders.Read.All"])).await.status, 200);
    let mut colleague = scene.user_claims(&["Orders.Read"]);
    colleague["xms_cc"] = json!(["cp1"]);
    colleague["oid"] = json!(Uuid::from_u128(40));
    assert_eq!(scene.get("/orders", &scene.sign(&colleague)).await.status, 200);
}

#[tokio::test]
async fn the_latest_event_applies_regardless_of_arrival_order() {
    let scene = Scene::start().await;
    let later = event_token(&scene, "later", NOW + Span::from_seconds(30));
    let earlier =
        EventToken { kind: SecurityEventKind::SessionRevoked, ..event_token(&scene, "earlier", NOW) };
    for event in [&later, &earlier] {
        assert_eq!(push(&scene, event.sign()).await.status, 202);
    }
    scene.move_time_to(NOW + Span::from_minutes(1)).await;
    assert_eq!(scene.get("/orders", &evaluated(&scene, NOW + Span::from_seconds(10))).await.status, 401);
    let lines = scene.journal("security_event.received").await;
    assert_eq!(lines[0]["subject"], json!(format!("user:{}", Uuid::from_u128(OWNER))));
    assert_eq!(lines[1]["data"]["happened"], json!([{"event": "session-revoked", "at": NOW}]));
    assert_eq!(lines[0]["data"]["txn"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn rejects_forged_replayed_and_misdirected_tokens() {
    let scene = Scene::start().await;
    let good = || event_token(&scene, "one", NOW + Span::from_seconds(1));
    assert_rejects(&scene, EventToken { key: 1, ..good() }.sign(), "invalid_key").await;
    assert_rejects(&scene, EventToken { audience: "api://another", ..good() }.sign(), "invalid_audience")
        .await;
    let elsewhere = format!("http://evil.example/{}/v2.0", scene.tenant);
    assert_rejects(&scene, EventToken { issuer: elsewhere, ..good() }.sign(), "invalid_issuer").await;
    let unknown = format!("{PUBLIC_ORIGIN}/{}/v2.0", Uuid::from_u128(99));
    assert_rejects(&scene, EventToken { issuer: unknown, ..good() }.sign(), "invalid_issuer").await;
    let token = good().sign();
    let (head, rest) = token.split_once('.').expect("parts");
    let (body, signature) = rest.split_once('.').expect("parts");
    let other = EventToken { user: 40, ..good() }.sign();
    let other = other.split('.').nth(1).expect("parts");
    assert_rejects(&scene, format!("{head}.{other}.{signature}"), "invalid_key").await;
    assert_rejects(&scene, format!("{head}.{body}."), "invalid_key").await;
    let long_ago = NOW - Span::from_days(31);
    assert_rejects(&scene, EventToken { issued_at: long_ago, ..good() }.sign(), "invalid_request").await;
    assert_rejects(&scene, evaluated(&scene, NOW), "invalid_request").await;
    let untyped = json!({"iss": good().issuer, "aud": AUDIENCE, "iat": 1, "jti": "j", "events": {}});
    assert_rejects(&scene, sign_rs256(&key(0), TokenVersion::V2, &untyped), "invalid_request").await;
    for garbage in [String::new(), "a.b.c".into(), "x".repeat(20_000)] {
        assert_rejects(&scene, garbage, "invalid_request").await;
    }
    let typed_otherwise = push_as(&scene, "application/jwt", token.clone()).await;
    assert_eq!((typed_otherwise.status, &typed_otherwise.body["err"]), (400, &json!("invalid_request")));
    scene.move_time_to(NOW + Span::from_seconds(5)).await;
    assert_eq!(
        scene.get("/orders", &evaluated(&scene, NOW)).await.status,
        200,
        "rejected events have no effect"
    );

    assert_eq!(push(&scene, token.clone()).await.status, 202);
    assert_rejects(&scene, token.clone(), "invalid_request").await;
    assert_eq!(scene.journal("security_event.received").await.len(), 1);
    let refused = scene.journal("security_event.rejected").await;
    assert!(
        refused
            .last()
            .is_some_and(|line| line["data"]["description"].to_string().contains("received before"))
    );
    assert!(!serde_json::to_string(&refused).expect("JSON").contains(&token), "no token in the journal");
}

#[tokio::test]
async fn without_keys_the_issuer_is_asked_to_retry() {
    let scene = Scene::start().await;
    scene.break_issuer();
    let answer = push(&scene, event_token(&scene, "one", NOW).sign()).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    let answer = scene.send(Method::GET, "/security-events", |request| request).await;
    assert_eq!((answer.status, answer.allow.as_str()), (405, "POST"));
}
