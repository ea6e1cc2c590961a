//! Pages as answers.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use url::Url;

use super::state::{FormFields, PageState};
use super::templates::{ChangePassword, Consent, FormPost, Message, Permission, RefusalPage, SignIn, Wrong};
use crate::authorize::AuthorizeRequest;
use crate::directory::User;
use crate::pages::Next;
use crate::refusal::{Asked, Refusal};
use crate::scopes::AskedFor;
use crate::visit::Visit;

/// The sign-in page.
pub(crate) fn sign_in(
    visit: &Visit,
    state: PageState,
    application: &str,
    user_name: &str,
    wrong: Option<&Refusal>,
) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let wrong = wrong.map(|refusal| Wrong {
        code: refusal.error.to_string(),
        sentence: refusal.error.sentence(&refusal.params),
        remedy: refusal.error.remedy,
    });
    let page = SignIn {
        action: format!("/{segment}/login"),
        ctx: &ctx,
        canary: &canary,
        application,
        user_name,
        wrong,
    };
    with_cookie(page_response(StatusCode::OK, &page, leads_to.as_deref()), set_cookie)
}

/// The consent page.
pub(crate) fn consent(visit: &Visit, state: PageState, request: &AuthorizeRequest, user: &User) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let permissions = request.resources.iter().flat_map(|resource| {
        let AskedFor::Named(asked) = &resource.scopes else { return Vec::new() };
        let describe = |name: &String| {
            let known = resource.application.document.scopes.iter().find(|scope| scope.value == *name);
            known.map(|scope| scope.description.clone()).unwrap_or_default()
        };
        asked
            .iter()
            .map(|name| Permission {
                resource: resource.application.name.clone(),
                name: name.clone(),
                description: describe(name),
            })
            .collect()
    });
    let mut permissions: Vec<Permission> = permissions.collect();
    if request.scopes.offline() {
        permissions.push(Permission {
            resource: "Microsoft Graph".to_owned(),
            name: "offline_access".to_owned(),
            description: "Keep that access while you are not there".to_owned(),
        });
    }
    let page = Consent {
        action: format!("/{segment}/consent"),
        ctx: &ctx,
        canary: &canary,
        application: &request.application.name,
        user_name: &user.upn,
        permissions,
    };
    with_cookie(page_response(StatusCode::OK, &page, leads_to.as_deref()), set_cookie)
}

/// The page on which the password is changed.
pub(crate) fn change_password(
    visit: &Visit,
    state: PageState,
    user: &User,
    notice: Option<&str>,
) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let page = ChangePassword {
        action: format!("/{segment}/changepassword"),
        ctx: &ctx,
        canary: &canary,
        user_name: &user.upn,
        notice,
    };
    with_cookie(page_response(StatusCode::OK, &page, leads_to.as_deref()), set_cookie)
}

/// A page that says what was refused.
pub(crate) fn refusal(refusal: &Refusal, asked: &Asked) -> Response {
    let page = RefusalPage {
        code: refusal.error.to_string(),
        sentence: refusal.error.sentence(&refusal.params),
        remedy: refusal.error.remedy,
        trace_id: asked.trace_id.to_string(),
        correlation_id: asked.correlation_id.to_string(),
        at: asked.at.to_string(),
    };
    let status = StatusCode::from_u16(refusal.error.status).unwrap_or(StatusCode::BAD_REQUEST);
    page_response(status, &page, None)
}

/// A page that says something.
pub(crate) fn message(title: &str, text: &str) -> Response {
    page_response(StatusCode::OK, &Message { title, text }, None)
}

/// The answer to a client, as a form that posts itself where script is allowed and has a button where it is not.
pub(crate) fn form_post(redirect_uri: &str, fields: &[(&'static str, String)]) -> Response {
    page_response(StatusCode::OK, &FormPost { action: redirect_uri, fields }, Some(redirect_uri))
}

/// Adds a cookie to an answer.
pub(crate) fn add_cookie(response: &mut Response, set_cookie: Option<String>) {
    if let Some(value) = set_cookie.and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn with_cookie(mut response: Response, set_cookie: Option<String>) -> Response {
    add_cookie(&mut response, set_cookie);
    response
}

/// The path segment a form posts to, and the URI it may lead to in the end: browsers hold redirects after a form to the
/// policy of the page that had the form.
fn leads(state: &PageState) -> (String, Option<String>) {
    let leads_to = match &state.next {
        Next::Authorize { parameters, .. } => parameters.get("redirect_uri").map(str::to_owned),
        Next::ChangePassword => None,
    };
    (state.segment().to_owned(), leads_to)
}

fn page_response(status: StatusCode, page: &impl Template, leads_to: Option<&str>) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let target = leads_to.and_then(form_target).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self' {target}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [(CACHE_CONTROL, "no-store".to_owned()), (CONTENT_SECURITY_POLICY, policy)];
    (status, headers, Html(html)).into_response()
}

/// A redirect URI as a source of a content security policy: its origin, or its scheme if it is a native application's.
fn form_target(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}
