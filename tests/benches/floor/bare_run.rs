//! A bare run: everything that an hourly run needs, by bare services. A bare lab tells a bare flow
//! service that time has come, and asks a bare identity provider when it has work to do; the flow
//! service commits that the run begins, calls the resource through a bare hub, which refreshes its
//! token when that has expired, and commits that the run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use hyper::{Method, Uri};
use outlive_wire::ClockChange;
use serde_json::Value;

use crate::bare::{RowWriter, answer, data_of, serve_connections};
use crate::bare_services::{BareFlow, BareHub, BareIdp, BareJournal, BareResource, serve};
use crate::cost::{Each, Meter};
use crate::load::Connection;
use crate::messages::Keys;
use crate::upstream::Upstream;

/// Which calls have to wait for a new token: a part of all, evenly distributed.
#[derive(Clone)]
pub(crate) struct Refreshes {
    /// The address of a server that issues tokens.
    pub(crate) issuer: String,
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
    pub(crate) rows: RowWriter,
    pub(crate) row_bytes: usize,
    /// What the journals of flow service, hub and resource have of it.
    pub(crate) events: [Value; 3],
    /// The key of the connection.
    pub(crate) key: String,
    /// A token that the resource accepts.
    pub(crate) token: String,
    /// What the resource returns.
    pub(crate) orders: Value,
    pub(crate) refreshes: Refreshes,
}

/// A bare lab, which causes a number of runs at each request.
pub(crate) struct BareRuns {
    lab: String,
    runs: u64,
}

impl BareRuns {
    /// Starts the services.
    pub(crate) async fn start(parts: RunParts, runs: u64) -> Self {
        let RunParts { rows, row_bytes, events, key, token, orders, refreshes } = parts;
        let keys = Keys::new();
        let [of_flow, of_hub, of_resource] =
            events.map(|event| BareJournal { rows: rows.clone(), event, data: data_of(row_bytes) });
        let resource = serve(&keys, BareResource { journal: of_resource, orders }).await;
        let token = format!("Bearer {token}").parse().expect("a header");
        let hub = BareHub { keys: keys.clone(), journal: of_hub, resource, token, refreshes };
        let hub = serve(&keys, hub).await;
        let key = format!("Key {key}").parse().expect("a header");
        let flow = serve(&keys, BareFlow { keys: keys.clone(), journal: of_flow, hub, key }).await;
        let idp = serve(&keys, BareIdp(keys.clone())).await;
        let lab = serve_connections(move |stream| {
            let (flow, idp, keys) = (flow.clone(), idp.clone(), keys.clone());
            async move {
                let (flow, idp) = (Upstream::connect(&flow).await, Upstream::connect(&idp).await);
                let work = || advance(&keys, &flow, &idp, runs);
                answer(stream, Bytes::from_static(b"moved"), work).await;
            }
        })
        .await;
        Self { lab, runs }
    }

    /// The cost of one run.
    pub(crate) async fn measure(&self) -> Each {
        let mut connection = Connection::open(&self.lab).await;
        let meter = Meter::start(None);
        connection.exchange(b"POST / HTTP/1.1\r\nhost: lab\r\ncontent-length: 0\r\n\r\n").await;
        meter.each(self.runs)
    }
}

/// Causes a number of runs, one after the other.
async fn advance(keys: &Keys, flow: &Upstream, idp: &Upstream, runs: u64) {
    let [due, clock] = [
        "/_lab/tenants/00000000-0000-0000-0000-000000000000/due",
        "/_lab/tenants/00000000-0000-0000-0000-000000000000/clock",
    ]
    .map(Uri::from_static);
    let instant = |text: &str| text.parse().expect("an instant");
    let mut now = instant("2026-01-07T12:00:00Z");
    for _ in 0..runs {
        let change = ClockChange { now: Some(now), step: true, ..ClockChange::default() };
        let change = serde_json::to_vec(&change).expect("JSON").into();
        let (_, done) = flow.send(Method::POST, due.clone(), keys.of_lab(), change).await;
        let done: Value = serde_json::from_slice(&done).expect("JSON");
        now = instant(done["next_due"].as_str().expect("when the next run is due"));
        let (_, shown) = idp.send(Method::GET, clock.clone(), keys.of_lab(), Bytes::new()).await;
        let shown: Value = serde_json::from_slice(&shown).expect("JSON");
        assert!(shown["next_due"].is_null(), "the identity provider has nothing to do");
    }
}
