//! Very many connections, each with an hourly flow, for a day or more.

use std::path::Path;

use futures::future::join_all;
use outlive_clock::Span;
use outlive_tests::{Service, System, free_base, pause};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cost::{Each, Meter};
use crate::many_seed::write_seed;

/// The most connections of a tenant: a seed file has at most 250,000 nodes.
const CONNECTIONS_OF_TENANT: u64 = 2_500;

/// Hours of tenants with many connections.
pub(crate) struct Hours {
    pub(crate) connections: u64,
    /// Of one run.
    pub(crate) each: Each,
    pub(crate) resident_mib: f64,
    pub(crate) disk_mib: f64,
}

/// The size of all files below a directory, in MiB.
fn disk_mib(directory: &Path) -> f64 {
    fn bytes(directory: &Path) -> u64 {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        entries
            .map(|entry| {
                entry
                    .metadata()
                    .map_or(0, |meta| if meta.is_dir() { bytes(&entry.path()) } else { meta.len() })
            })
            .sum()
    }
    mib(bytes(directory) / 1024)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// The largest resident memory of a process so far.
fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the /proc of Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    mib(peak.and_then(|kib| kib.trim().parse().ok()).expect("a number of kB"))
}

async fn call(system: &System, method: Method, path: &str, body: Option<Value>) -> Value {
    let url = format!("{}/lab/tenants{path}", system.url(Service::Console));
    let mut request = system.http().request(method, &url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("the lab responds");
    let status = answer.status();
    let text = answer.text().await.expect("with text");
    assert!(status.is_success(), "{url} was refused with {status}: {text}");
    serde_json::from_str(&text).expect("in JSON")
}

/// The number of tenants that have so many connections.
pub(crate) const fn tenants_of(connections: u64) -> u64 {
    connections.div_ceil(CONNECTIONS_OF_TENANT)
}

/// Measures so many hours of this many connections in so many tenants, which have their hours at
/// the same time. Every flow runs every hour.
///
/// # Panics
/// When a run fails. The size on disk is reported, not judged.
#[expect(clippy::print_stderr, reason = "it takes minutes")]
pub(crate) async fn hours(hours: u64, connections: u64, tenants: u64) -> Hours {
    let seeds = tempfile::tempdir().expect("a temporary directory");
    write_seed(seeds.path(), connections / tenants);
    let seed = seeds.path().join("contoso.yaml");
    let system = System::start_at(free_base(), &["--seed", seed.to_str().expect("UTF-8")]).await;
    // The first tenant is created after the services are healthy.
    while !system.log().contains("Outlive is up") {
        pause(Span::from_seconds(1).to_std()).await;
        assert!(!system.log().contains("cannot create the first tenant"), "{}", system.log());
    }
    for tenant in 2..=tenants {
        eprintln!("tenant {tenant} of {tenants}");
        call(&system, Method::POST, "", Some(json!({}))).await;
    }
    let listed = call(&system, Method::GET, "", None).await;
    let clocks: Vec<_> = listed["tenants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tenant| format!("/{}/clock", tenant["tenant_id"].as_str().expect("an id")))
        .collect();
    for clock in &clocks {
        call(&system, Method::POST, clock, Some(json!({"run": 0}))).await;
        call(&system, Method::POST, clock, Some(json!({"advance": "PT2H"}))).await;
    }
    let pid = system.pid().expect("it runs");
    let meter = Meter::start(Some(pid));
    let mut done = 0;
    for hour in 1..=hours {
        let hour_of = |clock| call(&system, Method::POST, clock, Some(json!({"advance": "PT1H"})));
        for moved in join_all(clocks.iter().map(|clock| hour_of(clock))).await {
            assert_eq!(moved["failed"], 0, "{moved}");
            done += moved["done"].as_u64().expect("a number of runs");
        }
        eprintln!("{connections} connections: hour {hour} of {hours}, {done} runs");
    }
    assert_eq!(done, connections / tenants * tenants * hours, "every flow runs every hour");
    let each = meter.each(done);
    let measured =
        Hours { connections, each, resident_mib: resident_mib(pid), disk_mib: disk_mib(&system.data()) };
    system.stop().await;
    measured
}
