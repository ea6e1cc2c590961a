//! The nine lessons.

mod article;
mod breaking;
mod channels;
mod client_class;
mod evaluation;
mod lifetimes;
mod passkey;
mod revocation;
mod secrets;

use super::plan::Lesson;

/// The lessons, in their order.
pub(crate) static LESSONS: [Lesson; 9] = [
    article::LESSON,
    client_class::LESSON,
    passkey::LESSON,
    revocation::LESSON,
    channels::LESSON,
    lifetimes::LESSON,
    secrets::LESSON,
    evaluation::LESSON,
    breaking::LESSON,
];

#[cfg(test)]
mod tests {
    use outlive_rules::{Fate, Ruleset};

    use super::super::plan::{EDITION, Source};
    use super::*;

    /// The promises of the lessons are those of the published tables.
    #[test]
    fn promises_are_cells_of_the_published_table() {
        let mut cells = 0;
        for lesson in &LESSONS {
            for act in lesson.acts {
                let rules: Ruleset = act.edition.unwrap_or(EDITION).parse().expect("an edition");
                for ask in act.asks {
                    assert!(ask.choices.contains(&ask.promise), "{}: {:?}", lesson.title, ask.subject);
                    let Source::Cell(event, credential) = ask.source else { continue };
                    let fate = rules.fate(event, credential);
                    let fits = match fate {
                        Fate::Alive => matches!(ask.promise, "alive" | "runs"),
                        Fate::Revoked => !matches!(ask.promise, "alive" | "runs"),
                    };
                    assert!(fits, "{}: {:?} is {fate:?}, not {}", lesson.title, ask.subject, ask.promise);
                    cells += 1;
                }
            }
        }
        assert!(cells > 20, "{cells}");
    }

    #[test]
    fn each_lesson_takes_ten_to_fifteen_minutes_and_its_titles_fit() {
        for lesson in &LESSONS {
            assert!((10..=15).contains(&lesson.minutes), "{}", lesson.title);
            let planned: u8 = lesson.teacher.timing.iter().map(|(minutes, _)| minutes).sum();
            assert_eq!(planned, lesson.minutes, "{}", lesson.title);
            assert!(lesson.acts.len() >= 2 && !lesson.teacher.beliefs.is_empty());
            for act in lesson.acts {
                assert!(act.question.chars().count() <= 80, "{}", act.question);
                assert!((1..=4).contains(&act.asks.len()), "{}", act.question);
            }
        }
    }
}
