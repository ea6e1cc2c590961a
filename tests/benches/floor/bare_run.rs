//! A bare run: what an hourly run needs, by bare services. A bare lab tells a bare flow service
//! that time has come, and tells a bare identity provider, too, which says when it has work to do;
//! the flow service commits that the run begins, calls the resource through a bare hub, which
//! refreshes its token when that has expired, and commits that the run has ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{Method, Uri};
use outlive_clock::Instant;
use outlive_wire::ClockChange;
use serde_json::Value;

use crate::bare::{Before, Rows, answer, data_of, serve_connections};
use crate::bare_services::{BareFlow, BareHub, BareIdp, BareJournal, BareResource, serve, stored};
use crate::cost::{Each, Meter};
use crate::load::Connection;
use crate::messages::Keys;
use crate::rotation::Seal;
use crate::run_json::{Clock, Done};
use crate::upstream::Upstream;

/// Which calls have to wait for a new token: a part of all, evenly distributed.
#[derive(Clone)]
pub(crate) struct Refreshes {
    /// The body of a request for one.
    pub(crate) body: Bytes,
    /// The number of refreshes in each 1,000 calls.
    pub(crate) per_thousand: u64,
    pub(crate) calls: Arc<AtomicU64>,
}

impl Refreshes {
    /// Counts a call. Returns whether it needs a new token.
    pub(crate) fn is_due(&self) -> bool {
        let before = self.calls.fetch_add(1, Ordering::Relaxed) * self.per_thousand;
        before / 1_000 < (before + self.per_thousand) / 1_000
    }
}

/// What a run of the system consists of.
pub(crate) struct RunParts {
    /// Where the databases of the services are.
    pub(crate) directory: PathBuf,
    /// Of the parameters of an average change, with the tokens that the hub stores.
    pub(crate) row_bytes: usize,
    /// What the journals of flow service, hub, resource, and hub have of the run, its call, the
    /// request, and new tokens.
    pub(crate) events: [Value; 4],
    /// The key of the connection.
    pub(crate) key: String,
    /// A token that the resource accepts.
    pub(crate) token: String,
    /// What the resource returns.
    pub(crate) orders: Value,
    pub(crate) refreshes: Refreshes,
    /// What a grant does, and returns.
    pub(crate) grant: Before,
    pub(crate) tokens: Value,
}

/// A bare lab, which causes a number of runs at each request.
pub(crate) struct BareRuns {
    lab: String,
    runs: u64,
    databases: Vec<Rows>,
}

impl BareRuns {
    /// Starts the services.
    pub(crate) async fn start(parts: RunParts, runs: u64) -> Self {
        let RunParts { directory, row_bytes, events, key, token, orders, refreshes, grant, tokens } = parts;
        let [of_run, of_call, of_request, refreshed] = events;
        let (keys, seal) = (Keys::new(), Seal::new());
        let stored =
            seal.seal(&stored(&tokens)).len() * usize::try_from(refreshes.per_thousand).expect("few");
        let data = data_of(row_bytes.saturating_sub(stored / 1_000 / CHANGES));
        let mut databases = Vec::new();
        for name in ["bare-flow", "bare-hub", "bare-resource", "bare-idp"] {
            databases.push(Rows::open(&directory, name).await);
        }
        let journal =
            |index: usize, event| BareJournal { rows: databases[index].writer(), event, data: data.clone() };
        let header = |text: String| text.parse::<HeaderValue>().expect("a header");
        let key = header(format!("Key {key}"));

        let rows = databases[3].writer();
        let idp = BareIdp { keys: keys.clone(), rows, data: data.clone(), grant, tokens };
        let idp = serve(&keys, idp).await;
        let resource = serve(&keys, BareResource { journal: journal(2, of_request), orders }).await;
        let hub = BareHub {
            keys: keys.clone(),
            journal: journal(1, of_call),
            refreshed,
            seal,
            key: key.clone(),
            upstreams: [resource, idp.clone()],
            token: header(format!("Bearer {token}")),
            refreshes,
        };
        let hub = serve(&keys, hub).await;
        let flow = BareFlow { keys: keys.clone(), journal: journal(0, of_run), hub, key };
        let flow = serve(&keys, flow).await;
        let lab = serve_connections(move |stream| {
            let (flow, idp, keys) = (flow.clone(), idp.clone(), keys.clone());
            async move {
                let (flow, idp) = (Upstream::connect(&flow).await, Upstream::connect(&idp).await);
                let work = || advance(&keys, &flow, &idp, runs);
                answer(stream, Bytes::from_static(b"moved"), work).await;
            }
        })
        .await;
        Self { lab, runs, databases }
    }

    /// The cost of one run.
    pub(crate) async fn measure(&self) -> Each {
        let mut connection = Connection::open(&self.lab).await;
        let meter = Meter::start(None);
        connection.exchange(b"POST / HTTP/1.1\r\nhost: lab\r\ncontent-length: 0\r\n\r\n").await;
        meter.each(self.runs)
    }

    pub(crate) async fn close(self) {
        for database in self.databases {
            database.close().await;
        }
    }
}

/// About how many changes a run needs.
const CHANGES: usize = 5;

/// Causes a number of runs, one after the other.
async fn advance(keys: &Keys, flow: &Upstream, idp: &Upstream, runs: u64) {
    let tenant = "/_lab/tenants/00000000-0000-0000-0000-000000000000";
    let [due, clock] =
        ["due", "clock"].map(|name| format!("{tenant}/{name}").parse::<Uri>().expect("a path"));
    let instant = |text: &str| text.parse::<Instant>().expect("an instant");
    let trace = keys.new_trace();
    let incarnation = Some(instant("2026-11-30T16:23:20.498716Z"));
    let mut now = instant("2026-01-07T12:00:00Z");
    for _ in 0..runs {
        let change = ClockChange { now: Some(now), step: true, incarnation, ..ClockChange::default() };
        let change = || serde_json::to_vec(&change).expect("JSON").into();
        let (_, done) = flow.send(Method::POST, due.clone(), keys.of_lab(&trace), change()).await;
        let done: Done = serde_json::from_slice(&done).expect("JSON");
        let (_, shown) = idp.send(Method::PUT, clock.clone(), keys.of_lab(&trace), change()).await;
        let shown: Clock = serde_json::from_slice(&shown).expect("JSON");
        assert!((done.done, shown.next_due) == (1, None), "the identity provider has nothing to do");
        now = instant(&done.next_due);
    }
}
