//! A fake issuer and a fake back end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt as _;
use outlive_clock::{Instant, Randomness, Span};
use outlive_tokens::{JwkSet, KeyRing, SigningKey};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

/// How the issuer's token endpoint responds.
#[derive(Debug, Clone)]
pub(crate) enum Behavior {
    /// Issues tokens with this lifetime.
    Grant { seconds: i64 },
    /// Issues tokens with this response.
    Respond(Value),
    /// Rejects the request with this status and body.
    Refuse(u16, Value),
    /// Returns this status and an invalid body.
    Broken(u16),
}

#[derive(Debug)]
pub(crate) struct IssuerState {
    pub(crate) behavior: Behavior,
    pub(crate) account: (String, Uuid),
    /// All token requests, with their path.
    pub(crate) token_requests: Vec<(String, HashMap<String, String>)>,
    pub(crate) refresh_tokens: bool,
    /// Holds requests without a code until the test releases them.
    pub(crate) hold: Option<Arc<Hold>>,
}

/// Holds the responses to refreshes back.
#[derive(Debug)]
pub(crate) struct Hold {
    received: Semaphore,
    released: Semaphore,
}

impl Hold {
    /// Waits until the issuer has received a further refresh.
    pub(crate) async fn received(&self) {
        let received = tokio::time::timeout(Duration::from_secs(20), self.received.acquire()).await;
        received.expect("a refresh in time").expect("never closed").forget();
    }

    /// Lets the issuer respond to one refresh, as it behaves then.
    pub(crate) fn release(&self) {
        self.released.add_permits(1);
    }

    /// Lets the issuer respond to all refreshes from now on.
    pub(crate) fn end(&self) {
        self.released.add_permits(1_000);
    }
}

/// The fake issuer.
#[derive(Debug, Clone)]
pub(crate) struct Issuer(pub(crate) Arc<Mutex<IssuerState>>);

impl Issuer {
    pub(crate) fn set(&self, behavior: Behavior) {
        self.0.lock().expect("not poisoned").behavior = behavior;
    }

    /// Holds the responses to refreshes back from now on.
    pub(crate) fn hold(&self) -> Arc<Hold> {
        let hold = Arc::new(Hold { received: Semaphore::new(0), released: Semaphore::new(0) });
        self.0.lock().expect("not poisoned").hold = Some(Arc::clone(&hold));
        hold
    }

    pub(crate) fn sign_in_as(&self, upn: &str, oid: Uuid) {
        self.0.lock().expect("not poisoned").account = (upn.to_owned(), oid);
    }

    pub(crate) fn token_requests(&self) -> Vec<HashMap<String, String>> {
        self.0.lock().expect("not poisoned").token_requests.iter().map(|(_, form)| form.clone()).collect()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.token_requests().iter().filter(|form| form["grant_type"] == "refresh_token").count()
    }

    pub(crate) fn last(&self) -> HashMap<String, String> {
        self.token_requests().pop().expect("a token request")
    }
}

/// The issuer's key, generated once for all tests.
pub(crate) fn ring() -> &'static KeyRing {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    RING.get_or_init(|| {
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        let from = Instant::from_seconds(1_700_000_000);
        KeyRing::new(Arc::new(
            SigningKey::generate(&mut stream, from, from + Span::from_days(3_000)).expect("a key"),
        ))
    })
}

/// Tokens have recognizable values, so that a search finds where they leaked.
pub(crate) fn token(kind: &str, n: usize) -> String {
    format!("{kind}-{n}-very-secret-value")
}

pub(crate) async fn issuer(account: (String, Uuid)) -> (Issuer, Url) {
    let state = IssuerState {
        behavior: Behavior::Grant { seconds: 3_600 },
        account,
        token_requests: Vec::new(),
        refresh_tokens: true,
        hold: None,
    };
    let issuer = Issuer(Arc::new(Mutex::new(state)));
    let app = Router::new()
        .route("/{tenant}/discovery/v2.0/keys", get(|| async { Json(JwkSet::v2(ring(), "any")) }))
        .route("/{tenant}/oauth2/token", post(tokens))
        .route("/{tenant}/oauth2/v2.0/token", post(tokens))
        .with_state(issuer.clone());
    (issuer, serve(app).await)
}

async fn tokens(
    State(issuer): State<Issuer>,
    Path(tenant): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let (n, hold) = {
        let mut state = issuer.0.lock().expect("not poisoned");
        let hold = state.hold.clone().filter(|_| form["grant_type"] != "authorization_code");
        state.token_requests.push((tenant, form));
        (state.token_requests.len(), hold)
    };
    if let Some(hold) = hold {
        hold.received.add_permits(1);
        hold.released.acquire().await.expect("never closed").forget();
    }
    let state = issuer.0.lock().expect("not poisoned");
    match &state.behavior {
        Behavior::Grant { seconds } => {
            let (upn, oid) = &state.account;
            let claims = URL_SAFE_NO_PAD.encode(json!({"upn": upn, "oid": oid}).to_string());
            let mut body = json!({
                "token_type": "Bearer", "expires_in": seconds.to_string(), "access_token": token("access", n),
                "id_token": format!("e30.{claims}.c2ln"),
            });
            if state.refresh_tokens {
                body["refresh_token"] = json!(token("refresh", n));
            }
            Json(body).into_response()
        }
        Behavior::Respond(body) => Json(body.clone()).into_response(),
        Behavior::Refuse(status, body) => {
            (StatusCode::from_u16(*status).expect("a status"), Json(body.clone())).into_response()
        }
        Behavior::Broken(status) => {
            (StatusCode::from_u16(*status).expect("a status"), "<html>").into_response()
        }
    }
}

/// A call that the back end received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedCall {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// The fake back end.
#[derive(Debug, Clone, Default)]
pub(crate) struct BackEnd(Arc<Mutex<Vec<ReceivedCall>>>, Arc<Mutex<Challenges>>);

/// Which calls the back end challenges.
#[derive(Debug, Default)]
struct Challenges {
    header: String,
    /// The number of the last token that is challenged.
    up_to: usize,
}

impl BackEnd {
    pub(crate) fn calls(&self) -> Vec<ReceivedCall> {
        self.0.lock().expect("not poisoned").clone()
    }

    pub(crate) fn last(&self) -> ReceivedCall {
        self.calls().pop().expect("the back end was called")
    }

    /// Responds to access tokens up to this number with 401 and this `WWW-Authenticate` from now
    /// on.
    pub(crate) fn challenge(&self, up_to: usize, header: &str) {
        *self.1.lock().expect("not poisoned") = Challenges { header: header.to_owned(), up_to };
    }
}

pub(crate) async fn back_end() -> (BackEnd, Url) {
    serve_back_end(BackEnd::default()).await
}

/// Serves a back end at one more address.
pub(crate) async fn serve_back_end(back_end: BackEnd) -> (BackEnd, Url) {
    let app = Router::new().fallback(any(answer)).with_state(back_end.clone());
    (back_end, serve(app).await)
}

async fn answer(State(back_end): State<BackEnd>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let headers: HashMap<_, _> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let echo = headers.get(AUTHORIZATION.as_str()).cloned().unwrap_or_default();
    back_end.0.lock().expect("not poisoned").push(ReceivedCall {
        method: parts.method.to_string(),
        uri: parts.uri.to_string(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    {
        let challenges = back_end.1.lock().expect("not poisoned");
        if (1..=challenges.up_to).any(|n| echo == format!("Bearer {}", token("access", n))) {
            let header = [(WWW_AUTHENTICATE, challenges.header.clone())];
            return (StatusCode::UNAUTHORIZED, header, "challenged").into_response();
        }
    }
    if parts.uri.path().ends_with("/moved") {
        return (StatusCode::FOUND, [(LOCATION, "http://169.254.169.254/metadata")]).into_response();
    }
    if parts.uri.path().ends_with("/accepted") {
        let query = parts.uri.query().filter(|query| !query.contains("bare"));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let location = format!("{}{query}", parts.uri.path());
        return (StatusCode::ACCEPTED, [(LOCATION, location)]).into_response();
    }
    if parts.uri.path().ends_with("/unauthorized") {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"orders\"")], "wrong")
            .into_response();
    }
    if parts.uri.path().ends_with("/echo") {
        return ([(CONTENT_TYPE, "application/json")], body).into_response();
    }
    if parts.uri.path().ends_with("/value") {
        return Json(json!({"data": {"value": "fetched"}})).into_response();
    }
    let status = if parts.uri.path().ends_with("/missing") { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let headers = [
        ("x-orders", "yes".to_owned()),
        ("x-echo", echo),
        ("set-cookie", "a=b".to_owned()),
        ("keep-alive", "timeout=5".to_owned()),
        ("x-query", parts.uri.query().unwrap_or_default().to_owned()),
    ];
    (status, headers, Json(json!({"orders": []}))).into_response()
}

pub(crate) async fn serve(app: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URL");
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}
