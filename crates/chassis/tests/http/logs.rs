//! What a request leaves in the log.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Method;
use outlive_chassis::LogFormat;
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
    /// The messages about requests of a trace.
    fn of(&self, trace: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text");
        let about = |line: &&str| line.contains(trace) && line.contains("a request ");
        text.lines().filter(about).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_message_shows_the_request_and_a_failure_is_logged_once_with_its_cause() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).event_format(LogFormat);
    // Of all tests of this program: others may log at the same time.
    tracing::subscriber::set_global_default(subscriber.with_writer(lines.clone()).finish())
        .expect("the only one");
    let scene = Scene::start().await;
    scene.create(1, &[]).await;

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = |method, path: &str, trace: &str| {
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let request = request(method, path).header("traceparent", parent);
        request.body(Body::from("{}")).expect("a request")
    };
    assert_eq!(scene.send(traced(Method::GET, &lab(1, "/clock"), trace)).await.status, 200);
    let logged = lines.of(trace);
    assert_eq!(logged.len(), 1, "{logged:?}");
    let (trace, tenant) = (format!("trace={trace}"), format!("tenant={}", tenant(1)));
    for part in ["service=\"reminders\"", "method=GET", &trace, &tenant, "outcome=200"] {
        assert!(logged[0].contains(part), "{part}: {logged:?}");
    }

    let trace = "5bf92f3577b34da6a3ce929d0e0e4736";
    scene.chassis.close().await;
    assert_eq!(scene.send(traced(Method::DELETE, &lab(1, ""), trace)).await.status, 503);
    let logged = lines.of(trace);
    assert_eq!(logged.len(), 1, "{logged:?}");
    for part in ["ERROR", "outcome=503", "a request failed", "error=", "the database failed"] {
        assert!(logged[0].contains(part), "{part}: {logged:?}");
    }
}
