//! What a request leaves in the log.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Method;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use crate::scene::{Scene, lab, request, tenant};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// The messages of requests since the last call.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        let text = String::from_utf8(bytes).expect("text");
        text.lines().filter(|line| line.contains("a request ")).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_message_shows_the_request_and_a_failure_is_logged_once_with_its_cause() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(lines.clone()).finish());
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    lines.take();

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let traced = request(Method::GET, &lab(1, "/clock")).header("traceparent", parent);
    assert_eq!(scene.send(traced.body(Body::empty()).expect("a request")).await.status, 200);
    let logged = lines.take();
    assert_eq!(logged.len(), 1, "{logged:?}");
    let (trace, tenant) = (format!("trace={trace}"), format!("tenant={}", tenant(1)));
    for part in ["service=\"reminders\"", "method=GET", &trace, &tenant, "outcome=200"] {
        assert!(logged[0].contains(part), "{part}: {logged:?}");
    }

    scene.chassis.close().await;
    assert_eq!(scene.put(&lab(2, ""), json!({})).await.status, 503);
    let logged = lines.take();
    assert_eq!(logged.len(), 1, "{logged:?}");
    for part in ["ERROR", "outcome=503", "a request failed", "error=", "the database failed"] {
        assert!(logged[0].contains(part), "{part}: {logged:?}");
    }
}
