//! One feed of a tenant's journals for all followers: one stream per service, independent of the
//! number of clients. It buffers only the newest events; a follower that misses some reads them
//! from the journals.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use outlive_chassis::pause;
use outlive_clock::TenantId;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::backlog::Backlog;
use super::cursor::{Cursor, render};
use super::merge::seq_of;
use super::words::add_words;
use crate::services::{JournalQuery, LabSurface, Service};

/// How long events are collected before they are sent in one batch (wall time): the cost per
/// follower does not depend on the size of a batch.
const GATHER: Duration = Duration::from_millis(40);
/// Capacity of the queue of events; when it is full, the services' streams wait.
const WAITING_MAX: usize = 2_048;
/// Maximum number of events in a batch.
const BATCH_MAX: usize = 1_024;
/// Number of batches buffered for slow followers.
const BATCHES_MAX: usize = 64;
/// Delay before a broken stream is reopened (wall time).
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// An event with its rendered text.
pub(super) struct FeedLine {
    pub(super) service: Service,
    pub(super) seq: u64,
    pub(super) line: Value,
    pub(super) text: String,
}

/// Events that are sent together.
pub(super) struct Batch {
    /// The read position before the batch.
    pub(super) before: Cursor,
    /// The read position after it.
    pub(super) after: Cursor,
    /// The events, in the order of each journal.
    pub(super) lines: Vec<FeedLine>,
    /// All events as server-sent events, for followers whose position is `before`.
    pub(super) rendered: Bytes,
    /// Whether the tenant was deleted, so that no batch follows.
    pub(super) is_last: bool,
}

/// The new events of one tenant. The feed ends when its last follower drops it.
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
    /// The stream of a service starts after this sequence number.
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

    /// Subscribes to all later batches.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Batch>> {
        self.shared.batches.subscribe()
    }

    /// Returns the earlier events.
    pub(super) const fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Returns the read position; all later events are in later batches.
    pub(super) fn positions(&self) -> Cursor {
        *self.shared.positions.lock()
    }
}

impl Shared {
    fn publish(&self, gathered: &mut Vec<News>, is_last: bool) {
        let mut positions = self.positions.lock();
        for news in gathered.iter() {
            if let News::Begins(service, seq) = news {
                positions.reach(*service, *seq);
            }
        }
        let before = *positions;
        let mut rendered = Vec::new();
        let mut lines = Vec::new();
        for news in gathered.drain(..) {
            let News::Line(service, mut line) = news else { continue };
            add_words(&mut line);
            let (seq, text) = (seq_of(&line), line.to_string());
            positions.reach(service, seq);
            render(&mut rendered, *positions, &text);
            lines.push(FeedLine { service, seq, line, text });
        }
        let batch = Batch { before, after: *positions, lines, rendered: rendered.into(), is_last };
        // Fails only without followers, when the feed is about to end.
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

/// Forwards the new events of one service until the tenant is deleted. A broken stream is resumed.
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

/// The feeds with followers. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Feeds(Arc<Mutex<HashMap<TenantId, Weak<Feed>>>>);

impl Feeds {
    /// Returns the tenant's feed, which all its followers share.
    pub(super) fn of(&self, surface: &LabSurface, tenant: TenantId) -> Arc<Feed> {
        let mut feeds = self.0.lock();
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if let Some(feed) = feeds.get(&tenant).and_then(Weak::upgrade) {
            return feed;
        }
        let feed = Arc::new(Feed::start(surface, tenant));
        feeds.insert(tenant, Arc::downgrade(&feed));
        feed
    }
}
