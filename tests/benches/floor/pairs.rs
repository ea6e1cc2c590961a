//! The cost of each work beside that of another program, such as an earlier version.
//!
//! Both run all the time, each with a system of its own. A work is measured with the one and at
//! once with the other, in the next round the other way around; so what else the machine does, and
//! whether its processor is warm, concerns both.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use outlive_clock::Span;
use outlive_tests::{System, pause, program};

use crate::cost::{Each, median};
use crate::load::{Target, load};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::report::both;
use crate::samples::Samples;
use crate::{CONNECTIONS, HOURLY_RUN, SCENARIOS, runs, starts, tenant};

/// A running program, and requests for it.
struct Side<'a> {
    program: &'a Path,
    system: System,
    loaded: [(&'static str, Target); 4],
    samples: Samples,
}

/// The time, in wall time, for what a system does after a work.
const AFTER_WORK: Duration = Duration::from_millis(500);

/// What is measured at a time: a request, or something else.
const WORKS: [&str; 8] = [
    "refresh",
    "client_credentials",
    "direct call",
    "proxied call",
    HOURLY_RUN,
    "throw-away tenant",
    "starts",
    SCENARIOS,
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
        for (_, target) in &loaded {
            // What a program does once, such as to be read from the disk, is in no figure.
            load(target, CONNECTIONS, Span::from_millis(200), system.pid()).await;
        }
        Self { program, system, loaded, samples: Samples::default() }
    }

    async fn measure(&mut self, work: &'static str, plan: &Plan) {
        let (program, system) = (self.program, &self.system);
        if let Some((_, target)) = self.loaded.iter().find(|(name, _)| *name == work) {
            let each = load(target, CONNECTIONS, plan.part, system.pid()).await.0;
            self.add(work, each);
        } else if work == HOURLY_RUN {
            let each = runs::measure(system, plan.runs).await.0;
            self.add(work, each);
        } else if work == "throw-away tenant" {
            let each = starts::tenants(system, plan.tenants).await.0;
            self.add(work, each);
        } else if work == "starts" {
            let (first, again) = starts::starts(program).await;
            self.add("first start", first);
            self.add("start on data", again);
        } else {
            let (one_by_one, parallel) = starts::pair(program, system, plan.scenarios).await;
            self.add("scenarios, sequential", one_by_one);
            self.add("scenarios, parallel", parallel);
        }
    }

    #[expect(clippy::print_stderr, reason = "a benchmark that is stopped has printed what it measured")]
    fn add(&mut self, work: &'static str, each: Each) {
        eprintln!("  {work}: {} ({})", both(each), self.program.display());
        self.samples.add(work, each);
    }
}

/// Measures the program under test beside another one. Returns the table, for people.
#[expect(clippy::print_stderr, reason = "it takes minutes")]
pub(crate) async fn measure(plan: &Plan, other: &Path, machine: &Machine) -> String {
    let is_wanted = |work: &&str| plan.work.as_deref().is_none_or(|wanted| wanted == *work);
    let works: Vec<_> = WORKS.into_iter().filter(is_wanted).collect();
    assert!(!works.is_empty(), "no such work: use one of {}", WORKS.join(", "));
    assert!(plan.rounds > 0, "without rounds there are no pairs");
    let mut sides = [Side::start(other).await, Side::start(program()).await];
    for round in 1..=plan.rounds {
        eprintln!("pairs {round} of {}", plan.rounds);
        for work in &works {
            for side in &mut sides {
                side.measure(work, plan).await;
                // The journal's index follows a little later.
                pause(AFTER_WORK).await;
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
