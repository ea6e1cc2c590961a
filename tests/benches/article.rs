//! The cost of the main scenario: `cargo bench -p outlive-tests`. Compare figures on an idle
//! machine.
//!
//! - the time until every service is healthy, for a first start (with key generation) and a
//!   restart;
//! - 89 days of an hourly flow (2,136 runs, six hops each), compared with the RSA signing time of
//!   their tokens, measured in the same process afterwards;
//! - the processor time of a run in all services (Linux). It hardly depends on other processes, so
//!   it is the figure for comparing versions;
//! - whether a run becomes more expensive with their number: the first 100 runs and the last 100;
//! - the memory that the system holds afterwards.

use outlive_clock::{Instant, Randomness, Span, wall_now};
use outlive_tests::{Service, System, Tenant};
use outlive_tokens::{SigningKey, TokenVersion, sign_rs256};
use serde_json::json;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
async fn main() {
    let begun = wall_now();
    let mut system = System::start().await;
    println!("first start, keys made:       {:>8.1} ms", millis(wall_now() - begun));
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    tenant.advance("PT1M").await;
    system.kill();
    let begun = wall_now();
    system.restart().await;
    println!("start on existing data:       {:>8.1} ms", millis(wall_now() - begun));

    let before = tokens(&system, &tenant).await;
    let used = processor_time(&system);
    let first = hours(&tenant, 100).await;
    let middle = hours(&tenant, 1_936).await;
    let last = hours(&tenant, 100).await;
    let whole = first + middle + last;
    let used = used.and_then(|used| Some(processor_time(&system)? - used));
    let needed = tokens(&system, &tenant).await - before;
    let signing = sign(needed);
    println!("2,136 runs:                   {:>8.1} ms", millis(whole));
    println!("tokens they needed:           {needed:>8}");
    println!("pure signing of those:        {:>8.1} ms", millis(signing));
    println!("ratio:                        {:>8.2}", millis(whole) / millis(signing));
    if let Some(used) = used {
        println!("one run, processor time:      {:>8.2} ms", millis(used) / 2_136.0);
    }
    println!("the first 100 runs:           {:>8.1} ms", millis(first));
    println!("the last 100 runs:            {:>8.1} ms", millis(last));
    if let Some(resident) = resident(&system) {
        println!("resident afterwards:          {resident:>8} kB");
    }
    println!(
        "cores:                        {:>8}",
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    system.stop().await;
}

/// Advances time by a number of hours, with one run each. Returns the wall time it took.
async fn hours(tenant: &Tenant, hours: u64) -> Span {
    let begun = wall_now();
    let moved = tenant.advance(&format!("PT{hours}H")).await;
    let took = wall_now() - begun;
    assert_eq!((moved["done"].as_u64(), moved["failed"].as_u64()), (Some(hours), Some(0)), "{moved}");
    took
}

/// Returns the number of tokens issued in the tenant.
async fn tokens(system: &System, tenant: &Tenant) -> usize {
    system.journal(Service::Idp, tenant, "token.issued").await.len()
}

/// Signs a number of tokens of the usual size.
fn sign(count: usize) -> Span {
    let mut stream = Randomness::from_seed(1).stream("benchmark");
    let key = SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key");
    let claims = json!({"aud": "api://contoso-orders", "filler": "x".repeat(600)});
    let begun = wall_now();
    for _ in 0..count {
        std::hint::black_box(sign_rs256(&key, TokenVersion::V1, &claims));
    }
    wall_now() - begun
}

/// Returns the user and system time of the process: fields 14 and 15, in hundredths of a second.
fn processor_time(system: &System) -> Option<Span> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", system.pid()?)).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11).take(2);
    Some(Span::from_millis(fields.filter_map(|ticks| ticks.parse::<i64>().ok()).sum::<i64>() * 10))
}

/// Returns the resident memory in kB (Linux).
fn resident(system: &System) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", system.pid()?)).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

fn millis(span: Span) -> f64 {
    span.as_micros() as f64 / 1_000.0
}
