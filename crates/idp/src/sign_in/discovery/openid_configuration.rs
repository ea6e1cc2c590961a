//! The discovery document (OpenID Connect Discovery 1.0; reference: "Discovery document").

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use outlive_chassis::{CallerOrigin, Trace};
use outlive_rules::scopes::OIDC_SCOPES;
use outlive_tokens::TokenVersion;
use serde_json::{Value, json};

use super::document::{public_document, segment_of, template};
use crate::idp::Idp;

/// The response types of v1.0.
const V1_RESPONSE_TYPES: &[&str] = &["code", "id_token", "code id_token", "token id_token", "token"];
/// The response types of v2.0.
const V2_RESPONSE_TYPES: &[&str] = &["code", "id_token", "code id_token", "id_token token"];

pub(crate) async fn configuration_v1(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    answer(&idp, &segment_of(path), TokenVersion::V1, &origin, &trace).await
}

pub(crate) async fn configuration_v2(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    answer(&idp, &segment_of(path), TokenVersion::V2, &origin, &trace).await
}

/// The claims that both versions list.
const CLAIMS: [&str; 19] = [
    "sub",
    "iss",
    "cloud_instance_name",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "msgraph_host",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "ver",
    "at_hash",
    "c_hash",
    "email",
];
/// Additional claims of v1.0.
const V1_CLAIMS: &[&str] = &["amr", "given_name", "family_name", "nickname"];

async fn answer(
    idp: &Idp,
    segment: &str,
    version: TokenVersion,
    origin: &CallerOrigin,
    trace: &Trace,
) -> Response {
    // An alias stays in the endpoint URLs, with a template as issuer; a tenant is always named by
    // id.
    let (segment, issuer) = match segment {
        "common" | "organizations" => (segment.to_owned(), template(idp, origin, version)),
        other => match idp.tenant(other, None).await {
            Ok(tenant) => {
                idp.date_by(tenant.id).await;
                (tenant.id.to_string(), idp.issuer(&origin.0, tenant.id, version))
            }
            Err(refusal) => return refusal.token_response(&idp.request_details(trace, origin, None).await),
        },
    };
    let mut document = document(&origin.0, &segment, &issuer, version);
    if version == TokenVersion::V1 {
        // A refresh token is valid for every resource.
        document["microsoft_multi_refresh_token"] = json!(true);
    }
    document["userinfo_endpoint"] = json!(if version == TokenVersion::V1 {
        format!("{}/{segment}/openid/userinfo", origin.0)
    } else {
        format!("{}/oidc/userinfo", idp.graph_origin(&origin.0))
    });
    public_document(document)
}

fn document(origin: &str, segment: &str, issuer: &str, version: TokenVersion) -> Value {
    let v1 = version == TokenVersion::V1;
    let path = if v1 { "oauth2" } else { "oauth2/v2.0" };
    let endpoint = |name: &str| format!("{origin}/{segment}/{path}/{name}");
    let alias = matches!(segment, "common" | "organizations");
    json!({
        "token_endpoint": endpoint("token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{origin}/{segment}/discovery/{}", if v1 { "keys" } else { "v2.0/keys" }),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": if v1 { V1_RESPONSE_TYPES } else { V2_RESPONSE_TYPES },
        "scopes_supported": if v1 { json!(["openid"]) } else { json!(OIDC_SCOPES) },
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "authorization_endpoint": endpoint("authorize"),
        "device_authorization_endpoint": endpoint("devicecode"),
        "userinfo_endpoint": if v1 {
            format!("{origin}/{segment}/openid/userinfo")
        } else {
            format!("{origin}/oidc/userinfo")
        },
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": endpoint("logout"),
        "claims_supported": CLAIMS.iter().chain(if v1 { V1_CLAIMS } else { &[] }).collect::<Vec<_>>(),
        "tenant_region_scope": if alias { Value::Null } else { json!("WW") },
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })
}
