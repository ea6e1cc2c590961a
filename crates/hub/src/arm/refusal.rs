//! Errors of the control plane.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use outlive_chassis::{Cause, ClockError, Problem};
use outlive_store::StoreError;

/// An error response of the control plane: ARM's error body, with a challenge if the caller was not
/// authenticated.
#[derive(Debug, Clone)]
pub(crate) struct ArmRefusal {
    problem: Box<Problem>,
    challenge: Option<HeaderValue>,
}

impl ArmRefusal {
    /// An error with any status and code.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Problem::new(status, code, message).into()
    }

    /// 400: the body or a parameter is not valid.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequestContent", message)
    }

    /// 403: the caller is not allowed to do this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AuthorizationFailed", message)
    }

    /// 404.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 401: the caller is not authenticated. 503 if that could not be determined.
    pub(crate) fn unauthenticated(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        challenge: HeaderValue,
    ) -> Self {
        Self { challenge: Some(challenge), ..Self::new(status, code, message) }
    }

    /// Keeps the error behind this one, which the shell logs.
    pub(crate) fn caused_by(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.problem.source = Some(Cause::new(error));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.problem.status
    }

    pub(crate) fn message(&self) -> &str {
        &self.problem.message
    }

    pub(crate) fn source(&self) -> Option<&Cause> {
        self.problem.source.as_ref()
    }

    pub(crate) const fn challenge(&self) -> Option<&HeaderValue> {
        self.challenge.as_ref()
    }
}

impl From<Problem> for ArmRefusal {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), challenge: None }
    }
}

impl From<StoreError> for ArmRefusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<ClockError> for ArmRefusal {
    fn from(error: ClockError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for ArmRefusal {
    fn into_response(self) -> Response {
        (self.challenge.map(|challenge| [(WWW_AUTHENTICATE, challenge)]), *self.problem).into_response()
    }
}
