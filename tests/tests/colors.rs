//! Colors: on a terminal that shows them, on request, and never in reports for programs.
//!
//! `scripts/test` runs it on SQLite only: its subject is the command line, not what is stored.

#![cfg(unix)]

use std::process::Stdio;

use outlive_tests::{OnTerminal, Results, outlive_on_terminal, outlive_printing_to};

const SCENARIOS: &str = "\
scenarios:
  - name: \"Fails\\e[2J\"
    chapters:
      - title: One
        steps:
          - advance: {by: PT1H}
          - say: \"Without \\e[31m doubt\"
            advance: {by: PT1H, runs: 7}
          - advance: {by: PT1H}
";
const MISTAKEN: &str =
    "scenarios:\n  - name: A\n    chapters:\n      - title: C\n        steps: [{advnce: {by: PT1H}}]\n";

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[1m\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("the temporary directory is writable");
        for (name, text) in [("fails.yaml", SCENARIOS), ("mistaken.yaml", MISTAKEN)] {
            std::fs::write(home.path().join(name), text).expect("it is writable");
        }
        Self(home)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("UTF-8").to_owned()
    }
}

#[tokio::test]
async fn colors_are_for_terminals_that_show_them_unless_they_are_requested() {
    let home = Home::new();
    let file = home.path("mistaken.yaml");
    for (environment, option, on_terminal, in_pipe) in [
        (&[][..], None, true, false),
        (&[("NO_COLOR", "")], None, true, false),
        (&[("NO_COLOR", "0")], None, false, false),
        (&[("TERM", "dumb")], None, false, false),
        (&[("CLICOLOR_FORCE", "1")], None, true, true),
        (&[("NO_COLOR", "1")], Some("always"), true, true),
        (&[("TERM", "dumb")], Some("always"), true, true),
        (&[], Some("never"), false, false),
        (&[("CLICOLOR_FORCE", "1")], Some("never"), false, false),
        (&[], Some("auto"), true, false),
    ] {
        let options = option.map_or_else(Vec::new, |when| vec!["--color", when]);
        // Global: before the command and after it.
        let before = [&options[..], &["check", &file]].concat();
        let after = [&["check", &file], &options[..]].concat();
        for arguments in [&before, &after] {
            let OnTerminal { code, shown, .. } =
                outlive_on_terminal(Results::ToTerminal, environment, arguments).await;
            let piped = outlive_printing_to(Stdio::piped(), environment, arguments).await;
            let case = format!("{environment:?} {arguments:?}: {shown:?}");
            assert_eq!((code, piped.code), (Some(2), Some(2)), "{case}");
            assert_eq!(shown.contains('\u{1b}'), on_terminal, "{case}");
            assert_eq!(piped.stderr.contains('\u{1b}'), in_pipe, "{case} {piped:?}");
            if !on_terminal {
                assert!(shown.contains(&format!("outlive: {file}:5:18: unknown field")), "{case}");
            }
        }
    }
    let wrong = outlive_printing_to(Stdio::piped(), &[], &["check", &file, "--color", "maybe"]).await;
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("[possible values: auto, always, never]"),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_mistake_in_a_file_is_shown_as_compilers_do() {
    let home = Home::new();
    let file = home.path("mistaken.yaml");
    let shown = outlive_on_terminal(Results::ToTerminal, &[], &["check", &file]).await.shown;
    for part in [
        format!("{BOLD}{file}:5:"),
        format!("{RED}^"),
        "\u{1b}[1m\u{1b}[94m5 |".to_owned(),
        "remedy:\u{1b}[0m".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part:?}: {shown:?}");
    }
}

#[tokio::test]
async fn outcomes_have_colors_and_reports_have_none() {
    let home = Home::new();
    let file = home.path("fails.yaml");
    let reports = [("--json", "r.json"), ("--html", "r.html"), ("--tap", "r.tap"), ("--junit", "r.xml")];
    let paths = reports.map(|(option, name)| (option, home.path(name)));
    let mut arguments = vec!["run", &file, "--color", "always"];
    arguments.extend(paths.iter().flat_map(|(option, path)| [*option, path.as_str()]));
    let OnTerminal { code, shown, .. } = outlive_on_terminal(Results::ToTerminal, &[], &arguments).await;
    assert_eq!(code, Some(1), "{shown}");
    let place = format!("{BOLD}{file}:7:");
    for part in [
        &format!("{GREEN}ok"),
        &format!("{RED}FAILED"),
        &format!("{YELLOW}skipped"),
        &format!("{RED}^"),
        &place,
        &format!("{RED}1 failed"),
    ] {
        assert!(shown.contains(part.as_str()), "{part:?}: {shown:?}");
    }
    // What a file says cannot command the terminal, or the reader of a report.
    assert!(shown.contains("Fails\u{fffd}[2J") && shown.contains("Without \u{fffd}[31m doubt"), "{shown:?}");
    for (_, path) in &paths {
        let text = std::fs::read_to_string(path).expect("it is written");
        assert!(text.contains("Fails") && !text.contains('\u{1b}'), "{path}: {text:?}");
    }
}
