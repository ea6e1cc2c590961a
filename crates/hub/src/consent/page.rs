//! The error page of a consent.

use std::error::Error;

use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use outlive_chassis::{Cause, Problem};

use crate::connector::Incomplete;

/// The error page of a consent; needs no script.
#[derive(Debug, Clone, Template)]
#[template(path = "consent_error.html")]
pub(super) struct ErrorPage {
    #[template(ignore)]
    status: StatusCode,
    title: &'static str,
    message: String,
    /// The issuer's error response.
    response: Option<Box<str>>,
    remedy: &'static str,
    return_url: Option<Box<str>>,
    #[template(ignore)]
    cause: Option<Cause>,
}

impl From<Incomplete> for ErrorPage {
    fn from(incomplete: Incomplete) -> Self {
        Self::unusable(incomplete.to_string()).for_maker()
    }
}

impl ErrorPage {
    /// The link or the issuer's response is not valid (any more).
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            title: "This sign-in cannot continue",
            message: message.into(),
            response: None,
            remedy: "Go back to the connection and request a new link.",
            return_url: None,
            cause: None,
        }
    }

    /// The connection or its API was changed during the sign-in.
    pub(super) fn ended_by_change() -> Self {
        Self::unusable(
            "The connection or its API was changed after the link was requested, so this sign-in has ended.",
        )
    }

    /// The issuer returned an error.
    pub(super) fn refused(message: impl Into<String>, response: &str) -> Self {
        Self {
            title: "The connection was not signed in",
            response: Some(response.chars().take(4_000).collect()),
            remedy: "The connection's status shows the same error. Go back to the connection to try again.",
            ..Self::unusable(message)
        }
    }

    /// A temporary failure.
    pub(super) fn unavailable(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            title: "The connection was not signed in",
            remedy: "Go back to the connection and try again in a moment.",
            ..Self::unusable(message)
        }
    }

    /// Keeps the error behind this one, which the shell logs.
    pub(super) fn caused_by(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Cause::new(error));
        self
    }

    /// The connector has to be corrected before the sign-in can be repeated.
    pub(super) fn for_maker(self) -> Self {
        Self { remedy: "Correct the connector or the connection, then request a new link.", ..self }
    }

    pub(super) fn with_return_url(mut self, url: &str) -> Self {
        self.return_url = Some(url.into());
        self
    }
}

impl From<Problem> for ErrorPage {
    fn from(problem: Problem) -> Self {
        Self { cause: problem.source, ..Self::unavailable(problem.status, problem.message) }
    }
}

impl From<outlive_store::StoreError> for ErrorPage {
    fn from(error: outlive_store::StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let html = match self.render() {
            Ok(html) => html,
            Err(error) => return Problem::unavailable().caused_by(error).into_response(),
        };
        let mut response = (self.status, self.cause.map(Extension), html).into_response();
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            ),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_escaped() {
        let page = ErrorPage::refused("No.", "<script>alert(1)</script>")
            .with_return_url("http://127.0.0.1/?a=\"><b>");
        let html = page.render().expect("renders");
        assert!(!html.contains("<script>") && !html.contains("\"><b>"), "{html}");
        assert!(html.contains("role=\"alert\"") && html.contains("lang=\"en\""));
    }
}
