//! `/directory/consents`: the delegated permissions that are granted.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_wire::directory::{DirectoryGrant, DirectoryGrants};

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Pages, Visit, or_return, title_of_part};
use crate::error::{ErrorPage, show};
use crate::frame::Frame;
use crate::number_words::{capital, number};
use crate::state::Console;

#[derive(Template)]
#[template(path = "directory/consents.html")]
struct ConsentsPage {
    frame: Frame,
    area: Area,
    title: String,
    rows: Vec<GrantRow>,
    pages: Pages,
}

/// A grant in a table.
pub(super) struct GrantRow {
    pub(super) client_id: String,
    pub(super) client: String,
    pub(super) resource_id: String,
    pub(super) resource: String,
    pub(super) scopes: String,
    /// The object id of the user; empty for a grant for all.
    pub(super) user_id: String,
    pub(super) by: String,
}

pub(super) async fn list(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryGrants>(&["grants"], "page of grants").await?);
    let pages = visit.pages("consents", found.next.as_deref());
    let count = number(found.grants.len());
    let page = ConsentsPage {
        area: Area::Consents,
        title: match (found.grants.len(), pages.is_whole()) {
            (1, true) => "One grant lets an application act for users".to_owned(),
            (_, true) => format!("{} grants let applications act for users", capital(&count)),
            (_, false) => title_of_part(found.grants.len(), "grants"),
        },
        rows: found.grants.iter().map(grant_row).collect(),
        pages,
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

pub(super) fn grant_row(grant: &DirectoryGrant) -> GrantRow {
    let by = match (&grant.user_id, &grant.upn) {
        (None, _) => "an administrator, for all users".to_owned(),
        (Some(_), Some(upn)) => upn.clone(),
        (Some(id), None) => id.clone(),
    };
    GrantRow {
        client_id: grant.client_id.clone(),
        client: grant.client.clone(),
        resource_id: grant.resource_id.clone(),
        resource: grant.resource.clone(),
        scopes: grant.scopes.join(", "),
        user_id: grant.user_id.clone().unwrap_or_default(),
        by,
    }
}
