//! A resource and an issuer on free ports, and one tenant whose clock stands still.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex};

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use http::{Method, StatusCode};
use outlive_chassis::{Chassis, ChassisConfig, LabKey, LocalAuthority, Origins, TlsIdentity, serve_tls};
use outlive_clock::{ClientId, Instant, Randomness, ServicePrincipalId, Span, TenantId, UserId};
use outlive_resource::{MIGRATIONS, ResourceConfig};
use outlive_store::DatabaseUrl;
use outlive_tokens::claims::{
    AccessSubject, AccessTokenClaims, AccessTokenInput, ClientAuthentication, UserClaims, UserFacts,
};
use outlive_tokens::{JwkSet, KeyRing, PairwiseKey, SigningKey, TokenVersion, sign_rs256};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const NOW: Instant = Instant::from_seconds(1_767_603_600);
/// What the lab surface requires.
const LAB_KEY: &str = "00112233445566778899aabbccddeeff";
pub(crate) const API_KEY: &str = "key of the orders API";
/// The password that the directory accepts for its only user.
pub(crate) const PASSWORD: &str = "correct: horse";
pub(crate) const AUDIENCE: &str = "api://contoso-orders";
pub(crate) const PUBLIC_ORIGIN: &str = "http://login.example";

static KEYS: LazyLock<[Arc<SigningKey>; 3]> = LazyLock::new(|| {
    [1, 2, 3].map(|seed| {
        let mut stream = Randomness::from_seed(seed).stream("signing-key");
        Arc::new(SigningKey::generate(&mut stream, NOW, NOW + Span::from_days(900)).expect("a key"))
    })
});

/// One of three keys; the issuer begins with the first.
pub(crate) fn key(n: usize) -> Arc<SigningKey> {
    Arc::clone(&KEYS[n])
}

#[derive(Clone)]
struct Published {
    ring: Arc<Mutex<KeyRing>>,
    broken: Arc<AtomicBool>,
    /// How late responses are in virtual time, in milliseconds.
    delay: Arc<AtomicU64>,
}

pub(crate) struct Scene {
    pub(crate) tenant: TenantId,
    pub(crate) url: String,
    published: Published,
    http: reqwest::Client,
    app: Router,
    /// Where the resource can be served over TLS.
    tls: Mutex<Option<tokio::net::TcpListener>>,
    data: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) challenge: String,
    pub(crate) allow: String,
    pub(crate) location: String,
    /// The allowed origins, and the headers exposed to them.
    pub(crate) pages: String,
    pub(crate) exposed_headers: String,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and error code, and that the body has the one shape of all errors.
    pub(crate) fn refused(&self) -> (u16, &str) {
        let error = self.body["error"].as_object().expect("an error body");
        assert_eq!(self.body.as_object().map(serde_json::Map::len), Some(1), "{self:?}");
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.')), "{self:?}");
        (self.status, error["code"].as_str().expect("a code"))
    }
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let published = Published {
            ring: Arc::new(Mutex::new(KeyRing::new(key(0)))),
            broken: Arc::default(),
            delay: Arc::default(),
        };
        let issuer = Router::new()
            .route("/{tenant}/discovery/v2.0/keys", get(keys))
            .route("/{tenant}/oauth2/v2.0/token", post(token))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
            .layer(from_fn_with_state(published.clone(), late))
            .with_state(published.clone());
        let (idp_url, listener) = free_port().await;
        tokio::spawn(async move { axum::serve(listener, issuer).await });

        let data = tempfile::tempdir().expect("a temporary directory");
        let (url, listener) = free_port().await;
        let (_, tls) = free_port().await;
        let by_tls = format!("https://localhost:{}", tls.local_addr().expect("bound").port());
        let chassis = Chassis::start(
            ChassisConfig {
                service: "resource",
                database: DatabaseUrl::Sqlite(data.path().join("resource.db")),
                data_dir: data.path().to_owned(),
                sealing_key: None,
                lab_key: LabKey::new(LAB_KEY).expect("a key"),
                seed: Some(1),
                origins: Origins::new([url.clone(), by_tls]),
            },
            &MIGRATIONS,
        )
        .await
        .expect("the chassis starts");
        let config = ResourceConfig {
            idp_url,
            idp_public_url: format!("{PUBLIC_ORIGIN}/"),
            issuer_origins: vec![PUBLIC_ORIGIN.into(), "https://tls.example:8743".into()],
        };
        let app = outlive_resource::build(chassis, config).await.expect("the resource starts");
        let served = app.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });

        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let scene = Self {
            tenant,
            url,
            published,
            http: reqwest::Client::new(),
            app,
            tls: Mutex::new(Some(tls)),
            data,
        };
        assert_eq!(scene.create_tenant(&spec()).await.status, 201);
        scene
    }

    /// Serves the resource over TLS as well, asking for client certificates. Returns its origin and
    /// the certificate (PEM) to trust.
    pub(crate) fn by_tls(&self) -> (String, String) {
        let names = vec!["localhost".to_owned()];
        let authority = LocalAuthority::open(self.data.path(), &names).expect("an authority");
        let identity =
            TlsIdentity::issue(&authority, &names).expect("a certificate").with_client_certificates();
        let listener = self.tls.lock().expect("not poisoned").take().expect("once");
        let origin = format!("https://localhost:{}", listener.local_addr().expect("bound").port());
        tokio::spawn(serve_tls(listener, identity, self.app.clone(), std::future::pending()));
        (origin, std::fs::read_to_string(authority.certificate_path()).expect("a certificate"))
    }

    pub(crate) async fn create_tenant(&self, spec: &Value) -> Answer {
        self.send(Method::PUT, &format!("/_lab/tenants/{}", self.tenant), |request| request.json(spec)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if path.starts_with("/_lab/") {
            request = request.header("authorization", format!("Lab {LAB_KEY}"));
        }
        let response = with(request).send().await.expect("an answer");
        let header = |name: &str| {
            let values: Vec<_> = response.headers().get_all(name).iter().collect();
            assert!(values.len() <= 1, "{name} comes once");
            values.first().map_or_else(String::new, |value| value.to_str().expect("a text").to_owned())
        };
        let (challenge, allow, location) = (header("www-authenticate"), header("allow"), header("location"));
        let (pages, exposed_headers) =
            (header("access-control-allow-origin"), header("access-control-expose-headers"));
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Answer { status, challenge, allow, location, pages, exposed_headers, body }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, |request| request.bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, token: &str, order: &Value) -> Answer {
        self.send(Method::POST, "/orders", |request| request.bearer_auth(token).json(order)).await
    }

    pub(crate) async fn move_time_to(&self, now: Instant) {
        let path = format!("/_lab/tenants/{}/clock", self.tenant);
        let answer = self.send(Method::PUT, &path, |request| request.json(&json!({ "now": now }))).await;
        assert_eq!(answer.status, StatusCode::OK);
    }

    /// The journal's lines of one kind, oldest first.
    pub(crate) async fn journal(&self, kind: &str) -> Vec<Value> {
        let path = format!("/_lab/tenants/{}/journal?kind={kind}", self.tenant);
        let answer = self.send(Method::GET, &path, |request| request).await;
        answer.body["lines"].as_array().expect("lines").clone()
    }

    /// The issuer withdraws all keys but this one.
    pub(crate) fn publish_only(&self, key: Arc<SigningKey>) {
        *self.published.ring.lock().expect("not poisoned") = KeyRing::new(key);
    }

    pub(crate) fn break_issuer(&self) {
        self.published.broken.store(true, SeqCst);
    }

    /// Responses of the issuer are late for callers that understand virtual delays.
    pub(crate) fn delay_issuer(&self, milliseconds: u64) {
        self.published.delay.store(milliseconds, SeqCst);
    }

    /// A token of the owner's with these scopes, good for an hour.
    pub(crate) fn user_token(&self, scopes: &[&str]) -> String {
        self.sign(&self.user_claims(scopes))
    }

    /// An app-only token with these roles.
    pub(crate) fn app_token(&self, roles: &[&str]) -> String {
        let subject = AccessSubject::App {
            service_principal: ServicePrincipalId::from_uuid(Uuid::from_u128(5)),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            idtyp: false,
            managed_identity: None,
            wids: Vec::new(),
        };
        self.sign(&self.claims_of(&subject))
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        sign_rs256(&key(0), TokenVersion::V2, claims)
    }

    pub(crate) fn user_claims(&self, scopes: &[&str]) -> Value {
        self.claims_of(&AccessSubject::User {
            user: UserFacts {
                id: UserId::from_uuid(Uuid::from_u128(4)),
                name: "Owner".into(),
                upn: "owner@contoso.example".into(),
                given_name: None,
                family_name: None,
                email: None,
            },
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            roles: vec![],
            amr: vec!["pwd".into()],
            session: None,
            auth_time: None,
            wids: vec![],
        })
    }

    fn claims_of(&self, subject: &AccessSubject) -> Value {
        let claims = AccessTokenClaims::build(&AccessTokenInput {
            version: TokenVersion::V2,
            origin: PUBLIC_ORIGIN,
            tenant: self.tenant,
            audience: AUDIENCE,
            resource: ClientId::from_uuid(Uuid::from_u128(2)),
            client: ClientId::from_uuid(Uuid::from_u128(3)),
            client_authentication: ClientAuthentication::Secret,
            client_name: None,
            subject,
            issued_at: NOW,
            expires_at: NOW + Span::from_hours(1),
            not_before: None,
            acrs: Vec::new(),
            uti: [7; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            xms_cc: None,
            user_claims: UserClaims::default(),
        });
        serde_json::to_value(claims).expect("claims are JSON")
    }
}

/// The tenant that every scene begins with.
pub(crate) fn spec() -> Value {
    let orders: Vec<_> = (1..=5)
        .map(|n| json!({"id": format!("order-{n}"), "customer": "Fabrikam", "item": "Bolt M8", "quantity": n * 10}))
        .collect();
    json!({
        "clock": {"now": NOW, "speed": 0},
        "domain": "contoso.example",
        "keys": [{"name": "integrations", "key": API_KEY}, {"name": "reports", "key": "another-key-of-the-api"}],
        "audiences": [AUDIENCE, "00000000-0000-0000-0000-000000000002"],
        "orders": orders,
    })
}

async fn free_port() -> (String, tokio::net::TcpListener) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    (format!("http://{}", listener.local_addr().expect("bound")), listener)
}

async fn late(State(published): State<Published>, request: Request, next: Next) -> Response {
    let is_understood = request.headers().get("outlive-delay").is_some_and(|value| value == "virtual");
    let mut response = next.run(request).await;
    if is_understood {
        response.headers_mut().insert("outlive-delay", published.delay.load(SeqCst).into());
    }
    response
}

async fn keys(State(published): State<Published>) -> Result<Json<JwkSet>, StatusCode> {
    if published.broken.load(SeqCst) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(Json(JwkSet::v2(&published.ring.lock().expect("not poisoned"), "any")))
}

/// The metadata of the directory, which knows the domain of a tenant.
async fn configuration(Path(domain): Path<String>) -> Result<Json<Value>, StatusCode> {
    let tenant = match domain.as_str() {
        "fabrikam.example" => 2,
        // A tenant that this API does not have.
        "elsewhere.example" => 3,
        _ => return Err(StatusCode::BAD_REQUEST),
    };
    let tenant = TenantId::from_uuid(Uuid::from_u128(tenant));
    Ok(Json(json!({"issuer": format!("{PUBLIC_ORIGIN}/{tenant}/v2.0")})))
}

/// The directory: knows one user, by the password grant.
async fn token(
    State(published): State<Published>,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    if published.broken.load(SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    let client = "00000000-0000-0000-0000-000000000002";
    let expected = [("grant_type", "password"), ("client_id", client), ("scope", "openid profile")];
    for (name, value) in expected {
        assert_eq!(form.get(name).map(String::as_str), Some(value), "{name}");
    }
    let is = |name: &str, value: &str| form.get(name).map(String::as_str) == Some(value);
    let is_known = is("username", "owner@contoso.example") || is("username", "owner@fabrikam.example");
    if is_known && is("password", PASSWORD) {
        let claims = json!({"oid": Uuid::from_u128(4)});
        return (StatusCode::OK, Json(json!({"id_token": sign_rs256(&key(0), TokenVersion::V2, &claims)})));
    }
    let wrong = "AADSTS50126: Error validating credentials due to invalid username or password.";
    (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant", "error_description": wrong})))
}
