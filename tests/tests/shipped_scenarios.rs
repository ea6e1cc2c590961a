//! Every scenario that ships passes with the program itself, in any number at once and any order.
//!
//! `scripts/test` runs it on SQLite only: its subject is the scenarios, not what is stored.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use outlive_tests::outlive_on_database;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
/// The number of scenario files that ship.
const FILES_MIN: usize = 40;
/// The longest scenario of the trial, in lines.
const TRIAL_LINES_MAX: usize = 20;

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Removes the only members in wall time.
fn remove_wall_times(scenario: &mut Value) {
    scenario.as_object_mut().expect("an object").remove("wall_ms");
    for step in scenario["steps"].as_array_mut().expect("steps") {
        step.as_object_mut().expect("an object").remove("wall_ms");
    }
}

/// Runs files, all of which must pass, and returns the outcome of every step by file.
async fn outcomes(files: &[PathBuf], jobs: usize) -> BTreeMap<String, Value> {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let json = home.path().join("result.json");
    let mut arguments: Vec<OsString> = vec!["run".into()];
    arguments.extend(files.iter().map(Into::into));
    arguments.extend(["--jobs".into(), jobs.to_string().into(), "--json".into(), json.clone().into()]);
    arguments.extend(["--seed".into(), "7".into()]);
    let ended = outlive_on_database(arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let result: Value = serde_json::from_slice(&fs::read(&json).expect("written")).expect("JSON");
    let files = result["files"].as_array().expect("files").iter();
    let mut outcomes = BTreeMap::new();
    for file in files {
        let mut file = file.clone();
        for scenario in file["scenarios"].as_array_mut().expect("scenarios") {
            remove_wall_times(scenario);
            if let Some(variant) = scenario.pointer_mut("/variant/result") {
                remove_wall_times(variant);
            }
            assert_ne!(scenario["steps"], json!([]), "{scenario}");
        }
        mask(&mut file);
        outcomes.insert(file["file"].as_str().expect("a name").to_owned(), file);
    }
    outcomes
}

/// Masks what is generated per request or depends on free ports, in every text: request ids and
/// port numbers, and with them every text of five or more hexadecimal digits and hyphens. A long
/// text may end within one.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            members.iter_mut().filter(|(name, _)| *name != "file").for_each(|(_, value)| mask(value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn masked(text: &str) -> String {
    let is_digit = |character: char| character.is_ascii_hexdigit() || character == '-';
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let length = rest[start..].find(|character| !is_digit(character)).unwrap_or(rest.len() - start);
        masked.push_str(&rest[..start]);
        let is_cut = start + length == rest.len() && text.len() > 100;
        masked.push_str(if length >= 5 || is_cut { "#" } else { &rest[start..start + length] });
        rest = &rest[start + length..];
    }
    masked + rest
}

#[test]
fn those_of_the_trial_are_short_and_each_has_a_description() {
    let all = files_in(Path::new(FOLDER));
    assert!(all.len() >= FILES_MIN, "only {} files", all.len());
    let trial = files_in(&Path::new(FOLDER).join("trial"));
    assert!(trial.len() >= 10, "{trial:?}");
    for file in trial {
        let text = fs::read_to_string(&file).expect("a text file");
        assert!(text.lines().count() <= TRIAL_LINES_MAX, "{}", file.display());
    }
    // The names of those of the structural elements say all.
    for file in all.iter().filter(|file| !file.ends_with("structure.yaml")) {
        let text = fs::read_to_string(file).expect("a text file");
        let names = text.lines().filter(|line| line.starts_with("  - name: ")).count();
        let about = text.lines().filter(|line| line.starts_with("    about: ")).count();
        assert_eq!(about, names, "{}: each scenario has about", file.display());
    }
}

/// The same results, except for wall times, one after the other, eight at once, and in reverse
/// order.
#[tokio::test]
async fn all_pass_with_the_same_results_in_any_number_and_order() {
    let mut files = files_in(Path::new(FOLDER));
    let one_by_one = outcomes(&files, 1).await;
    let together = outcomes(&files, 8).await;
    files.reverse();
    let reversed = outcomes(&files, 8).await;
    for (file, outcome) in &one_by_one {
        assert_eq!(Some(outcome), together.get(file), "{file}, eight at once");
        assert_eq!(Some(outcome), reversed.get(file), "{file}, in reverse order");
    }
}
