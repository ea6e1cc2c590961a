//! Responses of identity endpoints: tokens, and the catalogue of errors.
//!
//! Sources: "How to use managed identities for App Service and Azure Functions" (REST endpoint
//! reference), "Use managed identities on a virtual machine to acquire access token" (error
//! handling), and the readers of both in MSAL for Python.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use outlive_clock::{ClientId, Instant};
use serde_json::{Value, json};

use super::super::record::Recorded;
use crate::protocol::refusal::{Refusal, RequestDetails};

/// The two forms in which resources request tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Of App Service, Functions and Logic Apps.
    AppService,
    /// Of virtual machines: the Azure Instance Metadata Service.
    Metadata,
}

impl Protocol {
    /// The supported API versions.
    pub(super) const fn versions(self) -> &'static [&'static str] {
        match self {
            Self::AppService => &["2019-08-01"],
            Self::Metadata => &["2018-02-01", "2019-08-01", "2019-11-01", "2020-06-01", "2021-02-01"],
        }
    }
}

/// Why an identity endpoint issues no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdentityError {
    /// No resource has this endpoint.
    UnknownEndpoint,
    /// The secret header is missing or wrong.
    WrongHeader,
    /// The header `Metadata: true` is missing.
    MetadataHeaderMissing,
    /// The request came through a proxy.
    Forwarded,
    ParameterMissing(&'static str),
    ParameterRepeated(String),
    UnknownVersion(String),
    SeveralIdentities,
    IdentityNotFound,
}

impl IdentityError {
    /// Returns the status, the name and the text of an error.
    fn row(&self, protocol: Protocol) -> (StatusCode, &'static str, String) {
        let bad_request = |text: &str| (StatusCode::BAD_REQUEST, "invalid_request", text.to_owned());
        match self {
            Self::UnknownEndpoint => (
                StatusCode::NOT_FOUND,
                "not_found",
                "No resource has this identity endpoint. Its address is in the tenant credentials."
                    .to_owned(),
            ),
            Self::WrongHeader => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "The header X-IDENTITY-HEADER does not have the value of IDENTITY_HEADER.".to_owned(),
            ),
            Self::MetadataHeaderMissing => bad_request("Required metadata header not specified"),
            Self::Forwarded => bad_request("A request with the header X-Forwarded-For is not accepted."),
            Self::ParameterMissing(name) => {
                bad_request(&format!("Required query variable '{name}' is missing"))
            }
            Self::ParameterRepeated(name) => {
                bad_request(&format!("The query variable '{name}' is given more than once."))
            }
            Self::UnknownVersion(version) => bad_request(&format!(
                "The api-version '{version}' is not supported. Use one of: {}.",
                protocol.versions().join(", ")
            )),
            Self::SeveralIdentities => {
                bad_request("Only one of client_id, object_id and mi_res_id can select the managed identity.")
            }
            Self::IdentityNotFound => bad_request(match protocol {
                Protocol::AppService => {
                    "No managed identity with this ClientId, ResourceId or PrincipalId is assigned to the resource."
                }
                Protocol::Metadata => "Identity not found",
            }),
        }
    }

    pub(super) fn response(&self, protocol: Protocol, details: &RequestDetails) -> Response {
        let (status, name, text) = self.row(protocol);
        error(protocol, status, name, &text, details)
    }
}

/// Returns the response for an error of the directory, such as a disabled service principal.
pub(super) fn refused(protocol: Protocol, refusal: &Refusal, details: &RequestDetails) -> Response {
    let status = StatusCode::from_u16(refusal.error.status).unwrap_or(StatusCode::BAD_REQUEST);
    // A client error of any kind is 400 here; clients retry others.
    let status = if status.is_server_error() { status } else { StatusCode::BAD_REQUEST };
    error(protocol, status, refusal.error_name(), &refusal.description(details), details)
}

fn error(
    protocol: Protocol,
    status: StatusCode,
    name: &str,
    text: &str,
    details: &RequestDetails,
) -> Response {
    let body = match protocol {
        Protocol::AppService => json!({
            "statusCode": status.as_u16(), "message": text, "correlationId": details.correlation_id,
        }),
        Protocol::Metadata => json!({"error": name, "error_description": text}),
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A token in the form of the protocol. Numbers are texts in both.
pub(super) fn token(protocol: Protocol, recorded: Recorded<'_>) -> Response {
    let Recorded { request, access_token, resource, .. } = recorded;
    let client_id: ClientId = request.client.application.client_id;
    let seconds = |at: Instant| at.as_seconds().to_string();
    let mut body = json!({
        "access_token": access_token.token,
        "client_id": client_id,
        "expires_on": seconds(access_token.expires_at),
        "resource": resource,
        "token_type": "Bearer",
    });
    if protocol == Protocol::Metadata {
        let lasts = (access_token.expires_at - request.now).as_seconds().to_string();
        body["expires_in"] = json!(lasts);
        body["ext_expires_in"] = json!(lasts);
        body["not_before"] = json!(seconds(access_token.not_before));
        body["refresh_token"] = Value::String(String::new());
    }
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
