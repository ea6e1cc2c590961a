//! The JSON Schemas of scenario and seed files agree with `outlive check`: what an editor marks as
//! wrong is rejected, and what is rejected is marked, unless a schema cannot express it.

mod validator;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use outlive_tests::outlive;
use serde_json::{Value, json};

use self::validator::Validator;

/// Invalid files that fit the schema, by the reason why a schema cannot express what is wrong.
const BEYOND_A_SCHEMA: [(&str, &[&str]); 7] = [
    (
        "a name, a placeholder or a permission that nothing defines",
        &[
            "caret/cjk",
            "caret/combining",
            "caret/emoji",
            "caret/tab",
            "language/parallel-uses-other",
            "language/placeholder-round-without-repeat",
            "language/placeholder-row-without-table",
            "language/placeholder-unclosed",
            "language/placeholder-unknown",
            "language/setup-mistake",
            "language/table-unknown-column",
            "language/twins-missing",
            "language/twins-unknown-fact",
            "language/twins-unknown-value",
            "language/twins-unused",
            "language/vars-misspelled",
            "language/vars-undefined",
            "overlay/app-requires",
            "overlay/app-requires-api",
            "overlay/app-requires-scope",
            "overlay/user-directory-role",
            "seed/application-requires-api",
            "seed/application-requires-scope",
            "seed/connection-unknown-connector",
            "seed/connector-folder",
            "seed/flow-unknown-connection",
            "seed/group-unknown-member",
            "seed/policy-unknown-names",
            "seed/service-unknown",
            "seed/service-without-secret",
            "seed/user-directory-role",
            "values/aadsts",
        ],
    ),
    (
        "a name that is given twice",
        &[
            "overlay/app-known",
            "overlay/app-known-but-for-case",
            "overlay/app-platform",
            "overlay/app-platform-but-for-case",
            "overlay/two-mistakes",
            "overlay/app-scope-twice",
            "overlay/user-known",
            "overlay/user-twice",
            "seed/application-platform-name",
            "seed/application-twice",
            "seed/application-twice-but-for-case",
            "seed/client-id-twice",
            "seed/group-twice",
            "seed/policy-twice",
            "seed/user-id-twice",
            "seed/user-role-twice",
            "seed/user-role-twice-but-for-case",
        ],
    ),
    (
        "the key of a mapping by name",
        &["overlay/app-name-and-key", "overlay/app-name-control-character", "overlay/user-role-characters"],
    ),
    (
        "a text with a syntax of its own",
        &[
            "overlay/app-certificate",
            "overlay/app-identifier",
            "overlay/app-logout-url",
            "overlay/app-redirect",
            "seed/application-redirect",
            "seed/domain",
            "values/fault-path",
            "values/forge-time",
            "values/header",
            "values/journal-subject",
            "values/journal-subject-by-name",
        ],
    ),
    (
        "a duration or an instant that is compared with another",
        &[
            "language/eventually-every-longer",
            "language/eventually-too-long",
            "language/eventually-too-many-attempts",
            "language/eventually-zero",
            "values/duration-negative",
            "values/duration-overflow",
            "values/duration-too-long",
            "seed/policy-frequency",
            "values/fault-ends-before",
            "values/fault-from-after-until",
            "values/instant-past",
            "values/start-far-past",
        ],
    ),
    (
        "what is only there after the expansion",
        &[
            "language/parallel-nested",
            "language/parallel-too-many",
            "values/snapshots-too-many",
            "language/placeholder-in-title",
            "language/repeat-growing",
            "language/repeat-growing-nested",
            "language/table-missing-column",
            "language/vars-circle",
            "language/vars-growing",
            "language/vars-growing-lists",
            "language/vars-itself",
            "language/vars-list-in-text",
            "language/vars-wrong-type",
            "language/verb-is-variable-text",
        ],
    ),
    (
        "a step that does not fit others, or what it is part of",
        &[
            "language/capture-no-result",
            "language/forge-retired",
            "values/fault-expired-and-skew",
            "values/fault-status-without-body",
            "language/parallel-advance",
            "language/parallel-restore",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn validator(name: &str) -> Validator {
    let text = fs::read_to_string(root().join("docs").join(name)).expect("the schema can be read");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    Validator::new(schema)
}

struct Schemas {
    scenario: Validator,
    seed: Validator,
}

impl Schemas {
    fn read() -> Self {
        Self { scenario: validator("scenarios.schema.json"), seed: validator("seed.schema.json") }
    }

    /// The validator that an editor would use for this file.
    fn of(&self, value: &Value) -> &Validator {
        if value.get("seed").is_some() && value.get("tenant").is_some() { &self.seed } else { &self.scenario }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.of(value).accepts(value)
    }
}

/// The files of a directory and the directories in it, with their contents; without those that are
/// no YAML, which no schema sees.
fn files(directory: &str) -> BTreeMap<String, Value> {
    let root = root().join(directory);
    let (mut waiting, mut found) = (vec![root.clone()], BTreeMap::new());
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry").path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).expect("it can be read");
            if let Ok(value) = serde_saphyr::from_str::<Value>(&text) {
                let name = path.strip_prefix(&root).expect("a path below it").display().to_string();
                found.insert(name, value);
            }
        }
    }
    found
}

#[test]
fn an_invalid_file_does_not_fit_the_schema_unless_it_cannot_express_why() {
    let schemas = Schemas::read();
    let invalid = files("tests/invalid_files");
    let beyond: Vec<&str> = BEYOND_A_SCHEMA.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut wrong = Vec::new();
    for (name, value) in &invalid {
        // All those in this directory have names that are unknown or given twice.
        let is_beyond = (name.starts_with("names/") && name != "names/rules-unknown.yaml")
            || beyond.contains(&name.trim_end_matches(".yaml"));
        match (schemas.accepts(value), is_beyond) {
            (true, false) => wrong.push(format!("{name} fits the schema")),
            (false, true) => wrong.push(format!("{name} does not fit the schema: remove it from the list")),
            (true, true) | (false, false) => {}
        }
    }
    let unknown = beyond.iter().filter(|name| !invalid.contains_key(&format!("{name}.yaml")));
    wrong.extend(unknown.map(|name| format!("{name} does not exist")));
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    assert!(invalid.len() > 150, "{}", invalid.len());
}

#[tokio::test]
async fn the_shipped_files_fit_the_schemas_and_are_valid() {
    let schemas = Schemas::read();
    let mut arguments = vec!["check".to_owned()];
    for directory in ["scenarios", "seeds", "tests/valid_files"] {
        for (name, value) in files(directory) {
            assert!(schemas.accepts(&value), "{directory}/{name} does not fit the schema");
            arguments.push(root().join(directory).join(name).display().to_string());
        }
    }
    let ended = outlive(arguments).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// The copies of a value in each of which one part is something else, or missing.
fn changed(value: &Value) -> Vec<Value> {
    let others = [Value::Null, json!([]), json!({}), json!("two words"), json!(-1), json!({"unknown": 1})];
    let mut all: Vec<Value> = others.into_iter().filter(|other| other != value).collect();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let mut without = members.clone();
                without.remove(name);
                all.push(without.into());
                for other in changed(member) {
                    let mut copy = members.clone();
                    copy.insert(name.clone(), other);
                    all.push(copy.into());
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for other in changed(item) {
                    let mut copy = items.clone();
                    copy[index] = other;
                    all.push(copy.into());
                }
            }
        }
        _ => {}
    }
    all
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_rejected() {
    /// One of so many changed files is tried.
    const SAMPLE: usize = 7;
    let schemas = Schemas::read();
    let directory = tempfile::tempdir().expect("it can be created");
    let mut rejected = Vec::new();
    for (name, value) in files("tests/valid_files") {
        for (number, changed) in changed(&value).iter().enumerate().step_by(SAMPLE) {
            if !schemas.accepts(changed) {
                let path = directory.path().join(format!("{number}-{}", name.replace('/', "-")));
                fs::write(&path, serde_json::to_string_pretty(changed).expect("JSON"))
                    .expect("it is writable");
                rejected.push(path.display().to_string());
            }
        }
    }
    assert!(rejected.len() > 50, "{}", rejected.len());
    let ended = outlive(["check".to_owned()].into_iter().chain(rejected.clone())).await;
    let is_reported = |path: &String| ended.stderr.contains(&format!("outlive: {path}:"));
    let accepted = rejected.iter().filter(|path| !is_reported(path));
    let accepted: Vec<String> =
        accepted.map(|path| format!("{path}\n{}", fs::read_to_string(path).expect("text"))).collect();
    assert!(accepted.is_empty(), "{} are accepted: {}", accepted.len(), accepted.join("\n\n"));
}
