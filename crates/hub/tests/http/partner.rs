//! A fake issuer of another vendor, which responds as OAuth servers in public do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use url::Url;

use crate::fakes::{serve, token};
use crate::world::{SECRET, World, swagger};

/// The host that connectors name.
pub(crate) const HOST: &str = "id.partner.example";

/// A client id that has to be encoded.
pub(crate) const CLIENT: &str = "orders+client";

/// Returns a connector of an identity provider with these `customParameters`.
pub(crate) fn connector(name: &str, provider: &str, custom: &Value, scopes: &Value) -> Value {
    let custom: serde_json::Map<_, _> = custom
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| (name.clone(), json!({ "value": value })))
        .collect();
    let secret = (provider != "aadcertificate").then_some(SECRET);
    json!({
        "name": name, "display_name": name, "client_secret": secret, "swagger": swagger("/v1"),
        "api_properties": {"properties": {"connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": provider, "clientId": CLIENT, "scopes": scopes, "customParameters": custom,
        }}}}},
    })
}

/// Returns a world with these connectors, and the issuer with its origin.
pub(crate) async fn world(connectors: Vec<Value>) -> (World, Partner, String) {
    let (partner, url) = Partner::start().await;
    let origin = url.as_str().trim_end_matches('/').to_owned();
    (World::with(vec![(HOST.to_owned(), url)], connectors).await, partner, origin)
}

/// Returns the error message of the connection `orders`.
pub(crate) async fn message(world: &World) -> String {
    let message = world.get("orders").await.at("/properties/statuses/0/error/message");
    message.as_str().expect("a text").to_owned()
}

/// What a token endpoint accepts and returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Accepts the client secret in the body only.
    Body,
    /// Accepts the client secret in a Basic header only.
    Basic,
    /// Rejects every client, and quotes its request.
    NoClient,
    /// Rejects the grant.
    NoGrant,
    /// Returns forms instead of JSON.
    Forms,
}

/// A request that the token endpoint received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Path and query.
    pub(crate) uri: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) carries_time: bool,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

#[derive(Debug)]
struct PartnerState {
    habit: Habit,
    /// Whether responses contain a refresh token.
    refresh_tokens: bool,
    received: Vec<Received>,
}

/// The fake issuer.
#[derive(Debug, Clone)]
pub(crate) struct Partner(Arc<Mutex<PartnerState>>);

impl Partner {
    pub(crate) async fn start() -> (Self, Url) {
        let state = PartnerState { habit: Habit::Body, refresh_tokens: true, received: Vec::new() };
        let partner = Self(Arc::new(Mutex::new(state)));
        let app = Router::new().fallback(any(respond)).with_state(partner.clone());
        (partner, serve(app).await)
    }

    pub(crate) fn set(&self, habit: Habit) {
        self.0.lock().expect("not poisoned").habit = habit;
    }

    pub(crate) fn refresh_tokens(&self, issue: bool) {
        self.0.lock().expect("not poisoned").refresh_tokens = issue;
    }

    /// Returns the requests since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.0.lock().expect("not poisoned").received)
    }
}

async fn respond(State(partner): State<Partner>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let received = Received {
        uri: parts.uri.to_string(),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        carries_time: parts.headers.contains_key("outlive-time"),
        body: String::from_utf8_lossy(&body.collect().await.expect("a body").to_bytes()).into_owned(),
    };
    let mut state = partner.0.lock().expect("not poisoned");
    state.received.push(received.clone());
    let refuse = |status: StatusCode, error: &str| {
        let body = json!({"error": error, "request": received.body, "client": received.authorization});
        (status, Json(body)).into_response()
    };
    let (basic, in_body) = (!received.authorization.is_empty(), received.body.contains("client_secret"));
    match state.habit {
        Habit::NoClient => refuse(StatusCode::UNAUTHORIZED, "invalid_client"),
        Habit::NoGrant => refuse(StatusCode::BAD_REQUEST, "invalid_grant"),
        Habit::Body if !in_body || basic => refuse(StatusCode::BAD_REQUEST, "invalid_request"),
        Habit::Basic if !basic || in_body => (StatusCode::UNAUTHORIZED, "<html>").into_response(),
        Habit::Body | Habit::Basic => Json(granted(&state)).into_response(),
        Habit::Forms => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in granted(&state).as_object().expect("an object") {
                form.append_pair(name, value.as_str().expect("a text"));
            }
            ([(header::CONTENT_TYPE, "application/x-www-form-urlencoded")], form.finish()).into_response()
        }
    }
}

fn granted(state: &PartnerState) -> Value {
    let n = state.received.len();
    let mut body = json!({"token_type": "bearer", "access_token": token("partner", n), "expires_in": "7200"});
    if state.refresh_tokens {
        body["refresh_token"] = json!(token("partner-refresh", n));
    }
    body
}
