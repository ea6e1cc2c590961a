//! Reading and following the journal.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::Stream;
use outlive_clock::{Instant, TenantId};
use outlive_journal::{Filter, Journal, LINES_MAX, Newest, NewestAbout, NewestOfKinds};
use outlive_wire::JournalLine;
use serde::{Deserialize, Serialize};

use super::surface::{Surface, tenant_of};
use crate::{Chassis, ClockError, Problem, Service, pause};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    #[serde(default)]
    after: i64,
    kind: Option<String>,
    subject: Option<String>,
    trace: Option<String>,
    about: Option<String>,
    /// Selects the newest lines, newest first; `after` is ignored. With `about`, only `kind`,
    /// `before_at` and `limit` apply, too.
    #[serde(default)]
    newest: bool,
    /// With `newest`: only notable events.
    #[serde(default)]
    notable: bool,
    /// Selects the newest notable lines of each of these kinds, separated by commas, newest first;
    /// of the other criteria, only `before_at` and `limit` apply.
    kinds: Option<String>,
    /// With `kinds`, or `newest` and `about`: only lines before this instant (virtual time).
    before_at: Option<Instant>,
    /// With `newest`: only lines before this sequence number.
    before: Option<i64>,
    #[serde(default = "default_limit")]
    limit: u32,
}

/// Maximum number of kinds in a query.
const KINDS_MAX: usize = 40;

const fn default_limit() -> u32 {
    LINES_MAX
}

impl Selection {
    fn filter(self, tenant: TenantId) -> Filter {
        Filter {
            tenant,
            after: self.after,
            kind: self.kind,
            subject: self.subject,
            trace: self.trace,
            about: self.about,
            limit: self.limit,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Page {
    lines: Vec<JournalLine>,
    next: i64,
}

pub(crate) async fn read<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(selection) = selection?;
    // Together: with PostgreSQL, each waits for the server.
    let known = async { Ok(surface.chassis.clocks.clock(tenant).await?) };
    let (_, page) = tokio::try_join!(known, read_selected(&surface.chassis.journal, tenant, selection))?;
    Ok(Json(page))
}

/// Reads the selected lines of a tenant; none if it does not exist.
async fn read_selected(journal: &Journal, tenant: TenantId, selection: Selection) -> Result<Page, Problem> {
    if let Some(kinds) = &selection.kinds {
        let wanted = NewestOfKinds {
            kinds: &kinds.split(',').take(KINDS_MAX).collect::<Vec<_>>(),
            before: selection.before_at.unwrap_or(Instant::MAX),
            limit: selection.limit,
        };
        let lines = journal.newest_of_kinds(tenant, wanted).await?;
        return Ok(Page { next: selection.after, lines });
    }
    if let (true, Some(name)) = (selection.newest, &selection.about) {
        let wanted = NewestAbout {
            name,
            kind: selection.kind.as_deref(),
            before: selection.before_at.unwrap_or(Instant::MAX),
            limit: selection.limit,
        };
        let lines = journal.newest_about(tenant, wanted).await?;
        return Ok(Page { next: selection.after, lines });
    }
    if selection.newest {
        let wanted = Newest {
            subject: selection.subject.as_deref(),
            trace: selection.trace.as_deref(),
            kind: selection.kind.as_deref(),
            notable: selection.notable,
            before: selection.before.unwrap_or(i64::MAX),
            limit: selection.limit,
        };
        let lines = journal.newest_first(tenant, wanted).await?;
        return Ok(Page { next: selection.after, lines });
    }
    let after = selection.after;
    let lines = journal.read(&selection.filter(tenant)).await?;
    let next = lines.last().map_or(after, |line| line.seq);
    Ok(Page { lines, next })
}

pub(crate) async fn follow<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Problem> {
    let tenant = tenant_of(&tenant)?;
    surface.chassis.clocks.clock(tenant).await?;
    let Query(selection) = selection?;
    let lines = live(surface.chassis.clone(), selection.filter(tenant));
    Ok(Sse::new(lines).keep_alive(KeepAlive::default()))
}

/// The polling interval for lines of other replicas, in wall time.
const NOTICE_WITHIN: Duration = Duration::from_secs(1);

/// Streams lines until the tenant is deleted.
fn live(chassis: Chassis, filter: Filter) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let commits = chassis.journal.commits();
    let state = (chassis, filter, commits, Vec::<JournalLine>::new().into_iter());
    futures::stream::unfold(state, |(chassis, mut filter, mut commits, mut waiting)| async move {
        loop {
            if let Some(line) = waiting.next() {
                filter.after = line.seq;
                let event = SseEvent::default().id(line.seq.to_string()).json_data(&line).unwrap_or_default();
                return Some((Ok(event), (chassis, filter, commits, waiting)));
            }
            commits.mark_unchanged();
            match chassis.journal.read(&filter).await {
                Ok(lines) if !lines.is_empty() => waiting = lines.into_iter(),
                Ok(_) => {
                    if let Err(ClockError::UnknownTenant(_)) = chassis.clocks.clock(filter.tenant).await {
                        return None;
                    }
                    tokio::select! {
                        changed = commits.changed() => if changed.is_err() { return None },
                        () = pause(NOTICE_WITHIN) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a follower of the journal was cut off");
                    return None;
                }
            }
        }
    })
}
