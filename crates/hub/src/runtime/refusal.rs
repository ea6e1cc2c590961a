//! Errors of the runtime.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use outlive_chassis::{Cause, Problem};
use serde_json::json;

use crate::arm::ArmRefusal;
use crate::connection::Unreadable;
use crate::connector::Policy;

/// An error response of the runtime: `{status, source, message, error{message}}`.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeRefusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    challenge: Option<HeaderValue>,
    cause: Option<Cause>,
    source: String,
    by_gateway: bool,
}

impl RuntimeRefusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            challenge: None,
            cause: None,
            source: String::new(),
            by_gateway: false,
        }
    }

    /// An error of the token exchange, with the documented prefix.
    pub(super) fn token_exchange(status: StatusCode, why: impl std::fmt::Display) -> Self {
        Self::new(status, format!("Error from token exchange: {why}"))
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Resource not found")
    }

    /// The response of API Management to a call that matches no operation, by path or method.
    pub(super) fn no_such_operation() -> Self {
        Self { by_gateway: true, ..Self::not_found() }
    }

    /// The error of a caller who is not authenticated.
    pub(super) fn unauthenticated(refusal: &ArmRefusal) -> Self {
        Self {
            challenge: refusal.challenge().cloned(),
            cause: refusal.source().cloned(),
            ..Self::token_exchange(refusal.status(), refusal.message())
        }
    }

    /// Keeps the error behind this one, which the shell logs.
    pub(super) fn caused_by(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Cause::new(error));
        self
    }

    /// Sets `source` of the response, the hub's host.
    pub(super) fn with_source(mut self, source: &str) -> Self {
        source.clone_into(&mut self.source);
        self
    }
}

impl From<Problem> for RuntimeRefusal {
    fn from(problem: Problem) -> Self {
        Self { cause: problem.source, ..Self::new(problem.status, problem.message) }
    }
}

impl From<Unreadable> for RuntimeRefusal {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, unreadable.to_string())
    }
}

impl From<outlive_store::StoreError> for RuntimeRefusal {
    fn from(error: outlive_store::StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for RuntimeRefusal {
    fn into_response(self) -> Response {
        let body = if self.by_gateway {
            json!({"statusCode": self.status.as_u16(), "message": self.message})
        } else {
            json!({
                "status": self.status.as_u16(),
                "source": self.source,
                "message": self.message,
                "error": {"message": self.message},
            })
        };
        let challenge = self.challenge.map(|challenge| [(WWW_AUTHENTICATE, challenge)]);
        (self.status, challenge, self.cause.map(Extension), Json(body)).into_response()
    }
}

/// The error of a policy that cannot be applied to a call.
pub(super) fn refuse(policy: &Policy, status: StatusCode, why: &dyn std::fmt::Display) -> RuntimeRefusal {
    RuntimeRefusal::new(status, format!("The policy {} {why}.", policy.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shell logs the cause of a response.
    fn has_cause(refusal: RuntimeRefusal) -> bool {
        refusal.into_response().extensions().get::<Cause>().is_some()
    }

    #[test]
    fn the_cause_of_an_error_reaches_the_log() {
        let problem = || Problem::unavailable().caused_by("the disk is full");
        assert!(has_cause(problem().into()));
        assert!(!has_cause(Problem::unavailable().into()));
        let unknown = ArmRefusal::invalid("No such token.").caused_by("malformed");
        assert!(has_cause(RuntimeRefusal::unauthenticated(&unknown)));
    }
}
