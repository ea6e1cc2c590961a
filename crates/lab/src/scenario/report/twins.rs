//! A scenario and its variant side by side, up to the step at which their outcomes differ.

use outlive_wire::counted;

use super::story::{marked, opening, wrapped};
use crate::scenario::result::{Status, StepResult};
use crate::scenario::run::TwinsResult;
use crate::style::{BAD, DOUBTFUL, GOOD, STRONG, printable, styled};

const INDENT: &str = "                        ";

/// Returns the steps up to the one with different outcomes, and that step for both.
pub fn twins(result: &TwinsResult) -> String {
    let [written, variant] = &result.results;
    let [this, that] = &result.fact.values;
    let mut text = opening(&written.name, written.about.as_deref());
    text.push_str(&format!("\nOne fact differs, {}: {this} | {that}\n\n", result.fact.fact));
    for (number, (left, right)) in written.steps.iter().zip(&variant.steps).enumerate() {
        let differs = result.diverged_at == Some(number);
        let (style, how) = match differs {
            true => (DOUBTFUL.bold(), "OUTCOMES DIFFER"),
            false => (left.status.style(), in_both(left.status)),
        };
        let at = left.at.map_or_else(|| " ".repeat(20), |at| at.whole_second().to_string());
        text.push_str(&marked(&format!("{at}  {}", left.title), style, how, "  ", INDENT));
        if differs {
            text.push_str(&side(this, left));
            text.push_str(&side(that, right));
            break;
        }
    }
    text.push_str(&ending(result));
    text
}

const fn in_both(status: Status) -> &'static str {
    match status {
        Status::Passed => "the same in both",
        Status::Failed => "failed in both",
        Status::Error => "could not be executed in both",
        Status::Skipped => "skipped",
    }
}

fn side(value: &str, step: &StepResult) -> String {
    let deeper = format!("{INDENT}  ");
    let mut text = format!("{INDENT}{}\n", styled(STRONG, &printable(&format!("{value}:"))));
    for sentence in &step.narration {
        text.push_str(&wrapped(sentence, &deeper, &deeper));
    }
    for why in &step.why {
        text.push_str(&wrapped(&format!("why: {why}"), &deeper, &format!("{deeper}     ")));
    }
    if let Some(error) = &step.error {
        text.push_str(&wrapped(error, &deeper, &deeper));
    }
    text
}

fn ending(result: &TwinsResult) -> String {
    let [written, variant] = &result.results;
    let total = written.steps.len();
    let (style, text) = match result.diverged_at {
        Some(at) if result.diverges() => {
            (GOOD, format!("The outcomes differ at step {} of {total}.", at + 1))
        }
        Some(at) => (
            BAD,
            format!(
                "The outcomes differ at step {} of {total}, but not as expected: the scenario as written {}, its variant {}.",
                at + 1,
                written.status.word(),
                variant.status.word()
            ),
        ),
        None => (BAD, format!("The outcomes do not differ in any of {}.", counted(total, "step"))),
    };
    format!("\n{}\n", styled(style, &text))
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use insta::assert_snapshot;
    use outlive_clock::Instant;

    use super::*;
    use crate::diagnostic::Position;
    use crate::scenario::result::ScenarioResult;
    use crate::scenario::twin_fact::TwinFact;

    fn step(title: &str, status: Status, narration: &str, why: &str) -> StepResult {
        StepResult {
            chapter: "C".to_owned(),
            title: title.to_owned(),
            verb: "refresh",
            status,
            at: Some(Instant::from_seconds(1_767_603_600)),
            wall_ms: 0,
            position: Position { line: 1, column: 1 },
            narration: vec![narration.to_owned()],
            why: vec![why.to_owned()],
            checks: Vec::new(),
            error: None,
            diagnostic: None,
        }
    }

    fn result(statuses: [[Status; 2]; 2], diverged_at: Option<usize>) -> TwinsResult {
        let [written, variant] = statuses;
        let scenario = |statuses: [Status; 2], narration: &str| ScenarioResult {
            name: "A story".to_owned(),
            about: None,
            status: Status::of_all(statuses),
            tenant: None,
            began: None,
            wall_ms: 1,
            variant: None,
            steps: vec![
                step("It begins", statuses[0], "begun", "no matter"),
                step("It is refreshed", statuses[1], narration, "because"),
            ],
        };
        TwinsResult {
            fact: TwinFact {
                fact: "client".to_owned(),
                values: ["Desktop".to_owned(), "Connector".to_owned()],
            },
            results: [scenario(written, "refused"), scenario(variant, "tokens issued")],
            diverged_at,
        }
    }

    #[test]
    fn equal_steps_appear_once_and_the_differing_step_twice() {
        use Status::{Failed, Passed};
        let result = result([[Passed, Passed], [Passed, Failed]], Some(1));
        assert!(result.diverges());
        assert_snapshot!(strip_str(twins(&result).trim_start()).to_string(), @"
        A story
        =======

        One fact differs, client: Desktop | Connector

          2026-01-05T09:00:00Z  It begins … the same in both
          2026-01-05T09:00:00Z  It is refreshed … OUTCOMES DIFFER
                                Desktop:
                                  refused
                                  why: because
                                Connector:
                                  tokens issued
                                  why: because

        The outcomes differ at step 2 of 2.
        ");
    }

    fn plain(result: &TwinsResult) -> String {
        strip_str(&twins(result)).to_string()
    }

    #[test]
    fn equal_or_unexpected_outcomes_are_reported() {
        use Status::{Error, Failed, Passed};
        let alike = result([[Passed, Passed], [Passed, Passed]], None);
        assert!(
            !alike.diverges() && plain(&alike).ends_with("The outcomes do not differ in any of 2 steps.\n")
        );
        let wrongly = result([[Passed, Failed], [Passed, Passed]], Some(1));
        assert!(
            !wrongly.diverges()
                && plain(&wrongly).contains("not as expected: the scenario as written failed")
        );
        assert!(!result([[Passed, Passed], [Passed, Error]], Some(1)).diverges());
    }
}
