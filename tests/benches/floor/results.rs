//! The rows of the table, from the samples.

use crate::cost::{Each, median};
use crate::machine::cores;
use crate::many::Hours;
use crate::report::{Row, both, time};
use crate::runs;
use crate::samples::Samples;

/// The runs of 89 days.
const RUNS_OF_89_DAYS: f64 = 2_136.0;

/// Compares the processor time of a work with that of its floor, round by round.
fn against_floor(
    samples: &Samples,
    work: &str,
    name: &'static str,
    floor: impl Fn(usize) -> Each,
    (most, target): (f64, &'static str),
) -> Row {
    let measured = samples.of(name);
    let floors: Vec<Each> = (0..measured.len()).map(floor).collect();
    let ratios: Vec<f64> = measured.iter().zip(&floors).map(|(each, floor)| each.cpu / floor.cpu).collect();
    let ratio = median(&ratios, |ratio| *ratio);
    let of_floor = |of: fn(&Each) -> f64| median(&floors, of);
    let floor = Each { wall: of_floor(|each| each.wall), cpu: of_floor(|each| each.cpu) };
    Row {
        work: work.to_owned(),
        measured: both(samples.median(name)),
        floor: both(floor),
        result: format!("{ratio:.2} ×"),
        target,
        relative: ratio / most,
        floor_relative: Some(1.0 / most),
    }
}

/// Compares a time with the longest that is accepted.
fn against_limit(
    work: &str,
    (measured, us): (String, f64),
    floor: Option<Each>,
    (most, target): (f64, &'static str),
) -> Row {
    Row {
        work: work.to_owned(),
        measured,
        floor: floor.map_or_else(|| "–".to_owned(), |floor| time(floor.wall)),
        result: time(us),
        target,
        relative: us / most,
        floor_relative: floor.map(|floor| floor.wall / most),
    }
}

/// `refreshes` is the number of refreshes per run.
pub(crate) fn rows(samples: &Samples, refreshes: f64) -> Vec<Row> {
    let sample = |name: &'static str| move |round: usize| samples.of(name)[round];
    let close = (1.25, "≤ 1.25 ×");
    let run = samples.median("run");
    let story = run.times(RUNS_OF_89_DAYS);
    let (tenant, process) = (samples.median("tenant"), samples.median("process start"));
    let (first, again) = (samples.median("first start"), samples.median("start on data"));
    let slower = if tenant.cpu > tenant.wall { tenant.cpu } else { tenant.wall };
    let (one_by_one, parallel) = (samples.of("scenarios, sequential"), samples.of("scenarios, parallel"));
    let gains: Vec<f64> = one_by_one.iter().zip(parallel).map(|(one, all)| one.wall / all.wall).collect();
    let gain = median(&gains, |gain| *gain);
    #[expect(clippy::cast_precision_loss, reason = "there are few cores")]
    let cores = cores() as f64;
    vec![
        against_floor(samples, "refresh grant, 32 connections", "refresh", sample("floor of refresh"), close),
        against_floor(
            samples,
            "the same, beside a bare grant",
            "refresh",
            sample("floor of a grant of refresh"),
            close,
        ),
        against_floor(
            samples,
            "client_credentials, 32 connections",
            "client_credentials",
            sample("floor of client_credentials"),
            close,
        ),
        against_floor(
            samples,
            "one hourly run",
            "run",
            |round| runs::floor(samples, round, refreshes),
            (1.4, "≤ 1.4 ×"),
        ),
        against_floor(
            samples,
            "the same, beside a bare run",
            "run",
            |round| runs::floor_of_bare_run(samples, round, refreshes),
            (1.4, "≤ 1.4 ×"),
        ),
        against_limit(
            "89 days of hourly runs, wall",
            (time(story.wall), story.wall),
            None,
            (3_500_000.0, "≤ 3.5 s"),
        ),
        against_limit(
            "89 days of hourly runs, CPU",
            (time(story.cpu), story.cpu),
            None,
            (3_000_000.0, "≤ 3 s"),
        ),
        against_floor(
            samples,
            "call through the hub, 32 connections",
            "proxied call",
            sample("direct call"),
            (2.0, "≤ 2 ×"),
        ),
        against_floor(
            samples,
            "call through a bare proxy, 32 connections",
            "floor of a proxied call",
            sample("direct call"),
            (2.0, "≤ 2 ×"),
        ),
        against_floor(
            samples,
            "call through the hub, beside a bare proxy",
            "proxied call",
            sample("floor of a proxied call"),
            close,
        ),
        against_limit(
            "throw-away tenant, 32 concurrent",
            (both(tenant), slower),
            None,
            (20_000.0, "≤ 20 ms wall and CPU"),
        ),
        against_limit("first start", (both(first), first.wall), Some(process), (250_000.0, "≤ 250 ms wall")),
        against_limit(
            "start on existing data",
            (both(again), again.wall),
            Some(process),
            (60_000.0, "≤ 60 ms wall"),
        ),
        Row {
            work: "8 scenarios in parallel".to_owned(),
            measured: time(samples.median("scenarios, parallel").wall),
            floor: format!("{} sequential", time(samples.median("scenarios, sequential").wall)),
            result: format!("{gain:.2} × as fast"),
            target: "≥ 1.8 × on 2 cores",
            relative: 1.8 / gain,
            floor_relative: Some(1.8 / cores),
        },
    ]
}

/// The most that a run with many connections may cost, relative to one with few.
const FLAT: f64 = 1.15;
/// The most resident memory with many connections, 200 MB, in MiB.
const RESIDENT_MIB_MAX: f64 = 200.0e6 / 1_048_576.0;

/// A day of many connections beside ten of few.
pub(crate) fn of_many(few: &Hours, many: &Hours) -> [Row; 2] {
    let ratio = many.each.cpu / few.each.cpu;
    let disk = many.disk_mib / few.disk_mib;
    let work = format!("one run of {} connections", many.connections);
    [
        Row {
            measured: both(many.each),
            floor: format!("{} with {}", both(few.each), few.connections),
            result: format!("{ratio:.2} ×"),
            target: "≤ 1.15 ×",
            relative: ratio / FLAT,
            floor_relative: Some(1.0 / FLAT),
            work,
        },
        Row {
            work: format!("memory of {} connections", many.connections),
            measured: format!("{:.0} MiB resident, {:.0} MiB on disk", many.resident_mib, many.disk_mib),
            floor: format!(
                "{:.0} MiB resident, {:.0} MiB on disk with {}",
                few.resident_mib, few.disk_mib, few.connections
            ),
            result: format!("{:.0} MiB, disk {disk:.0} ×", many.resident_mib),
            target: "< 200 MB",
            relative: many.resident_mib / RESIDENT_MIB_MAX,
            floor_relative: None,
        },
    ]
}
