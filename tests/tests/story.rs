//! The story that Outlive exists to tell, by the one command that tells it.

use outlive_tests::{Ended, Service, System, outlive, outlive_on_database};
use serde_json::Value;

const STORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/flow-outlives-password.yaml");

/// Runs the story on a private system, on the database that the tests are run for.
async fn tell(arguments: &[&str]) -> Ended {
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
        tell(&["--json", json.to_str().expect("UTF-8"), "--junit", junit.to_str().expect("UTF-8")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("2136 runs succeed"), "{}", ended.said);
    let result: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    assert!(!result.to_string().contains(r#""status":"failed""#), "{result}");
    assert!(std::fs::read_to_string(&junit).expect("written").contains("<testsuite"));
}

#[tokio::test]
async fn it_is_the_same_in_the_edition_of_the_article() {
    let ended = tell(&["--rules", "2021"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The one rule that the story is about, turned round: then the story has to fail, and say where.
#[tokio::test]
async fn it_fails_if_confidential_clients_are_not_spared() {
    let ended = tell(&["--rules", "2025-11+password_changed_by_user.confidential_token=revoked"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("{}{}", ended.said, ended.complained);
    assert!(told.contains("flow-outlives-password.yaml:"), "it says at which line: {told}");
    assert!(told.contains("AADSTS50173"), "it says what came instead: {told}");
    assert!(told.contains("Password changed by user"), "it says by which rule: {told}");
}

/// The other side of the same rule: if public clients were spared too, the desktop application would not be out.
#[tokio::test]
async fn it_fails_if_public_clients_are_spared() {
    let ended = tell(&["--rules", "2025-11+password_changed_by_user.password_token=alive"]).await;
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
    assert!(left <= 1, "the story took its tenants away again: {tenants}");
    system.stop().await;
}
