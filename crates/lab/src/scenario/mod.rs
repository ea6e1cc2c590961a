//! Scenarios: stories in a file that are told, checked and reported.
//!
//! Three parts that never mix: [`read_scenarios`] turns a file into typed steps or says where it is wrong; [`run`] plays the steps
//! against a system and records what came; [`report`] turns what was recorded into text, JSON or JUnit. Results are data, and
//! every report is a pure function of them.

mod check;
pub mod file;
mod read;
pub mod report;
pub mod result;
pub mod run;
mod template;
mod twin_fact;

pub use check::KnownSeeds;
pub use file::{Chapter, Scenario, ScenarioFile, Step, Verb};
pub use read::{ReadScenarios, read_scenarios};
pub use twin_fact::TwinFact;
