//! What the documents share.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use outlive_chassis::{CallerOrigin, Trace};
use outlive_tokens::TokenVersion;
use serde_json::Value;

use crate::directory::Tenant;
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;

/// Returns the path's tenant segment; empty if it is not UTF-8.
pub(super) fn segment_of(path: Result<Path<String>, PathRejection>) -> String {
    path.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(segment)| segment)
}

/// A request for a document of a tenant, or of all tenants.
pub(super) struct DocumentRequest {
    pub(super) idp: Idp,
    /// `None` for an alias.
    pub(super) tenant: Option<Tenant>,
    /// The first path segment of endpoints: the alias, or the tenant's id, however the request
    /// named it.
    pub(super) segment: String,
    pub(super) origin: String,
    /// For an alias, a template: clients substitute a token's `tid`.
    pub(super) issuer: String,
    pub(super) version: TokenVersion,
}

/// Returns the route of a document below a tenant or an alias.
pub(super) fn tenant_document<F>(
    version: TokenVersion,
    document: fn(DocumentRequest) -> F,
) -> MethodRouter<Idp>
where
    F: Future<Output = Response> + Send + 'static,
{
    get(move |State(idp): State<Idp>, path, origin: CallerOrigin, trace: Trace| async move {
        match DocumentRequest::find(&idp, &segment_of(path), version, &origin.0).await {
            Ok(request) => document(request).await,
            Err(refusal) => refusal.token_response(&idp.request_details(&trace, &origin, None).await),
        }
    })
}

impl DocumentRequest {
    async fn find(idp: &Idp, segment: &str, version: TokenVersion, origin: &str) -> Result<Self, Refusal> {
        let (tenant, segment, issuer) = if matches!(segment, "common" | "organizations") {
            let suffix = if version == TokenVersion::V1 { "" } else { "v2.0" };
            let issuer = format!("{}/{{tenantid}}/{suffix}", idp.issuer_origin(origin, version));
            (None, segment.to_owned(), issuer)
        } else {
            let tenant = idp.tenant(segment, None).await?;
            idp.date_by(tenant.id).await;
            let (id, issuer) = (tenant.id.to_string(), idp.issuer(origin, tenant.id, version));
            (Some(tenant), id, issuer)
        };
        Ok(Self { idp: idp.clone(), tenant, segment, origin: origin.to_owned(), issuer, version })
    }
}

/// Returns a public document: readable by any page and cacheable for a day.
pub(super) fn public_document(document: Value) -> Response {
    let headers = [
        (CACHE_CONTROL, "max-age=86400, private"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, OPTIONS"),
    ];
    (headers, Json(document)).into_response()
}
