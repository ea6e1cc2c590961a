//! The discovery document (OpenID Connect Discovery 1.0; reference: "Discovery document").

use axum::response::Response;
use axum::routing::MethodRouter;
use outlive_rules::scopes::OIDC_SCOPES;
use outlive_tokens::TokenVersion;
use serde_json::{Value, json};

use super::document::{DocumentRequest, public_document, tenant_document};
use crate::idp::Idp;

const V1_RESPONSE_TYPES: &[&str] = &["code", "id_token", "code id_token", "token id_token", "token"];
const V2_RESPONSE_TYPES: &[&str] = &["code", "id_token", "code id_token", "id_token token"];

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

/// The route of a version's discovery document.
pub(crate) fn configuration(version: TokenVersion) -> MethodRouter<Idp> {
    tenant_document(version, answer)
}

async fn answer(request: DocumentRequest) -> Response {
    let mut document = document(&request);
    if request.version == TokenVersion::V1 {
        // A refresh token is valid for every resource.
        document["microsoft_multi_refresh_token"] = json!(true);
    }
    public_document(document)
}

fn document(request: &DocumentRequest) -> Value {
    let DocumentRequest { idp, segment, origin, issuer, version, .. } = request;
    let v1 = *version == TokenVersion::V1;
    let path = if v1 { "oauth2" } else { "oauth2/v2.0" };
    let endpoint = |name: &str| format!("{origin}/{segment}/{path}/{name}");
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
            format!("{}/oidc/userinfo", idp.graph_origin(origin))
        },
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": endpoint("logout"),
        "claims_supported": CLAIMS.iter().chain(if v1 { V1_CLAIMS } else { &[] }).collect::<Vec<_>>(),
        "tenant_region_scope": request.tenant.as_ref().map(|_| "WW"),
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })
}
