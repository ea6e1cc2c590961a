//! The identity endpoints of a fake issuer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::lab::{LAB_KEY, START};

/// The only user-assigned identity.
pub(crate) const READER: &str =
    "/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader";

#[derive(Clone, Default)]
pub(crate) struct FakeIdentities {
    /// What was set last, by flow.
    pub(crate) endpoints: Arc<Mutex<BTreeMap<String, Value>>>,
    /// How many tokens were issued.
    pub(crate) issued: Arc<Mutex<u32>>,
    /// The error response of all endpoints, if set.
    pub(crate) refusal: Arc<Mutex<Option<(u16, Value)>>>,
}

impl FakeIdentities {
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/_lab/tenants/{tenant}/identity-endpoints/{flow}", put(set).delete(remove))
            .route("/{tenant}/identity/{flow}/token", get(token))
            .with_state(self.clone())
    }

    pub(crate) fn endpoint(&self, flow: &str) -> Option<Value> {
        self.endpoints.lock().expect("lock").get(flow).cloned()
    }

    fn refused(&self) -> Option<(StatusCode, Json<Value>)> {
        let refusal = self.refusal.lock().expect("lock").clone();
        refusal.map(|(status, body)| (StatusCode::from_u16(status).expect("a status"), Json(body)))
    }
}

fn is_lab(headers: &HeaderMap) -> bool {
    let presented = headers.get("authorization").and_then(|value| value.to_str().ok());
    presented.is_some_and(|value| value.ends_with(LAB_KEY))
}

async fn set(
    State(identities): State<FakeIdentities>,
    Path((_, flow)): Path<(String, String)>,
    headers: HeaderMap,
    Json(wanted): Json<Value>,
) -> (StatusCode, Json<Value>) {
    if let Some(refused) = identities.refused() {
        return refused;
    }
    assert!(is_lab(&headers), "{headers:?}");
    let ids = |n: u32| {
        let id = |kind: u32| format!("eeeeeeee-0000-4000-800{kind}-{n:012}");
        json!({"client_id": id(2), "principal_id": id(4)})
    };
    let mut assigned = json!({"system_assigned": null, "user_assigned": {}});
    if wanted["system_assigned"] == true {
        assigned["system_assigned"] = ids(1);
    }
    for name in wanted["user_assigned"].as_array().expect("a list") {
        if name != READER {
            let error = json!({"error": {"code": "FailedIdentityOperation", "message": "No such identity."}});
            return (StatusCode::BAD_REQUEST, Json(error));
        }
        assigned["user_assigned"][READER] = ids(2);
    }
    identities.endpoints.lock().expect("lock").insert(flow, wanted);
    (StatusCode::OK, Json(assigned))
}

async fn remove(
    State(identities): State<FakeIdentities>,
    Path((_, flow)): Path<(String, String)>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    if let Some(refused) = identities.refused() {
        return refused;
    }
    assert!(is_lab(&headers), "{headers:?}");
    identities.endpoints.lock().expect("lock").remove(&flow);
    (StatusCode::NO_CONTENT, Json(Value::Null))
}

/// Tokens are valid for a day from [`START`] or from a whole day after it.
async fn token(
    State(identities): State<FakeIdentities>,
    Path((_, flow)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    if let Some(refused) = identities.refused() {
        return refused;
    }
    let endpoint = identities.endpoint(&flow).unwrap_or_default();
    let header = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
    if header.is_none() || header != endpoint["header"].as_str() || query["api-version"] != "2019-08-01" {
        return (StatusCode::UNAUTHORIZED, Json(json!({"statusCode": 401, "message": "Wrong header."})));
    }
    let mut issued = identities.issued.lock().expect("lock");
    *issued += 1;
    let start: outlive_clock::Instant = START.parse().expect("an instant");
    let expires = start + outlive_clock::Span::from_days(i64::from(*issued));
    let identity = query.get("mi_res_id").map_or("own", |_| "reader");
    let token = format!("identity-token-{issued}-of-{identity}-for-{}", query["resource"]);
    let body = json!({
        "access_token": token, "expires_on": expires.as_seconds().to_string(), "token_type": "Bearer",
    });
    (StatusCode::OK, Json(body))
}
