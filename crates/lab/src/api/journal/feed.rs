//! One feed of a tenant's journals for all who follow it: one stream from each service, however
//! many clients there are. It holds only the newest events; what a follower misses is in the
//! journals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use outlive_chassis::pause;
use outlive_clock::TenantId;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::backlog::Backlog;
use super::cursor::{Cursor, render};
use super::merge::seq_of;
use crate::services::{JournalQuery, LabSurface, Service};

/// How long, in wall time, events are gathered before followers get them together: a follower costs
/// as much for a hundred events as for one.
const GATHER: Duration = Duration::from_millis(40);
/// Events that wait to be gathered, at most; then the services' streams wait.
const WAITING_MAX: usize = 2_048;
/// Events in one batch, at most.
const BATCH_MAX: usize = 1_024;
/// Batches kept for slow followers, at most.
const BATCHES_MAX: usize = 64;
/// How long, in wall time, until a broken stream is opened again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// An event as followers get it.
pub(super) struct FeedLine {
    pub(super) service: Service,
    pub(super) seq: u64,
    pub(super) line: Value,
    pub(super) text: String,
}

/// Events that were gathered together.
pub(super) struct Batch {
    /// Up to where each journal was read before.
    pub(super) before: Cursor,
    /// Up to where each journal is read with this batch.
    pub(super) after: Cursor,
    /// The events, in the order of each journal.
    pub(super) lines: Vec<FeedLine>,
    /// All of them as server-sent events, for followers that read from `before`.
    pub(super) rendered: Bytes,
    /// The tenant is gone; nothing follows.
    pub(super) is_last: bool,
}

/// The events of one tenant as they are written. It ends when its last follower drops it.
pub(super) struct Feed {
    shared: Arc<Shared>,
    backlog: Backlog,
    _tasks: JoinSet<()>,
}

struct Shared {
    positions: Mutex<Cursor>,
    batches: broadcast::Sender<Arc<Batch>>,
}

enum News {
    /// A service's journal is read from here on.
    Begins(Service, u64),
    Line(Service, Value),
}

impl Feed {
    fn start(surface: &LabSurface, tenant: TenantId) -> Self {
        let shared = Arc::new(Shared {
            positions: Mutex::new(Cursor::default()),
            batches: broadcast::Sender::new(BATCHES_MAX),
        });
        let (news, received) = mpsc::channel(WAITING_MAX);
        let mut tasks = JoinSet::new();
        for service in Service::ALL {
            tasks.spawn(relay(surface.clone(), service, tenant, news.clone()));
        }
        tasks.spawn(collect(received, Arc::clone(&shared)));
        Self { shared, backlog: Backlog::new(surface.clone(), tenant), _tasks: tasks }
    }

    /// Every batch from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Batch>> {
        self.shared.batches.subscribe()
    }

    /// What was written before.
    pub(super) const fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Up to where each journal was read. All that follows is in later batches.
    pub(super) fn positions(&self) -> Cursor {
        *self.shared.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn publish(&self, gathered: &mut Vec<News>, is_last: bool) {
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        for news in gathered.iter() {
            if let News::Begins(service, seq) = news {
                positions.reach(*service, *seq);
            }
        }
        let before = *positions;
        let mut rendered = Vec::new();
        let mut lines = Vec::new();
        for news in gathered.drain(..) {
            let News::Line(service, line) = news else { continue };
            let (seq, text) = (seq_of(&line), line.to_string());
            positions.reach(service, seq);
            render(&mut rendered, *positions, &text);
            lines.push(FeedLine { service, seq, line, text });
        }
        let batch = Batch { before, after: *positions, lines, rendered: rendered.into(), is_last };
        // Without followers there is nothing to send; the feed ends in a moment.
        let _ = self.batches.send(Arc::new(batch));
    }
}

async fn collect(mut received: mpsc::Receiver<News>, shared: Arc<Shared>) {
    let mut gathered = Vec::new();
    while received.recv_many(&mut gathered, BATCH_MAX).await > 0 {
        pause(GATHER).await;
        while gathered.len() < BATCH_MAX
            && let Ok(more) = received.try_recv()
        {
            gathered.push(more);
        }
        shared.publish(&mut gathered, false);
    }
    shared.publish(&mut gathered, true);
}

/// Passes one service's events on, from the end of its journal. A stream that breaks is opened
/// again where it broke; it ends with the tenant.
async fn relay(surface: LabSurface, service: Service, tenant: TenantId, news: mpsc::Sender<News>) {
    let newest = JournalQuery { newest: true, limit: Some(1), ..JournalQuery::default() };
    let begin = loop {
        match surface.journal(service, tenant, &newest).await {
            Ok(lines) => break lines.first().map_or(0, seq_of),
            Err(error) if error.status == Some(404) => return,
            Err(_) => pause(RETRY_AFTER).await,
        }
    };
    if news.send(News::Begins(service, begin)).await.is_err() {
        return;
    }
    let mut query = JournalQuery { after: begin, ..JournalQuery::default() };
    loop {
        let pass_on = |line| news.send(News::Line(service, line));
        match surface.follow(service, tenant, &mut query, pass_on).await {
            Err(error) if error.status == Some(404) => return,
            Err(error) => tracing::debug!(%service, %error, "a journal stream broke and is opened again"),
            Ok(()) => {}
        }
        pause(RETRY_AFTER).await;
    }
}

/// The feeds that have followers. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Feeds(Arc<Mutex<HashMap<TenantId, Weak<Feed>>>>);

impl Feeds {
    /// The tenant's feed, which all its followers share.
    pub(super) fn of(&self, surface: &LabSurface, tenant: TenantId) -> Arc<Feed> {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if let Some(feed) = feeds.get(&tenant).and_then(Weak::upgrade) {
            return feed;
        }
        let feed = Arc::new(Feed::start(surface, tenant));
        feeds.insert(tenant, Arc::downgrade(&feed));
        feed
    }
}
