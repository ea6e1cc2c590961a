//! The commit message hook enforces the rules of CONTRIBUTING.md.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.githooks/commit-msg");

/// Runs the hook with a file that contains `message`, as `git commit` does.
fn check(message: &str) -> Output {
    let directory = tempfile::tempdir().expect("the temporary directory is writable");
    let file = directory.path().join("COMMIT_EDITMSG");
    fs::write(&file, message).expect("the file is writable");
    Command::new("bash").arg(HOOK).arg(&file).output().expect("bash is installed")
}

#[test]
fn subjects_that_follow_the_rules_are_accepted() {
    for message in [
        "feat(hub): add connection sharing\n",
        "fix: reject a second Authorization header",
        "fix(idp,hub,flow): give updates a revision\n\nWithout one, the later of two writers wins.\n",
        "refactor(rules)!: rename ProofKey to CodeVerifier",
        "docs(parity): cite RFC 9068, section 2.2",
        "test: embed the fixture",
        // 72 characters; `é` is one of them.
        "perf(store): read the caché of signing keys once for all requests it has",
        "\n# Please enter the commit message.\nci: run the fuzz targets nightly\n# On branch main\n",
        "Merge branch 'graph'",
        "Revert \"feat(hub): add connection sharing\"",
        "fixup! feat(hub): add connection sharing",
        "fix: wipe the temporary directory",
    ] {
        let output = check(message);
        assert!(output.status.success(), "{message}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn subjects_that_break_a_rule_are_rejected_with_the_rule() {
    for (message, reason) in [
        ("", "type(scope): description"),
        ("Say of a signed-out session what ends", "type(scope): description"),
        ("feature(hub): add connection sharing", "type(scope): description"),
        ("feat(hub) add connection sharing", "type(scope): description"),
        ("feat(): add connection sharing", "type(scope): description"),
        ("feat(The Hub): add connection sharing", "type(scope): description"),
        ("feat(hub):", "type(scope): description"),
        ("perf(store): read the caché of signing keys once for all requests it hast", "73 characters"),
        ("fix(idp): reject a duplicated parameter.", "punctuation"),
        ("fix(idp): wip", "no 'wip'"),
        ("chore: WIP on the console", "no 'wip'"),
        ("feat(hub): added connection sharing", "imperative"),
        ("feat(hub): adding connection sharing", "imperative"),
        ("fix: reject a second header\nIt was accepted.", "second line"),
    ] {
        let output = check(message);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}: {complaint}");
        assert!(complaint.contains(reason), "{message}: {complaint}");
    }
}

#[test]
fn the_hook_can_be_executed() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(HOOK).expect("the hook exists").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "git runs only hooks that can be executed");
    }
    let text = fs::read_to_string(Path::new(HOOK)).expect("the hook is UTF-8");
    assert!(text.starts_with("#!/usr/bin/env bash\n"));
}
