//! Calls to services of the same process, which accept one end of a pair of sockets.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::routing::{get, post};
use http::Method;
use outlive_chassis::{ServeLimits, serve, serve_within};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{chain, is_of_loop, on_loop, request};

/// Names from where it is called.
async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.to_string()
}

/// A service, at a port that is free or given.
struct Service {
    url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Service {
    async fn start(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route("/", get(peer));
        let served = tokio::spawn(serve(listener, app, async move { drop(stopped.await) }));
        Self { url: format!("http://127.0.0.1:{port}/"), stop, served }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.expect("no panic").expect("served");
    }
}

/// Calls twice from an event loop, and returns from where the service saw it.
async fn peer_of_loop(url: &str) -> SocketAddr {
    let url = url.to_owned();
    on_loop(async move {
        let mut peers = Vec::new();
        for _ in 0..2 {
            let response = request(Method::GET, &url).send().await.expect("a response");
            assert!(is_of_loop(&response));
            peers.push(response.text().await.expect("a text"));
        }
        assert_eq!(peers[0], peers[1]);
        peers[0].parse().expect("an address")
    })
    .await
}

fn is_pair(peer: SocketAddr) -> bool {
    let std::net::IpAddr::V4(address) = peer.ip() else { return false };
    address.octets()[..3] == [127, 0, 64] && peer.port() == 0
}

#[tokio::test]
async fn a_service_of_this_process_is_called_by_a_pair() {
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let service = Service::start(address).await;
        let peer = peer_of_loop(&service.url).await;
        assert!(is_pair(peer), "{address}: {peer}");
        let outside = request(Method::GET, &service.url).send().await.expect("a response");
        let outside: SocketAddr = outside.text().await.expect("a text").parse().expect("an address");
        assert!(!is_pair(outside), "{address}: {outside}");
    }
}

#[tokio::test]
async fn a_service_that_has_stopped_is_called_no_more_until_another_has_its_port() {
    let service = Service::start("127.0.0.1:0").await;
    let url = service.url.clone();
    assert!(is_pair(peer_of_loop(&url).await));
    service.stop().await;
    let called = {
        let url = url.clone();
        on_loop(async move { request(Method::GET, &url).send().await }).await
    };
    let error = chain(&called.expect_err("no service"));
    assert!(error.contains("onnection refused"), "{error}");
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let service = Service::start(address).await;
    assert!(is_pair(peer_of_loop(&service.url).await));
}

#[tokio::test]
async fn long_bodies_pass_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let app = Router::new().route("/", post(async |body: String| body)).layer(DefaultBodyLimit::disable());
    tokio::spawn(serve(listener, app, std::future::pending()));
    let sent: String = (0..500_000).map(|number| number.to_string()).collect();
    let received = {
        let sent = sent.clone();
        on_loop(async move {
            let sending = request(Method::POST, &url).body(sent).send();
            sending.await.expect("a response").text().await.expect("a text")
        })
        .await
    };
    assert!(received == sent, "{} of {} bytes", received.len(), sent.len());
}

#[tokio::test]
async fn callers_of_this_process_wait_for_places_as_others_do() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let limits = ServeLimits { connections: 1, ..ServeLimits::default() };
    tokio::spawn(serve_within(limits, listener, Router::new().route("/", get(peer)), std::future::pending()));
    let place = tokio::net::TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).await;
    let place = place.expect("the only place");
    let calling = tokio::spawn(async move { peer_of_loop(&url).await });
    outlive_chassis::pause(std::time::Duration::from_millis(200)).await;
    assert!(!calling.is_finished(), "it waits");
    drop(place);
    assert!(is_pair(calling.await.expect("no panic")));
}
