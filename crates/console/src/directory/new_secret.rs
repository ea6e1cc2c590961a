//! `/console/{tenant}/new-secret/{reference}`: a new client secret, once.
//!
//! The address contains a random reference, so that reloading the page neither repeats the rotation
//! nor shows the secret again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, Method, StatusCode};
use outlive_clock::TenantId;

use crate::error::{ErrorPage, show};
use crate::pages::tenant_of;
use crate::state::Console;

/// Shows a client secret, this once.
#[derive(Template)]
#[template(path = "directory/secret.html")]
struct NewSecretPage {
    secret: String,
    back: String,
}

/// Returns the address of the page that shows a new secret to the browser that sent the form.
pub(super) fn address_of(
    console: &Console,
    tenant: TenantId,
    token: &str,
    secret: &str,
    back: &str,
) -> String {
    let reference = console.new_secrets.keep(&console.random, tenant, token, secret, back);
    format!("/console/{tenant}/new-secret/{reference}")
}

/// `GET /console/{tenant}/new-secret/{reference}`
pub(super) async fn page(
    State(console): State<Console>,
    method: Method,
    Path((tenant, reference)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    if method == Method::HEAD {
        // A program that looks ahead does not see the secret.
        return Ok([(CACHE_CONTROL, "no-store")].into_response());
    }
    let token = console.form_key.token(&console.form_key.visitor(&headers));
    let (secret, back) = console.new_secrets.take(tenant, &token, &reference).ok_or_else(|| ErrorPage {
        status: StatusCode::GONE.as_u16(),
        what: "The new secret is not shown again".to_owned(),
        why: "it was shown once, or too long ago, or belongs to another browser".to_owned(),
        remedy: "Nothing was rotated by opening this page. The page of the application rotates the secret once more.",
    })?;
    Ok(([(CACHE_CONTROL, "no-store")], show(&NewSecretPage { secret, back })).into_response())
}
