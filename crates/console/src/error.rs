//! The error page.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use outlive_chassis::{Problem, wants_page};

use crate::lab::LabError;
use crate::seen;

/// An error page: what failed, why, and a remedy.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) status: u16,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) remedy: &'static str,
}

impl ErrorPage {
    /// A form that is incomplete, or not from a page of this console.
    pub(crate) fn bad_form() -> Self {
        Self {
            status: 400,
            what: "The page was out of date".to_owned(),
            why: "the form is incomplete, or its page is from before a restart".to_owned(),
            remedy: "Nothing was done. Go back, reload the page and try again.",
        }
    }
}

impl ErrorPage {
    /// A tenant without users.
    pub(crate) fn without_users() -> Self {
        Self {
            status: 404,
            what: "The tenant has no user".to_owned(),
            why: "its seed has no users".to_owned(),
            remedy: "Choose another tenant.",
        }
    }
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
    /// The page, or a problem document for programs.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        if !seen::is_by_person() {
            let code = match self.status {
                400 => "BadRequest",
                404 => "NotFound",
                502 => "ServiceFailed",
                _ => "Error",
            };
            let message = format!("{}: {}. {}", self.what, self.why.trim_end_matches('.'), self.remedy);
            return Problem::new(status, code, message).into_response();
        }
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

/// The pages that an unknown path may have meant.
const PAGES: [&str; 7] =
    ["/flows", "/connections", "/tokens", "/matrix/credentials", "/journal", "/phone", "/console/tenants"];

/// A path that leads nowhere: a page that leads back, or a problem for programs.
pub(crate) async fn missing(uri: Uri, headers: HeaderMap) -> Response {
    if !wants_page(&headers) {
        return Problem::not_found("NotFound", "There is nothing at this path.").into_response();
    }
    let path: String = uri.path().chars().take(100).collect();
    let nearest = PAGES.iter().find(|page| page.starts_with(path.get(..4).unwrap_or("none")));
    (StatusCode::NOT_FOUND, show(&MissingPage { path, nearest: nearest.copied() })).into_response()
}

/// An object that a tenant does not have: what it is called, and where all of them are listed.
#[derive(Template)]
#[template(path = "no_such.html")]
pub(crate) struct NoSuch {
    pub(crate) what: &'static str,
    /// The list: its address and its name.
    pub(crate) back: String,
    pub(crate) label: &'static str,
}

impl NoSuch {
    /// Responds with a page that leads back, or with a problem document for programs.
    pub(crate) fn respond(&self) -> Response {
        if !seen::is_by_person() {
            let message = format!("There is no such {} in this tenant.", self.what);
            return Problem::not_found("NotFound", message).into_response();
        }
        (StatusCode::NOT_FOUND, show(self)).into_response()
    }

    const fn remedy(&self) -> &'static str {
        "It may have been deleted, or be of another tenant. The list shows what there is."
    }
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage {
    path: String,
    nearest: Option<&'static str>,
}
