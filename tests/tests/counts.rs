//! What an hourly run and a refresh grant cost, in counts that do not depend on the machine:
//! requests, changes, commits, statements, reads, signatures. A bound is what they cost today. When
//! a bound fails, either spare the additional work, or raise the bound in a commit that gives the
//! reason. A change that makes a run cheaper lowers it. `docs/performance.md` explains the counts.

use std::time::Duration;

use outlive_clock::{Instant, wall_now};
use outlive_tests::{Service, System, Tenant, Work, pause};
use outlive_wire::Counts;
use reqwest::StatusCode;
use serde_json::{Value, json};

const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];
const RUNS: u64 = 48;
const REFRESHES: u64 = 20;

/// The most that a service may do: the sum of what each of these costs.
#[derive(Clone, Copy, Default)]
struct Bound {
    per_run: u64,
    /// The hub refreshes its token when the lifetime of the last one requires it.
    per_refresh: u64,
    /// The lab sets the clock of a service that stays behind (`BEHIND_MAX`, 200 ms of wall time),
    /// and those of all services at the beginning and at the end.
    per_clock: u64,
    once: u64,
}

/// What happened in the time of a measurement.
#[derive(Clone, Copy, Debug)]
struct Happened {
    runs: u64,
    refreshes: u64,
    clocks: u64,
    /// Quarters of a second of wall time: services with a schedule look for due work, and on
    /// PostgreSQL all services look for changes of other replicas.
    looks: u64,
}

/// The bounds of one service.
struct Bounds {
    /// Requests, without those of the lab.
    exchanges: Bound,
    lab_exchanges: Bound,
    changes: Bound,
    statements: Bound,
    reads: Bound,
}

const fn bound(per_run: u64, per_refresh: u64, per_clock: u64, once: u64) -> Bound {
    Bound { per_run, per_refresh, per_clock, once }
}

/// The keys of an issuer are fetched again after a day, by the hub and by the resource.
const KEYS_FETCHED: u64 = 2 * (RUNS / 24 + 1);

/// Each sixteenth run prunes the history with three statements.
const PRUNINGS: u64 = 3 * (RUNS / 16);

fn bounds(service: Service, is_postgres: bool) -> Bounds {
    let (exchanges, lab_exchanges) = match service {
        Service::Idp => (bound(0, 1, 0, KEYS_FETCHED), bound(1, 0, 1, 0)),
        // One of them asks, once for an advance, how many runs it is going to start.
        Service::Flow => (bound(0, 0, 0, 0), bound(1, 0, 0, 4)),
        _ => (bound(1, 0, 0, 0), bound(0, 0, 1, 0)),
    };
    // The last change sets the clock to the target. On PostgreSQL, every clock is a change.
    let (changes, statements, reads) = match (service, is_postgres) {
        // What is next due is read again after a change of a clock, which is no step.
        (Service::Idp, false) => (bound(0, 1, 0, 1), bound(0, 1, 0, 1), bound(0, 0, 2, 6)),
        // A connection and its access list are read again after a clock is set, but not by a step.
        (Service::Hub, false) => (bound(1, 1, 0, 1), bound(1, 2, 0, 1), bound(0, 0, 2, 2)),
        (Service::Resource, false) => (bound(1, 0, 0, 1), bound(1, 0, 0, 1), bound(1, 0, 0, 0)),
        // Three reads at the beginning: how many runs the advance starts, and what is due.
        (_, false) => (bound(2, 0, 0, 1), bound(4, 0, 0, PRUNINGS + 1), bound(2, 0, 0, 3)),
        (Service::Idp, true) => (bound(1, 2, 0, 1), bound(1, 2, 0, 1), bound(4, 14, 4, 36)),
        (Service::Hub, true) => (bound(2, 2, 0, 1), bound(2, 3, 0, 1), bound(5, 2, 1, 2)),
        (Service::Resource, true) => (bound(2, 0, 0, 1), bound(2, 0, 0, 1), bound(5, 0, 1, 2)),
        // One statement of a run ends a streak of failures that another replica may have stored.
        (_, true) => (bound(3, 0, 0, 1), bound(6, 0, 0, PRUNINGS + 1), bound(6, 0, 0, 30)),
    };
    Bounds { exchanges, lab_exchanges, changes, statements, reads }
}

impl Bound {
    const fn most(self, happened: Happened) -> u64 {
        let Happened { runs, refreshes, clocks, .. } = happened;
        self.per_run * runs + self.per_refresh * refreshes + self.per_clock * clocks + self.once
    }
}

/// Returns what a service did more than its bounds permit.
fn excess(service: Service, counts: &Counts, happened: Happened, is_postgres: bool) -> Vec<String> {
    let bounds = bounds(service, is_postgres);
    let database = counts.database;
    // The flow service also looks for runs of other replicas. Even the shortest advance may meet a
    // look of the schedules, which happen once a second.
    let looks = match (is_postgres, service) {
        (false, Service::Idp | Service::Flow) => happened.looks.div_ceil(4),
        (false, _) => 0,
        (true, Service::Flow) => 2 * happened.looks,
        (true, _) => happened.looks,
    };
    let changes = bounds.changes.most(happened);
    let checks = [
        ("requests", counts.exchanges - counts.lab_exchanges, bounds.exchanges.most(happened)),
        ("requests of the lab", counts.lab_exchanges, bounds.lab_exchanges.most(happened)),
        ("changes", database.changes, changes),
        ("commits", database.commits, changes),
        ("statements", database.statements, bounds.statements.most(happened)),
        ("reads", database.reads, bounds.reads.most(happened) + looks),
    ];
    let text = |(name, count, most): &(&str, u64, u64)| {
        format!("{}: {count} {name}, at most {most}", service.name())
    };
    show(&checks.iter().map(text).collect::<Vec<_>>());
    checks.iter().filter(|(_, count, most)| count > most).map(text).collect()
}

/// With `OUTLIVE_SHOW_COUNTS` and `--nocapture`, prints counts and bounds.
#[expect(clippy::print_stdout, reason = "on request")]
fn show(counts: &[String]) {
    if std::env::var_os("OUTLIVE_SHOW_COUNTS").is_some() {
        println!("{}", counts.join("\n"));
    }
}

fn is_postgres() -> bool {
    std::env::var("OUTLIVE_TEST_DATABASE").as_deref() == Ok("postgres")
}

/// Starts a system that does nothing by itself: without its first tenant, whose clock runs.
async fn start() -> (System, Tenant) {
    let system = System::start().await;
    // The services are healthy before their first tenant exists.
    while !system.log().contains("Outlive is up") {
        pause(Duration::from_millis(20)).await;
    }
    let first = format!("{}/lab/tenants", system.url(Service::Console));
    let listed: Value = {
        let answer = system.http().get(&first).send().await.expect("the lab responds");
        answer.json().await.expect("in JSON")
    };
    let tenants = listed["tenants"].as_array().expect("a list");
    assert_eq!(tenants.len(), 1, "{listed}");
    for tenant in tenants {
        let id = tenant["tenant_id"].as_str().expect("an id");
        let deleted = system.http().delete(format!("{first}/{id}")).send().await.expect("the lab responds");
        assert!(deleted.status().is_success(), "{id}: {}", deleted.status());
    }
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    (system, tenant)
}

fn looks_since(begun: Instant) -> u64 {
    u64::try_from((wall_now() - begun).as_micros() / 250_000).expect("wall time goes on") + 2
}

#[tokio::test]
async fn an_hourly_run_does_not_do_more_than_it_did() {
    let (system, tenant) = start().await;
    // The first runs fill caches: connection keys are used for a week, the issuer's for a day.
    tenant.advance("PT3H").await;
    let refreshed = system.journal(Service::Hub, &tenant, "connection.refreshed").await.len();
    let before = system.work().await;
    let begun = wall_now();
    let moved = tenant.advance(&format!("PT{RUNS}H")).await;
    let work = system.work().await.since(&before);
    let looks = looks_since(begun);
    assert_eq!((moved["done"].as_u64(), moved["failed"].as_u64()), (Some(RUNS), Some(0)), "{moved}");
    let refreshes = system.journal(Service::Hub, &tenant, "connection.refreshed").await.len() - refreshed;
    let clocks = work.of(Service::Resource).lab_exchanges;
    let happened = Happened { runs: RUNS, refreshes: refreshes as u64, clocks, looks };
    assert!((RUNS / 4..=RUNS).contains(&happened.refreshes), "{happened:?}");
    // Every 200 ms, and a few times at the beginning and at the end.
    assert!(clocks <= looks * 2 + 6, "{happened:?}");
    let mut excess: Vec<_> = SERVICES
        .into_iter()
        .flat_map(|service| excess(service, &work.of(service), happened, is_postgres()))
        .collect();
    let process = work.process();
    // An access token and an ID token each.
    if process.signatures > 2 * happened.refreshes {
        excess.push(format!("{} signatures", process.signatures));
    }
    // By the resource: each new access token, and the current one when keys were fetched.
    if process.verifications > happened.refreshes + KEYS_FETCHED {
        excess.push(format!("{} verifications", process.verifications));
    }
    // The lab records the beginning and the end of the advance, and every few seconds its progress.
    // With replicas, which see from it whether the advance goes on: twice a second, and at its end.
    let progress = if is_postgres() { 1 + looks / 2 } else { looks / 4 };
    let of_services: u64 = SERVICES.iter().map(|service| work.of(*service).database.changes).sum();
    if process.database.changes - of_services > 2 + progress {
        excess.push(format!("lab: {} changes", process.database.changes - of_services));
    }
    assert!(excess.is_empty(), "{happened:?}: more work than before:\n{}\n{work:#?}", excess.join("\n"));
    system.stop().await;
}

/// Sends a token request of the seed's confidential connector, to which the owner has consented.
async fn request_token(system: &System, tenant: &Tenant, more: &[(&str, &str)]) -> Value {
    let connector = tenant.application("Contoso Orders Connector");
    let text = |name: &str| connector[name].as_str().expect("a text");
    let mut form = vec![
        ("client_id", text("client_id")),
        ("client_secret", text("secret")),
        ("scope", "api://contoso-orders/Orders.Read offline_access"),
    ];
    form.extend_from_slice(more);
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("it answers");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

#[tokio::test]
async fn a_refresh_grant_does_not_do_more_than_it_did() {
    let (system, tenant) = start().await;
    let owner = tenant.user("owner");
    let text = |name: &str| owner[name].as_str().expect("a text");
    let password = [("grant_type", "password"), ("username", text("upn")), ("password", text("password"))];
    let tokens = request_token(&system, &tenant, &password).await;
    let token = tokens["refresh_token"].as_str().expect("a token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
    // The first one fills caches.
    request_token(&system, &tenant, &refresh).await;
    let begun = wall_now();
    let before = system.work().await;
    for _ in 0..REFRESHES {
        request_token(&system, &tenant, &refresh).await;
    }
    let work: Work = system.work().await.since(&before);
    let looks = looks_since(begun);
    for service in SERVICES {
        let counts = work.of(service);
        let database = counts.database;
        let refreshes = if service == Service::Idp { REFRESHES } else { 0 };
        assert_eq!((counts.exchanges, counts.lab_exchanges), (refreshes, 0), "{}", service.name());
        assert_eq!((database.changes, database.commits), (refreshes, refreshes), "{}", service.name());
        assert_eq!(database.statements, refreshes, "{}", service.name());
        // On SQLite, everything is cached; replicas have to read again, among others which clients
        // the API has pre-authorized.
        let reads = if is_postgres() { 9 * refreshes + looks } else { 0 };
        assert!(database.reads <= reads, "{}: {} reads, at most {reads}", service.name(), database.reads);
    }
    let process = work.process();
    assert_eq!((process.signatures, process.verifications, process.calls), (REFRESHES, 0, 0));
    system.stop().await;
}
