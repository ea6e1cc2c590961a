//! Overhead of a token request beyond signing: `cargo bench -p outlive-idp`. One client on one
//! connection over loopback.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/browser.rs"]
mod browser;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/client.rs"]
mod client;
#[expect(dead_code, reason = "another benchmark uses more of it")]
#[path = "../tests/http/installation.rs"]
mod installation;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/tenant.rs"]
mod tenant;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/tokens.rs"]
mod tokens;

use std::time::{Duration, Instant};

use outlive_clock::Randomness;
use outlive_tokens::{SigningKey, TokenVersion, sign_rs256};

use crate::tenant::{BEGIN, ORDERS, READ, Tenant};

const ROUNDS: u32 = 500;

#[expect(clippy::disallowed_methods, reason = "this measures wall time")]
fn now() -> Instant {
    Instant::now()
}

/// Returns the median, since a busy machine disturbs some rounds.
fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn signing() -> Duration {
    let mut stream = Randomness::from_seed(1).stream("signing-key");
    let key =
        SigningKey::generate(&mut stream, BEGIN, BEGIN + outlive_clock::Span::from_days(1)).expect("a key");
    let claims = serde_json::json!({"some": "claims"});
    median(
        (0..ROUNDS)
            .map(|_| {
                let started = now();
                std::hint::black_box(sign_rs256(&key, TokenVersion::V2, &claims));
                started.elapsed()
            })
            .collect(),
    )
}

async fn refreshes(tenant: &Tenant) -> Duration {
    let app = tenant.connector();
    let mut tokens = app.sign_in(tenant, "owner", READ).await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = now();
        tokens = app.refresh(tokens.refresh()).await;
        rounds.push(started.elapsed());
    }
    median(rounds)
}

async fn client_credentials(tenant: &Tenant) -> Duration {
    let (app, scope) = (tenant.nightly(), format!("{ORDERS}/.default"));
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = now();
        let answer = app.client_credentials(&scope).await;
        rounds.push(started.elapsed());
        assert_eq!(answer.status, 200);
    }
    median(rounds)
}

/// Measures a request without any work: HTTP on both sides.
async fn nothing(tenant: &Tenant) -> Duration {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = now();
        tenant.get("/healthz").await;
        rounds.push(started.elapsed());
    }
    median(rounds)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what it is for")]
async fn main() {
    let signing = signing();
    let tenant = Tenant::new().await;
    println!("one RS256 signature       {signing:>10.1?}");
    println!("an HTTP call, no work     {:>10.1?}", nothing(&tenant).await);
    for (name, took) in [
        ("refresh_token", refreshes(&tenant).await),
        ("client_credentials", client_credentials(&tenant).await),
    ] {
        println!("{name:<26}{took:>10.1?}, of which not signing {:.1?}", took.saturating_sub(signing));
    }
}
