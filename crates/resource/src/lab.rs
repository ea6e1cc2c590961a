//! The resource's own part of the lab surface: its client certificates.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::put;
use axum::{Json, Router};
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_tokens::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::api_certificates;
use crate::orders::OrderId;

pub(crate) fn router() -> Router<Arc<Api>> {
    Router::new().route("/_lab/tenants/{tenant}/certificates/{name}", put(register))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    /// PEM.
    certificate: String,
}

/// Registers a client certificate, replacing the one of this name.
async fn register(
    State(api): State<Arc<Api>>,
    Path((tenant, name)): Path<(String, String)>,
    body: Result<Json<Registration>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Registration { certificate }) = body?;
    let unknown = || Problem::not_found("TenantNotFound", "There is no such tenant here.");
    let tenant: TenantId = tenant.parse().ok().ok_or_else(unknown)?;
    let now = api.chassis.clocks.now(tenant).await?;
    if OrderId::parse(&name).is_none() {
        return Err(Problem::bad_request("A certificate's name has 1 to 64 letters, digits, - or _."));
    }
    let certificate = Certificate::from_pem(&certificate)
        .map_err(|refusal| Problem::bad_request(format!("certificate: {refusal}.")))?;
    let registered = api.chassis.store.commit(api_certificates::register(tenant, &name, &certificate)).await;
    registered.map_err(|error| {
        if error.is_conflict() {
            Problem::conflict("This certificate is registered under another name, or in another tenant.")
        } else {
            error.into()
        }
    })?;
    let (from, until) = certificate.term();
    Ok(Json(json!({
        "at": now, "name": name, "subject": certificate.subject(), "thumbprint": certificate.thumbprint(),
        "not_before": from, "not_after": until,
    })))
}
