//! Twins side by side: what is the same in both, and where they part.

use super::story::{opening, wrapped};
use crate::scenario::result::{Status, StepResult};
use crate::scenario::run::TwinsResult;

const INDENT: &str = "                        ";

/// Both stories up to the step at which they part, and what each says there.
#[must_use]
pub fn twins(result: &TwinsResult) -> String {
    let [one, other] = &result.stories;
    let [this, that] = &result.fact.values;
    let mut text = opening(&one.name, one.about.as_deref());
    text.push_str(&format!("\nOne fact differs, {}: {this} | {that}\n\n", result.fact.fact));
    for (number, (left, right)) in one.steps.iter().zip(&other.steps).enumerate() {
        let parts = result.parted_at == Some(number);
        let how = if parts { "HERE THEY PART" } else { in_both(left.status) };
        let at = left.at.map_or_else(|| " ".repeat(20), |at| at.whole_second().to_string());
        text.push_str(&wrapped(&format!("{at}  {} … {how}", left.title), "  ", INDENT));
        if parts {
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
        Status::Failed => "in both not as it is told",
        Status::Error => "in both it could not be carried out",
        Status::Skipped => "skipped",
    }
}

fn side(value: &str, step: &StepResult) -> String {
    let deeper = format!("{INDENT}  ");
    let mut text = wrapped(&format!("{value}:"), INDENT, INDENT);
    for told in &step.told {
        text.push_str(&wrapped(told, &deeper, &deeper));
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
    let [one, other] = &result.stories;
    let total = one.steps.len();
    match result.parted_at {
        Some(at) if result.part() => format!("\nThey part at step {} of {total}.\n", at + 1),
        Some(at) => format!(
            "\nThey part at step {} of {total}, but not as they should: the story as written {}, its twin's {}.\n",
            at + 1,
            one.status.word(),
            other.status.word()
        ),
        None => format!("\nThey do not part: all {total} steps ended alike.\n"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use outlive_clock::Instant;

    use super::*;
    use crate::diagnostic::Position;
    use crate::scenario::result::ScenarioResult;
    use crate::scenario::twin_fact::TwinFact;

    fn step(title: &str, status: Status, told: &str, why: &str) -> StepResult {
        StepResult {
            chapter: "C".to_owned(),
            title: title.to_owned(),
            verb: "refresh",
            status,
            at: Some(Instant::from_seconds(1_767_603_600)),
            position: Position { line: 1, column: 1 },
            told: vec![told.to_owned()],
            why: vec![why.to_owned()],
            checks: Vec::new(),
            error: None,
            diagnostic: None,
        }
    }

    fn told(statuses: [[Status; 2]; 2], parted_at: Option<usize>) -> TwinsResult {
        let [one, other] = statuses;
        let story = |statuses: [Status; 2], told: &str| ScenarioResult {
            name: "A story".to_owned(),
            about: None,
            status: Status::of_all(statuses),
            tenant: None,
            wall_ms: 1,
            steps: vec![
                step("It begins", statuses[0], "begun", "no matter"),
                step("It is refreshed", statuses[1], told, "because"),
            ],
        };
        TwinsResult {
            fact: TwinFact {
                fact: "client".to_owned(),
                values: ["Desktop".to_owned(), "Connector".to_owned()],
            },
            stories: [story(one, "refused"), story(other, "tokens came")],
            parted_at,
        }
    }

    #[test]
    fn what_is_the_same_is_told_once_and_where_they_part_twice() {
        use Status::{Failed, Passed};
        let result = told([[Passed, Passed], [Passed, Failed]], Some(1));
        assert!(result.part());
        assert_snapshot!(twins(&result).trim_start(), @"
        A story
        =======

        One fact differs, client: Desktop | Connector

          2026-01-05T09:00:00Z  It begins … the same in both
          2026-01-05T09:00:00Z  It is refreshed … HERE THEY PART
                                Desktop:
                                  refused
                                  why: because
                                Connector:
                                  tokens came
                                  why: because

        They part at step 2 of 2.
        ");
    }

    #[test]
    fn twins_that_do_not_part_or_part_wrongly_say_so() {
        use Status::{Error, Failed, Passed};
        let alike = told([[Passed, Passed], [Passed, Passed]], None);
        assert!(!alike.part() && twins(&alike).ends_with("They do not part: all 2 steps ended alike.\n"));
        let wrongly = told([[Passed, Failed], [Passed, Passed]], Some(1));
        assert!(
            !wrongly.part() && twins(&wrongly).contains("not as they should: the story as written failed")
        );
        assert!(!told([[Passed, Passed], [Passed, Error]], Some(1)).part());
    }
}
