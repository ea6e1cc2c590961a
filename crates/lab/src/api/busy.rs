//! The refusal of work of which only a few callers may have some at a time.

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use outlive_chassis::Problem;

/// An error response.
pub(crate) enum Refusal {
    Problem(Problem),
    /// Too many callers.
    Busy {
        code: &'static str,
        message: String,
        /// In seconds (wall time).
        retry_after: &'static str,
    },
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Busy { code, message, retry_after } => {
                let refused = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
                let mut response = refused.into_response();
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
                response
            }
        }
    }
}
