//! Security events: what subscribed APIs receive, and delivery after outages.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::call;
use crate::tenant::{READ, Tenant};
use crate::tokens::header;

const REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const CHANGED: &str = "https://schemas.openid.net/secevent/caep/event-type/credential-change";

/// An API that accepts events or rejects them.
#[derive(Clone)]
struct Receiver {
    url: String,
    seen: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    accepted: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<(StatusCode, &'static str)>>,
    came: Arc<tokio::sync::Notify>,
    /// How late responses are in virtual time, in milliseconds.
    delay: Arc<AtomicU64>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let receiver = Self {
            url: format!("http://{}/security-events", listener.local_addr().expect("bound")),
            seen: Arc::default(),
            accepted: Arc::default(),
            answers: Arc::new(Mutex::new((StatusCode::ACCEPTED, ""))),
            came: Arc::default(),
            delay: Arc::default(),
        };
        let app = Router::new().route("/security-events", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    fn answer(&self, status: StatusCode, body: &'static str) {
        *self.answers.lock().expect("not poisoned") = (status, body);
    }

    /// Returns the requests since the last call.
    fn seen(&self) -> Vec<(HeaderMap, String)> {
        std::mem::take(&mut *self.seen.lock().expect("not poisoned"))
    }

    /// Returns the claims of the received tokens.
    fn claims(&self) -> Vec<Value> {
        self.seen().iter().map(|(_, token)| crate::tokens::claims(token)).collect()
    }

    /// Returns type and initiating entity of the received events.
    fn events(&self) -> Vec<(String, String)> {
        let event = |claims: Value| {
            let events = claims["events"].as_object().expect("events").clone();
            assert_eq!(events.len(), 1, "{claims}");
            let (kind, event) = events.into_iter().next().expect("one");
            (kind, event["initiating_entity"].as_str().expect("a text").to_owned())
        };
        self.claims().into_iter().map(event).collect()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(&'static str, String); 1], &'static str) {
    let answer = *receiver.answers.lock().expect("not poisoned");
    if answer.0.is_success() {
        receiver.accepted.lock().expect("not poisoned").push(body.clone());
    }
    receiver.seen.lock().expect("not poisoned").push((headers, body));
    receiver.came.notify_one();
    let delay = [("outlive-delay", receiver.delay.load(Ordering::Relaxed).to_string())];
    (answer.0, delay, answer.1)
}

async fn tenant_with_stream(receiver: &Receiver, delay: &str) -> Tenant {
    let stream = json!({"endpoint": receiver.url, "delay": delay});
    Tenant::with(|spec| spec["applications"][0]["event_stream"] = stream).await
}

async fn due(tenant: &Tenant) -> Value {
    let answer = tenant.lab(Method::POST, "/due", &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_password_change_sends_a_verifiable_event_immediately() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    let new =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2!"});
    let happened = tenant.happens(new).await;
    let seen = receiver.seen();
    let [(headers, token)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(
        (&headers["content-type"], &headers["accept"]),
        (
            &http::HeaderValue::from_static("application/secevent+jwt"),
            &http::HeaderValue::from_static("application/json"),
        )
    );
    let keys = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await.json();
    let kid = header(token)["kid"].clone();
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == kid).expect("published");
    let text = |name: &str| key[name].as_str().expect("a text");
    let key = DecodingKey::from_rsa_components(text("n"), text("e")).expect("a key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.set_audience(&[tenant.id_of(10)]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).expect("verified").claims;
    assert_eq!(header(token)["typ"], "secevent+jwt");
    assert_eq!(claims["iss"], tenant.url(&format!("/{}/v2.0", tenant.id())));
    assert_eq!(claims["sub_id"], json!({"format": "opaque", "id": tenant.id_of(1)}));
    assert!(claims.get("sub").is_none() && claims.get("exp").is_none(), "{claims}");
    let at: outlive_clock::Instant = serde_json::from_value(happened["at"].clone()).expect("an instant");
    let event = &claims["events"][CHANGED];
    assert_eq!(
        (&event["credential_type"], &event["change_type"], &event["event_timestamp"]),
        (&json!("password"), &json!("update"), &json!(at.as_seconds()))
    );
    let line = &tenant.journal("security_event.delivered").await[0];
    assert_eq!(line["data"]["jti"], claims["jti"]);
    let changed = &tenant.journal("password.changed").await[0];
    assert_eq!((&line["trace"], &claims["txn"]), (&changed["trace"], &changed["trace"]), "one story");
}

#[tokio::test]
async fn every_critical_event_is_sent_and_nothing_else() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    let upn = tenant.upn("owner");
    for (event, expected) in [
        (json!({"type": "sspr", "new_password": "Other-Horse-2!"}), Some((CHANGED, "user"))),
        (json!({"type": "admin_reset", "new_password": "Other-Horse-3!"}), Some((CHANGED, "admin"))),
        (
            json!({"type": "admin_reset", "new_password": "Other-Horse-4!", "channel": "entra_admin_center"}),
            Some((CHANGED, "admin")),
        ),
        (json!({"type": "revoke_sessions"}), Some((REVOKED, "user"))),
        (json!({"type": "revoke_sessions", "by": "admin"}), Some((REVOKED, "admin"))),
        (json!({"type": "require_mfa"}), Some((REVOKED, "admin"))),
        (json!({"type": "require_mfa", "required": false}), None),
        (json!({"type": "password_expiry"}), None),
        (json!({"type": "sign_out"}), None),
        (json!({"type": "disable_user"}), Some((REVOKED, "admin"))),
        (json!({"type": "enable_user"}), None),
        (json!({"type": "delete_user"}), Some((REVOKED, "admin"))),
        (json!({"type": "restore_user"}), None),
    ] {
        let mut event = event;
        event["user"] = json!(upn);
        tenant.happens(event.clone()).await;
        let expected: Vec<_> =
            expected.into_iter().map(|(kind, by)| (kind.to_owned(), by.to_owned())).collect();
        assert_eq!(receiver.events(), expected, "{event}");
    }
}

#[tokio::test]
async fn changes_through_graph_send_events() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "https://graph.microsoft.com/.default").await;
    let user = format!("/users/{}", tenant.id_of(1));
    let ask = async |method, path: &str, body| call(&tenant, admin.access(), method, path, body).await.status;
    assert_eq!(ask(Method::PATCH, &user, json!({"displayName": "Another"})).await, 204);
    assert_eq!(receiver.events(), []);
    assert_eq!(ask(Method::PATCH, &user, json!({"accountEnabled": false})).await, 204);
    assert_eq!(receiver.events(), [(REVOKED.to_owned(), "admin".to_owned())]);
    assert_eq!(ask(Method::POST, &format!("{user}/revokeSignInSessions"), Value::Null).await, 200);
    assert_eq!(ask(Method::DELETE, &user, Value::Null).await, 204);
    assert_eq!(receiver.events().len(), 2);
}

#[tokio::test]
async fn delays_use_virtual_time_and_report_due_work() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT10M").await;
    let happened = tenant.happens_to("owner", "revoke_sessions").await;
    let at: outlive_clock::Instant = serde_json::from_value(happened["at"].clone()).expect("an instant");
    let clock = tenant.lab(Method::GET, "/clock", &Value::Null).await.json();
    assert_eq!(clock["next_due"], json!(at + Span::from_minutes(10)));
    assert_eq!((due(&tenant).await["done"].clone(), receiver.claims().len()), (json!(0), 0));
    tenant.advance(Span::from_minutes(10)).await;
    let done = due(&tenant).await;
    assert_eq!((&done["done"], &done["failed"], &done["next_due"]), (&json!(1), &json!(0), &Value::Null));
    let claims = receiver.claims();
    assert_eq!(claims[0]["events"][REVOKED]["event_timestamp"], at.as_seconds(), "when it happened");
    assert_eq!(claims[0]["iat"], tenant.now().await.as_seconds(), "when it is sent");
}

#[tokio::test]
async fn retries_in_virtual_time_keep_the_order() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    receiver.answer(StatusCode::SERVICE_UNAVAILABLE, "");
    tenant
        .happens(json!({"type": "sspr", "user": tenant.upn("owner"), "new_password": "Other-Horse-2!"}))
        .await;
    tenant.happens_to("colleague", "revoke_sessions").await;
    let tried = receiver.claims();
    assert!(!tried.is_empty(), "it was tried");
    assert!(tried.iter().all(|claims| claims["jti"] == tried[0]["jti"]), "the second waits behind the first");
    let stream = tenant.lab(Method::GET, "/event-streams", &Value::Null).await.json();
    assert_eq!(stream["streams"][0]["waiting"], 2);

    // A key that is retired by the time the API is available again does not sign queued events.
    tenant.happens(json!({"type": "rotate_signing_key"})).await;
    tenant.advance(Span::from_days(3)).await;
    receiver.answer(StatusCode::ACCEPTED, "");
    due(&tenant).await;
    let accepted = receiver.accepted.lock().expect("not poisoned").clone();
    assert_eq!(accepted.len(), 2);
    let claims: Vec<_> = accepted.iter().map(|token| crate::tokens::claims(token)).collect();
    assert!(
        claims[0]["events"].get(CHANGED).is_some() && claims[1]["events"].get(REVOKED).is_some(),
        "{claims:?}"
    );
    assert_eq!(claims[0]["jti"], tried[0]["jti"], "the same event is sent again");
    let keys = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await.text;
    assert!(keys.contains(header(&accepted[0])["kid"].as_str().expect("a text")), "by a published key");
    assert_eq!(due(&tenant).await["next_due"], Value::Null);
}

#[tokio::test]
async fn retries_use_wall_time_while_the_clock_is_frozen() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    receiver.answer(StatusCode::INTERNAL_SERVER_ERROR, "");
    tenant.happens_to("owner", "revoke_sessions").await;
    assert!(!receiver.seen().is_empty());
    receiver.answer(StatusCode::ACCEPTED, "");
    let delivered = async {
        while receiver.seen.lock().expect("not poisoned").is_empty() {
            receiver.came.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), delivered).await.expect("the first pause is one second");
    assert_eq!(due(&tenant).await["next_due"], Value::Null);
    assert_eq!(tenant.journal("security_event.delivered").await.len(), 1);
    assert_eq!(receiver.accepted.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn rejected_events_are_not_retried_and_retries_end() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    receiver.answer(StatusCode::BAD_REQUEST, r#"{"err":"invalid_audience","description":"not me"}"#);
    tenant.happens_to("owner", "revoke_sessions").await;
    let lines = tenant.journal("security_event.refused").await;
    assert_eq!(lines[0]["data"]["why"], "invalid_audience: not me");
    assert_eq!(due(&tenant).await, json!({"done": 0, "failed": 0, "next_due": null, "started": 0}));

    receiver.answer(StatusCode::NOT_FOUND, "");
    tenant.happens_to("owner", "revoke_sessions").await;
    assert_ne!(tenant.journal("security_event.postponed").await.len(), 0);
    tenant.advance(Span::from_days(7)).await;
    due(&tenant).await;
    assert_eq!(tenant.journal("security_event.given_up").await.len(), 1);
    assert_eq!(due(&tenant).await["next_due"], Value::Null);
}

#[tokio::test]
async fn streams_are_managed_by_the_lab_and_deleted_with_the_tenant() {
    let receiver = Receiver::start().await;
    let tenant = Tenant::new().await;
    let path = format!("/event-streams/{}", tenant.id_of(10));
    tenant.happens_to("owner", "revoke_sessions").await;
    assert_eq!(receiver.seen().len(), 0, "no API is subscribed");
    let set = tenant.lab(Method::PUT, &path, &json!({"endpoint": receiver.url})).await;
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(set.json(), json!({"client_id": tenant.id_of(10), "endpoint": receiver.url, "delay": "PT0S"}));
    tenant.happens_to("owner", "revoke_sessions").await;
    assert_eq!(receiver.seen().len(), 1);
    for (path, body, status) in [
        (path.as_str(), json!({"endpoint": "nowhere"}), 400),
        (&path, json!({"endpoint": receiver.url, "delay": "-PT1S"}), 400),
        (&path, json!({"endpoint": receiver.url, "secret": 1}), 400),
        (&path, json!([]), 400),
        ("/event-streams/unknown", json!({"endpoint": receiver.url}), 404),
        (&format!("/event-streams/{}", tenant.id_of(99)), json!({"endpoint": receiver.url}), 404),
    ] {
        let answer = tenant.lab(Method::PUT, path, &body).await;
        assert!(answer.status == status || (status == 400 && answer.status == 422), "{body}: {answer:?}");
    }
    // The queued events are deleted with the stream.
    receiver.answer(StatusCode::SERVICE_UNAVAILABLE, "");
    tenant.happens_to("owner", "revoke_sessions").await;
    assert_eq!(tenant.lab(Method::DELETE, &path, &Value::Null).await.status, 204);
    assert_eq!(due(&tenant).await["next_due"], Value::Null);
    let shown = tenant.lab(Method::GET, "/event-streams", &Value::Null).await.json();
    assert_eq!(shown, json!({"streams": []}));
    tenant.lab(Method::PUT, &path, &json!({"endpoint": receiver.url})).await;
    tenant.happens_to("owner", "revoke_sessions").await;
    assert_eq!(tenant.lab(Method::DELETE, "", &Value::Null).await.status, 204);
    assert_eq!(tenant.lab(Method::GET, "/event-streams", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_security_event_token_is_no_access_token() {
    let receiver = Receiver::start().await;
    let stream = json!({"endpoint": receiver.url});
    let tenant = Tenant::with(|spec| spec["applications"][0]["event_stream"] = stream).await;
    tenant.desktop().sign_in(&tenant, "owner", READ).await;
    tenant.happens_to("owner", "revoke_sessions").await;
    let (_, token) = receiver.seen().remove(0);
    let request = tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(&token);
    assert_eq!(crate::tenant::send(request).await.status, 401);
}

#[tokio::test]
async fn an_api_that_responds_too_late_in_virtual_time_gets_the_event_again() {
    let receiver = Receiver::start().await;
    let tenant = tenant_with_stream(&receiver, "PT0S").await;
    receiver.delay.store(10_000, Ordering::Relaxed);
    tenant.happens_to("owner", "revoke_sessions").await;
    let first = receiver.claims();
    assert_eq!(first.len(), 1);
    let postponed = &tenant.journal("security_event.postponed").await[0];
    assert_eq!(postponed["data"]["why"], "it did not respond in time");
    assert!(tenant.journal("security_event.delivered").await.is_empty());
    receiver.delay.store(9_999, Ordering::Relaxed);
    tenant.advance(Span::from_seconds(2)).await;
    due(&tenant).await;
    let again = receiver.claims();
    assert_eq!((again.len(), &again[0]["jti"]), (1, &first[0]["jti"]));
    assert_eq!(tenant.journal("security_event.delivered").await.len(), 1);
}
