//! Pages of a tenant's journals, read once for all followers that are behind.
//!
//! A hundred clients that begin together ask for the same pages. The first reads a page, the others
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
use crate::services::{LabSurface, Service};

/// Pages that are read from the services at a time, for all tenants.
static READS: Semaphore = Semaphore::const_new(2);

/// Bytes that followers which are behind get in a second of wall time, all together: sending the
/// same pages to a hundred must not take the processor from the work that writes the events.
const BYTES_PER_SECOND: u64 = 32 * 1024 * 1024;
/// Held while a page's share of a second passes. Followers take turns, first come, first served.
static SENDING: Mutex<()> = Mutex::const_new(());

/// Events that are read of each service's journal for a page.
const PART_LINES: u32 = 200;
/// Bytes of pages kept for one tenant, at most.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Pages of about this size, in bytes, are expected.
const PAGE_BYTES: usize = 256 * 1024;

/// Consecutive events of the selected kind, as they are sent.
#[derive(Clone)]
pub(super) struct Page {
    /// Server-sent events; may be empty.
    pub(super) events: Bytes,
    /// Up to where each journal is read with this page.
    pub(super) after: Cursor,
}

/// Why no page was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPage {
    /// A service does not know the tenant.
    TenantIsGone,
    /// No service with unread events answered.
    NoAnswer,
}

/// What a page was read for.
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

/// The pages of one tenant that were read last.
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

    /// The events that follow `cursor`, up to `target` or the end of a page. What it contains does
    /// not depend on when it was read: events are only ever added behind it.
    ///
    /// # Errors
    /// The tenant is gone, or no service answered.
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
        let _turn = READS.acquire().await.map_err(|_| NoPage::NoAnswer)?;
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
                // The others' events are shown; its own are asked for again with its next event.
                Err(_) => journals.push(Vec::new()),
            }
        }
        let (lines, _) = merged_parts(journals, cursor, part);
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
