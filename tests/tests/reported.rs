//! Cases that people reported in public: each scenario in `scenarios/reported` shows the symptom,
//! the cause and the repair, and names its report.
//!
//! `scripts/test` runs it on SQLite only: its subject is the rules, not what is stored.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use outlive_tests::outlive_on_database;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/reported");
/// The number of reports of which scenarios are required.
const FILES_MIN: usize = 23;

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(FOLDER).expect("the folder exists");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn each_file_begins_with_the_address_of_its_report() {
    let files = files();
    assert!(files.len() >= FILES_MIN, "only {} files", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a text file");
        let comment: Vec<_> = text.lines().take_while(|line| line.starts_with('#')).collect();
        for part in ["# Reported: https://", "# Cause: ", "# Repair: "] {
            assert!(comment.iter().any(|line| line.starts_with(part)), "{}: no '{part}'", file.display());
        }
        assert!(
            file.extension().is_some_and(|extension| extension == "yaml"),
            "{} is not run",
            file.display()
        );
    }
}

#[tokio::test]
async fn every_reported_case_passes() {
    let mut failed = Vec::new();
    for file in files() {
        let ended = outlive_on_database([OsString::from("run"), file.into()]).await;
        if ended.code != Some(0) {
            failed.push(ended);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Under other rules the reports of connections that survive are not reproduced.
#[tokio::test]
async fn a_connection_that_survives_depends_on_the_rules() {
    let rules = "2025-11+password_changed_by_user.confidential_token=revoked";
    for name in ["still-connected-after-password-change", "flow-still-works-after-several-password-changes"] {
        let file = format!("{FOLDER}/{name}.yaml");
        let ended = outlive_on_database(["run", &file, "--rules", rules]).await;
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        assert!(ended.stdout.contains("FAILED"), "{name}: {ended:?}");
    }
}
