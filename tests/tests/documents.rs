//! The documents say what is so: witnesses exist, ids are the seed's, dependencies are all explained, links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The pairs `file` › `test` of a page.
fn witnesses(page: &str) -> Vec<(&str, &str)> {
    page.split(" › ")
        .zip(page.split(" › ").skip(1))
        .filter_map(|(before, after)| {
            let file = before.strip_suffix('`')?.rsplit('`').next()?;
            let test = after.strip_prefix('`')?.split('`').next()?;
            Some((file, test))
        })
        .filter(|(file, _)| *file != "file")
        .collect()
}

#[test]
fn every_witness_of_the_parity_page_is_a_test() {
    let page = read("docs/parity.md");
    let found = witnesses(&page);
    assert_eq!(found.len() + 1, page.matches(" › ").count(), "a witness is not written as `file` › `test`");
    assert!(found.len() >= 20, "only {} witnesses", found.len());
    for (file, test) in found {
        let source = read(file);
        // Real clients are not Rust: a test is what pytest collects, or what is given to node's `test`.
        if file.ends_with(".py") || file.ends_with(".mjs") {
            let declared = [format!("\ndef {test}("), format!("test(\"{test}\"")];
            let is_test = test.starts_with("test_") || file.ends_with(".test.mjs");
            assert!(
                is_test && declared.iter().any(|declared| source.contains(declared)),
                "{file} has no {test}"
            );
            continue;
        }
        if file.ends_with(".go") || file.ends_with(".java") {
            let declared = [format!("\nfunc {test}(t *testing.T)"), format!("\n  void {test}(")];
            assert!(declared.iter().any(|declared| source.contains(declared)), "{file} has no {test}");
            continue;
        }
        let declaration = source.find(&format!("fn {test}("));
        assert!(declaration.is_some(), "{file} has no fn {test}");
        let before = &source[..declaration.unwrap_or_default()];
        let attributes = before.rsplit(['}', ';']).next().unwrap_or_default();
        assert!(
            attributes.contains("test]")
                || attributes.contains("#[tokio::test")
                || source.contains("proptest!"),
            "{test} in {file} is no test"
        );
    }
}

#[test]
fn no_number_that_is_said_never_to_be_given_is_in_the_catalogue() {
    let (page, errors) = (read("docs/parity.md"), read("docs/errors.md"));
    let (_, table) =
        page.split_once("\nNumbers of the original that are never given").expect("the page tells them");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let numbers: Vec<u32> = rows
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|cell| cell.split(|c: char| !c.is_ascii_digit()))
        .filter_map(|number| number.parse().ok())
        .collect();
    assert!(numbers.len() > 50, "{numbers:?}");
    for (at, number) in numbers.iter().enumerate() {
        assert!(!errors.contains(&format!("<a id=\"{number}\">")), "{number} is given");
        assert!(!numbers[..at].contains(number), "{number} is told twice");
    }
}

#[test]
fn every_id_in_the_readme_is_the_seeds() {
    let seed = read("seeds/contoso.yaml");
    let readme = read("README.md");
    let ids: BTreeSet<&str> = readme.split('`').filter(|text| is_uuid(text)).collect();
    assert!(ids.len() >= 12, "the README lists only {} ids", ids.len());
    for id in ids {
        assert!(seed.contains(id), "the seed knows no {id}");
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

#[test]
fn every_direct_dependency_is_explained_and_nothing_else() {
    let page = read("ARCHITECTURE.md");
    let table = page.split("## Direct dependencies").nth(1).expect("the table has its heading");
    let explained: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .filter(|name| *name != "crate")
        .collect();
    let direct = dependencies_from_outside();
    let direct: BTreeSet<&str> = direct.iter().map(String::as_str).collect();
    assert_eq!(explained, direct);
}

/// What our crates and their tests depend on directly, ours aside.
fn dependencies_from_outside() -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test, so it can be run");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    packages
        .iter()
        .flat_map(|package| package["dependencies"].as_array().expect("a package lists its dependencies"))
        .filter_map(|need| need["name"].as_str())
        .filter(|name| !name.starts_with("outlive-"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for page in ["README.md", "ARCHITECTURE.md", "docs/parity.md"] {
        let text = read(page);
        let folder = root().join(page).parent().expect("a page lies in a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !target.is_empty() {
                assert!(folder.join(target).exists(), "{page} links to {link}");
            }
        }
    }
}

#[test]
fn a_page_without_witnesses_has_none() {
    assert_eq!(witnesses("named `file` › `test`. A row"), vec![]);
    assert_eq!(witnesses("| x | `a/b.rs` › `it_works` |"), vec![("a/b.rs", "it_works")]);
}
