//! Scenarios: files of steps that are run, checked and reported.
//!
//! Three independent parts: [`read_scenarios`] parses a file into typed steps, or reports its
//! mistakes; [`run`] executes the steps against a system and returns results; [`report`] formats
//! results as text, JSON or JUnit XML. Every report is a pure function of the results.

mod capture;
mod check;
mod eventually;
mod expand;
pub mod file;
mod read;
pub mod report;
pub mod result;
pub mod run;
mod twin_fact;
mod verbs;

pub use check::KnownSeeds;
pub use file::{Chapter, Scenario, ScenarioFile};
pub use read::{ReadScenarios, read_scenarios, read_text};
pub use twin_fact::TwinFact;
pub use verbs::Step;
