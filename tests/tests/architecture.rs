//! The architectural rules of ARCHITECTURE.md: dependencies between crates and between files, names
//! and lengths of files. Each check is a function over plain values, so that its failure is tested
//! too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use outlive_tests::imports::{Imports, Sources, cycles, imports};
use serde_json::Value;

const GROUND: &[&str] = &["clock", "wire", "tokens", "store", "journal", "chassis"];

/// The internal crates that a crate can depend on.
fn may_depend_on(name: &str) -> Option<Vec<&'static str>> {
    let with_rules = || [GROUND, &["rules"]].concat();
    Some(match name {
        "clock" | "sqlite-log" => vec![],
        "rules" => vec!["clock"],
        "store" => vec!["clock", "sqlite-log"],
        "tokens" => vec!["clock", "wire"],
        // Types only; verdicts are the rules' own.
        "wire" => vec!["clock", "rules"],
        "journal" => vec!["clock", "store", "wire"],
        "chassis" => vec!["clock", "wire", "tokens", "store", "journal"],
        // The issuer decides by the rules; the others know only what it answers, like any client.
        "idp" => with_rules(),
        "hub" | "resource" | "flow" => GROUND.to_vec(),
        // The lab and the pages reach services over HTTP only.
        "lab" => with_rules(),
        "console" => [with_rules(), vec!["lab"]].concat(),
        "outlive" => [with_rules(), vec!["idp", "hub", "resource", "flow", "lab", "console"]].concat(),
        // For other people's tests: it knows the program and the lab API only.
        "client" => vec![],
        _ => return None,
    })
}

/// External crates with restrictions: the crate, its allowed users, and the reason.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["store"], "the store is the one place that knows the database"),
    ("rusqlite", &["store", "sqlite-log"], "the store is the one place that knows the database"),
    ("rsa", &["tokens"], "keys are generated in one place, and nothing is decrypted with them"),
    ("jsonwebtoken", &["tokens"], "its own time checks read the system clock and have to be switched off"),
    ("argon2", &["idp"], "only the issuer sees passwords"),
    ("clap", &["outlive"], "services get plain values; flags and environment are read in one place"),
];

/// Crates that pure crates must not use: they do no I/O and are not async.
const IMPURE: &[&str] = &["tokio", "reqwest", "axum", "hyper", "futures", "tower", "sqlx", "rusqlite"];
const PURE: &[&str] = &["clock", "rules", "wire"];

/// Crates that only the store uses, and what is below it.
const DATABASE_LIBRARIES: &[&str] = &["sqlx", "rusqlite"];

/// The only file with code that the compiler does not check for safety.
const UNSAFE: &str = "crates/sqlite-log/src/vfs.rs";

/// Maximum number of lines of a source file.
const LINES_MAX: usize = 500;
/// File names that do not describe the contents.
const VAGUE_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "misc"];

/// The layers of the identity provider, from the bottom. A file imports from its own layer and from
/// those below.
const LAYERS: &[&[&str]] = &[
    &["protocol"],
    &["directory"],
    &["keys"],
    &["idp"],
    &["visit.rs"],
    &["security_events", "access"],
    &["token"],
    &["sign_in"],
    &["graph"],
    &["lab"],
    &["routes.rs", "service.rs"],
    &["lib.rs"],
];

/// Crate name (without `outlive-`) to the names of its dependencies and build dependencies.
type Dependencies = BTreeMap<String, Vec<String>>;

fn broken_walls(dependencies: &Dependencies) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, needs) in dependencies {
        let Some(allowed) = may_depend_on(name) else {
            broken.push(format!("{name} has no row in the table of walls"));
            continue;
        };
        for need in needs {
            if let Some(ours) = need.strip_prefix("outlive-")
                && !allowed.contains(&ours)
            {
                broken.push(format!("{name} depends on {ours}"));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&need.as_str()) {
                broken.push(format!("{name} is pure and depends on {need}"));
            }
            for (reserved, users, why) in RESERVED {
                if need == reserved && !users.contains(&name.as_str()) {
                    broken.push(format!("{name} depends on {need}: {why}"));
                }
            }
        }
    }
    broken
}

fn broken_file_rules(path: &Path, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let shown = path.display();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if VAGUE_NAMES.contains(&stem.as_ref()) {
        broken.push(format!("{shown}: the name does not say what is in it"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !is_test(path) {
        broken.push(format!("{shown}: {lines} lines; {LINES_MAX} are the most"));
    }
    let in_store = path.starts_with("crates/store") || path.starts_with("crates/sqlite-log");
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if code.contains("unsafe_code") && path != Path::new(UNSAFE) {
            broken.push(format!("{shown}:{}: only {UNSAFE} has unsafe code", number + 1));
        }
        for library in DATABASE_LIBRARIES {
            let names = [format!("{library}::"), format!("use {library}")];
            if !in_store && names.iter().any(|name| code.contains(name)) {
                broken.push(format!("{shown}:{}: only the store names {library}", number + 1));
            }
        }
    }
    broken
}

/// Returns the imports that point up, or to or from a file outside of the layers.
fn upward_imports(imports: &Imports) -> Vec<String> {
    let layer = |file: &str| {
        let first = file.split('/').next().unwrap_or_default();
        LAYERS.iter().position(|names| names.contains(&first))
    };
    let all = imports.iter().flat_map(|(file, targets)| targets.iter().map(move |target| (file, target)));
    let points_up = |(file, target): &(&String, &String)| match (layer(file), layer(target)) {
        (Some(from), Some(to)) => to > from,
        _ => true,
    };
    all.filter(points_up).map(|(file, target)| format!("{file} imports from {target}")).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// The packages of the workspace, as cargo describes them.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test, so it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("cargo lists packages").clone()
}

fn dependencies_of_our_crates() -> Dependencies {
    let mut found = Dependencies::new();
    for package in &packages() {
        let name = package["name"].as_str().expect("a package has a name");
        if name == "outlive-tests" {
            continue;
        }
        let needs = package["dependencies"]
            .as_array()
            .expect("a package lists its dependencies")
            .iter()
            .filter(|need| need["kind"] != "dev")
            .filter_map(|need| need["name"].as_str().map(str::to_owned))
            .collect();
        found.insert(name.strip_prefix("outlive-").unwrap_or(name).to_owned(), needs);
    }
    found
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of the workspace can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_crate_keeps_to_its_walls() {
    let dependencies = dependencies_of_our_crates();
    assert!(dependencies.len() >= 13, "cargo lists only {:?}", dependencies.keys());
    let broken = broken_walls(&dependencies);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `scripts/test-programs` finds test programs by the names of their files.
#[test]
fn every_test_program_is_where_the_script_looks_for_it() {
    let root = root();
    let mut programs = 0;
    for package in &packages() {
        let targets = package["targets"].as_array().expect("a package has targets");
        for target in targets.iter().filter(|target| target["kind"][0] == "test") {
            let (name, path) = (target["name"].as_str(), target["src_path"].as_str());
            let (name, path) = (name.expect("it has a name"), path.expect("and a file"));
            let path = Path::new(path).strip_prefix(&root).expect("in the workspace");
            let within = path.strip_prefix("tests/tests").ok().or_else(|| {
                let within = path.strip_prefix("crates").ok()?;
                within.strip_prefix(within.iter().next()?).ok()?.strip_prefix("tests").ok()
            });
            let expected = [PathBuf::from(format!("{name}.rs")), Path::new(name).join("main.rs")];
            assert!(within.is_some_and(|within| expected.iter().any(|path| path == within)), "{path:?}");
            programs += 1;
        }
    }
    assert!(programs > 80, "cargo lists only {programs} test programs");
}

/// Returns the text of every source file of a crate, without those of tests.
fn sources_of(name: &str) -> Sources {
    let directory = root().join("crates").join(name).join("src");
    let mut files = Vec::new();
    sources(&directory, &mut files);
    let files = files.iter().filter(|path| !is_test(path));
    let read = |path: &PathBuf| {
        let inside = path.strip_prefix(&directory).expect("it was found below the directory");
        let text = fs::read_to_string(path).expect("a source file is UTF-8");
        (inside.to_string_lossy().into_owned(), text)
    };
    files.map(read).collect()
}

#[test]
fn imports_between_files_are_acyclic() {
    let mut found = Vec::new();
    for name in dependencies_of_our_crates().keys() {
        let imports = imports(&sources_of(name));
        assert!(imports.values().any(|targets| !targets.is_empty()), "no imports were found in {name}");
        found.extend(cycles(&imports).into_iter().map(|files| format!("{name}: {}", files.join(", "))));
    }
    assert!(found.is_empty(), "{} cycles:\n{}", found.len(), found.join("\n"));
}

#[test]
fn imports_in_the_identity_provider_point_down() {
    let broken = upward_imports(&imports(&sources_of("idp")));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_has_a_telling_name_and_a_bounded_length() {
    let root = root();
    let mut files = Vec::new();
    for directory in ["crates", "tests"] {
        sources(&root.join(directory), &mut files);
    }
    assert!(files.len() >= 30, "only {} files were found", files.len());
    let broken: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("a source file is UTF-8");
            let inside = path.strip_prefix(&root).expect("it was found below the root");
            // This file has to name what it forbids.
            if inside == Path::new("tests/tests/architecture.rs") {
                vec![]
            } else {
                broken_file_rules(inside, &text)
            }
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_crate_takes_the_lints_and_the_edition_of_the_workspace() {
    let root = root();
    let mut manifests = vec![root.join("tests/Cargo.toml")];
    for entry in fs::read_dir(root.join("crates")).expect("there are crates") {
        manifests.push(entry.expect("that can be listed").path().join("Cargo.toml"));
    }
    for manifest in manifests {
        let text = fs::read_to_string(&manifest).expect("every crate has a manifest");
        for line in ["[lints]\nworkspace = true", "edition.workspace = true", "publish.workspace = true"] {
            assert!(text.contains(line), "{} lacks {line:?}", manifest.display());
        }
    }
}

#[test]
fn a_broken_wall_is_found() {
    for (name, need) in [
        ("hub", "outlive-idp"),
        ("resource", "outlive-rules"),
        ("flow", "outlive-hub"),
        ("lab", "outlive-flow"),
        ("chassis", "outlive-rules"),
        ("hub", "sqlx"),
        ("hub", "rusqlite"),
        ("flow", "jsonwebtoken"),
        ("rules", "tokio"),
        ("newcomer", "serde"),
    ] {
        let dependencies = Dependencies::from([(name.to_owned(), vec![need.to_owned()])]);
        assert_eq!(broken_walls(&dependencies).len(), 1, "{name} → {need}");
    }
}

#[test]
fn a_broken_file_rule_is_found() {
    let long = "\n".repeat(LINES_MAX + 1);
    for (path, text, broken) in [
        ("crates/hub/src/utils.rs", "", 1),
        ("crates/hub/src/proxy.rs", "use sqlx::Row;", 1),
        ("crates/hub/src/proxy.rs", "use rusqlite::Row;", 1),
        ("crates/hub/src/proxy.rs", "// unlike sqlx::Row", 0),
        ("crates/store/src/row.rs", "use sqlx::Row;", 0),
        ("crates/hub/src/proxy.rs", "#![expect(unsafe_code, reason = \"fast\")]", 1),
        (UNSAFE, "#![expect(unsafe_code, reason = \"pointers\")]", 0),
        ("crates/hub/src/proxy.rs", &long, 1),
        ("crates/hub/tests/proxy.rs", &long, 0),
    ] {
        assert_eq!(broken_file_rules(Path::new(path), text).len(), broken, "{path}");
    }
}

fn crate_of(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn an_import_cycle_is_found() {
    for (a, b, is_cycle) in [
        ("use crate::b::B;", "use crate::a::A;", true),
        ("use super::b::B;", "use super::a::{self, A};", true),
        ("use crate::b;\nfn f() { b::go(); }", "fn go(a: crate::a::A) {}", true),
        // Through re-exports of the crate's root.
        ("use crate::{B};", "use crate::Renamed;", true),
        ("use crate::b::B;", "", false),
        ("use crate::b::B;", "// use crate::a::A;\nconst TEXT: &str = \"crate::a::A\";", false),
        ("use crate::b::B;", "#[cfg(test)]\nmod tests { use crate::a::A; }", false),
        ("use crate::b::B;", "pub(in crate::a) fn f() {}", false),
        ("use crate::b::B;", "use other::a::A;", false),
    ] {
        let root = "mod a;\nmod b;\npub use a::A as Renamed;\npub use b::B;";
        let (a, b) = (format!("{a}\nstruct A;"), format!("{b}\nstruct B;"));
        let sources = crate_of(&[("lib.rs", root), ("a.rs", &a), ("b.rs", &b)]);
        let found = cycles(&imports(&sources));
        assert_eq!(found, if is_cycle { vec![vec!["a.rs", "b.rs"]] } else { vec![] }, "{a}\n{b}");
    }
}

#[test]
fn a_cycle_leads_through_several_files_but_not_through_a_module_that_only_declares() {
    let sources = crate_of(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b;\nmod c;\nmod d;\npub(crate) use b::B;\npub(crate) use d::*;"),
        ("a/b.rs", "use super::c::C;\nstruct B;"),
        ("a/c.rs", "use super::D;\nstruct C;"),
        ("a/d.rs", "fn f<'a>(b: &'a super::B) -> char { '\"' }\nstruct D;"),
    ]);
    assert_eq!(cycles(&imports(&sources)), [["a/b.rs", "a/c.rs", "a/d.rs"]]);
}

#[test]
fn an_import_that_points_up_is_found() {
    for (file, target, broken) in [
        ("token/mint/tokens.rs", "directory/user.rs", 0),
        ("token/mint/tokens.rs", "token/grant.rs", 0),
        ("directory/user.rs", "token/grant.rs", 1),
        ("protocol/refusal.rs", "idp/mod.rs", 1),
        ("newcomer.rs", "protocol/refusal.rs", 1),
    ] {
        let imports = Imports::from([(file.to_owned(), [target.to_owned()].into())]);
        assert_eq!(upward_imports(&imports).len(), broken, "{file} → {target}");
    }
}
