//! A run that did not happen, or whose result did not arrive, is never a success.

#![cfg(unix)]

use std::fs::File;
use std::io::{Read as _, pipe};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use outlive_tests::{Ended, Service, System, free_base, outlive_printing_to};
use serde_json::{Value, json};

const PASSES: &str = "scenarios:\n  - name: Passes\n    chapters:\n      - title: C\n        steps:\n          \
                      - advance: {by: PT1H}\n          - advance: {by: PT1H}\n";
const FAILS: &str = "scenarios:\n  - name: Fails\n    chapters:\n      - title: C\n        steps:\n          \
                     - client_credentials: {app: Nightly Job, scope: api://contoso-orders/.default, keep: t}\n          \
                     - call: {tokens: t, path: /orders, status: 418}\n";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("the temporary directory is writable"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("it is writable");
        text_of(&path)
    }
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("its path is UTF-8").to_owned()
}

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

/// A pipe whose reader is gone.
fn closed() -> Stdio {
    let (reader, writer) = pipe().expect("pipes can be made");
    drop(reader);
    writer.into()
}

fn quiet(ended: &Ended) {
    assert_eq!(ended.stderr, "", "a closed pipe ends a command quietly");
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_files_hold_the_result() {
    let home = Home::new();
    let (fails, passes) = (home.file("fails.yaml", FAILS), home.file("passes.yaml", PASSES));
    let junit = text_of(&home.path("f.xml"));
    let ended = outlive_printing_to(full(), &[], &["run", &fails, "--junit", &junit]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("standard output"), "{ended:?}");
    let xml = std::fs::read_to_string(&junit).expect("it is written");
    assert!(xml.contains(r#"tests="2" failures="1""#), "{xml}");
    let ended = outlive_printing_to(full(), &[], &["run", &passes]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    // The disk of a report is full, which is worse than a scenario that failed.
    let ended = outlive_printing_to(full(), &[], &["run", &fails, "--json", "-"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let ended = outlive_printing_to(Stdio::piped(), &[], &["run", &passes, "--json", "/dev/full"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("cannot write the report /dev/full: No space left"), "{ended:?}");
}

#[tokio::test]
async fn a_closed_pipe_ends_a_run_quietly_and_is_no_success() {
    let home = Home::new();
    let (fails, passes) = (home.file("fails.yaml", FAILS), home.file("passes.yaml", PASSES));
    let junit = text_of(&home.path("f.xml"));
    for (arguments, code) in [
        (vec!["run", &passes], 141),
        (vec!["run", &passes, "--jobs", "2"], 141),
        (vec!["run", &passes, "--json", "-"], 141),
        (vec!["run", &passes, "--junit", &junit], 141),
        (vec!["run", &fails, "--junit", &junit], 1),
    ] {
        let ended = outlive_printing_to(closed(), &[], &arguments).await;
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        quiet(&ended);
    }
    let xml = std::fs::read_to_string(&junit).expect("it is written");
    assert!(xml.contains(r#"tests="2" failures="1""#), "{xml}");
    // As `outlive run … | head -1`.
    let (mut reader, writer) = pipe().expect("pipes can be made");
    let reading = tokio::task::spawn_blocking(move || reader.read_exact(&mut [0; 2]));
    let ended = outlive_printing_to(writer, &[], &["run", &fails]).await;
    reading.await.expect("it reads").expect("a story begins");
    assert!(matches!(ended.code, Some(1 | 141)), "{ended:?}");
    quiet(&ended);
}

#[tokio::test]
async fn no_command_takes_a_lost_output_for_a_success() {
    let home = Home::new();
    let passes = home.file("passes.yaml", PASSES);
    let data = text_of(&home.path("data"));
    let base = free_base().to_string();
    let system = System::start().await;
    let lab = system.url(Service::Console);
    // The first tenant of a system comes a moment after its start.
    let tenant = system.new_tenant().await;
    let tenant = tenant.id();
    for arguments in [
        vec!["--help"],
        vec!["--version"],
        vec!["run", "--help"],
        vec!["check", &passes],
        vec!["ca", "--data", &data],
        vec!["up", "--data", &data, "--port-base", &base],
        vec!["advance", "PT1H", "--against", &lab, "--tenant", tenant],
        vec!["revoke-sessions", "--against", &lab, "--tenant", tenant],
    ] {
        let ended = outlive_printing_to(closed(), &[], &arguments).await;
        assert_eq!(ended.code, Some(141), "{arguments:?} {ended:?}");
        quiet(&ended);
        let ended = outlive_printing_to(full(), &[], &arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains("No space left"), "{arguments:?} {ended:?}");
    }
    system.stop().await;
}

#[tokio::test]
async fn a_panic_is_an_error_in_every_report() {
    let home = Home::new();
    let passes = home.file("passes.yaml", PASSES);
    let (json, junit) = (text_of(&home.path("f.json")), text_of(&home.path("f.xml")));
    for step in ["0", "2"] {
        let hook = [("OUTLIVE_TEST_PANIC_AT_STEP", step)];
        let arguments = ["run", &passes, "--json", &json, "--junit", &junit];
        let ended = outlive_printing_to(Stdio::piped(), &hook, &arguments).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stdout.contains("ERROR") && ended.stdout.contains("error: "), "{ended:?}");
        let tree: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
        let scenario = &tree["files"][0]["scenarios"][0];
        assert_eq!(
            json!([tree["status"], tree["files"][0]["status"], scenario["status"], scenario["name"]]),
            json!(["error", "error", "error", "Passes"])
        );
        let xml = std::fs::read_to_string(&junit).expect("it is written");
        assert!(xml.contains(r#"errors="1""#) && xml.contains("panicked"), "{xml}");
    }
    let twins = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/twins.yaml");
    let hook = [("OUTLIVE_TEST_PANIC_AT_STEP", "1")];
    let ended = outlive_printing_to(Stdio::piped(), &hook, &["twins", twins]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_run_or_reported_is_found_before_the_run() {
    let home = Home::new();
    let passes = home.file("passes.yaml", PASSES);
    let directory = text_of(home.0.path());
    for path in ["/nowhere/report", &directory] {
        for option in ["--json", "--junit"] {
            let ended = outlive_printing_to(Stdio::piped(), &[], &["run", &passes, option, path]).await;
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
            assert!(ended.stderr.contains(path) && ended.stderr.contains(option), "{ended:?}");
        }
    }
    for text in ["", "scenarios: []", "scenarios: [{name: S, chapters: []}]"] {
        let empty = home.file("empty.yaml", text);
        for command in ["run", "check", "twins"] {
            let ended = outlive_printing_to(Stdio::piped(), &[], &[command, &empty]).await;
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{command} {text} {ended:?}");
            assert!(ended.stderr.contains("empty.yaml:1:"), "{ended:?}");
        }
    }
}

/// The list of events in the identity provider's error message is the list that `check` uses.
#[tokio::test]
async fn check_knows_the_events_that_there_are() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    let url = format!("{}/lab/tenants/{}/events", system.url(Service::Console), tenant.id());
    let answer = system.http().post(&url).json(&json!({"type": "earthquake"})).send().await;
    let refusal = answer.expect("it answers").text().await.expect("in UTF-8");
    let (_, listed) = refusal.split_once("expected one of ").expect("it lists the events that it knows");
    let mut known: Vec<&str> =
        listed.split('`').filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    system.stop().await;
    let home = Home::new();
    let steps = PASSES
        .replace("- advance: {by: PT1H}\n          - advance: {by: PT1H}", "- event: {type: earthquake}");
    let ended =
        outlive_printing_to(Stdio::piped(), &[], &["check", &home.file("unknown.yaml", &steps)]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let (_, checked) = ended.stderr.split_once("use one of: ").expect("it lists the events that it knows");
    let mut checked: Vec<&str> = checked.trim().split(", ").collect();
    known.sort_unstable();
    checked.sort_unstable();
    assert_eq!(checked, known);
}
