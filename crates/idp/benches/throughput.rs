//! Throughput of the token endpoint relative to raw signing: `cargo bench -p outlive-idp --bench
//! throughput`.
//!
//! 32 connections over loopback request tokens, each with one RSA signature and one durable journal
//! event; the load generator uses the same cores. In the same run, the cores do nothing but sign.
//! Then the same in a tenant with 100,000 more users, applications and journal events. At half the
//! load: median and 99th percentile.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/browser.rs"]
mod browser;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/client.rs"]
mod client;
#[path = "throughput/cost.rs"]
mod cost;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/installation.rs"]
mod installation;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/tenant.rs"]
mod tenant;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/tokens.rs"]
mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use outlive_clock::Randomness;
use outlive_store::{Change, sql};
use outlive_tokens::{SigningKey, TokenVersion, sign_rs256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::App;
use crate::cost::Cost;
use crate::tenant::{BEGIN, ORDERS, READ, Tenant};

const CONNECTIONS: usize = 32;
const MEASURE: Duration = Duration::from_secs(5);
const MANY: i64 = 100_000;

#[expect(clippy::disallowed_methods, reason = "this measures wall time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the load is paced in wall time")]
async fn sleep(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Returns signatures per second on all cores, and the cost of one.
fn raw_signing() -> (f64, Option<Cost>) {
    let mut stream = Randomness::from_seed(1).stream("signing-key");
    let key =
        SigningKey::generate(&mut stream, BEGIN, BEGIN + outlive_clock::Span::from_days(1)).expect("a key");
    let claims = serde_json::json!({"aud": "api://contoso-orders", "filler": "x".repeat(600)});
    let before = Cost::until_now();
    let (done, end) = (AtomicU64::new(0), now() + MEASURE);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while now() < end {
                    std::hint::black_box(sign_rs256(&key, TokenVersion::V1, &claims));
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let done = done.load(Ordering::Relaxed);
    let cost = before.and_then(|before| {
        Some(Cost::until_now()?.since(&before).each(usize::try_from(done).unwrap_or(usize::MAX)))
    });
    (per_second(done), cost)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn per_second(count: u64) -> f64 {
    count as f64 / MEASURE.as_secs_f64()
}

fn host(tenant: &Tenant) -> String {
    tenant.installation.url.trim_start_matches("http://").to_owned()
}

/// A request without any work, which measures HTTP on both sides.
fn idle(tenant: &Tenant) -> (String, Vec<u8>) {
    let host = host(tenant);
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    (host, request.into_bytes())
}

/// The bytes of a token request, built once, so that the load generator costs little.
fn wire(tenant: &Tenant, app: &App, form: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    fields.append_pair("client_id", &app.client_id).extend_pairs(form);
    if let Some(secret) = &app.secret {
        fields.append_pair("client_secret", secret);
    }
    let body = fields.finish();
    let host = host(tenant);
    let path = app.endpoint("token");
    let path = path.trim_start_matches(&tenant.installation.url);
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    (host, request.into_bytes())
}

/// Sends one request on an open connection and reads the response.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) {
    stream.write_all(request).await.expect("it is sent");
    buffer.clear();
    let whole = loop {
        let read = stream.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "the connection was closed");
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        break end + 4 + length.expect("a length").parse::<usize>().expect("a number");
    };
    while buffer.len() < whole {
        assert!(stream.read_buf(buffer).await.expect("an answer") > 0, "the connection was closed");
    }
}

/// Returns requests per second, their durations, and their total cost.
async fn load(
    wire: &(String, Vec<u8>),
    connections: usize,
    pause: Duration,
) -> (f64, Vec<Duration>, Option<Cost>) {
    let wire = Arc::new(wire.clone());
    let before = Cost::until_now();
    let end = now() + MEASURE;
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let wire = Arc::clone(&wire);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&wire.0).await.expect("a connection");
                stream.set_nodelay(true).expect("an option");
                let (mut buffer, mut took) = (Vec::with_capacity(8192), Vec::new());
                while now() < end {
                    let started = now();
                    exchange(&mut stream, &wire.1, &mut buffer).await;
                    took.push(started.elapsed());
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                }
                took
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.expect("a client"));
    }
    all.sort_unstable();
    let cost = before.and_then(|before| Some(Cost::until_now()?.since(&before).each(all.len())));
    (per_second(all.len() as u64), all, cost)
}

/// Adds very many unrelated rows.
async fn grow(tenant: &Tenant) {
    let mut change = Change::new();
    change.add(sql!(
        "INSERT INTO users SELECT u.tenant, 'many-' || n, n || '-' || upn, display_name, role, directory_roles, password_hash, \
         password_changed_us, password_expired, must_change_password, enabled, deleted_us, revocations, sessions_valid_from_us, \
         lockout, second_factor, profile FROM users u, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $1) \
         SELECT n FROM c) WHERE u.tenant = $2 AND u.role = 'owner'",
        MANY,
        tenant.id()
    ));
    change.add(sql!(
        "INSERT INTO applications SELECT a.tenant, 'many-' || n, 'many-' || n, name, enabled, document, 'many-' || n FROM \
         (SELECT * FROM applications WHERE tenant = $1 LIMIT 1) a, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c \
         WHERE n < $2) SELECT n FROM c)",
        tenant.id(),
        MANY
    ));
    change.add(sql!(
        "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data) \
         SELECT j.seq + n, j.tenant, j.at_us, j.wall_us, j.kind, j.subject, j.trace, j.data FROM \
         (SELECT * FROM journal ORDER BY seq DESC LIMIT 1) j, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c \
         WHERE n < $1) SELECT n FROM c)",
        MANY
    ));
    tenant.installation.store.commit(change).await.expect("it is written");
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn report(what: &str, cost: Option<Cost>) {
    if let Some(cost) = cost {
        println!("{:<22} {what} {cost}", "");
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "figures for people")]
async fn main() {
    let (raw, signature) = raw_signing();
    println!(
        "signatures, nothing else          {raw:>8.0} /s on {} cores",
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    report("one costs", signature);
    let tenant = Tenant::new().await;
    let (rate, _, http) = load(&idle(&tenant), CONNECTIONS, Duration::ZERO).await;
    println!("HTTP, nothing else                {rate:>8.0} /s");
    report("one exchange, both sides, costs", http);
    let connector = tenant.connector();
    let tokens = connector.sign_in(&tenant, "owner", READ).await;
    let scope = format!("{ORDERS}/.default");
    let requests = [
        (
            "refresh_token",
            wire(
                &tenant,
                &connector,
                &[("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())],
            ),
        ),
        (
            "client_credentials",
            wire(&tenant, &tenant.nightly(), &[("grant_type", "client_credentials"), ("scope", &scope)]),
        ),
    ];
    for grown in [false, true] {
        if grown {
            grow(&tenant).await;
            println!("with {MANY} more users, applications and journal events:");
        }
        for (name, wire) in &requests {
            load(wire, CONNECTIONS, Duration::ZERO).await;
            let reads = tenant.installation.store.reads();
            let (rate, took, cost) = load(wire, CONNECTIONS, Duration::ZERO).await;
            let reads = (tenant.installation.store.reads() - reads) as f64 / took.len() as f64;
            println!(
                "{name:<22} {CONNECTIONS} connections {rate:>8.0} /s, {:.0} % of signing alone",
                100.0 * rate / raw
            );
            report("one costs", cost);
            println!("{:<22} {reads:.2} database reads each", "");
            if let (Some(cost), Some(signature)) = (cost, signature) {
                let share = 100.0 * signature.whole.as_secs_f64() / cost.whole.as_secs_f64();
                println!("{:<22} {share:.0} % of that is the signature", "");
            }
            // Half the load: as many connections, each with a pause that halves the request rate.
            let pause = Duration::from_secs_f64(CONNECTIONS as f64 / (rate / 2.0));
            let (half, took, _) = load(wire, CONNECTIONS, pause).await;
            let (median, slow) = (took[took.len() / 2], took[took.len() * 99 / 100]);
            println!("{:<22} at {half:>5.0} /s: median {median:.1?}, 99 of 100 within {slow:.1?}", "");
        }
    }
}
