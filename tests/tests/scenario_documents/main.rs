//! The documents of scenario and seed files are generated from the types that read them, and their
//! examples are executed.
//!
//! `scripts/test` runs it on SQLite only: its subject is the documents, not what is stored.

mod excerpt;
mod limits;
mod markdown;
mod members;
mod schema;
mod source;

use std::path::{Path, PathBuf};

use outlive_tests::outlive_on_database;
use serde_json::Value;

use self::excerpt::Examples;
use self::source::Source;

/// The generated documents.
fn documents() -> [(&'static str, String); 4] {
    let (source, examples) = (Source::read(&root()), Examples::read(&root()));
    let pretty = |schema: Value| serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    [
        ("docs/scenarios.md", markdown::document(&source, &examples)),
        ("docs/scenarios.schema.json", pretty(schema::of_scenarios(&source))),
        ("docs/seed.schema.json", pretty(schema::of_seeds(&source))),
        ("crates/lab/src/canonical/members.json", members::table(&source)),
    ]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_documents_are_fresh() {
    for (name, text) in documents() {
        let path = root().join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).expect("the document can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let remedy = "run UPDATE_DOCS=1 cargo test -p outlive-tests --test scenario_documents";
        assert!(written == text, "{name} is stale; {remedy}");
    }
}

#[test]
fn every_verb_and_every_field_is_described() {
    let source = Source::read(&root());
    let examples = Examples::read(&root());
    let without: Vec<_> = source.verbs.iter().filter(|(verb, _)| examples.of_verb(verb).is_none()).collect();
    assert!(without.is_empty(), "no file in scenarios/ uses these verbs: {without:?}");
    let silent = source.without_doc(&schema::types_of_scenarios(&source));
    assert!(silent.is_empty(), "these have no doc comment: {silent:?}");
}

#[test]
fn every_reference_of_the_schemas_is_defined() {
    for (name, text) in documents().into_iter().filter(|(name, _)| name.ends_with(".schema.json")) {
        let schema: Value = serde_json::from_str(&text).expect("JSON");
        let references: Vec<&str> =
            text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(references.len() > 5, "{name}: {references:?}");
        for reference in references {
            assert!(schema.pointer(reference).is_some(), "{name}: {reference}");
        }
    }
}

#[tokio::test]
async fn every_example_passes() {
    let mut arguments: Vec<String> = vec!["run".to_owned()];
    let files = Examples::read(&root()).files();
    arguments.extend(files.iter().map(|file| root().join(file).display().to_string()));
    let ended = outlive_on_database(arguments).await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn the_program_prints_the_schemas() {
    for (what, file) in [
        ("scenario", "docs/scenarios.schema.json"),
        ("seed", "docs/seed.schema.json"),
        ("events", "docs/events.schema.json"),
    ] {
        let ended = outlive_tests::outlive(["schema", what]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let expected = std::fs::read_to_string(root().join(file)).expect("the schema can be read");
        assert_eq!(ended.stdout.trim_end(), expected.trim_end(), "{what}");
    }
}
