//! The flow service never holds a token of a data source, and no service stores a secret in plain
//! text: the real values, recorded on the wire, are searched for in every database, journal and
//! log.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use outlive_tests::{free_base, program};
use serde_json::{Value, json};

/// A proxy between the hub and the issuer that records responses.
#[derive(Clone)]
struct Wire {
    http: reqwest::Client,
    issuer: String,
    answers: Arc<Mutex<Vec<Value>>>,
}

async fn pass_on(State(wire): State<Wire>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let mut onward = wire.http.request(parts.method.clone(), format!("{}{path}", wire.issuer)).body(body);
    for name in ["content-type", "authorization", "traceparent", "client-request-id"] {
        if let Some(value) = parts.headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let answer = onward.send().await.expect("the issuer answers");
    let status = answer.status();
    let kind = answer.headers().get("content-type").cloned();
    let text = answer.text().await.expect("text");
    if let Ok(json) = serde_json::from_str(&text) {
        wire.answers.lock().expect("not poisoned").push(json);
    }
    let mut response = (status, text).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert("content-type", kind);
    }
    response
}

/// A service in a process of its own, killed when dropped.
struct Alone(Child);

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(home: &Path, service: &str, port: u16, environment: &[(&str, String)]) -> Alone {
    let log = File::create(home.join(format!("{service}.log"))).expect("writable");
    let mut command = Command::new(program());
    command
        .arg(service)
        .env("OUTLIVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("OUTLIVE_DATA", home.join(service))
        .env("OUTLIVE_LOG", "debug")
        .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("shared"))
        .stderr(log);
    Alone(command.spawn().expect("it starts"))
}

/// Common arguments of the separate services.
const LAB_KEY: &str = "a-key-of-all-services-0123456789abcdef";

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..3_000 {
        ticks.tick().await;
        if let Some(found) = look().await {
            return found;
        }
    }
    panic!("{what} did not come");
}

/// Returns every file below a directory that contains one of the values.
fn holders(directory: &Path, secrets: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(holders(&path, secrets));
            continue;
        }
        let bytes = std::fs::read(&path).expect("readable");
        for (what, value) in secrets {
            if bytes.windows(value.len()).any(|window| window == value.as_bytes()) {
                found.push(format!("{what} in {}", path.display()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_and_no_secret_is_ever_written_down() {
    let home = tempfile::tempdir().expect("writable");
    let base = free_base();
    let at = |offset: u16| format!("http://127.0.0.1:{}", base + offset);
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("nothing needed");
    let wire = Wire { http: http.clone(), issuer: at(1), answers: Arc::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let wire_at = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(
        axum::serve(listener, Router::new().fallback(pass_on).with_state(wire.clone())).into_future(),
    );

    let urls = |idp: &str| {
        vec![
            ("OUTLIVE_IDP_URL", idp.to_owned()),
            ("OUTLIVE_IDP_PUBLIC_URL", at(1)),
            ("OUTLIVE_HUB_URL", at(2)),
            ("OUTLIVE_RESOURCE_URL", at(3)),
            ("OUTLIVE_FLOW_URL", at(4)),
            ("OUTLIVE_ISSUER_ORIGINS", at(1)),
            ("OUTLIVE_LAB_KEY", LAB_KEY.to_owned()),
        ]
    };
    let _services = [
        start(home.path(), "idp", base + 1, &urls(&at(1))),
        start(home.path(), "hub", base + 2, &urls(&wire_at)),
        start(home.path(), "resource", base + 3, &urls(&at(1))),
        start(home.path(), "flow", base + 4, &urls(&at(1))),
        start(home.path(), "console", base, &urls(&at(1))),
    ];
    let lab = format!("{}/lab/tenants", at(0));
    let tenant = until("the first tenant", async || {
        let body: Value = http.get(&lab).send().await.ok()?.json().await.ok()?;
        Some(body["tenants"].get(0)?["tenant_id"].as_str()?.to_owned())
    })
    .await;
    let lab = format!("{lab}/{tenant}");
    let moved =
        http.post(format!("{lab}/clock")).json(&json!({"advance": "PT6H"})).send().await.expect("it answers");
    let moved: Value = moved.json().await.expect("JSON");
    assert!(moved["done"].as_u64().is_some_and(|done| done >= 6) && moved["failed"] == 0, "{moved}");
    let event = json!({"type": "password_change", "user": "owner", "new_password": "Another-Pass-42!"});
    let changed = http.post(format!("{lab}/events")).json(&event).send().await.expect("it answers");
    assert!(changed.status().is_success());

    let credentials: Value = http.get(&lab).send().await.expect("it answers").json().await.expect("JSON");
    let mut secrets = vec![
        ("the lab key".to_owned(), LAB_KEY.to_owned()),
        ("a new password".to_owned(), "Another-Pass-42!".to_owned()),
    ];
    for user in credentials["users"].as_array().expect("users") {
        secrets.push((format!("the password of {}", user["role"]), text(&user["password"])));
    }
    for application in credentials["applications"].as_array().expect("applications") {
        if application["secret"].is_string() {
            secrets.push((format!("the secret of {}", application["name"]), text(&application["secret"])));
        }
    }
    let answers = wire.answers.lock().expect("not poisoned").clone();
    let mut refreshed = 0;
    for answer in &answers {
        for name in ["access_token", "refresh_token", "id_token"] {
            if answer[name].is_string() {
                secrets.push((format!("the hub's {name}"), text(&answer[name])));
                refreshed += usize::from(name == "refresh_token");
            }
        }
    }
    assert!(refreshed >= 4, "the hub redeemed a code and refreshed: {answers:?}");
    assert!(secrets.iter().all(|(_, value)| value.len() >= 12), "{secrets:?}");

    let found = holders(home.path(), &secrets);
    assert!(found.is_empty(), "{found:#?}");
    // The search does find what is there: the owner's name, in the flow's journal and the issuer's.
    let known = [("the tenant's id".to_owned(), tenant.clone())];
    for service in ["idp", "hub", "resource", "flow", "console"] {
        assert!(
            !holders(&home.path().join(service), &known).is_empty(),
            "{service} keeps its data elsewhere"
        );
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
