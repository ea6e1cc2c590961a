//! A cache of journal pages, shared by all followers of a tenant that are behind.
//!
//! Many clients that connect at once request the same pages. The first one reads a page; the others
//! wait for it and send the same bytes.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use outlive_chassis::pause;
use outlive_clock::TenantId;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

use super::cursor::{Cursor, render};
use super::merge::{merged_parts, seq_of};
use super::selection::Selection;
use super::words::add_words;
use crate::services::{LabSurface, Service};

/// Limits how many pages are read from the services at once, for all tenants.
static READS: Semaphore = Semaphore::const_new(2);

/// Bytes per second (wall time) that are sent to all followers that are behind, so that serving old
/// pages does not slow down the work that writes new events.
const BYTES_PER_SECOND: u64 = 32 * 1024 * 1024;
/// Held while a follower waits for its page's share of [`BYTES_PER_SECOND`]; fair, in order of
/// arrival.
static SENDING: Mutex<()> = Mutex::const_new(());

/// Number of events read from each service's journal for a page.
const PART_LINES: u32 = 200;
/// Maximum size of the pages cached for one tenant, in bytes.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Estimated size of a page, in bytes.
const PAGE_BYTES: usize = 256 * 1024;

/// Consecutive selected events, rendered.
#[derive(Clone)]
pub(super) struct Page {
    /// Server-sent events; may be empty.
    pub(super) events: Bytes,
    /// The read position after this page.
    pub(super) after: Cursor,
}

/// Why no page was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPage {
    /// The tenant was deleted: a service does not know it.
    TenantIsGone,
    /// No service with unread events responded.
    NoAnswer,
}

/// The cache key of a page.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Start {
    cursor: Cursor,
    selection: [Option<String>; 4],
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Start, Page> for ByBytes {
    fn weight(&self, _start: &Start, page: &Page) -> u64 {
        u64::try_from(page.events.len()).unwrap_or(u64::MAX).max(1)
    }
}

/// The recently read pages of one tenant.
pub(super) struct Backlog {
    surface: LabSurface,
    tenant: TenantId,
    pages: Cache<Start, Page, ByBytes>,
}

impl Backlog {
    pub(super) fn new(surface: LabSurface, tenant: TenantId) -> Self {
        let items = usize::try_from(BYTES_MAX).unwrap_or(usize::MAX) / PAGE_BYTES;
        let pages = OptionsBuilder::new()
            // One shard: a page may be larger than a share of the capacity.
            .shards(1)
            .estimated_items_capacity(items)
            .weight_capacity(BYTES_MAX)
            .build();
        let pages = match pages {
            Ok(options) => {
                Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), Default::default())
            }
            Err(_) => Cache::with_weighter(items, BYTES_MAX, ByBytes),
        };
        Self { surface, tenant, pages }
    }

    /// Returns the events after `cursor`, up to `target` or the end of a page. Journals are
    /// append-only, so the content does not depend on when the page is read.
    pub(super) async fn page(
        &self,
        selection: &Selection,
        cursor: Cursor,
        target: Cursor,
    ) -> Result<Page, NoPage> {
        let start = Start { cursor, selection: selection.criteria() };
        let page = self.pages.get_or_insert_async(&start, self.read(selection, cursor, target)).await?;
        let turn = SENDING.lock().await;
        pause(share_of_a_second(page.events.len())).await;
        drop(turn);
        Ok(page)
    }

    async fn read(&self, selection: &Selection, cursor: Cursor, target: Cursor) -> Result<Page, NoPage> {
        let Ok(_turn) = READS.acquire().await else { return Err(NoPage::NoAnswer) };
        let unread = |service| cursor.of(service) < target.of(service);
        let reading = Service::ALL.map(|service| async move {
            if !unread(service) {
                return Ok(Vec::new());
            }
            self.surface.journal(service, self.tenant, &selection.query(cursor.of(service), PART_LINES)).await
        });
        let part = usize::try_from(PART_LINES).unwrap_or(usize::MAX);
        let mut journals = Vec::new();
        let mut exhausted = Vec::new();
        for (service, answer) in Service::ALL.into_iter().zip(join_all(reading).await) {
            match answer {
                Ok(lines) => {
                    if unread(service) && lines.len() < part {
                        exhausted.push((service, lines.last().map_or(0, seq_of)));
                    }
                    journals.push(lines);
                }
                Err(error) if error.status == Some(404) => return Err(NoPage::TenantIsGone),
                // The page contains the other services' events; this service is read again when it
                // records its next event.
                Err(_) => journals.push(Vec::new()),
            }
        }
        let (mut lines, _) = merged_parts(journals, cursor, part);
        lines.iter_mut().for_each(add_words);
        let mut after = cursor;
        let mut events = Vec::new();
        for line in &lines {
            if let Some(service) = service_of(line) {
                after.reach(service, seq_of(line));
                render(&mut events, after, &line.to_string());
            }
        }
        for (service, last) in exhausted {
            if after.of(service) >= last {
                after.reach(service, after.of(service).max(target.of(service)));
            }
        }
        if after == cursor { Err(NoPage::NoAnswer) } else { Ok(Page { events: events.into(), after }) }
    }
}

fn share_of_a_second(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Duration::from_micros(bytes.saturating_mul(1_000_000) / BYTES_PER_SECOND)
}

fn service_of(line: &Value) -> Option<Service> {
    let name = line.get("service")?.as_str()?;
    Service::ALL.into_iter().find(|service| service.name() == name)
}
