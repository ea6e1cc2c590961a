//! A page that could not be shown, and why.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::lab::LabError;

/// What went wrong, and what to do about it.
#[derive(Template)]
#[template(path = "sorry.html")]
pub(crate) struct Sorry {
    pub(crate) status: u16,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) remedy: &'static str,
}

impl From<LabError> for Sorry {
    fn from(error: LabError) -> Self {
        let why = error.to_string();
        match error {
            LabError::UnknownTenant => Self {
                status: 404,
                what: "There is no such tenant".to_owned(),
                why,
                remedy: "It may have been deleted. The start page lists the tenants there are.",
            },
            LabError::Unreachable { .. } => Self {
                status: 502,
                what: "The lab does not answer".to_owned(),
                why,
                remedy: "Check that it is running, then load the page again.",
            },
            LabError::Refused { .. } | LabError::Garbled(_) => Self {
                status: 502,
                what: "The lab gave no useful answer".to_owned(),
                why,
                remedy: "Load the page again; if it stays so, the log of the lab says more.",
            },
        }
    }
}

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        (status, show(&self)).into_response()
    }
}

/// A template as a page. Templates are fixed and their contexts plain, so a failure is only a writer's, and then the page
/// says so instead of failing.
pub(crate) fn show(template: &impl Template) -> Html<String> {
    Html(template.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        "This page could not be written.".to_owned()
    }))
}
