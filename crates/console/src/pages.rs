//! The pages.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::ACCEPT;
use outlive_clock::TenantId;
use outlive_wire::lab_api::ListedTenant;
use serde::Deserialize;

use crate::assets;
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::lab::LabError;
use crate::password;
use crate::state::Console;
use crate::story::{StoryFacts, StoryPage, StoryPresentation, story_drawing};

#[derive(Deserialize)]
pub(crate) struct Choice {
    pub(crate) tenant: Option<String>,
}

/// The query of the story.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// Whether it is for the projector.
    present: Option<String>,
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

/// Returns the requested tenant, the default one or the only one; or a page to choose from.
pub(crate) async fn chosen(
    console: &Console,
    choice: Choice,
) -> Result<Result<TenantId, Response>, ErrorPage> {
    if let Some(requested) = choice.tenant {
        return Ok(Ok(tenant_of(&requested)?));
    }
    let tenants = console.lab.tenants().await?;
    let known = |tenant: &TenantId| tenants.iter().any(|other| other.tenant_id == *tenant);
    Ok(match (console.tenant_hint.filter(known), tenants.as_slice()) {
        (Some(hinted), _) => Ok(hinted),
        (None, [only]) => Ok(only.tenant_id),
        (None, several) => Err(show(&Choose::between(several)).into_response()),
    })
}

/// `GET /`: the story of the requested tenant, the default one, the only one; or a list.
pub(crate) async fn front(
    State(console): State<Console>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let Asked { tenant, present } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let facts = console.story_reads.of(tenant, StoryFacts::read(&console.lab, tenant)).await?;
    let StoryFacts { tenants, credentials, clock, story, notable, .. } = &*facts;
    if wants_json(&headers) {
        return Ok(Json(story).into_response());
    }
    let frame = Frame::of(&console, &headers, Section::Story, credentials, clock, tenants, &notable.next);
    if present.is_some() {
        let page = StoryPresentation::of(frame, story);
        return Ok(page.frame.respond(show(&page)));
    }
    let password = password::draw(&console.random);
    let page = StoryPage::of(frame, &facts, password);
    Ok(page.frame.respond(show(&page)))
}

/// `GET /story.svg`: the drawing of the story as an image of its own.
pub(crate) async fn story_image(
    State(console): State<Console>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ErrorPage> {
    let Asked { tenant, .. } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    Ok(assets::image(story_drawing(&console.lab.story(tenant).await?)))
}

/// Whether the caller asks for data rather than for a page.
pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("application/json") && !accepted.contains("text/html")
}

/// `GET /console/tenants`: all tenants.
pub(crate) async fn tenants(State(console): State<Console>) -> Result<Response, ErrorPage> {
    Ok(show(&Choose::between(&console.lab.tenants().await?)).into_response())
}

/// Parses the tenant id in a path.
pub(crate) fn tenant_of(text: &str) -> Result<TenantId, LabError> {
    text.parse().ok().ok_or(LabError::UnknownTenant)
}
