//! The English of the code base: words that `docs/writing.md` replaces, and the width of comments.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Words with a plain alternative in `docs/writing.md`.
const BANNED: &[&str] = &[
    "told", "said", "whoever", "whomever", "whoso", "somebody", "nobody", "anew", "mend", "mends", "mended",
    "mending",
];
/// Files that have to name those words.
const EXEMPT: &[&str] = &["tests/tests/language.rs", "docs/writing.md"];
/// Where a banned word is part of a file format or of a name that others use.
const ALLOWED: &[&str] = &["#[serde(rename = \"told\")]", "`tests/clients/node/passkey.test.mjs`"];
/// The widest comment line, in characters. Lines with addresses are exempt.
const COMMENT_MAX: usize = 100;
/// Participles. An asynchronous function has an effect, and its name contains the verb for it.
const PARTICIPLES: &[&str] =
    &["taken", "given", "made", "shown", "kept", "sent", "known", "found", "gone", "begun", "done"];

fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let is_rust = path.ends_with(".rs");
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: String| faults.push(format!("{path}:{}: {what}", number + 1));
        let is_allowed = ALLOWED.iter().any(|allowed| line.contains(allowed));
        for word in line.split(|c: char| !c.is_alphanumeric()) {
            if !is_allowed && BANNED.contains(&word.to_lowercase().as_str()) {
                fault(format!("'{word}': docs/writing.md has a plain alternative"));
            }
        }
        if !is_rust {
            continue;
        }
        let width = line.chars().count();
        let is_wide_row = line.trim_start().starts_with("//! |");
        if line.trim_start().starts_with("//")
            && width > COMMENT_MAX
            && !line.contains("http")
            && !is_wide_row
        {
            fault(format!("a comment of {width} columns; {COMMENT_MAX} are the most"));
        }
        if let Some((_, rest)) = line.split_once("async fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let is_participle = !name.contains('_') && name.ends_with("ed") && name != "proceed";
            if path.contains("/src/") && (is_participle || PARTICIPLES.contains(&name)) {
                fault(format!("'{name}' has an effect: name it with a verb"));
            }
        }
    }
    faults
}

fn tracked(root: &Path) -> Vec<String> {
    let output = Command::new("git").args(["ls-files"]).current_dir(root).output().expect("git runs");
    let files = String::from_utf8(output.stdout).expect("paths are text");
    files.lines().map(str::to_owned).collect()
}

#[test]
fn sources_and_documents_use_plain_words_and_narrow_comments() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut found = Vec::new();
    let mut files = 0;
    for path in tracked(root) {
        let is_checked = ["rs", "md", "yaml", "html"]
            .iter()
            .any(|extension| Path::new(&path).extension().is_some_and(|found| found == *extension));
        if !is_checked || EXEMPT.contains(&path.as_str()) {
            continue;
        }
        files += 1;
        found.extend(faults(&path, &fs::read_to_string(root.join(&path)).expect("a text file")));
    }
    assert!(files > 800, "only {files} files");
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn faults_are_found() {
    let text = format!("// {}\nasync fn removed(x: u8) {{}}\n// what was told\n", "x".repeat(100));
    let found = faults("crates/a/src/a.rs", &text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        faults("crates/a/src/a.rs", "async fn find(x: u8) {}\n/// Returns the user.\nlet untold = 1;\n")
            .is_empty()
    );
}
