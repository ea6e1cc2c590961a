//! Reads scenario files.

use std::path::Path;

use super::check::{KnownSeeds, Mistake, check};
use super::file::ScenarioFile;
use super::twin_fact::of_twin;
use crate::diagnostic::{Diagnostic, Position};
use crate::yaml::read_all;

/// A valid scenario file.
#[derive(Clone, Debug)]
pub struct ReadScenarios {
    /// The path, as the caller gave it.
    pub name: String,
    /// Its text, for excerpts in diagnostics.
    pub text: String,
    /// Its contents; paired scenarios as written.
    pub file: ScenarioFile,
    /// The file with the variants of its paired scenarios, if it has any.
    pub twin: Option<Box<ReadScenarios>>,
}

impl ReadScenarios {
    /// Creates a diagnostic for a position in this file.
    pub fn at(
        &self,
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(&self.name, &self.text, position, message, remedy)
    }
}

/// Reads a scenario file and checks what can be checked without a system: every name is defined
/// (users, applications and connectors by the seed; tokens, marks, connections and flows by earlier
/// steps), and every step is possible.
///
/// # Errors
/// All mistakes with their positions. A file with syntax errors is not checked further.
pub fn read_scenarios(path: &Path, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| vec![Diagnostic::unreadable(&name, &error)])?;
    parse(name, text, seeds)
}

/// Reads the text of a scenario file, as [`read_scenarios`] does.
pub(crate) fn read_text(
    name: &str,
    text: String,
    seeds: KnownSeeds<'_>,
) -> Result<ReadScenarios, Vec<Diagnostic>> {
    parse(name.to_owned(), text, seeds)
}

fn parse(name: String, text: String, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let of = |which| of_twin(&name, &text, which).map_err(|mistake| vec![mistake]);
    let mut read = parse_text(name.clone(), of(0)?, seeds)?;
    if read.file.scenarios.value.iter().any(|scenario| scenario.twins.is_some()) {
        read.twin = Some(Box::new(parse_text(name.clone(), of(1)?, seeds)?));
    }
    Ok(read)
}

fn parse_text(name: String, text: String, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let file: ScenarioFile = read_all(&name, &text)?;
    let mistakes = check(&file, seeds);
    if mistakes.is_empty() {
        return Ok(ReadScenarios { name, text, file, twin: None });
    }
    let diagnostic =
        |mistake: Mistake| Diagnostic::new(&name, &text, mistake.position, mistake.message, mistake.remedy);
    Err(mistakes.into_iter().map(diagnostic).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn contoso() -> Seed {
        Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    fn read(text: String) -> Result<ReadScenarios, Vec<Diagnostic>> {
        parse("s.yaml".to_owned(), text, KnownSeeds { seeds: &[contoso()], complete: true })
    }

    fn shown(mistakes: &[Diagnostic]) -> String {
        mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
    }

    fn mistake_in(steps: &str) -> Diagnostic {
        let text =
            format!("scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n{steps}");
        let mut mistakes = read(text).expect_err("the file is wrong");
        assert_eq!(mistakes.len(), 1, "{}", shown(&mistakes));
        mistakes.remove(0)
    }

    #[test]
    fn every_mistake_has_a_position_and_a_remedy() {
        let desktop = "sign_in: {user: owner, app: Orders Desktop, scope: openid";
        for (steps, place, message) in [
            ("          - say: nothing\n", (6, 13), "has no verb"),
            (
                "          - stop_flow: {flow: x}\n            advance: {by: PT1H}\n",
                (6, 13),
                "more than one verb",
            ),
            ("          - sing_in: {}\n", (6, 13), "unknown field `sing_in`"),
            (
                "          - sign_in: {user: unknown, app: Orders Desktop, scope: openid}\n",
                (6, 29),
                "no user 'unknown'",
            ),
            (
                "          - sign_in: {user: owner, app: Nothing, scope: openid}\n",
                (6, 41),
                "no application 'Nothing'",
            ),
            ("          - register_passkey: {user: unknown}\n", (6, 38), "no user 'unknown'"),
            ("          - refresh: {tokens: kept}\n", (6, 31), "no tokens 'kept'"),
            ("          - stop_flow: {flow: f}\n", (6, 31), "no flow 'f'"),
            ("          - advance: {by: soon}\n", (6, 27), "'soon' is not a duration"),
            ("          - advance: {}\n", (6, 13), "exactly one of by, to and to_expiry_of"),
            (
                &format!("          - {desktop}, refused: {{text_has: ['${{mark.x}}']}}}}\n"),
                (6, 13),
                "'mark.x'",
            ),
            (
                "          - create_connection: {name: c, connector: shared_x, owner: owner}\n",
                (6, 53),
                "no connector 'shared_x'",
            ),
        ] {
            let diagnostic = mistake_in(steps);
            let Position { line, column } = diagnostic.position;
            assert_eq!((line, column), place, "{diagnostic}");
            assert!(diagnostic.message.contains(message), "{diagnostic}");
            assert!(diagnostic.to_string().contains("remedy: "), "{diagnostic}");
        }
    }

    #[test]
    fn the_variant_is_checked_as_well() {
        let file = |other: &str| {
            format!(
                "scenarios:\n  - name: S\n    twins: {{fact: app, values: [Orders Desktop, {other}]}}\n    chapters:\n      \
                 - title: C\n        steps:\n          - sign_in: {{user: owner, app: \"${{twin.app}}\", scope: openid}}\n"
            )
        };
        let twins = read(file("Orders SPA")).unwrap_or_else(|wrong| panic!("{}", shown(&wrong)));
        assert!(twins.text.contains("app: \"Orders Desktop\""), "{}", twins.text);
        assert!(twins.twin.is_some_and(|twin| twin.text.contains("app: \"Orders SPA\"")));
        let wrong = read(file("Nothing")).expect_err("the variant has no such application").remove(0);
        assert_eq!((wrong.position.line, wrong.message.contains("'Nothing'")), (7, true), "{wrong}");
    }

    #[test]
    fn names_of_earlier_steps_are_defined() {
        let text = "scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n\
            \x20         - sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access, keep: a}\n\
            \x20           mark: signed-in\n\
            \x20         - refresh: {tokens: a, refused: {text_has: ['${mark.signed-in}', '${issued.a}']}}\n";
        let read = read(text.to_owned());
        assert!(read.is_ok(), "{}", shown(&read.err().unwrap_or_default()));
    }

    #[test]
    fn all_mistakes_of_a_file_are_reported_at_once() {
        let text = include_str!("check/mistakes.yaml");
        let mistakes = read(text.to_owned()).expect_err("every step of the file is wrong");
        let lines: String = mistakes
            .iter()
            .map(|m| format!("{}:{}: {}\n", m.position.line, m.position.column, m.message))
            .collect();
        insta::assert_snapshot!(lines);
        // Each line of the file that says so is wrong, and no other.
        let marked: Vec<u64> =
            (1..).zip(text.lines()).filter(|(_, line)| line.ends_with("# wrong")).map(|(n, _)| n).collect();
        let mut found: Vec<u64> = mistakes.iter().map(|mistake| mistake.position.line).collect();
        found.dedup();
        assert_eq!(found, marked);
    }

    #[test]
    fn a_file_with_nothing_to_run_is_a_mistake() {
        for (text, place) in [
            ("scenarios: []", (1, 12)),
            ("scenarios:\n  - {name: S, chapters: []}", (2, 25)),
            ("scenarios:\n  - {name: S, chapters: [{title: C, steps: []}]}", (2, 44)),
        ] {
            let mistake = read(text.to_owned()).expect_err(text).remove(0);
            assert!(mistake.message.contains("nothing to run"), "{mistake}");
            assert_eq!((mistake.position.line, mistake.position.column), place, "{mistake}");
        }
        assert!(read(String::new()).is_err());
    }
}
