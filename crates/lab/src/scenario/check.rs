//! Checks scenarios before anything is started: unknown names, values that no service accepts,
//! steps that are impossible after the steps before them.

pub(super) mod checker;
mod mistake;
pub(super) mod names;
mod payload;
mod snapshots;
mod steps;
mod values;

use outlive_chassis::SpecMistake;
use outlive_clock::{Instant, wall_now};
use outlive_rules::Ruleset;
use serde_saphyr::Spanned;

use self::checker::{Checker, RANGE};
pub(super) use self::mistake::Mistake;
use self::names::Known;
use super::file::{Scenario, ScenarioFile};
use crate::diagnostic::Position;
use crate::seed::{OverlayMistake, Seed};
use crate::starts::Starts;

/// The beginning of the messages about what is empty.
pub(super) const NOTHING_TO_RUN: &str = "there is nothing to run";

/// The seeds that scenarios can use.
#[derive(Clone, Copy, Debug)]
pub struct KnownSeeds<'a> {
    /// The seeds; the first is the default one.
    pub seeds: &'a [Seed],
    /// Whether there are no others. A remote lab can have more.
    pub complete: bool,
    /// Returns what the identity provider would reject in a tenant of a seed.
    pub rejected: fn(&Seed) -> Vec<SpecMistake>,
}

impl<'a> KnownSeeds<'a> {
    /// These seeds and no others, in whose tenants the identity provider rejects nothing.
    #[must_use]
    pub fn only(seeds: &'a [Seed]) -> Self {
        Self { seeds, complete: true, rejected: |_| Vec::new() }
    }
}

/// Returns all mistakes of a file, in the order of the file.
pub(super) fn check(file: &ScenarioFile, seeds: KnownSeeds<'_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if file.scenarios.value.is_empty() {
        let message = "there is nothing to run: the file has no scenario";
        mistakes.push(Mistake::at(&file.scenarios, message, "write a scenario, or leave the file out"));
    }
    for scenario in &file.scenarios.value {
        mistakes.extend(check_scenario(scenario, seeds));
    }
    mistakes
}

fn check_scenario(scenario: &Scenario, seeds: KnownSeeds<'_>) -> Vec<Mistake> {
    let named = scenario.seed.as_ref().map(|name| name.value.as_str());
    let seed = match named {
        None => seeds.seeds.first(),
        Some(name) => seeds.seeds.iter().find(|seed| seed.file.seed == name),
    };
    let mut mistakes = Vec::new();
    let overlaid = seed.zip(scenario.overlay.as_ref()).and_then(|(seed, overlay)| {
        let mistake = |OverlayMistake { place, message, remedy }| Mistake {
            within: place,
            ..Mistake::at(overlay, message, remedy)
        };
        match seed.with_overlay(&overlay.value) {
            Ok(overlaid) => {
                let rejected = (seeds.rejected)(&overlaid);
                let places = rejected.into_iter().filter_map(|wrong| seed.in_overlay(wrong, &overlay.value));
                mistakes.extend(places.map(mistake));
                Some(overlaid)
            }
            Err(wrong) => {
                mistakes.extend(wrong.into_iter().map(mistake));
                None
            }
        }
    });
    let seed = overlaid.as_ref().or(seed);
    let known = Known::of(seed, scenario.start.value);
    if scenario.name.value.trim().is_empty() {
        mistakes.push(Mistake::at(&scenario.name, "the scenario has no name", "write what it shows"));
    }
    let mut checker = Checker { seed, known, mistakes, at: Position::of(&scenario.name) };
    checker.scenario(scenario, seeds);
    checker.mistakes
}

impl<'a> Checker<'a> {
    fn scenario(&mut self, scenario: &'a Scenario, seeds: KnownSeeds<'_>) {
        if let (Some(name), None, true) = (&scenario.seed, self.seed, seeds.complete) {
            let known: Vec<_> = seeds.seeds.iter().map(|seed| seed.file.seed.as_str()).collect();
            let remedy = format!("use {}, or give the seed's file with --seed FILE", known.join(", "));
            self.wrong_at(Position::of(name), format!("there is no seed '{}'", name.value), remedy);
        }
        if let Some(rules) = &scenario.rules
            && let Err(error) = rules.value.parse::<Ruleset>()
        {
            let remedy = "write one of the editions 2018, 2021, 2025-05, 2025-11";
            self.wrong_at(Position::of(rules), error.to_string(), remedy);
        }
        self.literal(Position::of(&scenario.name), &scenario.name.value);
        self.start(&scenario.start);
        self.tags(&scenario.tags);
        if scenario.chapters.value.is_empty() {
            let message = "there is nothing to run: the scenario has no chapter";
            self.wrong_at(Position::of(&scenario.chapters), message, "write a chapter with steps");
        }
        for chapter in &scenario.chapters.value {
            self.literal(Position::of(&chapter.title), &chapter.title.value);
            if chapter.steps.value.is_empty() {
                let message = "there is nothing to run: the chapter has no step";
                self.wrong_at(Position::of(&chapter.steps), message, "write a step, or remove the chapter");
            }
            for step in &chapter.steps.value {
                self.step(step);
            }
        }
    }

    fn start(&mut self, start: &Spanned<Starts>) {
        let instant = start.value.instant(wall_now());
        if !(Instant::EPOCH..=Instant::MAX).contains(&instant) {
            let message = match start.value {
                Starts::At(instant) => format!("time cannot start at {instant}"),
                Starts::Before(span) => format!("time cannot start {span} before now"),
            };
            self.wrong_at(Position::of(start), message, RANGE);
        }
    }

    fn tags(&mut self, tags: &[Spanned<String>]) {
        for tag in tags {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if tag.value.is_empty() || !tag.value.chars().all(is_plain) {
                let message = format!("'{}' is not a valid tag", tag.value);
                self.wrong_at(Position::of(tag), message, "use letters, digits, - and _");
            }
        }
    }
}
