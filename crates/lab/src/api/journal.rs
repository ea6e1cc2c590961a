//! `/lab/tenants/{t}/journal`: the journals of all services as one.

mod cursor;
mod merge;
mod stream;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::Stream;
use futures::future::join_all;
use outlive_chassis::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

pub use cursor::Cursor;

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
}

impl Selection {
    fn cursor(&self) -> Result<Cursor, Problem> {
        match self.after.as_deref() {
            None | Some("" | "0") => Ok(Cursor::default()),
            Some(text) => text
                .parse()
                .map_err(|error: cursor::ParseCursorError| Problem::bad_request(error.to_string())),
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
        }
    }
}

/// Journal lines of all services, in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalAnswer {
    /// The lines.
    #[schema(value_type = Vec<Object>)]
    lines: Vec<Value>,
    /// What to ask for next (`after`).
    next: String,
    /// The services that did not answer: `next` goes on where their journals were read before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Service>,
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/journal",
    params(("tenant" = String, Path, description = "tenant id"), Selection), responses((status = 200, body = JournalAnswer)))]
pub(crate) async fn read(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<JournalAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let cursor = selection.cursor()?;
    let limit = selection.limit.unwrap_or(LINES_MAX).clamp(1, LINES_MAX);
    tenants.handout(tenant).await?;
    let reading = Service::ALL.map(|service| {
        let query = selection.query(cursor.of(service), limit);
        let surface = tenants.surface().clone();
        async move { surface.journal(service, tenant, &query).await }
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
    let (lines, next) = merge::merged(journals, cursor, usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Json(JournalAnswer { lines, next: next.to_string(), missing }))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/journal/stream",
    params(("tenant" = String, Path, description = "tenant id"), Selection),
    responses((status = 200, content_type = "text/event-stream", description = "one line of JSON for each event")))]
pub(crate) async fn follow(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, std::convert::Infallible>>>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let cursor = selection.cursor()?;
    tenants.handout(tenant).await?;
    let queries = Service::ALL.map(|service| (service, selection.query(cursor.of(service), LINES_MAX)));
    let lines = stream::live(tenants.surface().clone(), tenant, queries, cursor);
    Ok(Sse::new(lines).keep_alive(KeepAlive::default()))
}
