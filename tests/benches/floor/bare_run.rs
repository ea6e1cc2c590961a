//! A bare run: everything that an hourly run needs, by bare services that look up nothing and check
//! nothing. A bare lab tells a bare flow service that time has come, and asks a bare identity
//! provider when it has work to do; the flow service commits that the run begins, calls the
//! resource through a bare hub, which refreshes its token when that has expired, and commits that
//! the run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use hyper::{Method, Uri};

use crate::bare::{answer, serve_connections};
use crate::cost::{Each, Meter};
use crate::load::Connection;
use crate::upstream::Upstream;

/// As long as a clock change, and as the state of a clock, in JSON.
pub(crate) const CLOCK: &[u8] = &[b'x'; 110];

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

/// A bare lab, which causes a number of runs at each request.
pub(crate) struct BareRuns {
    lab: String,
    runs: u64,
}

impl BareRuns {
    /// `flow` and `idp` are the addresses of bare services.
    pub(crate) async fn start(flow: String, idp: String, runs: u64) -> Self {
        let lab = serve_connections(move |stream| {
            let (flow, idp) = (flow.clone(), idp.clone());
            async move {
                let flow = Upstream::connect(&flow, "Bearer of-the-lab").await;
                let idp = Upstream::connect(&idp, "Bearer of-the-lab").await;
                let work = move || {
                    let (flow, idp) = (flow.clone(), idp.clone());
                    async move {
                        let (uri, clock) = (Uri::from_static("/_lab/clock"), Bytes::from_static(CLOCK));
                        for _ in 0..runs {
                            flow.send(Method::POST, uri.clone(), clock.clone()).await;
                            idp.send(Method::PUT, uri.clone(), clock.clone()).await;
                        }
                    }
                };
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
