//! Starts, throw-away tenants and scenarios.

use std::path::Path;
use std::process::{Command, Stdio};

use outlive_tests::{Service, System, Work, program, run_program};
use serde_json::json;
use tokio::task::JoinSet;

use crate::cost::{Each, Meter};

/// The number of tenants that are created concurrently.
pub(crate) const TENANTS: u64 = 32;
/// The number of scenarios that are run.
pub(crate) const SCENARIOS: usize = 8;
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/lifetimes.yaml");

/// How often a program is started: the kernel tells processor time in hundredths of a second, and
/// one start takes few of them.
const STARTS: u64 = 10;

/// Returns starts of a program in an empty directory, and others on the data of the first.
pub(crate) async fn starts(program: &Path) -> (Each, Each) {
    let mut systems = Vec::new();
    let (meter, mut wall) = (Meter::start(None), 0.0);
    for _ in 0..STARTS {
        let begun = Meter::start(None);
        let mut system = System::start_program(program).await;
        wall += begun.each(STARTS).wall;
        system.kill();
        systems.push(system);
    }
    let first = Each { wall, ..meter.each(STARTS) };
    let (meter, mut wall) = (Meter::start(None), 0.0);
    for system in &mut systems {
        let begun = Meter::start(None);
        system.restart().await;
        wall += begun.each(STARTS).wall;
        system.kill();
    }
    (first, Each { wall, ..meter.each(STARTS) })
}

/// Returns the start and end of a process that does nothing.
pub(crate) fn process_start() -> Each {
    let meter = Meter::start(None);
    let starts = 20;
    for _ in 0..starts {
        let status = Command::new(program()).arg("--version").stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "the program runs");
    }
    meter.each(starts)
}

/// Creates tenants from the seed concurrently, and deletes them again.
pub(crate) async fn tenants(system: &System, number: u64) -> (Each, Work) {
    let before = system.work().await;
    let meter = Meter::start(system.pid());
    let url = format!("{}/lab/tenants", system.url(Service::Console));
    let mut creations = JoinSet::new();
    for _ in 0..number {
        let request = system.http().post(&url).json(&json!({"clock": {"speed": 0}}));
        creations.spawn(async move {
            let answer = request.send().await.expect("the lab responds");
            let status = answer.status();
            let body = answer.text().await.expect("with text");
            assert!(status.is_success(), "a tenant was refused with {status}: {body}");
            let credentials: serde_json::Value = serde_json::from_str(&body).expect("in JSON");
            credentials["tenant_id"].as_str().expect("an id").to_owned()
        });
    }
    let tenants = creations.join_all().await;
    let each = meter.each(number);
    let work = system.work().await.since(&before);
    for tenant in tenants {
        let deleted = system.http().delete(format!("{url}/{tenant}")).send().await.expect("the lab responds");
        assert!(deleted.status().is_success(), "a tenant was not deleted: {}", deleted.status());
    }
    (each, work)
}

/// Has a program run the same scenario `number` times, one by one and then all in parallel. Returns
/// the cost of each.
pub(crate) async fn pair(program: &Path, system: &System, number: usize) -> (Each, Each) {
    (scenarios(program, system, number, 1).await, scenarios(program, system, number, number).await)
}

/// Runs the same scenario `number` times, `jobs` in parallel. Returns the cost of all together.
///
/// # Panics
/// When one of them fails.
async fn scenarios(program: &Path, system: &System, number: usize, jobs: usize) -> Each {
    let (against, jobs) = (system.url(Service::Console), jobs.to_string());
    let mut arguments = vec!["run", "--against", &against, "--jobs", &jobs];
    arguments.extend(std::iter::repeat_n(SCENARIO, number));
    let meter = Meter::start(system.pid());
    let ended = run_program(program, arguments).await;
    let each = meter.each(1);
    assert_eq!(ended.code, Some(0), "scenarios fail:\n{}{}", ended.stdout, ended.stderr);
    each
}
