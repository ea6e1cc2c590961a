//! `/lab/tenants/{t}/journal`: the journals of all services as one.

mod backlog;
mod cursor;
mod feed;
mod follower;
mod merge;
mod selection;
#[cfg(test)]
mod tests;
mod words;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use futures::future::join_all;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use outlive_chassis::Problem;
use outlive_wire::lab_api::JournalAnswer;

pub use cursor::Cursor;
pub(crate) use feed::Feeds;

use self::follower::Follower;
use self::selection::{Selection, cursor_of};
use self::words::add_words;

use super::problem::tenant_of;
use crate::services::Service;
use crate::tenants::{TenantError, Tenants};

/// Maximum number of lines in a response.
const LINES_MAX: u32 = 1_000;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/journal",
    params(("tenant" = String, Path, description = "tenant id"), Selection), responses((status = 200, body = JournalAnswer)))]
pub(crate) async fn read(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<JournalAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection?;
    let (cursor, end) = (selection.cursor()?, selection.end()?);
    let limit = selection.limit.unwrap_or(LINES_MAX).clamp(1, LINES_MAX);
    tenants.credentials(tenant).await?;
    let reading = Service::ALL.map(|service| {
        let query = if selection.newest {
            selection.newest_query(end.map(|end| end.of(service)), limit)
        } else {
            selection.query(cursor.of(service), limit)
        };
        let surface = tenants.surface().clone();
        let is_wanted = selection.wants(service);
        async move { if is_wanted { surface.journal(service, tenant, &query).await } else { Ok(Vec::new()) } }
    });
    let (mut journals, mut missing) = (Vec::new(), Vec::new());
    let mut failed = None;
    for (service, read) in Service::ALL.into_iter().zip(join_all(reading).await) {
        journals.push(read.unwrap_or_else(|cause| {
            missing.push(service);
            failed = Some(TenantError::Service { service, cause });
            Vec::new()
        }));
    }
    if let Some(error) = failed.filter(|_| missing.len() == Service::ALL.len()) {
        return Err(error.into());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if selection.newest {
        let silent = |service| missing.contains(&service);
        let older = merge::older(&journals, limit, |service| {
            silent(service).then(|| end.map_or(i64::MAX.unsigned_abs(), |end| end.of(service)))
        });
        let (mut lines, next) = merge::newest_first(journals, limit);
        lines.iter_mut().for_each(add_words);
        let older = older.map(|older| older.to_string());
        return Ok(Json(JournalAnswer { lines, next: next.to_string(), older, missing }));
    }
    let (mut lines, next) = merge::merged(journals, cursor, limit);
    lines.iter_mut().for_each(add_words);
    Ok(Json(JournalAnswer { lines, next: next.to_string(), older: None, missing }))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/journal/stream",
    params(("tenant" = String, Path, description = "tenant id"), Selection,
        ("Last-Event-ID" = Option<String>, Header, description = "the id of the last event received; takes precedence over `after`")),
    responses((status = 200, content_type = "text/event-stream", description = "one line of JSON for each event")))]
pub(crate) async fn follow(
    State(tenants): State<Tenants>,
    Extension(feeds): Extension<Feeds>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection?;
    // A client that reconnects continues after the last event that it received.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let cursor = match last.filter(|id| !id.is_empty()) {
        Some(id) => cursor_of(id)?,
        None => selection.cursor()?,
    };
    tenants.credentials(tenant).await?;
    let feed = feeds.of(tenants.surface(), tenant);
    let follower = Follower::new(selection, cursor, feed);
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(follower.events())))
}
