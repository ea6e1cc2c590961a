//! `/directory/app-registrations` and `/directory/enterprise-applications`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_wire::directory::{DirectoryApplication, DirectoryApplications};
use outlive_wire::tenant::ApplicationKind;

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Pages, Visit, or_return, title_of_part};
use crate::error::{ErrorPage, show};
use crate::frame::Frame;
use crate::number_words::{capital, number};
use crate::state::Console;

#[derive(Template)]
#[template(path = "directory/applications.html")]
struct ApplicationsPage {
    frame: Frame,
    area: Area,
    title: String,
    below: &'static str,
    rows: Vec<ApplicationRow>,
    pages: Pages,
}

struct ApplicationRow {
    client_id: String,
    name: String,
    kind: &'static str,
    is_enabled: bool,
}

pub(super) async fn registrations(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    list(console, headers, query, Area::Registrations).await
}

pub(super) async fn enterprise(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    list(console, headers, query, Area::Enterprise).await
}

async fn list(
    console: Console,
    headers: HeaderMap,
    query: AskedQuery,
    area: Area,
) -> Result<Response, ErrorPage> {
    let mut visit = or_return!(Visit::begin(console, headers, query).await?);
    let (of, path, below) = match area {
        Area::Registrations => (
            "registrations",
            "app-registrations",
            "What developers register: how an application signs users in, its credentials and the permissions that it asks for.",
        ),
        _ => (
            "enterprise",
            "enterprise-applications",
            "Every service principal of the tenant, the platform’s and managed identities among them.",
        ),
    };
    visit.asked.of = Some(of.to_owned());
    let read = visit.read::<DirectoryApplications>(&["applications"], "page of applications").await?;
    let (frame, found) = or_return!(read);
    let pages = visit.pages(path, found.next.as_deref());
    let count = number(found.applications.len());
    let one = found.applications.len() == 1;
    let page = ApplicationsPage {
        area,
        title: match (area, pages.is_whole(), one) {
            (Area::Registrations, true, true) => "One application is registered".to_owned(),
            (Area::Registrations, true, false) => format!("{} applications are registered", capital(&count)),
            (_, true, true) => "The tenant has one enterprise application".to_owned(),
            (_, true, false) => format!("The tenant has {count} enterprise applications"),
            (_, false, _) => title_of_part(found.applications.len(), "applications"),
        },
        below,
        rows: found.applications.iter().map(row).collect(),
        pages,
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn row(application: &DirectoryApplication) -> ApplicationRow {
    ApplicationRow {
        client_id: application.client_id.clone(),
        name: application.name.clone(),
        kind: kind_words(application),
        is_enabled: application.enabled,
    }
}

/// What an application is, and whether as a client it can keep a secret.
pub(super) fn kind_words(application: &DirectoryApplication) -> &'static str {
    if application.managed_identity.is_some() {
        return "managed identity";
    }
    match (application.kind, application.is_platform) {
        (ApplicationKind::Public, true) => "public client of the platform",
        (_, true) => "API of the platform",
        (ApplicationKind::Public, false) => "public client",
        (ApplicationKind::Spa, false) => "single-page application, public client",
        (ApplicationKind::Confidential, false) => "confidential client",
        (ApplicationKind::Daemon, false) => "daemon, confidential client",
        (ApplicationKind::Resource, false) => "API",
    }
}
