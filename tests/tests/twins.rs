//! Paired scenarios, with `outlive twins` and `outlive run`.

use outlive_tests::outlive_on_database;

const TWINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/twins.yaml");
const WITHOUT_TWINS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/passkey-outlives-password.yaml");

#[tokio::test]
async fn twins_part_where_the_fact_matters() {
    let ended = outlive_on_database(["twins", TWINS]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches("OUTCOMES DIFFER").count(), 4, "{}", ended.stdout);
    assert_eq!(outlive_on_database(["twins", WITHOUT_TWINS]).await.code, Some(2));
}

#[tokio::test]
async fn a_story_with_a_twin_holds_only_if_the_twin_parts_from_it() {
    let ended = outlive_on_database(["run", TWINS]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // With these rules both clients lose their tokens.
    let alike = "2025-11+password_changed_by_user.confidential_token=revoked";
    let ended = outlive_on_database(["run", TWINS, "--rules", alike]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("no step ended differently"), "{}", ended.stdout);
}
