//! Many tenants at once, each with a time and a fate of its own.

use std::ops::Range;

use futures::StreamExt as _;
use outlive_clock::{Instant, Randomness, Span, Stream};
use outlive_tests::{System, Tenant};
use serde_json::{Value, json};

const TENANTS: usize = 300;
/// The tenants before memory is measured: page caches, connections and buffers grow with what
/// happens at once, not with tenants.
const FIRST: usize = 60;
/// The tenants that act at the same time.
const AT_ONCE: usize = 16;
/// The most memory of an idle tenant, in KiB.
const IDLE_KIB_MAX: f64 = 200.0;
/// After this time no run has a token from before a revocation: access tokens of the seed's client
/// expire after 60 to 90 minutes, and runs are hourly.
const HOURS_UNTIL_REFUSED: i64 = 2;

/// What happens to a tenant.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Advance { hours: i64 },
    ChangePassword,
    RevokeSessions,
}

/// What is expected of a tenant: the model that it must not leave, whatever its neighbors do.
#[derive(Debug, Default)]
struct Expected {
    hours: i64,
    /// Each event can take time to the next whole second.
    events: i64,
    password_changes: usize,
    /// The hours at which the sessions were first revoked.
    revoked: Option<i64>,
}

fn operations(stream: &mut Stream) -> Vec<Operation> {
    (0..5)
        .map(|_| match stream.between(0, 5) {
            0 => Operation::ChangePassword,
            1 => Operation::RevokeSessions,
            hours => Operation::Advance { hours: hours - 1 },
        })
        .collect()
}

fn instant(value: &Value) -> Instant {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no instant: {value}"))
}

async fn journal(tenant: &Tenant, kind: &str) -> Vec<Value> {
    tenant.journal(kind).await["lines"].as_array().cloned().unwrap_or_default()
}

/// Does everything to one tenant, and compares its time after each operation.
async fn live(system: &System, number: usize) {
    let start: Instant = "2026-01-05T09:00:00Z".parse().expect("an instant");
    let start = start + Span::from_days(i64::try_from(number).expect("few"));
    let clock = json!({"clock": {"now": start.to_string(), "speed": 0}});
    let tenant = system.new_tenant_like(clock).await;
    let mut stream =
        Randomness::from_seed(u64::try_from(number).expect("few")).stream("operations of a tenant");
    let mut expected = Expected::default();
    for operation in operations(&mut stream) {
        match operation {
            Operation::Advance { hours } => {
                tenant.advance(&format!("PT{hours}H")).await;
                expected.hours += hours;
            }
            Operation::ChangePassword => {
                expected.password_changes += 1;
                expected.events += 1;
                let password = format!("another pass phrase {}", expected.password_changes);
                tenant.change_password("owner", &password).await;
            }
            Operation::RevokeSessions => {
                tenant.revoke_sessions("owner").await;
                expected.revoked.get_or_insert(expected.hours);
                expected.events += 1;
            }
        }
        let passed = (instant(&tenant.clock().await["now"]) - start).as_seconds();
        let expects = expected.hours * 3_600..=expected.hours * 3_600 + expected.events;
        assert!(expects.contains(&passed), "tenant {number} after {operation:?}: {passed} s, {expected:?}");
    }
    check(&tenant, start, &expected).await;
}

/// Lets tenants live, and returns the resident memory after each that is at its end, in KiB. It is
/// empty where the system is not a process of this machine.
async fn live_at_once(system: &System, numbers: Range<usize>) -> Vec<f64> {
    let lives = futures::stream::iter(numbers).map(|number| live(system, number));
    let lives = lives.buffer_unordered(AT_ONCE);
    lives.filter_map(async |()| system.pid().map(resident_kib)).collect().await
}

/// How much memory grows with each tenant: the median of the slopes between any two measurements.
/// What the allocator keeps varies by more than 100 tenants need, so two measurements are too few.
fn growth(resident: &[f64]) -> Option<f64> {
    let numbers = (0_u32..).map(f64::from);
    let points: Vec<_> = numbers.zip(resident).collect();
    let slopes = points.iter().enumerate().flat_map(|(number, (x, y))| {
        points[number + 1..].iter().map(move |(later, then)| (*then - *y) / (later - x))
    });
    let mut slopes: Vec<f64> = slopes.collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied()
}

/// Compares the journal of a tenant with its model.
async fn check(tenant: &Tenant, start: Instant, expected: &Expected) {
    let end = start + Span::from_hours(expected.hours) + Span::from_seconds(expected.events);
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("a flow");
    let runs: Vec<_> =
        journal(tenant, "run.finished").await.into_iter().filter(|run| run["data"]["flow"] == flow).collect();
    let since_start = |line: &Value| (instant(&line["at"]) - start).as_seconds();
    // The first run is due at once; from then on, each at its hour.
    assert!(
        i64::try_from(runs.len()).is_ok_and(|runs| (expected.hours..=expected.hours + 1).contains(&runs)),
        "{expected:?}: {} runs",
        runs.len()
    );
    for run in &runs {
        assert!((start..=end).contains(&instant(&run["at"])), "{expected:?}: {run}");
        let hour = since_start(run) / 3_600;
        let succeeded = run["data"]["status"] == "Succeeded";
        match expected.revoked {
            Some(revoked) if hour >= revoked + HOURS_UNTIL_REFUSED => {
                assert!(!succeeded, "{expected:?}: {run}")
            }
            Some(revoked) if hour >= revoked => {}
            _ => assert!(succeeded, "{expected:?}: {run}"),
        }
    }
    let changes = journal(tenant, "password.changed").await;
    assert_eq!(changes.len(), expected.password_changes, "{expected:?}: {changes:?}");
}

/// The resident memory of a process, in KiB.
fn resident_kib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the /proc of Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

#[tokio::test]
async fn hundreds_of_tenants_do_not_notice_each_other() {
    let system = System::start().await;
    system.seed_tenant().await;
    live_at_once(&system, 0..FIRST).await;
    let resident = live_at_once(&system, FIRST..FIRST + TENANTS).await;
    if let Some(each) = growth(&resident) {
        assert!(each < IDLE_KIB_MAX, "{each:.0} KiB for each tenant");
    }
    system.stop().await;
}
