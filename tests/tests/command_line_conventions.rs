//! What all commands have in common: help, mistakes in one sentence, `OUTLIVE_AGAINST`, `--format`,
//! colors, closed pipes, completions, man pages, and where data is kept.
//!
//! `scripts/test` runs it on SQLite only: its subject is the command line, not what is stored.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use outlive_tests::{Ended, Service, System, outlive, outlive_printing_to, program};
use reqwest::Method;
use serde_json::{Value, json};

const PAIRED: &str = "scenarios:\n  - name: Paired\n    rules: ${twin.edition}\n    twins: {fact: edition, values: \
                      [2025-11, 2021]}\n    chapters:\n      - title: C\n        steps:\n          - advance: {by: \
                      PT1H}\n";

/// The names of all commands, from the help.
async fn commands() -> Vec<String> {
    let help = outlive(["--help"]).await.stdout;
    let (_, list) = help.split_once("Commands:\n").expect("it lists the commands");
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// The command failed, and explained why in one sentence.
fn rejected_in_one_sentence(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    let sentence = ended.stderr.strip_prefix("outlive: ").unwrap_or_else(|| panic!("{ended:?}"));
    assert_eq!(sentence.trim_end().lines().count(), 1, "{ended:?}");
    for part in parts {
        assert!(sentence.contains(part), "lacks {part:?}: {sentence}");
    }
    assert!(!sentence.contains("/lab/") && !sentence.contains('\u{1b}'), "{sentence:?}");
}

#[tokio::test]
async fn every_command_has_help_and_explains_a_wrong_option() {
    let commands = commands().await;
    assert!(commands.len() >= 21, "{commands:?}");
    for command in &commands {
        let help = outlive([command, "--help"]).await;
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{help:?}");
        assert!(help.stdout.contains(&format!("Usage: outlive {command}")), "{}", help.stdout);
        assert!(!help.stdout.contains('\u{1b}'), "colors are for terminals: {}", help.stdout);
        let wrong = outlive([command, "--no-such-option"]).await;
        rejected_in_one_sentence(&wrong, &["'--no-such-option'", &format!("`outlive {command} --help`")]);
        let (reader, writer) = std::io::pipe().expect("pipes can be made");
        drop(reader);
        let closed = outlive_printing_to(writer, &[], &[command, "--help"]).await;
        assert_eq!((closed.code, closed.stderr.as_str()), (Some(141), ""), "{command}: {closed:?}");
    }
    for (arguments, parts) in [
        (&["advanc", "PT1H"][..], &["similar subcommand exists: 'advance'"][..]),
        (&["up", "--port-bas", "1"], &["similar argument exists: '--port-base'"]),
        (&["matrix", "--format", "jsn"], &["'jsn'", "markdown", "similar value exists: 'json'"]),
        (&["run"], &["<FILES>..."]),
        (&["completions", "tcsh"], &["bash", "zsh"]),
        (&["man", "/dev/null/x"], &["/dev/null/x", "give a directory"]),
    ] {
        rejected_in_one_sentence(&outlive(arguments).await, parts);
    }
}

#[tokio::test]
async fn help_is_colored_only_on_request_and_never_with_no_color() {
    for (environment, option, is_colored) in [
        (&[("CLICOLOR_FORCE", "1")][..], "--color=auto", true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "--color=auto", false),
        (&[], "--color=auto", false),
        (&[("NO_COLOR", "1")], "--color=always", true),
        (&[("CLICOLOR_FORCE", "1")], "--color=never", false),
    ] {
        let ended = outlive_printing_to(Stdio::piped(), environment, &["run", "--help", option]).await;
        assert_eq!(ended.stdout.contains('\u{1b}'), is_colored, "{environment:?} {option}");
    }
}

#[tokio::test]
async fn the_help_of_a_service_has_only_the_options_that_it_uses() {
    for (service, shown, hidden) in [
        (
            "idp",
            &["--tls-listen", "--hosts", "--sealing-key"][..],
            &["--back-end", "--flow-url", "--replica"][..],
        ),
        ("hub", &["--back-end", "--resource-url"], &["--tls-listen", "--flow-url", "--hosts"]),
        ("resource", &["--tls-listen", "--issuer-origins"], &["--hub-url", "--back-end", "--hosts"]),
        ("flow", &["--replica", "--hub-url"], &["--tls-listen", "--return-origin", "--flow-url"]),
        ("console", &["--flow-public-url", "--idp-tls-url"], &["--tls-listen", "--back-end", "--replica"]),
    ] {
        let help = outlive([service, "--help"]).await.stdout;
        let has =
            |option: &str| help.lines().any(|line| line.trim_start().starts_with(&format!("{option} ")));
        for option in shown {
            assert!(has(option), "{service} lacks {option}: {help}");
        }
        for option in hidden {
            assert!(!has(option), "{service} shows {option}: {help}");
        }
    }
}

#[tokio::test]
async fn every_command_that_uses_a_system_takes_its_address_from_the_environment() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let file = home.path().join("paired.yaml");
    std::fs::write(&file, PAIRED).expect("it is writable");
    let file = file.to_str().expect("its path is UTF-8");
    let keys = json!({
        "startedDateTime": "2026-03-02T08:00:00Z",
        "request": {"method": "GET", "url": "https://login.microsoftonline.com/common/discovery/keys"},
        "response": {"status": 200},
    });
    let recording = home.path().join("recording.har");
    std::fs::write(&recording, json!({"log": {"entries": [keys]}}).to_string()).expect("it is writable");
    let recording = recording.to_str().expect("its path is UTF-8");
    let lines: [&[&str]; 10] = [
        &["run", file],
        &["twins", file],
        &["replay", recording],
        &["advance", "PT1H"],
        &["change-password"],
        &["reset-password"],
        &["revoke-sessions"],
        &["matrix"],
        &["class", "1"],
        &["why", "x"],
    ];
    let lab = "http://127.0.0.1:1";
    for line in lines {
        let ended = outlive_printing_to(Stdio::piped(), &[("OUTLIVE_AGAINST", lab)], line).await;
        rejected_in_one_sentence(&ended, &[lab, "does not answer (connection refused)", "outlive up"]);
    }
    for command in commands().await {
        let help = outlive([command.as_str(), "--help"]).await.stdout;
        let is_listed = lines.iter().any(|line| line[0] == command);
        assert_eq!(help.contains("[env: OUTLIVE_AGAINST"), is_listed, "{command}: {help}");
        assert_eq!(help.contains("--against <"), is_listed, "{command}: {help}");
    }
}

#[tokio::test]
async fn results_are_printed_for_programs_with_the_same_option() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    let lab = system.url(Service::Console);
    let sign_in = json!({"user": "owner", "app": "Orders Desktop", "redeem": true});
    let tokens = tenant.call(Method::POST, "/sign_in", Some(sign_in)).await;
    let token = tokens["access_token"].as_str().expect("it has one");
    for (line, pointer) in [
        (&["advance", "PT1H"][..], "/now"),
        (&["change-password", "--user", "colleague"], "/user/password"),
        (&["reset-password"], "/user/upn"),
        (&["revoke-sessions"], "/at"),
        (&["why", token], "/what"),
        (&["class", "1"], "/code"),
    ] {
        let environment = [("OUTLIVE_AGAINST", lab.as_str())];
        let line = [line, &["--format", "json"]].concat();
        let ended = outlive_printing_to(Stdio::piped(), &environment, &line).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line:?}: {ended:?}");
        let json: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        assert!(json.pointer(pointer).is_some_and(Value::is_string), "{line:?} lacks {pointer}: {json}");
    }
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let path = |name: &str| home.path().join(name).to_str().expect("its path is UTF-8").to_owned();
    std::fs::write(path("right.yaml"), PAIRED).expect("it is writable");
    std::fs::write(path("wrong.yaml"), PAIRED.replace("advance", "advnce")).expect("it is writable");
    let checked = outlive(["check", &path("right.yaml"), &path("wrong.yaml"), "--format", "json"]).await;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(2), ""), "{checked:?}");
    let json: Value = serde_json::from_str(&checked.stdout).expect("it is JSON");
    assert_eq!((&json["files"][0]["valid"], &json["files"][1]["valid"]), (&json!(true), &json!(false)));
    let mistake = &json["files"][1]["mistakes"][0];
    assert_eq!((&mistake["line"], &mistake["column"]), (&json!(8), &json!(13)), "{json}");
    assert_eq!(mistake["file"], path("wrong.yaml"));
    let authority = outlive(["ca", "--data", &path("data"), "--format", "json"]).await;
    let json: Value = serde_json::from_str(&authority.stdout).expect("it is JSON");
    assert_eq!(json, json!({"ca": path("data/ca.pem")}));
    let error = outlive(["why", "nothing", "--against", &lab]).await;
    assert_eq!(error.code, Some(1), "{error:?}");
    assert!(error.stderr.starts_with("outlive: No token"), "{error:?}");
    system.stop().await;
}

/// Runs the program in a directory, with nothing but these variables.
fn run_in(directory: &Path, environment: &[(&str, &Path)], arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(directory).env_clear().envs(environment.iter().copied());
    command.output().expect("it can be run")
}

#[test]
fn data_is_in_the_users_directory_unless_the_former_default_has_some() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let home = home.path().canonicalize().expect("it exists");
    let (work, shared) = (home.join("work"), home.join("shared"));
    for directory in [&work, &shared] {
        std::fs::create_dir(directory).expect("it is writable");
    }
    let authority = |environment: &[(&str, &Path)], arguments: &[&str]| {
        let output = run_in(&work, environment, &[&["ca", "--path"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is text");
        (text(&output.stdout).trim_end().to_owned(), text(&output.stderr))
    };
    let shown = |path: &Path| path.display().to_string();
    let (xdg, own) = (("XDG_DATA_HOME", shared.as_path()), ("HOME", home.as_path()));
    let in_home = shown(&home.join(".local/share/outlive/ca.pem"));
    assert_eq!(authority(&[own], &[]), (in_home, String::new()));
    assert_eq!(authority(&[own, xdg], &[]), (shown(&shared.join("outlive/ca.pem")), String::new()));
    let nowhere = run_in(&work, &[], &["ca"]);
    assert_eq!(nowhere.status.code(), Some(2), "{nowhere:?}");
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("give --data a directory"), "{nowhere:?}");
    // A directory of that name with other content is not ours.
    std::fs::create_dir(work.join("data")).expect("it is writable");
    std::fs::create_dir(work.join("data/databases")).expect("it is writable");
    std::fs::write(work.join("data/databases/table.csv"), "a,b").expect("it is writable");
    assert_eq!(authority(&[own, xdg], &[]).0, shown(&shared.join("outlive/ca.pem")));
    // Data of an earlier version stays in use, and that is reported.
    std::fs::write(work.join("data/lab-key"), "x".repeat(64)).expect("it is writable");
    let (path, note) = authority(&[own, xdg], &[]);
    assert_eq!(path, shown(&work.join("data/ca.pem")));
    assert!(note.contains("./data") && note.contains(&shown(&shared.join("outlive"))), "{note}");
    let given = ("OUTLIVE_DATA", home.as_path());
    assert_eq!(authority(&[own, xdg, given], &[]), (shown(&home.join("ca.pem")), String::new()));
    assert_eq!(authority(&[own, xdg, given], &["--data", "data"]), (path, String::new()));
}

#[tokio::test]
async fn completions_and_man_pages_cover_every_command() {
    let commands = commands().await;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = outlive(["completions", shell]).await;
        assert_eq!(script.code, Some(0), "{script:?}");
        for command in &commands {
            assert!(script.stdout.contains(command.as_str()), "{shell} lacks {command}");
        }
    }
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let directory = home.path().join("man");
    let written = outlive(["man", directory.to_str().expect("its path is UTF-8")]).await;
    assert_eq!(written.code, Some(0), "{written:?}");
    for command in &commands {
        let page = std::fs::read_to_string(directory.join(format!("outlive-{command}.1")));
        assert!(page.is_ok_and(|page| page.contains(".TH")), "there is no page of {command}");
    }
}
