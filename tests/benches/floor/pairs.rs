//! The cost of each work beside that of another program, such as an earlier version.
//!
//! Both run all the time, each with a system of its own. A work is measured with the one and at once
//! with the other, in the next round the other way around; so what else the machine does, and
//! whether its processor is warm, concerns both.

use std::fmt::Write as _;
use std::path::Path;

use outlive_tests::{System, program};

use crate::CONNECTIONS;
use crate::cost::{Each, median};
use crate::load::{Target, load};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::report::both;
use crate::samples::Samples;
use crate::{runs, starts, tenant};

/// A running program, and requests for it.
struct Side<'a> {
    program: &'a Path,
    system: System,
    loaded: [(&'static str, Target); 4],
    samples: Samples,
}

/// What is measured at a time.
#[derive(Clone, Copy)]
enum Work {
    /// The request with this number.
    Loaded(usize),
    Runs,
    Tenants,
    Starts,
    Scenarios,
}

const WORKS: [Work; 8] = [
    Work::Loaded(0),
    Work::Loaded(1),
    Work::Loaded(2),
    Work::Loaded(3),
    Work::Runs,
    Work::Tenants,
    Work::Starts,
    Work::Scenarios,
];

impl<'a> Side<'a> {
    async fn start(program: &'a Path) -> Self {
        let system = System::start_program(program).await;
        let tenant = tenant::create(&system).await;
        let token = tenant::orders_token(&system, &tenant).await;
        let loaded = [
            ("refresh", tenant::refresh(&system, &tenant).await),
            ("client_credentials", tenant::client_credentials(&system, &tenant)),
            ("direct call", tenant::direct_call(&system, &token)),
            ("proxied call", tenant::proxied_call(&system, &tenant).await.0),
        ];
        Self { program, system, loaded, samples: Samples::default() }
    }

    async fn measure(&mut self, work: Work, plan: &Plan) {
        let Self { program, system, loaded, samples } = self;
        match work {
            Work::Loaded(number) => {
                let (name, target) = &loaded[number];
                samples.add(name, load(target, CONNECTIONS, plan.part, system.pid()).await.0);
            }
            Work::Runs => samples.add("hourly run", runs::measure(system, plan.runs).await.0),
            Work::Tenants => {
                samples.add("throw-away tenant", starts::tenants(system, plan.tenants).await.0);
            }
            Work::Starts => {
                let (first, again) = starts::starts(program).await;
                samples.add("first start", first);
                samples.add("start on data", again);
            }
            Work::Scenarios => {
                let (one_by_one, parallel) = starts::pair(system, plan.scenarios).await;
                samples.add("scenarios, sequential", one_by_one);
                samples.add("scenarios, parallel", parallel);
            }
        }
    }
}

/// Measures the program under test beside another one. Returns the table, for people.
#[expect(clippy::print_stderr, reason = "it takes minutes")]
pub(crate) async fn measure(plan: &Plan, other: &Path, machine: &Machine) -> String {
    let mut sides = [Side::start(other).await, Side::start(program()).await];
    for round in 1..=plan.rounds {
        eprintln!("pairs {round} of {}", plan.rounds);
        for work in WORKS {
            for side in &mut sides {
                side.measure(work, plan).await;
            }
        }
        sides.reverse();
    }
    if plan.rounds % 2 == 1 {
        sides.reverse();
    }
    let [before, this] = sides;
    let table = table(&before.samples, &this.samples);
    before.system.stop().await;
    this.system.stop().await;
    format!("{}; medians of {} alternating pairs.\n\n{table}", machine.describe(), plan.rounds)
}

fn table(before: &Samples, this: &Samples) -> String {
    let mut text = "| work | the other program | this one | CPU, ratios of pairs | wall, ratios of pairs |\n\
                    |---|---|---|---|---|\n"
        .to_owned();
    for (work, befores) in before.iter() {
        let ratios = |of: fn(&Each) -> f64| {
            let ratios: Vec<f64> =
                befores.iter().zip(this.of(work)).map(|(before, this)| of(this) / of(before)).collect();
            let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let most = ratios.iter().copied().fold(0.0, f64::max);
            format!("{:.2} ({least:.2} to {most:.2})", median(&ratios, |ratio| *ratio))
        };
        let (cpu, wall) = (ratios(|each| each.cpu), ratios(|each| each.wall));
        let (before, this) = (both(before.median(work)), both(this.median(work)));
        let _ = writeln!(text, "| {work} | {before} | {this} | {cpu} | {wall} |");
    }
    text
}
