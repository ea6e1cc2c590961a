//! The service document, which lists the top-level resources (OData JSON Format 4.01, section 5).

use axum::extract::{OriginalUri, State};
use axum::routing::get;
use axum::{Json, Router};
use http::HeaderMap;
use serde_json::{Value, json};

use super::caller::instant_of_call;
use crate::directory::platform::GRAPH_URI;
use crate::idp::Idp;

const ENTITY_SETS: [&str; 8] = [
    "applications",
    "directoryRoleTemplates",
    "directoryRoles",
    "groups",
    "oauth2PermissionGrants",
    "organization",
    "servicePrincipals",
    "users",
];
const SINGLETONS: [&str; 5] = ["auditLogs", "directory", "identity", "me", "policies"];

pub(super) fn router() -> Router<Idp> {
    Router::new().route("/", get(show))
}

/// `GET /v1.0/`. It needs no token.
async fn show(State(idp): State<Idp>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Json<Value> {
    let version = uri.path().trim_matches('/');
    let sets = match version {
        "beta" => &["users"][..],
        _ => &ENTITY_SETS,
    };
    let singletons = match version {
        "beta" => &["me"][..],
        _ => &SINGLETONS,
    };
    let entry = |kind: &'static str| move |name: &&str| json!({"name": name, "kind": kind, "url": name});
    let value: Vec<_> =
        sets.iter().map(entry("EntitySet")).chain(singletons.iter().map(entry("Singleton"))).collect();
    // The response has the date of the token's tenant.
    instant_of_call(&idp, &headers).await;
    Json(json!({"@odata.context": format!("{GRAPH_URI}/{version}/$metadata"), "value": value}))
}
