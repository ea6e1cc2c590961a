//! Error responses that no protocol defines.

use std::error::Error;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use outlive_store::StoreError;
use serde_json::json;

use crate::clocks::ClockChangeError;
use crate::{Cause, ClockError};

/// The largest request body that any service reads, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// An error response: status, code and message, sent as `{"error":{"code","message"}}`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// The code (`TenantNotFound`).
    pub code: &'static str,
    /// What failed, why, and what to do.
    pub message: String,
    /// The error behind it, for the log.
    pub source: Option<Cause>,
}

impl Problem {
    /// Creates a problem.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), source: None }
    }

    /// Keeps the error behind this one, which the shell logs.
    #[must_use]
    pub fn caused_by(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Cause::new(error));
        self
    }

    /// 400: the request is not valid.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 404: the resource does not exist.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: the resource exists already or was changed concurrently.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", message)
    }

    /// 413: the body has more than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let message = format!("The body of this request has at most {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message)
    }

    /// 503: the database does not respond; the client may retry.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "The service cannot reach its database. Try again; the service's log says why.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": {"code": self.code, "message": self.message}}));
        (self.status, self.source.map(Extension), body).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_conflict() {
            return Self::conflict(
                "Something else changed this at the same time, or it exists already. Read it again and retry.",
            );
        }
        Self::unavailable().caused_by(error)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_large(BODY_BYTES_MAX);
        }
        Self::bad_request(explain_body(&rejection))
    }
}

/// Describes why the JSON body of a request was rejected.
#[must_use]
pub fn explain_body(rejection: &JsonRejection) -> String {
    let text = rejection.body_text();
    let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause).trim_end_matches('.');
    match rejection {
        JsonRejection::JsonDataError(_) => {
            format!("The body has another form than this call takes: {cause}.")
        }
        JsonRejection::JsonSyntaxError(_) => format!("The body is not JSON: {cause}."),
        JsonRejection::MissingJsonContentType(_) => {
            "The body has to be JSON; send it with Content-Type: application/json.".to_owned()
        }
        _ => format!("The body cannot be read: {cause}."),
    }
}

/// Describes why the query of a request was rejected.
#[must_use]
pub fn explain_query(rejection: &QueryRejection) -> String {
    let text = rejection.body_text();
    let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause).trim_end_matches('.');
    format!("The query has another form than this call takes: {cause}.")
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(explain_query(&rejection))
    }
}

impl From<ClockError> for Problem {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::UnknownTenant(tenant) => {
                Self::not_found("TenantNotFound", format!("There is no tenant {tenant} here."))
            }
            ClockError::Store(error) => error.into(),
        }
    }
}

impl From<ClockChangeError> for Problem {
    fn from(error: ClockChangeError) -> Self {
        match error {
            ClockChangeError::StartedOver(tenant) => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "TenantStartedOver",
                format!("Tenant {tenant} was started over since: this change is for its former data."),
            ),
            ClockChangeError::Clock(error) => error.into(),
        }
    }
}
