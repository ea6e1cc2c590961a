//! Paired scenarios that the lab runs itself: those that ship, and a run of a flow again with one
//! fact changed. Each pair runs in two temporary tenants, which are deleted also if the caller
//! disconnects.

mod origin;
mod replay;
#[cfg(test)]
mod tests;

use outlive_chassis::Trace;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use self::origin::{RunOrigin, origin_of};
pub(crate) use self::replay::{Change, ChangedFact, REPLAY_LIMITS, replay_text, replays};
use crate::Diagnostic;
use crate::scenario::run::{Interrupt, RunOptions, Silent, TwinsResult, run_twins};
use crate::scenario::{KnownSeeds, ReadScenarios, read_text};
use crate::tenants::Tenants;

/// The paired scenarios that ship.
const SHIPPED: &str = include_str!("../../../../scenarios/twins.yaml");
const SHIPPED_NAME: &str = "scenarios/twins.yaml";

/// A paired scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Pair {
    /// Its name.
    pub(crate) name: String,
    /// What it shows.
    pub(crate) about: Option<String>,
    /// The fact in which the two differ.
    pub(crate) fact: String,
    /// The value of the scenario as written, and that of its variant.
    pub(crate) values: [String; 2],
}

/// Reads the scenarios that ship. They need names of the seed.
pub(crate) fn shipped(tenants: &Tenants) -> Result<ReadScenarios, Vec<Diagnostic>> {
    read(tenants, SHIPPED_NAME, SHIPPED.to_owned())
}

/// Reads the text of paired scenarios.
pub(crate) fn read(tenants: &Tenants, name: &str, text: String) -> Result<ReadScenarios, Vec<Diagnostic>> {
    read_text(name, text, KnownSeeds::only(&tenants.seeds()))
}

/// The paired scenarios of a file.
pub(crate) fn pairs(file: &ReadScenarios) -> Vec<Pair> {
    let scenarios = file.file.scenarios.value.iter();
    let pair = scenarios.filter_map(|scenario| {
        let fact = scenario.twins.clone()?;
        Some(Pair {
            name: scenario.name.value.clone(),
            about: scenario.about.as_ref().map(|about| about.trim().to_owned()),
            fact: fact.fact,
            values: fact.values,
        })
    });
    pair.collect()
}

/// Runs the paired scenario of this name, and its variant; `None` if there is none.
pub(crate) async fn run(tenants: &Tenants, file: &ReadScenarios, name: &str) -> Option<TwinsResult> {
    let scenario = file.file.scenarios.value.iter().find(|scenario| scenario.name.value == name)?;
    let random = tenants.chassis().random.fork("twins");
    let options = RunOptions {
        lab: tenants.own_url().to_owned(),
        http: tenants.surface().http().traced(Trace::begin(&random)),
        rules: None,
        keep: false,
        random,
        tenant_name: None,
        panic_at_step: None,
        interrupt: Interrupt::never(),
        tenants: Some(tenants.clone()),
    };
    run_twins(file, scenario, &options, &Silent).await
}
