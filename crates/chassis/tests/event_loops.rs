//! Connections are served on event loops. A test program of its own: a process starts them once.
//!
//! `scripts/test-programs` runs it alone: it expects that a loop without work is free at once.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use outlive_chassis::{EventLoops, HttpClient, ServeLimits, Trace, pause, serve_within};
use outlive_clock::Randomness;
use reqwest::{Client, Method};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

fn this_thread() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

/// Serves `app`, and returns its address.
async fn serving(app: Router, evenly: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let limits = ServeLimits { evenly, ..ServeLimits::default() };
    tokio::spawn(serve_within(limits, listener, app, std::future::pending()));
    url
}

/// Names the thread of this request, and that of a request to another service.
async fn outer(State((http, inner)): State<(HttpClient, String)>) -> String {
    let trace = Trace::begin(&Randomness::from_seed(1));
    let called = http.request(&trace, Method::GET, &inner).send().await.expect("an answer");
    format!("{} {}", this_thread(), called.text().await.expect("a text"))
}

async fn text(client: &Client, url: &str) -> String {
    client.get(url).send().await.expect("an answer").text().await.expect("a text")
}

#[tokio::test]
async fn a_request_and_its_calls_stay_on_one_thread_and_loops_share_the_others() {
    let event_loops = EventLoops::start().expect("threads");
    let inner = serving(Router::new().route("/", get(async || this_thread())), false).await;
    let http = HttpClient::new().expect("a client");
    let slow = async || {
        let thread = this_thread();
        pause(Duration::from_secs(1)).await;
        thread
    };
    let app = Router::new().route("/", get(outer)).route("/slow", get(slow));
    let app = app.with_state((http, format!("{inner}/")));
    let (url, evenly) = (serving(app.clone(), false).await, serving(app, true).await);

    let mut seen = Vec::new();
    for _ in 0..8 {
        // A client of its own has a connection of its own.
        let both = text(&Client::new(), &format!("{url}/")).await;
        let (outer, inner) = both.split_once(' ').expect("two names");
        assert!(outer.starts_with("loop-"), "{both}");
        if cfg!(target_os = "linux") {
            assert_eq!(outer, inner, "a call stays on the thread of its request");
        }
        seen.push(outer.to_owned());
    }
    seen.sort();
    seen.dedup();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(seen.len(), cores.min(8), "connections are distributed: {seen:?}");

    // A loop with a request in progress gets no other while one is idle: neither a connection nor a
    // request of one that it has.
    let mut kept = Vec::new();
    for _ in 0..2 * cores {
        let client = Client::new();
        let thread = text(&client, &inner).await;
        kept.push((client, thread));
    }
    let busy = tokio::spawn(async move { text(&Client::new(), &format!("{url}/slow")).await });
    pause(Duration::from_millis(300)).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(text(&Client::new(), &inner).await);
    }
    for (client, _) in &kept {
        others.push(text(client, &inner).await);
    }
    let busy = busy.await.expect("it ran");
    assert!(kept.iter().any(|(_, thread)| *thread == busy), "{busy} has a connection of the kept ones");
    assert!(cores == 1 || !others.contains(&busy), "{busy} is busy: {others:?}");

    // Long requests of connections of one loop are handled by all.
    let mut clients: BTreeMap<String, Vec<Client>> = BTreeMap::new();
    for _ in 0..3 * cores * cores {
        let client = Client::new();
        let both = text(&client, &format!("{evenly}/")).await;
        let (thread, _) = both.split_once(' ').expect("two names");
        clients.entry(thread.to_owned()).or_default().push(client);
    }
    let loops: Vec<_> = clients.keys().cloned().collect();
    let of_one = clients.remove(&loops[0]).expect("it has some");
    assert!(of_one.len() >= 2 * loops.len(), "{} connections are of one loop", of_one.len());
    let mut requests = JoinSet::new();
    for client in of_one.into_iter().take(2 * loops.len()) {
        let slow = format!("{evenly}/slow");
        requests.spawn(async move { text(&client, &slow).await });
    }
    let mut threads = requests.join_all().await;
    threads.sort();
    let expected: Vec<_> = loops.iter().flat_map(|name| [name.clone(), name.clone()]).collect();
    assert_eq!(threads, expected);
    tokio::task::spawn_blocking(move || event_loops.stop()).await.expect("it stops");
}
