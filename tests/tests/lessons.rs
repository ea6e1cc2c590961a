//! The scenarios that each show one rule: each passes with `outlive run`, and fails if its rule is
//! inverted.
//!
//! `scripts/test` runs it on SQLite only: its subject is the rules, not what is stored.

use outlive_tests::{Ended, outlive_on_database};

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

async fn run(name: &str, rules: &str) -> Ended {
    outlive_on_database(["run", &format!("{SCENARIOS}/{name}.yaml"), "--rules", rules]).await
}

#[tokio::test]
async fn how_long_things_live() {
    for edition in ["2018", "2025-11"] {
        let ended = run("lifetimes", edition).await;
        assert_eq!(ended.code, Some(0), "lifetimes do not depend on the edition: {ended:?}");
    }
}

#[tokio::test]
async fn what_else_blocks_a_token_and_what_brings_it_back() {
    let ended = run("what-else-blocks", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// With this rule, disabling an account permanently revokes earlier grants.
#[tokio::test]
async fn nothing_comes_back_where_disabling_revokes() {
    let ended = run("what-else-blocks", "2025-11+disable_revokes=yes").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let output = format!("{}{}", ended.stdout, ended.stderr);
    assert!(output.contains("what-else-blocks.yaml:"), "the line is reported: {output}");
}

#[tokio::test]
async fn an_api_with_continuous_access_evaluation_is_notified_at_once() {
    let ended = run("continuous-access-evaluation", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let at = |text: &str| ended.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", ended.stdout));
    let titles = [
        "An API that is notified at once",
        "The flow that never noticed",
        "A client that is not CAE-capable",
    ];
    assert!(titles.map(at).is_sorted(), "scenarios run in the order of the file");
    assert!(!ended.stdout.contains("AADSTS50133"), "no step is about a session: {}", ended.stdout);
}

/// If a revocation does not affect confidential clients, the hub handles every challenge and the
/// flow continues.
#[tokio::test]
async fn the_flow_stops_only_because_a_revocation_ends_its_refresh_token() {
    let ended = run("continuous-access-evaluation", "2025-11+admin_revokes.confidential_token=alive").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (_, flow) = ended.stdout.split_once("The flow that never noticed").expect("the scenario is printed");
    assert!(flow.contains("3. An administrator revokes") && flow.contains("expected  1"), "{flow}");
}

/// The revocation table determines what follows a challenge: if it affects confidential clients,
/// the connector cannot continue.
#[tokio::test]
async fn the_refresh_token_decides_what_follows_a_challenge() {
    let ended =
        run("continuous-access-evaluation", "2025-11+password_changed_by_user.confidential_token=revoked")
            .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let output = format!("{}{}", ended.stdout, ended.stderr);
    assert!(output.contains("continuous-access-evaluation.yaml:"), "the line is reported: {output}");
}

#[tokio::test]
async fn a_passkey_outlives_the_password() {
    let ended = run("passkey-outlives-password", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("registers a passkey"), "{}", ended.stdout);
}

/// The rule of the scenario, inverted.
#[tokio::test]
async fn it_fails_if_credentials_without_a_password_are_revoked() {
    let ended =
        run("passkey-outlives-password", "2025-11+password_changed_by_user.non_password_token=revoked").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let output = format!("{}{}", ended.stdout, ended.stderr);
    assert!(output.contains("passkey-outlives-password.yaml:"), "the line is reported: {output}");
    assert!(output.contains("AADSTS50173"), "the actual result is reported: {output}");
}

#[tokio::test]
async fn one_password_change_breaks_a_stored_password_at_once_and_a_public_client_later() {
    let ended = run("one-password-change", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // With this rule the confidential client's connection would break, too.
    let revoked =
        run("one-password-change", "2025-11+password_changed_by_user.confidential_token=revoked").await;
    assert_eq!(revoked.code, Some(1), "{revoked:?}");
    let (_, change) = revoked.stdout.split_once("2. The owner changes").expect("the chapter is printed");
    assert!(change.contains("The confidential one never notices … FAILED"), "{change}");
}

#[tokio::test]
async fn a_new_secret_repairs_a_connection_and_an_overlap_avoids_the_break() {
    let ended = run("secret-rollover", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn one_password_change_breaks_one_of_six_authentication_types() {
    let ended = run("http-authentication-types", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Without an owner a flow fails, with a co-owner it goes on, and if it fails for 14 days it is
/// turned off.
#[tokio::test]
async fn a_flow_outlives_its_owner() {
    let ended = run("flow-outlives-owner", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
