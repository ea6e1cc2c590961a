//! `outlive diagnose`: errors are explained with their cause, and the scenario that it writes
//! reproduces the code.

use std::process::Stdio;

use outlive_tests::{outlive, outlive_printing_to};
use serde_json::Value;

fn file(directory: &tempfile::TempDir, name: &str, content: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, content).expect("it is writable");
    path.to_str().expect("UTF-8").to_owned()
}

#[tokio::test]
async fn an_error_is_explained_and_reproduced() {
    let home = tempfile::tempdir().expect("a directory");
    let status = "Failed to refresh access token for service: aad. Error: AADSTS700082: The refresh token has expired due to inactivity.";
    let error = file(&home, "error.txt", status);
    let scenario = home.path().join("again.yaml").to_str().expect("UTF-8").to_owned();
    let explained = outlive(["diagnose", &error, "--scenario", &scenario]).await;
    assert_eq!(explained.code, Some(0), "{}", explained.stderr);
    assert!(explained.stdout.starts_with("This refresh token expired because it was not used for 90 days"));
    let played = outlive(["run", &scenario]).await;
    assert_eq!(played.code, Some(0), "{}{}", played.stdout, played.stderr);
    assert!(std::fs::read_to_string(&scenario).expect("written").contains("700082"));

    let json = outlive(["diagnose", &error, "--json"]).await;
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["cause"], "inactive");
    let json = outlive(["diagnose", &error, "--format", "json", "--scenario", &scenario]).await;
    assert!(serde_json::from_str::<Value>(&json.stdout).is_ok(), "{}", json.stdout);
    assert!(json.stderr.contains("The scenario is in"), "{}", json.stderr);
}

#[tokio::test]
async fn a_text_that_does_not_tell_and_one_that_cannot_be_read_end_with_their_codes() {
    let home = tempfile::tempdir().expect("a directory");
    let other = file(&home, "other.txt", "The weather is fine.");
    let unknown = outlive(["diagnose", &other]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stdout.starts_with("Nothing in this text names a token"), "{}", unknown.stdout);
    // Explained, and not reproduced by any scenario.
    let locked = file(&home, "locked.txt", "AADSTS50053: The account is locked.");
    let scenario = home.path().join("again.yaml").to_str().expect("UTF-8").to_owned();
    let unwritten = outlive(["diagnose", &locked, "--scenario", &scenario]).await;
    assert_eq!(unwritten.code, Some(1), "{}", unwritten.stdout);
    assert!(unwritten.stderr.contains("again.yaml was not written"), "{}", unwritten.stderr);
    assert!(!std::path::Path::new(&scenario).exists());
    assert_eq!(outlive(["diagnose", &locked]).await.code, Some(0));
    let long = file(&home, "long.txt", &"x".repeat(70_000));
    let missing = home.path().join("missing").to_str().expect("UTF-8").to_owned();
    for (path, message) in [(&long, "it is longer than 65536 bytes"), (&missing, "cannot read")] {
        let failed = outlive(["diagnose", path]).await;
        assert_eq!(failed.code, Some(2), "{path}");
        assert!(failed.stderr.contains(message), "{}", failed.stderr);
    }
    // The standard input, which is empty here.
    let empty = outlive_printing_to(Stdio::piped(), &[], &["diagnose", "-"]).await;
    assert_eq!(empty.code, Some(1), "{}", empty.stderr);
}
