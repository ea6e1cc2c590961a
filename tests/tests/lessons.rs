//! The scenarios that teach one thing each: every one passes, by the command that tells stories, and one fails when its rule is
//! turned round.

use outlive_tests::{Ended, outlive_on_database};

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

async fn tell(name: &str, rules: &str) -> Ended {
    outlive_on_database(["run", &format!("{SCENARIOS}/{name}.yaml"), "--rules", rules]).await
}

#[tokio::test]
async fn how_long_things_live() {
    for edition in ["2018", "2025-11"] {
        let ended = tell("lifetimes", edition).await;
        assert_eq!(ended.code, Some(0), "lifetimes do not depend on the edition: {ended:?}");
    }
}

#[tokio::test]
async fn what_else_blocks_a_token_and_what_brings_it_back() {
    let ended = tell("what-else-blocks", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The switch by which disabling an account ends for good what was granted before.
#[tokio::test]
async fn nothing_comes_back_where_disabling_revokes() {
    let ended = tell("what-else-blocks", "2025-11+disable_revokes=yes").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("{}{}", ended.said, ended.complained);
    assert!(told.contains("what-else-blocks.yaml:"), "it says at which line: {told}");
}

#[tokio::test]
async fn what_an_api_does_that_is_told_at_once() {
    let ended = tell("continuous-access-evaluation", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let at = |text: &str| ended.said.find(text).unwrap_or_else(|| panic!("{text}: {}", ended.said));
    let titles = [
        "An API that is notified at once",
        "The flow that never noticed",
        "A client that is not CAE-capable",
    ];
    assert!(titles.map(at).is_sorted(), "stories are told in the order in which they are written");
    assert!(!ended.said.contains("AADSTS50133"), "no step is about a session: {}", ended.said);
}

/// The hub meets every challenge if a revocation spares confidential clients, and the flow does not stop.
#[tokio::test]
async fn the_flow_stops_only_because_a_revocation_ends_its_refresh_token() {
    let ended = tell("continuous-access-evaluation", "2025-11+admin_revokes.confidential_token=alive").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (_, flow) = ended.said.split_once("The flow that never noticed").expect("it is told");
    assert!(flow.contains("3. An administrator revokes") && flow.contains("expected  1"), "{flow}");
}

/// What follows a challenge is the table's to say: if it spares no confidential client, the connector does not go on.
#[tokio::test]
async fn the_refresh_token_decides_what_follows_a_challenge() {
    let ended =
        tell("continuous-access-evaluation", "2025-11+password_changed_by_user.confidential_token=revoked")
            .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("{}{}", ended.said, ended.complained);
    assert!(told.contains("continuous-access-evaluation.yaml:"), "it says at which line: {told}");
}

#[tokio::test]
async fn a_passkey_outlives_the_password() {
    let ended = tell("passkey-outlives-password", "2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("registers a passkey"), "{}", ended.said);
}

/// The rule that it is about, turned round.
#[tokio::test]
async fn it_fails_if_what_no_password_was_typed_for_is_not_spared() {
    let ended =
        tell("passkey-outlives-password", "2025-11+password_changed_by_user.non_password_token=revoked")
            .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("{}{}", ended.said, ended.complained);
    assert!(told.contains("passkey-outlives-password.yaml:"), "it says at which line: {told}");
    assert!(told.contains("AADSTS50173"), "it says what came instead: {told}");
}
