//! The table, for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cost::Each;
use crate::machine::Machine;
use crate::runs::needs;
use crate::samples::Samples;

/// A work beside its floor and its target.
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) measured: String,
    pub(crate) floor: String,
    /// How both compare, and the target of that.
    pub(crate) result: String,
    pub(crate) target: &'static str,
    /// The result relative to the target; at most 1 if it is met.
    pub(crate) relative: f64,
    /// The floor, relative to the target, if there is one.
    pub(crate) floor_relative: Option<f64>,
}

impl Row {
    pub(crate) fn is_met(&self) -> bool {
        self.relative <= 1.0
    }
}

/// Everything that is reported.
pub(crate) struct Report<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) date: String,
    pub(crate) rounds: usize,
    /// Refreshes per hourly run.
    pub(crate) refreshes: f64,
    pub(crate) samples: &'a Samples,
    pub(crate) rows: Vec<Row>,
    /// The counts of one unit of each work.
    pub(crate) counts: Vec<(String, Value)>,
}

/// The counts in the order in which they are shown, by their place in [`outlive_wire::Counts`] and
/// the sums of the services.
const COUNTS: [&str; 10] = [
    "exchanges",
    "calls",
    "changes",
    "commits",
    "statements",
    "reads",
    "bytes",
    "signatures",
    "verifications",
    "allocations",
];

/// Formats microseconds with three digits.
pub(crate) fn time(us: f64) -> String {
    let (value, unit) = if us < 1_000.0 {
        (us, "µs")
    } else if us < 1_000_000.0 {
        (us / 1_000.0, "ms")
    } else {
        (us / 1_000_000.0, "s")
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// Formats processor time and wall time.
pub(crate) fn both(each: Each) -> String {
    format!("{} CPU, {} wall", time(each.cpu), time(each.wall))
}

impl Report<'_> {
    /// The tables of `docs/performance.md`.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "Measured on {}: {}; medians of {} rounds.\n\n\
             | work | measured | floor | result | target | met |\n|---|---|---|---|---|---|\n",
            self.date,
            self.machine.describe(),
            self.rounds
        );
        for row in &self.rows {
            let Row { work, measured, floor, result, target, .. } = row;
            let met = if row.is_met() { "yes" } else { "no" };
            let _ = writeln!(text, "| {work} | {measured} | {floor} | {result} | {target} | {met} |");
        }
        text.push_str("\nThe parts of the floors:\n\n| part | CPU | wall |\n|---|---|---|\n");
        for (name, _) in self.samples.iter().filter(|(name, _)| is_part(name)) {
            let Each { cpu, wall } = self.samples.median(name);
            let _ = writeln!(text, "| {name} | {} | {} |", time(cpu), time(wall));
        }
        text.push_str("\nWhat one hourly run needs:\n\n| part | number | why |\n|---|---|---|\n");
        for need in needs(self.refreshes) {
            let _ = writeln!(text, "| {} | {:.2} | {} |", need.part, need.count, need.why);
        }
        let _ = writeln!(text, "\nCounts per unit of work:\n\n| work | {} |", COUNTS.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(COUNTS.len()));
        for (work, counts) in &self.counts {
            let cell = |name| counts[name].as_f64().map_or("–".to_owned(), |count| format!("{count:.2}"));
            let cells = COUNTS.map(cell);
            let _ = writeln!(text, "| {work} | {} |", cells.join(" | "));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let samples: serde_json::Map<_, _> = self
            .samples
            .iter()
            .map(|(name, samples)| {
                let samples: Vec<_> =
                    samples.iter().map(|each| json!({"cpu_us": each.cpu, "wall_us": each.wall})).collect();
                (name.to_owned(), json!(samples))
            })
            .collect();
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                json!({"work": row.work, "measured": row.measured, "floor": row.floor, "result": row.result,
                       "target": row.target, "relative_to_target": row.relative, "met": row.is_met()})
            })
            .collect();
        let counts: serde_json::Map<_, _> = self.counts.iter().cloned().collect();
        json!({"date": self.date, "machine": self.machine.json(), "rounds": self.rounds, "results": rows,
               "counts_per_unit": counts, "samples": samples})
    }
}

/// Whether samples are those of a part of a floor.
fn is_part(name: &str) -> bool {
    ["signature", "verification", "exchange of", "row of", "floor of", "process start"]
        .iter()
        .any(|part| name.starts_with(part))
}
