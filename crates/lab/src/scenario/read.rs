//! Reading scenario files.

use std::path::Path;

use super::check::check;
use super::file::ScenarioFile;
use super::twin_fact::of_twin;
use crate::diagnostic::{Diagnostic, Position, read_yaml};
use crate::seed::Seed;

/// A scenario file that was read and found whole.
#[derive(Clone, Debug)]
pub struct ReadScenarios {
    /// The file as the caller named it.
    pub name: String,
    /// Its text, for showing lines of it.
    pub text: String,
    /// What it says; where twins differ, with the value of the story as it is written.
    pub file: ScenarioFile,
    /// The same file with the other value of every fact in which twins differ, if there are any.
    pub twin: Option<Box<ReadScenarios>>,
}

impl ReadScenarios {
    /// A diagnostic for a place in this file.
    #[must_use]
    pub fn at(
        &self,
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(&self.name, &self.text, position, message, remedy)
    }
}

/// Reads a scenario file and checks that every name in it means something: people, applications and connectors in the seed
/// (the first of `seeds`, unless the scenario names another), tokens, marks, connections and flows in earlier steps.
///
/// # Errors
/// The first mistake, with its place.
pub fn read_scenarios(path: &Path, seeds: &[Seed]) -> Result<ReadScenarios, Diagnostic> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::unreadable(&name, &error))?;
    parse(name, text, seeds)
}

fn parse(name: String, text: String, seeds: &[Seed]) -> Result<ReadScenarios, Diagnostic> {
    let [one, other] = [0, 1].map(|which| of_twin(&name, &text, which));
    let mut read = checked(name.clone(), one?, seeds)?;
    if read.file.scenarios.iter().any(|scenario| scenario.twins.is_some()) {
        read.twin = Some(Box::new(checked(name, other?, seeds)?));
    }
    Ok(read)
}

fn checked(name: String, text: String, seeds: &[Seed]) -> Result<ReadScenarios, Diagnostic> {
    let file: ScenarioFile = read_yaml(&name, &text)?;
    check(&file, seeds).map_err(|mistake| {
        Diagnostic::new(&name, &text, mistake.position, mistake.message, mistake.remedy)
    })?;
    Ok(ReadScenarios { name, text, file, twin: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(steps: &str) -> Diagnostic {
        let text =
            format!("scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n{steps}");
        let seeds = [Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong}"))];
        parse("s.yaml".to_owned(), text, &seeds).expect_err("the file is wrong")
    }

    #[test]
    fn every_mistake_has_its_place_and_a_remedy() {
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
                "          - sign_in: {user: nobody, app: Orders Desktop, scope: openid}\n",
                (6, 29),
                "no user 'nobody'",
            ),
            (
                "          - sign_in: {user: owner, app: Nothing, scope: openid}\n",
                (6, 41),
                "no application 'Nothing'",
            ),
            (
                &format!("          - {desktop}, with: passkey, password: previous}}\n"),
                (6, 13),
                "types no password",
            ),
            (
                &format!("          - {desktop}, with: session, stay_signed_in: true}}\n"),
                (6, 13),
                "has the box to stay signed in",
            ),
            ("          - register_passkey: {user: nobody}\n", (6, 38), "no user 'nobody'"),
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
            let diagnostic = told(steps);
            let Position { line, column } = diagnostic.position;
            assert_eq!((line, column), place, "{diagnostic}");
            assert!(diagnostic.message.contains(message), "{diagnostic}");
            assert!(diagnostic.to_string().contains("remedy: "), "{diagnostic}");
        }
    }

    #[test]
    fn a_twin_is_checked_as_its_story_is() {
        let file = |other: &str| {
            format!(
                "scenarios:\n  - name: S\n    twins: {{fact: app, values: [Orders Desktop, {other}]}}\n    chapters:\n      \
                 - title: C\n        steps:\n          - sign_in: {{user: owner, app: \"${{twin.app}}\", scope: openid}}\n"
            )
        };
        let seeds = [Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong}"))];
        let read = parse("s.yaml".to_owned(), file("Orders SPA"), &seeds);
        let read = read.unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(read.text.contains("app: \"Orders Desktop\""), "{}", read.text);
        assert!(read.twin.is_some_and(|twin| twin.text.contains("app: \"Orders SPA\"")));
        let wrong =
            parse("s.yaml".to_owned(), file("Nothing"), &seeds).expect_err("its twin has no application");
        assert_eq!((wrong.position.line, wrong.message.contains("'Nothing'")), (7, true), "{wrong}");
    }

    #[test]
    fn names_of_earlier_steps_are_known() {
        let text = "scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n\
            \x20         - sign_in: {user: owner, app: Orders Desktop, scope: openid, keep: a}\n\
            \x20           mark: signed-in\n\
            \x20         - refresh: {tokens: a, keep: b, refused: {text_has: ['${mark.signed-in}', '${issued.a}']}}\n";
        let seeds = [Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong}"))];
        let read = parse("s.yaml".to_owned(), text.to_owned(), &seeds);
        assert!(read.is_ok(), "{}", read.err().map(|wrong| wrong.to_string()).unwrap_or_default());
    }
}
