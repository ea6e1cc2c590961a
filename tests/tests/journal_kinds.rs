//! The table of the kinds of journal events names every kind that a service writes, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use outlive_journal::KINDS;

/// Texts of the same form that are not kinds.
const NOT_KINDS: &[&str] = &["properties.definition", "webauthn.create", "webauthn.get"];
/// What such texts begin or end with: places in documents, names of files and hosts.
const BEGINNINGS: &[&str] = &["swagger."];
const ENDINGS: &[&str] =
    &[".html", ".pem", ".key", ".names", ".db", ".txt", ".json", ".yaml", ".example", ".com", ".lock"];
/// Kinds without a dot.
const WITHOUT_DOT: &[&str] = &["sign_out"];

fn collect(service: &str, directory: &Path, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(directory).expect("the sources can be read") {
        let path = entry.expect("its entries too").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            collect(service, &path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for literal in code.split('"').filter(|literal| is_kind(literal)) {
                found.entry(literal.to_owned()).or_default().insert(service.to_owned());
            }
        }
    }
}

fn is_kind(literal: &str) -> bool {
    if WITHOUT_DOT.contains(&literal) {
        return true;
    }
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let has_form = literal.split_once('.').is_some_and(|(subject, what)| is_word(subject) && is_word(what));
    has_form
        && !NOT_KINDS.contains(&literal)
        && !BEGINNINGS.iter().any(|beginning| literal.starts_with(beginning))
        && !ENDINGS.iter().any(|ending| literal.ends_with(ending))
}

#[test]
fn the_table_of_kinds_is_complete() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("crates");
    let mut found = BTreeMap::new();
    for service in ["idp", "hub", "resource", "flow"] {
        collect(service, &crates.join(service).join("src"), &mut found);
        collect(service, &crates.join("chassis/src"), &mut found);
    }
    let table: BTreeMap<String, BTreeSet<String>> = KINDS
        .iter()
        .map(|(kind, services)| ((*kind).to_owned(), services.iter().map(|s| (*s).to_owned()).collect()))
        .collect();
    let missing: Vec<_> = found.iter().filter(|(kind, by)| table.get(*kind) != Some(by)).collect();
    assert!(missing.is_empty(), "crates/journal/src/kinds.rs lacks or differs from: {missing:?}");
    let stale: Vec<_> = table.keys().filter(|kind| !found.contains_key(*kind)).collect();
    assert!(stale.is_empty(), "crates/journal/src/kinds.rs names kinds that no service writes: {stale:?}");
}
