//! Invalid scenario and seed files, each with the diagnostics that `outlive check` prints for it.
//!
//! `tests/invalid_files/KIND/NAME.yaml` is the file and `NAME.txt` what the program prints. Files
//! that cannot be kept as text are made here. After a change, `UPDATE_DOCS=1 cargo test --workspace
//! --test invalid_files` writes the expectations: read each that differs.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use outlive_tests::{Ended, program};
use tokio::process::Command;
use tokio::task::JoinSet;

/// Address space of a command, in KiB: a small file never needs more.
const MEMORY_KIB: u32 = 2_000_000;
/// How many commands run at the same time.
const JOBS: usize = 4;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("invalid_files")
}

/// What the program prints for a file.
struct Printed {
    name: String,
    check: Ended,
    run: Ended,
}

async fn outlive(directory: &Path, arguments: &[&str]) -> Ended {
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &limited]).arg(program()).args(arguments).current_dir(directory);
    command.env_remove("OUTLIVE_AGAINST").env("RUST_BACKTRACE", "0").stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.expect("it can be run");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Checks and runs a file of a directory, which a seed is for a scenario that passes.
async fn print(directory: PathBuf, file: String) -> Printed {
    let check = outlive(&directory, &["check", &file]).await;
    let run = if file.starts_with("seed/") {
        outlive(&directory, &["run", "--seed", &file, "passes.yaml"]).await
    } else {
        outlive(&directory, &["run", &file]).await
    };
    let name = file.trim_end_matches(".yaml").to_owned();
    Printed { name, check, run }
}

/// Copies the files that are kept as text, and makes the others.
fn files(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for kind in fs::read_dir(golden()).expect("it can be listed") {
        let kind = kind.expect("it can be read").path();
        let folder = kind.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        fs::create_dir(directory.join(&folder)).expect("it is writable");
        for file in fs::read_dir(&kind).expect("it can be listed") {
            let path = file.expect("it can be read").path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
                let name = format!("{folder}/{name}");
                fs::copy(&path, directory.join(&name)).expect("it can be copied");
                names.push(name);
            }
        }
    }
    let passes = "scenarios:\n  - name: Passes\n    chapters:\n      - title: Wait\n        steps:\n          - advance: {by: PT1H}\n";
    fs::write(directory.join("passes.yaml"), passes).expect("it is writable");
    let mut write = |name: &str, content: &[u8]| {
        let name = format!("file/{name}");
        fs::write(directory.join(&name), content).expect("it is writable");
        names.push(name);
    };
    write("not-utf8.yaml", b"scenarios:\n  - name: Caf\xe9\n");
    write("utf16.yaml", &passes.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    write("utf16-with-byte-order-mark.yaml", &[b"\xff\xfe".to_vec(), vec![b'a', 0]].concat());
    write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    write("nul.yaml", passes.replace("Passes", "Pas\0ses").as_bytes());
    write("control-character.yaml", passes.replace("Passes", "Pas\u{7}ses").as_bytes());
    write("control-character-in-comment.yaml", format!("# \u{1b}[31m\n{passes}").as_bytes());
    write("byte-order-mark.yaml", format!("\u{feff}{}", passes.replace("PT1H", "soon")).as_bytes());
    write("windows-lines.yaml", passes.replace("PT1H", "soon").replace('\n', "\r\n").as_bytes());
    write("text-in-a-json-file.json", b"{\"scenarios\": [{\"name\": 1, \"chapter\": []}]}");
    write("too-deep-lists.yaml", ["scenarios: ".to_owned(), "[".repeat(20_000)].concat().as_bytes());
    write("too-deep-mappings.yaml", ["scenarios: ".to_owned(), "{a: ".repeat(20_000)].concat().as_bytes());
    let nested = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    write("too-deep-blocks.yaml", nested.as_bytes());
    names.push("file/too-large.yaml".to_owned());
    let large = fs::File::create(directory.join("file/too-large.yaml")).expect("it is writable");
    large.set_len(64 * 1024 * 1024 + 1).expect("it can be that large");
    for name in ["file/directory.yaml", "file/missing.yaml", "file/loop.yaml"] {
        names.push(name.to_owned());
    }
    fs::create_dir(directory.join("file/directory.yaml")).expect("it is writable");
    std::os::unix::fs::symlink("loop.yaml", directory.join("file/loop.yaml")).expect("it is writable");
    names.push("file/socket.yaml".to_owned());
    drop(UnixListener::bind(directory.join("file/socket.yaml")).expect("it can be bound"));
    names
}

async fn all(directory: &Path) -> BTreeMap<String, Printed> {
    let mut waiting = files(directory);
    let (mut running, mut printed) = (JoinSet::new(), BTreeMap::new());
    loop {
        while running.len() < JOBS
            && let Some(file) = waiting.pop()
        {
            running.spawn(print(directory.to_owned(), file));
        }
        let Some(ended) = running.join_next().await else { return printed };
        let ended = ended.expect("it does not panic");
        printed.insert(ended.name.clone(), ended);
    }
}

/// Why a diagnostic is not written for people.
fn flaw(text: &str) -> Option<&'static str> {
    const OF_THE_PROGRAM: [&str; 14] = [
        "panicked",
        "memory allocation",
        "os error",
        "untagged",
        "Spanned",
        "struct ",
        "any variant",
        "tuple",
        "newtype",
        "expected sequence",
        "invalid type",
        "externally tagged",
        "::",
        "serde",
    ];
    let lines = || text.lines();
    let messages = lines().filter(|line| line.starts_with("outlive: ")).count();
    let remedies = lines().filter(|line| line.starts_with("  remedy: ")).count();
    let is_shown = |line: &&str| !line.starts_with("  ") || line.starts_with("  remedy: ");
    match lines().filter(is_shown).find(|line| OF_THE_PROGRAM.iter().any(|word| line.contains(word))) {
        Some(_) => Some("it has a word of the program"),
        None if messages == 0 || messages != remedies => Some("a message has no remedy"),
        None if text.contains(":0:0") => Some("it has the position 0:0"),
        None if lines().any(|line| line.chars().any(char::is_control)) => Some("it has control characters"),
        None if text.contains("this is not valid YAML") => Some("it does not say what is wrong"),
        None => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_invalid_file_has_its_diagnostics_and_run_prints_the_same() {
    let directory = tempfile::tempdir().expect("it can be created");
    let printed = all(directory.path()).await;
    assert!(printed.len() >= 60, "{} files", printed.len());
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut wrong = Vec::new();
    for Printed { name, check, run } in printed.values() {
        let expected = golden().join(format!("{name}.txt"));
        if update {
            fs::write(&expected, &check.stderr).expect("it is writable");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != check.stderr {
            wrong.push(format!("{name}: check prints\n{}", check.stderr));
        }
        if check.code != Some(2) || !check.stdout.is_empty() {
            wrong.push(format!("{name}: check ends with {:?} and prints {}", check.code, check.stdout));
        }
        if let Some(flaw) = flaw(&check.stderr) {
            wrong.push(format!("{name}: {flaw}:\n{}", check.stderr));
        }
        // A seed is rejected as an argument, with the same diagnostics.
        let is_same = match name.starts_with("seed/") {
            true => {
                check.stderr.split("outlive: ").all(|diagnostic| run.stderr.contains(diagnostic.trim_end()))
            }
            false => check.stderr == run.stderr,
        };
        if !is_same || run.code != Some(2) || !run.stdout.is_empty() {
            wrong.push(format!(
                "{name}: run ends with {:?} and prints\n{}{}",
                run.code, run.stdout, run.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differences\n\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_seed_is_no_scenario_file_and_a_pipe_is_read_once() {
    let directory = tempfile::tempdir().expect("it can be created");
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds/contoso.yaml");
    let seed = seed.to_str().expect("UTF-8");
    let ended = outlive(directory.path(), &["run", seed]).await;
    let expected = ":11:1: this is a seed, which describes tenants, and no scenario file\n";
    assert!(ended.code == Some(2) && ended.stderr.contains(expected), "{ended:?}");
    assert!(ended.stderr.contains("\n  remedy: give it with --seed FILE\n"), "{ended:?}");
    let piped = format!("printf 'scenarios: []' | '{}' check /dev/stdin", program().display());
    let output = Command::new("sh").args(["-c", &piped]).output().await.expect("it can be run");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.starts_with("outlive: /dev/stdin:1:12: there is nothing to run"), "{printed}");
}
