//! Graph errors.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use outlive_chassis::Trace;
use outlive_clock::{Instant, wall_now};
use outlive_store::StoreError;
use outlive_tokens::{BearerRefusal, TOKEN_ISSUED_BEFORE_REVOCATION};
use serde::Serialize;
use uuid::Uuid;

use crate::directory::shortened_name;
use crate::protocol::refusal::Refusal;

pub(super) type Result<T, E = GraphError> = std::result::Result<T, E>;

/// The result of a handler. `render_errors` renders the error.
pub(super) type Answer = Result<Response>;

/// A Graph error: `{"error":{"code","message","innerError"}}`.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
    challenge: Option<HeaderValue>,
}

impl GraphError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), challenge: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    pub(crate) fn denied() -> Self {
        let message = "Insufficient privileges to complete the operation.";
        Self::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message)
    }

    /// A query for which the directory has no index.
    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    }

    /// An object with the same key exists.
    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Request_MultipleObjectsWithSameKeyValue", message)
    }

    /// The reference to be added exists.
    pub(crate) fn already_referenced(property: &str) -> Self {
        Self::bad_request(format!(
            "One or more added object references already exist for the following modified properties: '{property}'."
        ))
    }

    /// Returns whether the error is a conflict with a concurrent change or an existing object.
    pub(crate) fn is_conflict(&self) -> bool {
        self.status == StatusCode::CONFLICT
    }

    pub(crate) fn if_conflict(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_conflict() { other() } else { self }
    }

    /// A property that is required to create an object is absent.
    pub(crate) fn missing(resource: &str, property: &str) -> Self {
        Self::bad_request(format!("A value is required for property '{property}' of resource '{resource}'."))
    }

    pub(crate) fn invalid(resource: &str, property: &str) -> Self {
        Self::bad_request(format!(
            "Invalid value specified for property '{property}' of resource '{resource}'."
        ))
    }

    /// Another object has the value of a property that has to be unique.
    pub(crate) fn taken(property: &str) -> Self {
        Self::bad_request(format!(
            "Another object with the same value for property {property} already exists."
        ))
    }

    pub(crate) fn not_found(id: impl std::fmt::Display) -> Self {
        let id = shortened_name(&id.to_string());
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    pub(crate) fn unknown_path() -> Self {
        let message = "Resource not found for the segment.";
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    pub(crate) fn wrong_method() -> Self {
        let message = "The HTTP method is not allowed for this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
    }

    pub(crate) fn unauthorized(refusal: &BearerRefusal, challenge: HeaderValue) -> Self {
        Self {
            status: refusal.status(),
            code: "InvalidAuthenticationToken",
            message: format!("Access token validation failure: {refusal}."),
            challenge: Some(challenge),
        }
    }

    /// The token was revoked before it expired; the client has to request another.
    pub(crate) fn revoked(challenge: HeaderValue) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "InvalidAuthenticationToken",
            message: TOKEN_ISSUED_BEFORE_REVOCATION.to_owned(),
            challenge: Some(challenge),
        }
    }

    /// Returns the response. Its date is in the tenant's virtual time if a tenant is known.
    pub(crate) fn answer(self, trace: &Trace, at: Option<Instant>) -> Response {
        let date = at.unwrap_or_else(wall_now).strftime("%Y-%m-%dT%H:%M:%S");
        let client_request_id = trace.client_request_id.unwrap_or(trace.request_id);
        let inner_error = InnerError { date, request_id: trace.request_id, client_request_id };
        let error = ErrorMembers { code: self.code, message: self.message, inner_error };
        let body = Json(ErrorBody { error });
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl IntoResponse for GraphError {
    /// Leaves the error to `render_errors`, which knows the trace and the date.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Members in Graph's order.
#[derive(Serialize)]
struct ErrorBody {
    error: ErrorMembers,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorMembers {
    code: &'static str,
    message: String,
    inner_error: InnerError,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError {
    date: String,
    request_id: Uuid,
    client_request_id: Uuid,
}

impl From<StoreError> for GraphError {
    fn from(error: StoreError) -> Self {
        if error.is_conflict() {
            return Self::new(
                StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                "The object was changed at the same time. Try again.",
            );
        }
        tracing::error!(%error, "the directory failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "serviceNotAvailable",
            "The directory is unavailable. Try again.",
        )
    }
}

impl From<Refusal> for GraphError {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.error.status).unwrap_or(StatusCode::BAD_REQUEST);
        let throttled = status == StatusCode::TOO_MANY_REQUESTS;
        let code = if throttled { "TooManyRequests" } else { "Request_BadRequest" };
        Self::new(status, code, refusal.error.sentence(&refusal.params))
    }
}

impl From<JsonRejection> for GraphError {
    fn from(rejection: JsonRejection) -> Self {
        let status = match rejection.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        Self::new(status, "Request_BadRequest", rejection.body_text())
    }
}
