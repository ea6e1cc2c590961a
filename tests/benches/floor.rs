//! The cost of the main works beside their floor: `cargo bench -p outlive-tests --bench floor`.
//!
//! The floor of a work is what its unavoidable parts cost in this process, in the same round: an
//! RSA-2048 signature, a verification, a bare HTTP exchange over a kept connection, a durable row
//! in the same kind of database. Cost is the processor time of the system and of the load generator
//! per operation, so it hardly depends on other programs; wall time does. `docs/performance.md`
//! explains the figures and shows a result.
//!
//! | environment | meaning |
//! |---|---|
//! | `OUTLIVE_FLOOR_ROUNDS` | how many rounds: 5, or 6 for pairs; 0 for the next one alone |
//! | `OUTLIVE_FLOOR_MANY` | also a day of this many connections (10000), and of 100 |
//! | `OUTLIVE_FLOOR_OUT` | the output directory; by default `target/floor` |
//! | `OUTLIVE_FLOOR_QUICK` | one short round, to see that everything works |
//! | `OUTLIVE_FLOOR_WORK` | one work alone: `refresh`, `hourly run`, `bare run`, ... |
//! | `OUTLIVE_FLOOR_BESIDE` | another program: every work in alternating pairs with it |
//! | `OUTLIVE_TEST_DATABASE` | `sqlite` or `postgres`, as in the tests |

#[path = "floor/bare.rs"]
mod bare;
#[path = "floor/bare_run.rs"]
mod bare_run;
#[path = "floor/bare_services.rs"]
mod bare_services;
#[path = "floor/chart.rs"]
mod chart;
#[path = "floor/cost.rs"]
mod cost;
#[path = "floor/counts.rs"]
mod counts;
#[path = "floor/load.rs"]
mod load;
#[path = "floor/machine.rs"]
mod machine;
#[path = "floor/many.rs"]
mod many;
#[path = "floor/many_seed.rs"]
mod many_seed;
#[path = "floor/messages.rs"]
mod messages;
#[path = "floor/pairs.rs"]
mod pairs;
#[path = "floor/plan.rs"]
mod plan;
#[path = "floor/proxy.rs"]
mod proxy;
#[path = "floor/report.rs"]
mod report;
#[path = "floor/results.rs"]
mod results;
#[path = "floor/rotation.rs"]
mod rotation;
#[path = "floor/run_json.rs"]
mod run_json;
#[path = "floor/run_tables.rs"]
mod run_tables;
#[path = "floor/runs.rs"]
mod runs;
#[path = "floor/samples.rs"]
mod samples;
#[path = "floor/starts.rs"]
mod starts;
#[path = "floor/tenant.rs"]
mod tenant;
#[path = "floor/upstream.rs"]
mod upstream;

use std::sync::Arc;

use outlive_clock::wall_now;
use outlive_tests::{System, program};
use serde_json::Value;

use crate::bare::{Before, RowKind, Rows, Signing};
use crate::bare_run::{BareRuns, Refreshes, RunParts};
use crate::load::{Connection, Target, load};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::proxy::Proxy;
use crate::report::Report;
use crate::rotation::Rotation;
use crate::samples::Samples;

/// As in the program: it allocates at half the cost of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 32;
const HOURLY_RUN: &str = "hourly run";
const BARE_RUN: &str = "bare run";
const SCENARIOS: &str = "scenarios";
/// How often scenarios are run in one round: a second is short, beside what else the machine does.
const PAIRS_OF_SCENARIOS: usize = 3;
/// The connections with which very many are compared.
const FEW: u64 = 100;
/// The hours of very many.
const HOURS_OF_MANY: u64 = 24;
/// The hours of few: their runs in a day take two seconds, which say little.
const HOURS_OF_FEW: u64 = 240;
/// Hourly runs whose changes and refreshes the bare run has.
const SOME_RUNS: u64 = 96;

/// A work under load, with a bare server for the same requests.
struct Loaded {
    name: &'static str,
    target: Target,
    bare: Option<BareParts>,
}

/// The names of the samples of its parts, one by one and together, and what they are measured with.
struct BareParts {
    exchange: &'static str,
    server: Target,
    row: &'static str,
    row_bytes: usize,
    together: &'static str,
    token_server: Target,
    /// For refreshes, a bare server that also exchanges a refresh token and writes an event.
    grant: Option<Target>,
}

struct Bench {
    plan: Plan,
    system: System,
    signing: Arc<Signing>,
    rows: Rows,
    loaded: Vec<Loaded>,
    /// The orders API behind a bare proxy.
    proxy: Target,
    bare_runs: BareRuns,
    run_exchange: Target,
    run_row_bytes: usize,
    samples: Samples,
    counts: Vec<(String, Value)>,
}

impl Bench {
    async fn prepare(plan: Plan) -> Self {
        let system = System::start().await;
        let tenant = tenant::create(&system).await;
        let directory = system.data().parent().expect("the home of the system").to_owned();
        let (rows, signing) = (Rows::open(&directory, "floor").await, Arc::new(Signing::new()));
        let (mut loaded, mut refresh_of_run) = (Vec::new(), None);
        let refresh = tenant::refresh(&system, &tenant).await;
        let client_credentials = tenant::client_credentials(&system, &tenant);
        for (name, target, [exchange, row, together]) in [
            ("refresh", refresh, ["exchange of refresh", "row of refresh", "floor of refresh"]),
            (
                "client_credentials",
                client_credentials,
                [
                    "exchange of client_credentials",
                    "row of client_credentials",
                    "floor of client_credentials",
                ],
            ),
        ] {
            let before = system.work().await;
            let response = length_of_response(&target).await;
            let row_bytes = counts::bytes_per_change(&system.work().await.since(&before));
            let server = target.at(&bare::serve(response).await);
            let sign: Before = {
                let signing = Arc::clone(&signing);
                Arc::new(move || drop(std::hint::black_box(signing.token())))
            };
            let plain = (RowKind::Plain, row_bytes);
            let tokens = bare::serve_rows(response, Some(sign), rows.writer(), plain).await;
            let mut grant = None;
            if name == "refresh" {
                let (mut tokens, event) = tenant::last_refresh(&system, &tenant, &target).await;
                let token_chars = tokens["refresh_token"].as_str().expect("a token").len();
                let rotation = Arc::new(Rotation::new(token_chars, event));
                let found = (RowKind::Found, row_bytes);
                let work = rotation.grant(&signing, 1);
                let server = bare::serve_rows(response, Some(work), rows.writer(), found).await;
                grant = Some(target.at(&server));
                tokens["id_token"] = signing.token().into();
                refresh_of_run = Some((rotation.grant(&signing, 2), tokens, target.body()));
            }
            let token_server = target.at(&tokens);
            let bare = BareParts { exchange, server, row, row_bytes, together, token_server, grant };
            loaded.push(Loaded { name, target, bare: Some(bare) });
        }
        let token = tenant::orders_token(&system, &tenant).await;
        let direct = tenant::direct_call(&system, &token);
        let orders = length_of_response(&direct).await;
        let run_exchange = direct.at(&bare::serve(orders).await);
        let (target, key) = tenant::proxied_call(&system, &tenant).await;
        length_of_response(&target).await;
        let before = system.work().await;
        length_of_response(&target).await;
        let row_bytes = counts::bytes_per_change(&system.work().await.since(&before));
        let upstream = direct.address.clone();
        let proxy = Proxy { upstream, token: token.clone(), rows: rows.writer(), row_bytes };
        let proxy = direct.at(&proxy.serve().await);
        let (_, work) = runs::measure(&system, SOME_RUNS).await;
        let run_row_bytes = counts::bytes_per_change(&work);
        let (grant, tokens, body) = refresh_of_run.expect("a refresh grant is loaded");
        let per_thousand = work.process().signatures * 1_000 / 2 / SOME_RUNS;
        let refreshes = Refreshes { body, per_thousand, calls: Arc::default() };
        let parts = RunParts {
            directory: directory.clone(),
            row_bytes: run_row_bytes,
            events: tenant::events_of_run(&system).await,
            key,
            token,
            orders: tenant::orders(&direct).await,
            refreshes,
            grant,
            tokens,
        };
        let bare_runs = BareRuns::start(parts, plan.runs).await;
        loaded.push(Loaded { name: "direct call", target: direct, bare: None });
        loaded.push(Loaded { name: "proxied call", target, bare: None });
        Self {
            plan,
            system,
            signing,
            rows,
            loaded,
            proxy,
            bare_runs,
            run_exchange,
            run_row_bytes,
            samples: Samples::default(),
            counts: Vec::new(),
        }
    }

    /// Measures everything once. The parts of a floor are measured next to their work.
    async fn round(&mut self) {
        let Self { plan, system, signing, rows, loaded, samples, counts, .. } = self;
        let (part, pid) = (plan.part, system.pid());
        counts.clear();
        samples.add("signature", signing.sign(part));
        samples.add("verification", signing.verify(part));
        for Loaded { name, target, bare } in loaded.iter() {
            if let Some(BareParts { exchange, server, row, row_bytes, together, token_server, grant }) = bare
            {
                samples.add(exchange, load(server, CONNECTIONS, part, None).await.0);
                samples.add(row, rows.write(*row_bytes, CONNECTIONS, part).await);
                samples.add(together, load(token_server, CONNECTIONS, part, None).await.0);
                if let Some(grant) = grant {
                    samples.add("floor of a grant of refresh", load(grant, CONNECTIONS, part, None).await.0);
                }
            }
            let before = system.work().await;
            let (each, done) = load(target, CONNECTIONS, part, pid).await;
            samples.add(name, each);
            counts.push(((*name).to_owned(), counts::each(&system.work().await.since(&before), done)));
        }
        samples.add("floor of a proxied call", load(&self.proxy, CONNECTIONS, part, pid).await.0);
        samples.add("exchange of a run", load(&self.run_exchange, 1, part, None).await.0);
        samples.add("row of a run", rows.write(self.run_row_bytes, 1, part).await);
        samples.add("floor of a bare run", self.bare_runs.measure().await);
        let (each, work) = runs::measure(system, plan.runs).await;
        samples.add("run", each);
        counts.push((HOURLY_RUN.to_owned(), counts::each(&work, plan.runs)));
        let (each, work) = starts::tenants(system, plan.tenants).await;
        samples.add("tenant", each);
        counts.push(("throw-away tenant".to_owned(), counts::each(&work, plan.tenants)));
        samples.add("process start", starts::process_start());
        let (first, again) = starts::starts(program()).await;
        samples.add("first start", first);
        samples.add("start on data", again);
        for _ in 0..PAIRS_OF_SCENARIOS {
            let (one_by_one, parallel) = starts::pair(program(), system, plan.scenarios).await;
            samples.add("scenarios, sequential", one_by_one);
            samples.add("scenarios, parallel", parallel);
        }
    }
}

/// Measures one work, once in each round, without its floor.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
async fn measure_only(work: &str, plan: Plan) {
    let bench = Bench::prepare(plan).await;
    let loaded = bench.loaded.iter().find(|loaded| loaded.name == work);
    let others = [HOURLY_RUN, BARE_RUN, SCENARIOS];
    let names = bench.loaded.iter().map(|loaded| loaded.name).chain(others);
    assert!(
        loaded.is_some() || others.contains(&work),
        "no work '{work}': use one of {}",
        names.collect::<Vec<_>>().join(", ")
    );
    for _ in 0..bench.plan.rounds {
        let Plan { part, runs, scenarios, .. } = bench.plan;
        let each = match loaded {
            Some(loaded) => load(&loaded.target, CONNECTIONS, part, bench.system.pid()).await.0,
            None if work == HOURLY_RUN => runs::measure(&bench.system, runs).await.0,
            None if work == BARE_RUN => bench.bare_runs.measure().await,
            None => {
                let (one_by_one, parallel) = starts::pair(program(), &bench.system, scenarios).await;
                println!(
                    "one by one: {:.1} µs CPU, {:.1} µs wall; in parallel {:.2} × as fast",
                    one_by_one.cpu,
                    one_by_one.wall,
                    one_by_one.wall / parallel.wall
                );
                parallel
            }
        };
        println!("{work}: {:.1} µs CPU, {:.1} µs wall", each.cpu, each.wall);
    }
    bench.rows.close().await;
    bench.bare_runs.close().await;
    bench.system.stop().await;
}

async fn length_of_response(target: &Target) -> usize {
    let mut connection = Connection::open(&target.address).await;
    // The first request may fill caches.
    connection.exchange(&target.request).await;
    connection.exchange(&target.request).await.len()
}

/// Returns samples, counts and the number of refreshes per run.
#[expect(clippy::print_stderr, reason = "it takes minutes")]
async fn measure(plan: Plan) -> (Samples, Vec<(String, Value)>, f64) {
    let mut bench = Bench::prepare(plan).await;
    for round in 1..=bench.plan.rounds {
        eprintln!("round {round} of {}", bench.plan.rounds);
        bench.round().await;
    }
    let Bench { system, rows, bare_runs, samples, counts, .. } = bench;
    rows.close().await;
    bare_runs.close().await;
    system.stop().await;
    let run = counts.iter().find(|(work, _)| work == HOURLY_RUN);
    let signatures = run.and_then(|(_, counts)| counts["signatures"].as_f64()).expect("runs were measured");
    // An access token and an ID token each.
    (samples, counts, signatures / 2.0)
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]
async fn main() {
    let plan = Plan::from_environment();
    let machine = Machine::here();
    eprintln!("{}", machine.describe());
    if let Some(other) = &plan.beside {
        println!("{}", pairs::measure(&plan, other, &machine).await);
        return;
    }
    if let Some(work) = plan.work.clone() {
        return measure_only(&work, plan).await;
    }
    let (rounds, many, out) = (plan.rounds, plan.many, plan.out.clone());
    let mut rows = Vec::new();
    let (samples, counts, refreshes) =
        if rounds == 0 { (Samples::default(), Vec::new(), 0.0) } else { measure(plan).await };
    if rounds > 0 {
        rows.extend(results::rows(&samples, refreshes));
    }
    if let Some(many) = many {
        // As many tenants at once: two cores that are busy are slower than one.
        let tenants = many::tenants_of(many);
        let few = many::hours(HOURS_OF_FEW, FEW, tenants).await;
        rows.extend(results::of_many(&few, &many::hours(HOURS_OF_MANY, many, tenants).await));
    }
    let date = wall_now().to_string();
    let date = date.split('T').next().unwrap_or_default().to_owned();
    let report = Report { machine: &machine, date, rounds, refreshes, samples: &samples, rows, counts };
    let markdown = report.markdown();
    println!("{markdown}");
    std::fs::create_dir_all(&out).expect("the output directory");
    let title = format!("Outlive beside its floor, {}, {}", machine.database, report.date);
    for (name, text) in [
        ("floor.md", markdown),
        ("floor.json", format!("{:#}\n", report.json())),
        ("floor.svg", chart::draw(&title, &report.rows)),
    ] {
        std::fs::write(out.join(name), text).expect("the output directory is writable");
    }
    println!("Written to {}", out.display());
}
