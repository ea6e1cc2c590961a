//! What the environment asks the benchmark to measure.

use std::path::PathBuf;

use outlive_clock::Span;
use outlive_tests::program;

use crate::starts;

/// How long to measure.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Each part, in wall time.
    pub(crate) part: Span,
    /// Hourly runs per round.
    pub(crate) runs: u64,
    pub(crate) tenants: u64,
    pub(crate) scenarios: usize,
    pub(crate) many: Option<u64>,
    /// The only work to measure.
    pub(crate) work: Option<String>,
    /// A program, such as an earlier version, to measure every work beside.
    pub(crate) beside: Option<PathBuf>,
    pub(crate) out: PathBuf,
}

impl Plan {
    /// As the environment asks for.
    pub(crate) fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let number = |name: &str| {
            variable(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
        };
        let is_quick = variable("OUTLIVE_FLOOR_QUICK").is_some();
        let beside = variable("OUTLIVE_FLOOR_BESIDE").map(other_program);
        for name in ["OUTLIVE_FLOOR_MANY", "OUTLIVE_FLOOR_OUT"] {
            let is_unused = beside.is_some() && variable(name).is_some();
            assert!(!is_unused, "beside another program, {name} is without effect: leave it out");
        }
        // Each side is the first in as many rounds as the other.
        let usual = if beside.is_some() { 6 } else { 5 };
        let rounds = number("OUTLIVE_FLOOR_ROUNDS").unwrap_or(if is_quick { 1 } else { usual });
        let out = variable("OUTLIVE_FLOOR_OUT").map_or_else(
            // The program is target/PROFILE/outlive.
            || program().ancestors().nth(2).expect("a target directory").join("floor"),
            PathBuf::from,
        );
        Self {
            rounds: usize::try_from(rounds).expect("few rounds"),
            part: if is_quick { Span::from_millis(200) } else { Span::from_seconds(2) },
            runs: if is_quick { 24 } else { 2_136 },
            tenants: if is_quick { 2 } else { starts::TENANTS },
            scenarios: if is_quick { 2 } else { starts::SCENARIOS },
            many: number("OUTLIVE_FLOOR_MANY"),
            work: variable("OUTLIVE_FLOOR_WORK"),
            beside,
            out,
        }
    }
}

/// The program to measure every work beside.
fn other_program(path: String) -> PathBuf {
    let other = std::fs::canonicalize(&path).ok().filter(|other| other.is_file());
    let other = other.unwrap_or_else(|| {
        let here = std::env::current_dir().unwrap_or_default();
        panic!("OUTLIVE_FLOOR_BESIDE names {path}, which is not a file (from {})", here.display())
    });
    let is_same = std::fs::canonicalize(program()).is_ok_and(|program| program == other);
    assert!(!is_same, "OUTLIVE_FLOOR_BESIDE names the program under test; name another one");
    other
}
