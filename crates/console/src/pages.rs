//! The pages.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use outlive_clock::TenantId;
use outlive_wire::lab_api::{ListedTenant, TenantCredentials};
use serde::Deserialize;

use crate::error::{ErrorPage, show};
use crate::lab::LabError;
use crate::message::Message;
use crate::overview::{Live, Page};
use crate::recent::recent;
use crate::state::Console;

#[derive(Deserialize)]
pub(crate) struct Choice {
    tenant: Option<String>,
}

/// A list of tenants to choose from.
#[derive(Template)]
#[template(path = "tenants.html")]
pub(crate) struct Choose {
    pub(crate) tenants: Vec<(String, String)>,
}

impl Choose {
    pub(crate) fn between(tenants: &[ListedTenant]) -> Self {
        let shown = |tenant: &ListedTenant| (tenant.domain.clone(), tenant.tenant_id.to_string());
        Self { tenants: tenants.iter().map(shown).collect() }
    }
}

/// `GET /`: the requested tenant, the default one, the only one, or a list.
pub(crate) async fn front(
    State(console): State<Console>,
    choice: Result<Query<Choice>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let requested = choice.ok().and_then(|Query(choice)| choice.tenant);
    let requested = requested.map(|text| tenant_of(&text)).transpose()?;
    let tenants = console.lab.tenants().await?;
    let known = |tenant: &TenantId| tenants.iter().any(|other| other.tenant_id == *tenant);
    let tenant = match (requested, console.tenant_hint.filter(known), tenants.as_slice()) {
        (Some(requested), _, _) => requested,
        (None, Some(hinted), _) => hinted,
        (None, None, [only]) => only.tenant_id,
        (None, None, several) => return Ok(show(&Choose::between(several)).into_response()),
    };
    let (tenant, live) = load(&console, tenant).await?;
    let visitor = console.form_key.visitor(&headers);
    let message = Message::from_cookie(&headers);
    let cookies: Vec<_> = visitor
        .set_cookie()
        .into_iter()
        .chain(message.is_some().then(Message::clear_cookie))
        .map(|cookie| (SET_COOKIE, cookie))
        .collect();
    let page = Page::of(&tenant, live, console.form_key.token(&visitor), message, tenants.len() > 1);
    Ok((AppendHeaders(cookies), show(&page)).into_response())
}

/// `GET /console/tenants`: all tenants.
pub(crate) async fn tenants(State(console): State<Console>) -> Result<Response, ErrorPage> {
    Ok(show(&Choose::between(&console.lab.tenants().await?)).into_response())
}

/// `GET /console/{tenant}/live`: only the changing parts of the page.
pub(crate) async fn live(
    State(console): State<Console>,
    Path(tenant): Path<String>,
) -> Result<Response, ErrorPage> {
    let (_, live) = load(&console, tenant_of(&tenant)?).await?;
    Ok(show(&live).into_response())
}

async fn load(console: &Console, tenant: TenantId) -> Result<(TenantCredentials, Live), LabError> {
    let lab = &console.lab;
    let (credentials, clock, recent) =
        tokio::try_join!(lab.tenant(tenant), lab.clock(tenant), recent(lab, tenant))?;
    let live = Live::of(&credentials, &clock, &recent);
    Ok((credentials, live))
}

/// Parses the tenant id in a path.
pub(crate) fn tenant_of(text: &str) -> Result<TenantId, LabError> {
    text.parse().ok().ok_or(LabError::UnknownTenant)
}
