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
        let rounds = number("OUTLIVE_FLOOR_ROUNDS").unwrap_or(if is_quick { 1 } else { 5 });
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
            beside: variable("OUTLIVE_FLOOR_BESIDE").map(|path| {
                std::path::absolute(&path)
                    .ok()
                    .filter(|path| path.is_file())
                    .unwrap_or_else(|| panic!("OUTLIVE_FLOOR_BESIDE names {path}, which is not there"))
            }),
            out,
        }
    }
}
