//! A client that follows a tenant's journals: it reads the existing events, then the feed.
//!
//! A follower that is slower than the feed reads the events that it missed from the journals. It
//! delays no other follower, loses no event and needs no buffer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use outlive_chassis::pause;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::backlog::NoPage;
use super::cursor::{Cursor, render};
use super::feed::{Batch, Feed};
use super::selection::Selection;
use crate::services::Service;

/// Interval of the comments that keep an idle connection open (wall time).
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A client with its read position.
pub(super) struct Follower {
    selection: Selection,
    cursor: Cursor,
    feed: Arc<Feed>,
    batches: broadcast::Receiver<Arc<Batch>>,
    /// The position up to which it reads the journals before it continues with the feed.
    behind: Option<Cursor>,
    has_ended: bool,
}

impl Follower {
    pub(super) fn new(selection: Selection, cursor: Cursor, feed: Arc<Feed>) -> Self {
        // In this order, so that every event is before the position or in a later batch.
        let batches = feed.subscribe();
        let behind = Some(feed.positions());
        Self { selection, cursor, feed, batches, behind, has_ended: false }
    }

    /// Returns the stream of server-sent events, which ends when the tenant is deleted.
    pub(super) fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        futures::stream::unfold(self, |mut follower| async move {
            let events = follower.next().await?;
            Some((Ok(events), follower))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        while !self.has_ended {
            if let Some(target) = self.behind {
                if let Some(events) = self.read_journals(target).await {
                    return Some(events);
                }
                continue;
            }
            tokio::select! {
                received = self.batches.recv() => match received {
                    Ok(batch) => if let Some(events) = self.take(&batch) {
                        return Some(events);
                    },
                    Err(RecvError::Lagged(batches)) => {
                        tracing::debug!(batches, "a follower was too slow and reads the journals");
                        self.behind = Some(self.feed.positions());
                    }
                    Err(RecvError::Closed) => return None,
                },
                () = pause(KEEP_ALIVE) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
        None
    }

    /// Returns the selected events of a batch; `None` if it has to read the journals first.
    fn take(&mut self, batch: &Batch) -> Option<Bytes> {
        self.has_ended = batch.is_last;
        let is_behind =
            Service::ALL.iter().any(|service| self.cursor.of(*service) < batch.before.of(*service));
        // Only a query of the journals can tell which events are about a credential.
        if is_behind || (self.selection.about.is_some() && !batch.lines.is_empty()) {
            self.behind = Some(batch.after);
            return None;
        }
        if self.selection.is_everything() && self.cursor == batch.before {
            self.cursor = batch.after;
            return (!batch.rendered.is_empty()).then(|| batch.rendered.clone());
        }
        let mut events = Vec::new();
        for line in &batch.lines {
            if line.seq > self.cursor.of(line.service) {
                self.cursor.reach(line.service, line.seq);
                if self.selection.matches(&line.line) {
                    render(&mut events, self.cursor, &line.text);
                }
            }
        }
        self.reach(batch.after);
        (!events.is_empty()).then(|| events.into())
    }

    /// Returns the next page of the journals up to `target`; `None` when there are no more.
    async fn read_journals(&mut self, target: Cursor) -> Option<Bytes> {
        let is_behind = Service::ALL.iter().any(|service| self.cursor.of(*service) < target.of(*service));
        if !is_behind {
            self.behind = None;
            return None;
        }
        match self.feed.backlog().page(&self.selection, self.cursor, target).await {
            Ok(page) => {
                self.cursor = page.after;
                (!page.events.is_empty()).then_some(page.events)
            }
            Err(reason) => {
                self.behind = None;
                self.has_ended |= reason == NoPage::TenantIsGone;
                None
            }
        }
    }

    fn reach(&mut self, target: Cursor) {
        for service in Service::ALL {
            self.cursor.reach(service, self.cursor.of(service).max(target.of(service)));
        }
    }
}
