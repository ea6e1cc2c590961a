//! Rendering of pages as responses.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use outlive_rules::Aadsts;
use outlive_rules::aadsts::Observation;
use url::Url;

use super::state::{FormFields, PageState};
use super::templates::{ChangePassword, Form, FormPost, KnownError, Message, RefusalPage, SignIn, Wrong};
use crate::directory::User;
use crate::protocol::refusal::{Refusal, RequestDetails};
use crate::sign_in::pages::Next;
use crate::visit::Visit;

pub(crate) fn sign_in(
    visit: &Visit,
    state: PageState,
    application: &str,
    user_name: &str,
    wrong: Option<&Refusal>,
) -> Response {
    let forgot = format!("/{}/passwordreset", state.segment());
    let wrong = wrong.map(Wrong::of);
    form_page(visit, state, "login", |form| SignIn { form, forgot, application, user_name, wrong })
}

pub(crate) fn change_password(
    visit: &Visit,
    state: PageState,
    user: &User,
    wrong: Option<Wrong>,
) -> Response {
    form_page(visit, state, "changepassword", |form| ChangePassword { form, user_name: &user.upn, wrong })
}

pub(crate) fn refusal(refusal: &Refusal, details: &RequestDetails) -> Response {
    let page = RefusalPage {
        code: refusal.error.to_string(),
        sentence: refusal.error.sentence(&refusal.params),
        remedy: refusal.error.remedy,
        trace_id: details.trace_id.to_string(),
        correlation_id: details.correlation_id.to_string(),
        at: details.at.to_string(),
    };
    let status = StatusCode::from_u16(refusal.error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = page_response(status, &page, OWN);
    response.headers_mut().extend(refusal.retry_after());
    response
}

pub(crate) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    page_response(status, &Message { title, text }, OWN)
}

/// Renders the page about an error of the catalogue.
pub(crate) fn known_error(error: Aadsts) -> Response {
    let page = KnownError {
        code: error.to_string(),
        text: error.text,
        who_can_fix_it: error.fixed_by.as_str(),
        remedy: error.remedy,
        seen: observed_in(error.observation),
    };
    page_response(StatusCode::OK, &page, OWN)
}

/// Lists the public sources of an error, or the document that our entry interprets.
fn observed_in(observation: Observation) -> String {
    match observation {
        Observation::Observed { places, .. } => format!("Seen in {}", places.join(", ")),
        Observation::Unobserved { document } => format!("Not observed; our interpretation of: {document}"),
    }
}

/// Responds to the client with a form that submits itself, or by a button without script.
pub(crate) fn form_post(redirect_uri: &str, fields: &[(&'static str, String)]) -> Response {
    page_response(StatusCode::OK, &FormPost { action: redirect_uri, fields }, &beyond(redirect_uri))
}

pub(crate) fn add_cookies(response: &mut Response, set_cookies: impl IntoIterator<Item = String>) {
    for value in set_cookies.into_iter().filter_map(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Renders a page with a form that is sent to `path` below the tenant's.
pub(crate) fn form_page<T: Template>(
    visit: &Visit,
    state: PageState,
    path: &str,
    page: impl FnOnce(Form) -> T,
) -> Response {
    let action = format!("/{}/{path}", state.segment());
    let targets = form_targets(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let mut response = page_response(StatusCode::OK, &page(Form { action, ctx, canary }), &targets);
    add_cookies(&mut response, set_cookie);
    response
}

/// Returns the `form-action` sources of a form.
fn form_targets(state: &PageState) -> String {
    match state.next.goal() {
        Next::Authorize { parameters, .. } | Next::AdminConsent { parameters, .. } => {
            beyond(parameters.get("redirect_uri").unwrap_or_default())
        }
        Next::SignOut { parameters } => {
            beyond(parameters.get("post_logout_redirect_uri").unwrap_or_default())
        }
        Next::ChangePassword
        | Next::ResetPassword { .. }
        | Next::SecondFactor(_)
        | Next::SecurityInfo
        | Next::NewPasskey(_)
        | Next::Passkey(_)
        | Next::EnterUserCode
        | Next::Device { .. } => OWN.to_owned(),
    }
}

/// The `form-action` of forms that stay on this origin.
pub(super) const OWN: &str = "'self'";

/// Returns the `form-action` sources for an application's redirect URI. Browsers apply the policy
/// of the form's page to all redirects that follow, including those inside the application, which
/// we cannot know. A custom scheme of a native application is listed by name.
fn beyond(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri).as_ref().map(Url::scheme) {
        Ok(scheme) if !matches!(scheme, "http" | "https") => format!("{OWN} http: https: {scheme}:"),
        _ => format!("{OWN} http: https:"),
    }
}

fn page_response(status: StatusCode, page: &impl Template, form_targets: &str) -> Response {
    page_with_frames(status, page, form_targets, "'none'")
}

/// Renders a page that may load frames from these sources.
pub(super) fn page_with_frames(
    status: StatusCode,
    page: &impl Template,
    form_targets: &str,
    frames: &str,
) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action {form_targets}; base-uri 'none'; \
         frame-ancestors 'none'; frame-src {frames}"
    );
    let headers = [(CACHE_CONTROL, "no-store".to_owned()), (CONTENT_SECURITY_POLICY, policy)];
    (status, headers, Html(html)).into_response()
}
