//! The main scenario of Outlive, with `outlive run`.

use outlive_tests::{Ended, Service, System, outlive, outlive_on_database};
use serde_json::Value;

const STORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/flow-outlives-password.yaml");

/// Runs the scenario on a temporary system, with the database of the tests.
async fn run(arguments: &[&str]) -> Ended {
    let mut all = vec!["run", STORY];
    all.extend(arguments);
    outlive_on_database(all).await
}

#[tokio::test]
async fn a_flow_outlives_its_owners_password() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let json = home.path().join("result.json");
    let junit = home.path().join("result.xml");
    let ended =
        run(&["--json", json.to_str().expect("UTF-8"), "--junit", junit.to_str().expect("UTF-8")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("2,136 runs succeeded"), "{}", ended.stdout);
    let result: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    assert!(!result.to_string().contains(r#""status":"failed""#), "{result}");
    assert!(std::fs::read_to_string(&junit).expect("written").contains("<testsuite"));
}

#[tokio::test]
async fn it_is_the_same_in_the_edition_of_the_article() {
    let ended = run(&["--rules", "2021"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// With the rule of the scenario inverted, it fails and reports where.
#[tokio::test]
async fn it_fails_if_confidential_clients_are_not_spared() {
    let ended = run(&["--rules", "2025-11+password_changed_by_user.confidential_token=revoked"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let output = format!("{}{}", ended.stdout, ended.stderr);
    assert!(output.contains("flow-outlives-password.yaml:"), "the line is reported: {output}");
    assert!(output.contains("AADSTS50173"), "the actual result is reported: {output}");
    assert!(output.contains("Password changed by user"), "the rule is reported: {output}");
}

/// The converse: if public clients were not affected, the desktop application would keep its
/// tokens.
#[tokio::test]
async fn it_fails_if_public_clients_are_spared() {
    let ended = run(&["--rules", "2025-11+password_changed_by_user.password_token=alive"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[tokio::test]
async fn it_passes_against_a_system_that_runs() {
    let system = System::start().await;
    let ended = outlive(["run", STORY, "--against", &system.url(Service::Console)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let tenants: Value = system
        .http()
        .get(format!("{}/lab/tenants", system.url(Service::Console)))
        .send()
        .await
        .expect("it answers")
        .json()
        .await
        .expect("JSON");
    let left = tenants["tenants"].as_array().map_or(0, Vec::len);
    assert!(left <= 1, "the scenario's tenant is deleted: {tenants}");
    system.stop().await;
}
