//! The format of scenario files.

use std::collections::BTreeMap;

use outlive_clock::Instant;
use outlive_wire::overlay::Overlay;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::twin_fact::TwinFact;
use super::verbs::Step;
use crate::starts::Starts;

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Tags of all its scenarios.
    #[serde(default)]
    pub tags: Vec<Spanned<String>>,
    /// Values by name: `${var.NAME}` is replaced in all texts of the file. A text that is nothing
    /// but the placeholder becomes the value with its type.
    pub vars: Option<BTreeMap<String, Value>>,
    /// Steps that every scenario executes first, in its own tenant.
    pub setup: Option<Vec<Step>>,
    /// The scenarios, at least one. Each runs in a tenant of its own.
    pub scenarios: Spanned<Vec<Scenario>>,
}

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: Spanned<String>,
    /// What it shows.
    pub about: Option<String>,
    /// Words by which scenarios are selected.
    #[serde(default)]
    pub tags: Vec<Spanned<String>>,
    /// Values by name, in addition to those of the file.
    pub vars: Option<BTreeMap<String, Value>>,
    /// A table: the scenario runs once per row, each in a tenant of its own, with `${row.COLUMN}`.
    /// The row becomes part of its name.
    pub examples: Option<Vec<BTreeMap<String, Value>>>,
    /// The fact in which its variant differs.
    pub twins: Option<TwinFact>,
    /// The seed of its tenant.
    pub seed: Option<Spanned<String>>,
    /// Users and applications of its tenant in addition to those of the seed.
    pub overlay: Option<Spanned<Overlay>>,
    /// The revocation table of its tenant, unless `--rules` is given.
    pub rules: Option<Spanned<String>>,
    /// When its time starts: an instant, or a negative duration before now. Time stands still
    /// between steps.
    #[serde(default = "default_start", alias = "starts")]
    pub start: Spanned<Starts>,
    /// Its chapters, at least one.
    pub chapters: Spanned<Vec<Chapter>>,
}

/// The default start: Monday 2026-01-05, 09:00 UTC.
fn default_start() -> Spanned<Starts> {
    let start = Starts::At(Instant::from_seconds(1_767_603_600));
    Spanned::new(start, serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// A group of steps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its title.
    pub title: Spanned<String>,
    /// Its steps, at least one.
    pub steps: Spanned<Vec<Spanned<Step>>>,
}
