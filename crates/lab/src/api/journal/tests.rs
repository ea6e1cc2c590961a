//! The feed and its followers, over services that are journals and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use outlive_chassis::{HttpClient, LabKey, Trace};
use outlive_clock::{Randomness, TenantId};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::feed::Feeds;
use super::follower::Follower;
use super::{Cursor, Selection};
use crate::http::Http;
use crate::services::{LabSurface, Origin, Origins};

/// The longest wait for a written event, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A journal that only grows: line `n` is the number `n`.
#[derive(Clone)]
struct FakeJournal {
    name: &'static str,
    length: watch::Receiver<u64>,
    streams: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
}

#[derive(serde::Deserialize)]
struct JournalFilter {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    newest: bool,
    kind: Option<String>,
    about: Option<String>,
    #[serde(default = "all")]
    limit: u64,
}

const fn all() -> u64 {
    1_000
}

impl FakeJournal {
    fn line(&self, seq: u64) -> Value {
        let kind = if seq.is_multiple_of(10) { "run.finished" } else { "run.started" };
        let at = format!("2026-01-05T09:{:02}:{:02}Z", seq / 60 % 60, seq % 60);
        json!({"seq": seq, "service": self.name, "at": at, "wall": at, "kind": kind, "subject": "run:1", "trace": "0"})
    }

    fn lines(&self, wanted: &JournalFilter) -> Vec<Value> {
        let length = *self.length.borrow();
        if wanted.newest {
            return (1..=length).rev().take(1).map(|seq| self.line(seq)).collect();
        }
        let from = wanted.after + 1;
        (from..=length)
            .filter(|seq| wanted.about.is_none() || seq.is_multiple_of(7))
            .map(|seq| self.line(seq))
            .filter(|line| wanted.kind.as_ref().is_none_or(|kind| line["kind"] == **kind))
            .take(usize::try_from(wanted.limit).unwrap_or(usize::MAX))
            .collect()
    }
}

async fn read(State(journal): State<FakeJournal>, Query(wanted): Query<JournalFilter>) -> Json<Value> {
    journal.reads.fetch_add(1, Ordering::SeqCst);
    Json(json!({"lines": journal.lines(&wanted)}))
}

async fn stream(
    State(journal): State<FakeJournal>,
    Query(wanted): Query<JournalFilter>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    journal.streams.fetch_add(1, Ordering::SeqCst);
    let lines = futures::stream::unfold((journal, wanted.after), |(mut journal, seq)| async move {
        journal.length.wait_for(|length| *length > seq).await.ok()?;
        let event = Event::default().data(journal.line(seq + 1).to_string());
        Some((Ok(event), (journal, seq + 1)))
    });
    Sse::new(lines)
}

/// Four services whose journals have the same length.
struct Services {
    surface: LabSurface,
    length: watch::Sender<u64>,
    streams: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
}

impl Services {
    async fn start(length: u64) -> Self {
        let length = watch::Sender::new(length);
        let (streams, reads) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let mut origins = Vec::new();
        for name in ["idp", "hub", "resource", "flow"] {
            let journal = FakeJournal {
                name,
                length: length.subscribe(),
                streams: Arc::clone(&streams),
                reads: Arc::clone(&reads),
            };
            let app = Router::new()
                .route("/_lab/tenants/{tenant}/journal", get(read))
                .route("/_lab/tenants/{tenant}/journal/stream", get(stream))
                .with_state(journal);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            origins.push(Origin::same(&format!("http://{}", listener.local_addr().unwrap())));
            tokio::spawn(async move { axum::serve(listener, app).await });
        }
        let [idp, hub, resource, flow] = origins.try_into().unwrap();
        let http = Http::new(HttpClient::new().unwrap(), Trace::begin(&Randomness::from_seed(1)));
        let key = LabKey::new(&"k".repeat(32)).unwrap();
        let surface = LabSurface::new(
            http,
            Origins { idp, idp_tls: None, hub, resource, resource_tls: None, flow },
            key,
        );
        Self { surface, length, streams, reads }
    }

    fn follow(
        &self,
        feeds: &Feeds,
        selection: Value,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
        let tenant: TenantId = "c0470500-0000-4000-8000-000000000001".parse().unwrap();
        let selection: Selection = serde_json::from_value(selection).unwrap();
        let cursor = selection.cursor().unwrap();
        let feed = feeds.of(&self.surface, tenant);
        Follower::new(selection, cursor, feed).events()
    }
}

/// The lines of a stream and their cursors, until there are `count`.
async fn next(
    events: &mut (impl Stream<Item = Result<Bytes, Infallible>> + Unpin),
    count: usize,
) -> Vec<(Cursor, Value)> {
    let mut lines = Vec::new();
    timeout(SOON, async {
        while lines.len() < count {
            let Ok(chunk) = events.next().await.expect("the stream goes on");
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            for event in text.split("\n\n").filter(|event| event.starts_with("id: ")) {
                let (id, data) = event.split_once("\ndata: ").unwrap();
                lines.push((id[4..].parse().unwrap(), serde_json::from_str(data).unwrap()));
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{} of {count} lines", lines.len()));
    lines
}

/// Each journal's lines without a gap, from `first` to `last`, and the cursor at its end.
fn is_whole(lines: &[(Cursor, Value)], first: u64, last: u64) {
    for service in ["idp", "hub", "resource", "flow"] {
        let seqs: Vec<_> = lines
            .iter()
            .filter(|(_, line)| line["service"] == service)
            .map(|(_, line)| line["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, (first..=last).collect::<Vec<_>>(), "{service}");
    }
    assert_eq!(lines.last().unwrap().0.to_string(), format!("{last}-{last}-{last}-{last}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_share_one_stream_from_each_service_and_each_gets_every_line_once() {
    let services = Services::start(5).await;
    let feeds = Feeds::default();
    let mut followers: Vec<_> = (0..20).map(|_| Box::pin(services.follow(&feeds, json!({})))).collect();
    for follower in &mut followers {
        is_whole(&next(follower, 20).await, 1, 5);
    }
    services.length.send_replace(30);
    for follower in &mut followers {
        is_whole(&next(follower, 100).await, 6, 30);
    }
    // One that comes later, and one that continues where it stopped.
    let mut late = Box::pin(services.follow(&feeds, json!({})));
    is_whole(&next(&mut late, 120).await, 1, 30);
    let mut again = Box::pin(services.follow(&feeds, json!({"after": "10-10-10-10"})));
    is_whole(&next(&mut again, 80).await, 11, 30);
    assert_eq!(services.streams.load(Ordering::SeqCst), 4, "one for each service");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_is_slower_than_the_feed_reads_what_it_missed_from_the_journals() {
    let services = Services::start(1).await;
    let feeds = Feeds::default();
    let mut slow = Box::pin(services.follow(&feeds, json!({})));
    let mut quick = Box::pin(services.follow(&feeds, json!({})));
    is_whole(&next(&mut slow, 4).await, 1, 1);
    is_whole(&next(&mut quick, 4).await, 1, 1);
    // More batches than the feed keeps: the quick one waits for each.
    for length in 2..90 {
        services.length.send_replace(length);
        next(&mut quick, 4).await;
    }
    let reads = services.reads.load(Ordering::SeqCst);
    is_whole(&next(&mut slow, 4 * 88).await, 2, 89);
    assert!(services.reads.load(Ordering::SeqCst) > reads, "what it missed is no longer in the feed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_holds_for_what_is_written_already_and_for_what_comes() {
    let services = Services::start(20).await;
    let feeds = Feeds::default();
    let mut by_kind = Box::pin(services.follow(&feeds, json!({"kind": "run.finished"})));
    let mut by_name = Box::pin(services.follow(&feeds, json!({"about": "token-1"})));
    let seqs = |lines: Vec<(Cursor, Value)>| {
        lines
            .into_iter()
            .filter(|(_, line)| line["service"] == "flow")
            .map(|(_, line)| line["seq"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(next(&mut by_kind, 8).await), [10, 20]);
    assert_eq!(seqs(next(&mut by_name, 8).await), [7, 14]);
    services.length.send_replace(41);
    assert_eq!(seqs(next(&mut by_kind, 8).await), [30, 40]);
    assert_eq!(seqs(next(&mut by_name, 12).await), [21, 28, 35]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_ends_with_its_last_follower() {
    let services = Services::start(1).await;
    let feeds = Feeds::default();
    let tenant = "c0470500-0000-4000-8000-000000000001".parse().unwrap();
    let feed = feeds.of(&services.surface, tenant);
    let mut follower = Box::pin(services.follow(&feeds, json!({})));
    next(&mut follower, 4).await;
    let kept = Arc::downgrade(&feed);
    drop(feed);
    assert!(kept.upgrade().is_some());
    drop(follower);
    assert!(kept.upgrade().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_that_begin_together_share_the_pages_of_what_was_written_before() {
    const LENGTH: u64 = 2_500;
    let lines = usize::try_from(4 * LENGTH).unwrap();
    let services = Services::start(LENGTH).await;
    let feeds = Feeds::default();
    let mut first = Box::pin(services.follow(&feeds, json!({})));
    is_whole(&next(&mut first, lines).await, 1, LENGTH);
    let reads = services.reads.load(Ordering::SeqCst);
    let mut followers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut follower = Box::pin(services.follow(&feeds, json!({})));
        followers.spawn(async move { is_whole(&next(&mut follower, lines).await, 1, LENGTH) });
    }
    followers.join_all().await;
    assert_eq!(services.reads.load(Ordering::SeqCst), reads, "all pages were read before");
    // Also without one that read them before, and for a selection.
    let feeds = Feeds::default();
    let mut followers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut follower = Box::pin(services.follow(&feeds, json!({"kind": "run.finished"})));
        followers.spawn(async move { next(&mut follower, lines / 10).await.len() });
    }
    assert!(followers.join_all().await.into_iter().all(|count| count == lines / 10));
    let reads = services.reads.load(Ordering::SeqCst) - reads;
    // 4 to begin the feed, and a page of 1,000 lines is read from four journals.
    assert!(reads <= 4 + 4 * 3, "{reads} reads for 1,000 lines of 50 followers");
}
