//! The progress of commands that take a while: one line on the terminal, nothing anywhere else.
//!
//! `scripts/test` runs it on SQLite only: its subject is the command line, not what is stored.

#![cfg(unix)]

use std::process::Stdio;

use outlive_tests::{Results, Service, System, outlive_on_terminal, outlive_printing_to};

const PAIRED: &str = "\
scenarios:
  - name: \"Paired \\e[2J\"
    twins: {fact: runs, values: [\"0\", \"1\"]}
    chapters:
      - title: One
        steps:
          - advance: {by: P1D, runs: \"${twin.runs}\"}
";

struct Case<'a> {
    arguments: &'a [&'a str],
    /// What the line says.
    shown: &'a [&'a str],
    /// What the command prints.
    printed: &'a str,
}

#[tokio::test]
async fn progress_is_one_line_on_a_terminal_and_nothing_elsewhere() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let file = home.path().join("paired.yaml");
    std::fs::write(&file, PAIRED).expect("it is writable");
    let file = file.to_str().expect("its path is UTF-8");
    let start = "starting a temporary system";
    for Case { arguments, shown, printed } in [
        Case {
            arguments: &["twins", file],
            shown: &[start, "Paired \u{fffd}[2J (1 of 1)"],
            printed: "The outcomes differ at step 1 of 1.",
        },
        Case {
            arguments: &["run", file, "--jobs", "2"],
            shown: &[start, "0 of 1 scenario", "1 of 1 scenario"],
            printed: "1 scenario in 1 file: 1 passed; 2 steps, 1 day of virtual time (",
        },
        Case {
            arguments: &["run", file, "--json", "-"],
            shown: &[start, "1 of 1 scenario"],
            printed: "\"status\": \"passed\"",
        },
        Case {
            arguments: &["run", file],
            shown: &[start, "running the variant"],
            printed: "1 passed; 2 steps",
        },
        // One cell can be executed before the lab is asked how many are.
        Case {
            arguments: &["matrix", "connections", "--connections", "basic"],
            shown: &[start, "executing the matrix of connections", " of 27 cells"],
            printed: "27 of 27 cells",
        },
    ] {
        let on_terminal = outlive_on_terminal(Results::ToPipe, &[], arguments).await;
        let case = format!("{arguments:?}: {on_terminal:?}");
        assert_eq!(on_terminal.code, Some(0), "{case}");
        for part in shown {
            assert!(on_terminal.shown.contains(part), "lacks {part}: {case}");
        }
        // It is updated in place, and cleared at the end.
        let (_, last) = on_terminal.shown.rsplit_once('\r').expect("the line is drawn again");
        assert!(last.trim_start_matches("\u{1b}[2K").is_empty(), "{last:?} remains: {case}");
        assert!(on_terminal.piped.contains(printed) && !on_terminal.piped.contains('\u{1b}'), "{case}");
        let dumb = outlive_on_terminal(Results::ToPipe, &[("TERM", "dumb")], arguments).await;
        assert_eq!((dumb.code, dumb.shown.as_str()), (Some(0), ""), "{arguments:?}: {dumb:?}");
        let piped = outlive_printing_to(Stdio::piped(), &[], arguments).await;
        assert_eq!((piped.code, piped.stderr.as_str()), (Some(0), ""), "{arguments:?}: {piped:?}");
        assert!(piped.stdout.contains(printed), "{piped:?}");
    }
}

#[tokio::test]
async fn an_advance_and_a_class_in_a_running_system_show_their_progress() {
    let system = System::start().await;
    system.seed_tenant().await;
    let against = system.url(Service::Console);
    for (arguments, shown, printed) in [
        // The lab is asked for the first time after a fifth of a second.
        (&["advance", "P14D"][..], "runs, now 2", " runs succeeded, 0 failed."),
        (&["class", "1"], "creating a tenant for each of 1 seat", " has 1 seat, each"),
    ] {
        let arguments = [arguments, &["--against", &against]].concat();
        let ended = outlive_on_terminal(Results::ToPipe, &[], &arguments).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.shown.contains(shown) && ended.piped.contains(printed), "{ended:?}");
    }
    system.stop().await;
}
