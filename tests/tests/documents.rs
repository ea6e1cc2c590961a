//! Checks of the documents: referenced tests exist, ids are those of the seed, every dependency is
//! explained, and links are valid.

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

/// Cargo sets the variables of `.cargo/config.toml` here; the image is built without that file at
/// first.
#[test]
fn the_image_is_built_with_the_variables_of_the_workspace() {
    let dockerfile = read("Dockerfile").replace('"', "");
    for (name, value) in [
        ("AWS_LC_SYS_NO_JITTER_ENTROPY", env!("AWS_LC_SYS_NO_JITTER_ENTROPY")),
        ("LIBSQLITE3_FLAGS", env!("LIBSQLITE3_FLAGS")),
    ] {
        assert!(dockerfile.contains(&format!("{name}={value} \\")), "the Dockerfile lacks {name}={value}");
    }
}

#[test]
fn documents_and_image_have_the_version_of_the_workspace() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("Dockerfile").contains(&format!("\nARG VERSION={version}\n")), "the image's label");
    let readme = read("README.md");
    for name in ["outlive-VERSION-x86_64-unknown-linux-gnu.tar.gz", "outlive_VERSION_amd64.deb"] {
        let name = name.replace("VERSION", version);
        assert!(readme.contains(&name), "the README does not name {name}");
    }
}

#[test]
fn every_witness_of_the_parity_page_is_a_test() {
    let page = read("docs/parity.md");
    let found = witnesses(&page);
    assert_eq!(found.len() + 1, page.matches(" › ").count(), "a witness is not written as `file` › `test`");
    assert!(found.len() >= 20, "only {} witnesses", found.len());
    for (file, test) in found {
        let source = read(file);
        // Tests of real clients: those that pytest collects, and the arguments of node's `test`.
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
fn one_refresh_is_read_in_at_most_twelve_files() {
    let page = read("ARCHITECTURE.md");
    let (_, section) = page.split_once("\n### One refresh\n").expect("the section exists");
    let section = section.split("\n## ").next().unwrap_or_default();
    let files = section.lines().filter(|line| line.starts_with("| [")).count();
    assert!((1..=12).contains(&files), "{files} files");
}

#[test]
fn no_number_listed_as_never_returned_is_in_the_catalogue() {
    let (page, errors) = (read("docs/parity.md"), read("docs/errors.md"));
    let (_, table) =
        page.split_once("\nNumbers of the original that are never given").expect("the page lists them");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let numbers: Vec<u32> = rows
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|cell| cell.split(|c: char| !c.is_ascii_digit()))
        .filter_map(|number| number.parse().ok())
        .collect();
    assert!(numbers.len() > 50, "{numbers:?}");
    for (at, number) in numbers.iter().enumerate() {
        assert!(!errors.contains(&format!("<a id=\"{number}\">")), "{number} is given");
        assert!(!numbers[..at].contains(number), "{number} is listed twice");
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

/// The direct external dependencies of all crates and their tests.
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

/// The Markdown files of the root and of `docs/`, by path from the root.
fn pages() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["", "docs/"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder can be read") {
            let name = entry.expect("its entries too").file_name();
            let name = name.to_str().expect("pages have names in ASCII");
            if name.ends_with(".md") {
                found.push(format!("{folder}{name}"));
            }
        }
    }
    found.sort();
    found
}

/// The lines of a page without those in code blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// The targets of a page's links. Code spans contain none.
fn links(page: &str) -> Vec<&str> {
    prose(page)
        .flat_map(|line| line.split('`').step_by(2).flat_map(|text| text.split("](").skip(1)))
        .filter_map(|rest| rest.split(')').next())
        .collect()
}

/// The valid fragments of a page: ids that it sets, and its headings as GitHub and mdBook name
/// them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(page) {
        found.extend(
            line.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
        );
        if let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) {
            let words = heading.to_lowercase().replace(' ', "-");
            found.insert(words.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect());
        }
    }
    found
}

/// The links of `page` (whose path is `path`) that lead nowhere.
fn broken_links(path: &str, page: &str) -> Vec<String> {
    let folder = root().join(path).parent().expect("a page lies in a folder").to_owned();
    let leads_somewhere = |link: &str| {
        let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() {
            page.to_owned()
        } else {
            fs::read_to_string(folder.join(file)).unwrap_or_default()
        };
        (file.is_empty() || folder.join(file).exists())
            && (fragment.is_empty() || anchors(&target).contains(fragment))
    };
    let broken = |link: &&str| !link.contains("://") && !leads_somewhere(link);
    links(page).into_iter().filter(broken).map(|link| format!("{path} links to {link}")).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let broken: Vec<String> = pages().iter().flat_map(|path| broken_links(path, &read(path))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = "# It's a page\n<a id=\"7\"></a>\n```sh\n# no heading ](nowhere)\n```\n`](nowhere)`\n";
    for (link, broken) in [
        ("#its-a-page", 0),
        ("#7", 0),
        ("#no-heading", 1),
        ("errors.md", 0),
        ("errors.md#50173", 0),
        ("errors.md#1", 1),
        ("nowhere.md", 1),
        ("../README.md#the-seed-tenant", 0),
        ("../crates", 0),
        ("https://example.com/nowhere", 0),
    ] {
        let page = format!("{page}A [link]({link}).");
        assert_eq!(broken_links("docs/page.md", &page).len(), broken, "{link}");
    }
}

#[test]
fn the_book_has_every_page_once() {
    let summary = read("docs/SUMMARY.md");
    let listed = links(&summary);
    let included = |page: &str| Some(page.strip_prefix("{{#include ../")?.strip_suffix("}}\n")?.to_owned());
    let mut in_book: Vec<String> = listed
        .iter()
        .map(|name| included(&read(&format!("docs/{name}"))).unwrap_or_else(|| format!("docs/{name}")))
        .collect();
    in_book.sort();
    let is_page = |path: &String| {
        path != "docs/SUMMARY.md" && !(path.starts_with("docs/") && included(&read(path)).is_some())
    };
    let pages: Vec<String> = pages().into_iter().filter(is_page).collect();
    assert_eq!(in_book, pages);
}

#[test]
fn the_glossary_is_in_alphabetical_order_and_each_term_has_its_id() {
    let page = read("docs/glossary.md");
    let terms: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| <a id=\"")?.split(" |").next()?.split_once("\"></a>"))
        .collect();
    assert!(terms.len() >= 60, "only {} terms", terms.len());
    for (id, term) in &terms {
        let words = term.to_lowercase();
        let words: Vec<&str> =
            words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        assert_eq!(*id, words.join("-"), "{term}");
    }
    for pair in terms.windows(2) {
        assert!(
            pair[0].1.to_lowercase() < pair[1].1.to_lowercase(),
            "{} is not before {}",
            pair[0].1,
            pair[1].1
        );
    }
}

#[test]
fn a_page_without_witnesses_has_none() {
    assert_eq!(witnesses("named `file` › `test`. A row"), vec![]);
    assert_eq!(witnesses("| x | `a/b.rs` › `it_works` |"), vec![("a/b.rs", "it_works")]);
}
