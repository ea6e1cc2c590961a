//! The unavoidable parts of the work, each at its bare cost in this process.

use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use outlive_clock::{Instant, Randomness, Span, wall_now};
use outlive_store::{DatabaseUrl, Migration, Store, sql};
use outlive_tests::Database;
use outlive_tokens::{SigningKey, TokenVersion, sign_rs256};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

use crate::cost::{Each, Meter};
use crate::run_tables::RUN_TABLES;

/// A key, and a token of the usual size signed by it.
pub(crate) struct Signing {
    key: SigningKey,
    claims: Value,
    signed: String,
    signature: Vec<u8>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Signing {
    pub(crate) fn new() -> Self {
        let mut stream = Randomness::from_seed(1).stream("benchmark");
        let key = SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key");
        let claims = json!({"aud": "api://contoso-orders", "filler": "x".repeat(600)});
        let token = sign_rs256(&key, TokenVersion::V1, &claims);
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let (modulus, exponent) = (decode(key.modulus()), decode(key.exponent()));
        Self { signed: signed.to_owned(), signature: decode(signature), modulus, exponent, key, claims }
    }

    pub(crate) fn token(&self) -> String {
        sign_rs256(&self.key, TokenVersion::V1, &self.claims)
    }

    /// The cost of a signature, while all cores sign.
    pub(crate) fn sign(&self, time: Span) -> Each {
        on_all_cores(time, || {
            std::hint::black_box(self.token());
        })
    }

    /// The cost of a verification, while all cores verify.
    pub(crate) fn verify(&self, time: Span) -> Each {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        on_all_cores(time, || {
            key.verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature).expect("valid");
        })
    }
}

fn on_all_cores(time: Span, work: impl Fn() + Sync) -> Each {
    let (meter, done, end) = (Meter::start(None), AtomicU64::new(0), wall_now() + time);
    std::thread::scope(|scope| {
        for _ in 0..crate::machine::cores() {
            scope.spawn(|| {
                while wall_now() < end {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    meter.each(done.load(Ordering::Relaxed))
}

/// Starts an HTTP server that reads requests and returns `length` bytes, on the runtime of the load
/// generator: no exchange wakes another thread. Returns its address.
pub(crate) async fn serve(length: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address").to_string();
    let body = Bytes::from(vec![b'x'; length]);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("connections are accepted");
            tokio::spawn(answer(stream, body.clone(), || std::future::ready(())));
        }
    });
    address
}

/// What a bare server does for a request before it writes a row.
pub(crate) type Before = Arc<dyn Fn() + Send + Sync>;

/// As [`serve`], but each request writes a row, after other work if there is any, on an event loop
/// per core, as the services of the system do: the unavoidable parts of a request, together.
pub(crate) async fn serve_rows(
    length: usize,
    before: Option<Before>,
    rows: RowWriter,
    (kind, row_bytes): (RowKind, usize),
) -> String {
    let body = Bytes::from(vec![b'x'; length]);
    let data = data_of(row_bytes);
    let work = move || {
        let (before, rows, data) = (before.clone(), rows.clone(), data.clone());
        async move {
            if let Some(before) = before {
                before();
            }
            match kind {
                RowKind::Plain => rows.insert(&data).await,
                RowKind::Found => rows.insert_event(&data).await,
            }
        }
    };
    serve_connections(move |stream| answer(stream, body.clone(), work.clone())).await
}

/// Starts to serve a connection, on an event loop.
type Start = Box<dyn FnOnce() + Send>;

/// An event loop per core, for all bare servers, as all services of the system share them.
static LOOPS: LazyLock<Vec<mpsc::UnboundedSender<Start>>> = LazyLock::new(|| {
    let start_loop = |_| {
        let (sender, mut starts) = mpsc::unbounded_channel::<Start>();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            LocalSet::new().block_on(&runtime, async {
                while let Some(start) = starts.recv().await {
                    start();
                }
            });
        });
        sender
    };
    (0..crate::machine::cores()).map(start_loop).collect()
});

/// Serves each connection to a new socket, on the event loops by turns. Returns its address.
pub(crate) async fn serve_connections<F>(serve: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address").to_string();
    tokio::spawn(accept(listener, serve));
    address
}

async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F + Clone + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    for event_loop in LOOPS.iter().cycle() {
        let (stream, _) = listener.accept().await.expect("connections are accepted");
        let (stream, serve) = (stream.into_std().expect("a socket"), serve.clone());
        let start = move || drop(spawn_local(serve(TcpStream::from_std(stream).expect("a runtime"))));
        event_loop.send(Box::new(start)).expect("the loop runs");
    }
}

/// Answers the requests of a connection until the load generator closes it.
pub(crate) async fn answer<F>(stream: TcpStream, body: Bytes, work: impl Fn() -> F)
where
    F: Future<Output = ()>,
{
    stream.set_nodelay(true).expect("an option of TCP");
    let answer = service_fn(|request: Request<Incoming>| {
        let (body, work) = (body.clone(), work());
        async move {
            let _ = request.into_body().collect().await;
            work.await;
            Ok::<_, Infallible>(Response::new(Full::new(body)))
        }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

const ROWS: Migration = Migration {
    version: 1,
    name: "rows",
    sql: "CREATE TABLE rows (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    data TEXT NOT NULL
);
",
};

/// The bytes of a row without data: a number has eight, the tenant one.
const ROW_BYTES_MIN: usize = 9;

/// The data of a row with `bytes` bytes of parameters.
pub(crate) fn data_of(bytes: usize) -> String {
    "x".repeat(bytes.saturating_sub(ROW_BYTES_MIN))
}

/// A store of its own, beside the data of the system.
pub(crate) struct Rows {
    writer: RowWriter,
    /// Dropped after the store.
    _database: Database,
}

/// Whether rows are only kept, or also found: by an index, as [`run_tables`](crate::run_tables) has
/// them.
#[derive(Clone, Copy)]
pub(crate) enum RowKind {
    Plain,
    Found,
}

/// Inserts rows.
#[derive(Clone)]
pub(crate) struct RowWriter {
    pub(crate) store: Store,
    next: Arc<AtomicU64>,
}

impl RowWriter {
    pub(crate) fn next(&self) -> i64 {
        i64::try_from(self.next.fetch_add(1, Ordering::Relaxed)).expect("few")
    }

    pub(crate) async fn insert(&self, data: &str) {
        let insert = sql!("INSERT INTO rows (seq, tenant, data) VALUES ($1, $2, $3)", self.next(), "t", data);
        self.store.commit(insert.expect_rows(1)).await.expect("it is written");
    }
}

impl Rows {
    pub(crate) async fn open(directory: &Path, name: &str) -> Self {
        let database = Database::from_environment();
        let url = match database.url() {
            Some(url) => DatabaseUrl::postgres(&url).expect("a URL of PostgreSQL"),
            None => DatabaseUrl::Sqlite(directory.join(format!("{name}.db"))),
        };
        let store =
            Store::open(&url, "floor", &[("floor", &[ROWS, RUN_TABLES])]).await.expect("a new database");
        Self { writer: RowWriter { store, next: Arc::default() }, _database: database }
    }

    pub(crate) fn writer(&self) -> RowWriter {
        self.writer.clone()
    }

    /// The cost of a durable row with `bytes` bytes of parameters, written by a number of
    /// concurrent tasks, which share commits.
    pub(crate) async fn write(&self, bytes: usize, writers: usize, time: Span) -> Each {
        let data = data_of(bytes);
        let first = self.writer.next.load(Ordering::Relaxed);
        let (meter, end) = (Meter::start(None), wall_now() + time);
        let writers: Vec<_> = (0..writers)
            .map(|_| {
                let (writer, data) = (self.writer(), data.clone());
                tokio::spawn(async move {
                    while wall_now() < end {
                        writer.insert(&data).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("every row is written");
        }
        meter.each(self.writer.next.load(Ordering::Relaxed) - first)
    }

    pub(crate) async fn close(self) {
        self.writer.store.close().await;
    }
}
