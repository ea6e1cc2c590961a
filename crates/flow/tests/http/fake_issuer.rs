//! A fake issuer with one key and one client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use outlive_clock::{Instant, Randomness, TenantId};
use outlive_tokens::{
    Certificate, ClientAssertion, JwkSet, KeyRing, SigningKey, TokenVersion, issuer, sign_rs256,
};
use serde_json::{Value, json};

pub(crate) const CLIENT_ID: &str = "7df0a125-d3be-4c96-aa54-591f83ff541c";
pub(crate) const CLIENT_SECRET: &str = "flow-service-secret-9f1c";
pub(crate) const APP_TOKEN: &str = "app-only-token-of-the-flow-service";

/// The key of all tests in this process, because generating one is slow.
pub(crate) fn key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    let make = || {
        let mut stream = Randomness::from_seed(11).stream("key");
        Arc::new(SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key"))
    };
    Arc::clone(KEY.get_or_init(make))
}

#[derive(Clone, Default)]
pub(crate) struct FakeIssuer {
    /// The number of token requests.
    pub(crate) asked: Arc<Mutex<u32>>,
    /// The error response of the token endpoint, if set.
    pub(crate) refusal: Arc<Mutex<Option<(u16, Value)>>>,
}

impl FakeIssuer {
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/{tenant}/discovery/v2.0/keys", get(keys))
            .route("/{tenant}/oauth2/v2.0/token", post(token))
            .route("/{tenant}/oauth2/token", post(resource_token))
            .with_state(self.clone())
    }
}

async fn keys() -> Json<JwkSet> {
    Json(JwkSet::v1(&KeyRing::new(key())))
}

#[derive(serde::Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: String,
    scope: String,
}

async fn token(
    State(issuer): State<FakeIssuer>,
    Path(_): Path<String>,
    Form(request): Form<TokenRequest>,
) -> (StatusCode, Json<Value>) {
    *issuer.asked.lock().expect("lock") += 1;
    if let Some((status, body)) = issuer.refusal.lock().expect("lock").clone() {
        return (StatusCode::from_u16(status).expect("status"), Json(body));
    }
    let known = request.grant_type == "client_credentials"
        && request.client_id == CLIENT_ID
        && request.client_secret == CLIENT_SECRET
        && request.scope == "https://apihub.azure.com/.default";
    if known {
        (StatusCode::OK, Json(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": APP_TOKEN})))
    } else {
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong"})),
        )
    }
}

/// The token of an application for the resource that it names.
async fn resource_token(
    Path(tenant): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let assertion =
        form.get("client_assertion").map(|text| ClientAssertion::read(text).expect("an assertion"));
    let proven = assertion.is_some_and(|assertion| {
        let (key, claims) = (key(), assertion.claims());
        let certificate = Certificate::from_der(key.certificate_der()).expect("a certificate");
        let audience = format!("http://idp.public.example/{tenant}/oauth2/token");
        assertion.names(&certificate)
            && assertion.is_signed_by(&certificate)
            && claims.iss == form["client_id"]
            && claims.sub == form["client_id"]
            && claims.aud == [audience]
    });
    if !proven && form.get("client_secret").is_none_or(|secret| secret != "app-secret") {
        let body =
            json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."});
        return (StatusCode::UNAUTHORIZED, Json(body));
    }
    let token = format!("{}-for-{}-in-{tenant}", form["client_id"], form["resource"]);
    (StatusCode::OK, Json(json!({"token_type": "Bearer", "access_token": token})))
}

/// Returns a user's token, with claims changed by `change`.
pub(crate) fn user_token(
    origin: &str,
    tenant: TenantId,
    user: &str,
    change: impl FnOnce(&mut Value),
) -> String {
    let mut claims = json!({
        "aud": "https://service.flow.microsoft.com/",
        "iss": issuer(origin, tenant, TokenVersion::V1),
        "iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 4_000_000_000_u64,
        "appid": "11111111-0000-0000-0000-000000000001", "appidacr": "0",
        "oid": user, "sub": format!("pairwise-of-{user}"), "tid": tenant, "scp": "User", "ver": "1.0", "uti": "u",
    });
    change(&mut claims);
    sign_rs256(&key(), TokenVersion::V1, &claims)
}
