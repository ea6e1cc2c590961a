//! The page a person sees when a consent cannot go on.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use outlive_chassis::Problem;

/// Why a consent stopped: a page that needs no script.
#[derive(Debug, Clone, Template)]
#[template(path = "consent_stopped.html")]
pub(super) struct Stopped {
    #[template(ignore)]
    status: StatusCode,
    title: &'static str,
    what: String,
    /// What the issuer said, word by word.
    said: Option<String>,
    remedy: &'static str,
    /// Where the person came from.
    back: Option<String>,
}

impl Stopped {
    /// The link or the answer is not one that can be used (any more).
    pub(super) fn unusable(what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            title: "This sign-in cannot go on",
            what: what.into(),
            said: None,
            remedy: "Go back to the connection and ask for a new link.",
            back: None,
        }
    }

    /// The issuer said no.
    pub(super) fn refused(what: impl Into<String>, said: &str) -> Self {
        Self {
            title: "The connection was not signed in",
            said: Some(said.chars().take(4_000).collect()),
            remedy: "The connection's status says the same. Go back to the connection to try again.",
            ..Self::unusable(what)
        }
    }

    /// Something is out of order for the moment.
    pub(super) fn for_now(status: StatusCode, what: impl Into<String>) -> Self {
        Self {
            status,
            title: "The connection was not signed in",
            remedy: "Try again in a moment from the connection.",
            ..Self::unusable(what)
        }
    }

    /// Offers the way back.
    pub(super) fn back_to(mut self, url: &str) -> Self {
        self.back = Some(url.to_owned());
        self
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::for_now(problem.status, problem.message)
    }
}

impl From<outlive_store::StoreError> for Stopped {
    fn from(error: outlive_store::StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        let Ok(html) = self.render() else { return Problem::unavailable().into_response() };
        let mut response = (self.status, html).into_response();
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
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
    fn what_others_said_cannot_become_markup() {
        let page = Stopped::refused("No.", "<script>alert(1)</script>").back_to("http://127.0.0.1/?a=\"><b>");
        let html = page.render().expect("renders");
        assert!(!html.contains("<script>") && !html.contains("\"><b>"), "{html}");
        assert!(html.contains("role=\"alert\"") && html.contains("lang=\"en\""));
    }
}
