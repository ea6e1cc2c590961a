//! `/lab/tenants/{t}/journal`: the journals of all services as one.

mod backlog;
mod cursor;
mod feed;
mod follower;
mod merge;
#[cfg(test)]
mod tests;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use futures::future::join_all;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use outlive_chassis::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

pub use cursor::Cursor;
pub(crate) use feed::Feeds;

use self::follower::Follower;

use super::problem::tenant_of;
use crate::services::{JournalQuery, Service};
use crate::tenants::{TenantError, Tenants};

/// Most lines in one answer.
const LINES_MAX: u32 = 1_000;

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    /// The `next` of an earlier answer.
    after: Option<String>,
    /// Only this kind, or kinds that start so if it ends in a dot.
    kind: Option<String>,
    /// Only this subject.
    subject: Option<String>,
    /// Only this trace.
    trace: Option<String>,
    /// Only lines about the credential of this id or fingerprint.
    about: Option<String>,
    /// At most so many lines (1 to 1000).
    limit: Option<u32>,
    /// The newest lines, newest first, instead of those after `after`. Only `notable`, `service`
    /// and `limit` select then; `next` is the end of the journals.
    #[serde(default)]
    newest: bool,
    /// With `newest`: only what changed something, or was refused.
    #[serde(default)]
    notable: bool,
    /// With `newest`: only lines of this service.
    service: Option<String>,
}

impl Selection {
    fn cursor(&self) -> Result<Cursor, Problem> {
        match self.after.as_deref() {
            None | Some("" | "0") => Ok(Cursor::default()),
            Some(text) => cursor_of(text),
        }
    }

    fn query(&self, after: u64, limit: u32) -> JournalQuery {
        JournalQuery {
            after,
            limit: Some(limit),
            kind: self.kind.clone(),
            subject: self.subject.clone(),
            trace: self.trace.clone(),
            about: self.about.clone(),
            newest: false,
            notable: false,
        }
    }

    fn newest_query(&self, limit: u32) -> JournalQuery {
        JournalQuery { limit: Some(limit), newest: true, notable: self.notable, ..JournalQuery::default() }
    }

    fn wants(&self, service: Service) -> bool {
        !self.newest || self.service.as_deref().is_none_or(|wanted| wanted == service.name())
    }

    /// What it selects events by, apart from their place.
    fn criteria(&self) -> [Option<String>; 4] {
        [&self.kind, &self.subject, &self.trace, &self.about].map(Clone::clone)
    }

    /// Whether it selects all events.
    const fn is_everything(&self) -> bool {
        self.kind.is_none() && self.subject.is_none() && self.trace.is_none() && self.about.is_none()
    }

    /// Whether it selects an event, as far as the event itself shows (`about` does not).
    fn matches(&self, line: &Value) -> bool {
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = |wanted: &String| {
            if wanted.ends_with('.') { text("kind").starts_with(wanted) } else { text("kind") == wanted }
        };
        self.kind.as_ref().is_none_or(kind)
            && self.subject.as_ref().is_none_or(|wanted| text("subject") == wanted)
            && self.trace.as_ref().is_none_or(|wanted| text("trace") == wanted)
    }
}

fn cursor_of(text: &str) -> Result<Cursor, Problem> {
    text.parse().map_err(|error: cursor::ParseCursorError| Problem::bad_request(error.to_string()))
}

/// Journal lines of all services, in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalAnswer {
    /// The lines.
    #[schema(schema_with = lines_schema)]
    lines: Vec<Value>,
    /// What to ask for next (`after`).
    next: String,
    /// The services that did not answer: `next` goes on where their journals were read before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Service>,
}

/// The list of lines, which the description of the API defines by the kinds of events.
fn lines_schema() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(utoipa::openapi::Ref::from_schema_name("JournalLine"))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/journal",
    params(("tenant" = String, Path, description = "tenant id"), Selection), responses((status = 200, body = JournalAnswer)))]
pub(crate) async fn read(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<JournalAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection?;
    let cursor = selection.cursor()?;
    let limit = selection.limit.unwrap_or(LINES_MAX).clamp(1, LINES_MAX);
    tenants.credentials(tenant).await?;
    let reading = Service::ALL.map(|service| {
        let query = if selection.newest {
            selection.newest_query(limit)
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
    let (lines, next) = if selection.newest {
        merge::newest_first(journals, limit)
    } else {
        merge::merged(journals, cursor, limit)
    };
    Ok(Json(JournalAnswer { lines, next: next.to_string(), missing }))
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
    // A client that connects again continues behind the last event that it received.
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
