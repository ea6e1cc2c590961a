//! The error page.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::lab::LabError;

/// An error page: what failed, why, and a remedy.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) status: u16,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) remedy: &'static str,
}

impl From<LabError> for ErrorPage {
    fn from(error: LabError) -> Self {
        let why = error.to_string();
        match error {
            LabError::UnknownTenant => Self {
                status: 404,
                what: "There is no such tenant".to_owned(),
                why,
                remedy: "It may have been deleted. The start page lists all tenants.",
            },
            LabError::Unreachable { .. } => Self {
                status: 502,
                what: "The lab does not answer".to_owned(),
                why,
                remedy: "Check that it is running, then load the page again.",
            },
            LabError::Refused { .. } | LabError::Garbled(_) => Self {
                status: 502,
                what: "The lab did not answer as expected".to_owned(),
                why,
                remedy: "Reload the page. If the error persists, see the log of the lab.",
            },
        }
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        (status, show(&self)).into_response()
    }
}

/// Renders a template as a page.
pub(crate) fn show(template: &impl Template) -> Html<String> {
    Html(template.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        "This page cannot be rendered.".to_owned()
    }))
}
