//! The same change of password for somebody who signs in with a passkey, by the command that tells stories.

use outlive_tests::{Database, Ended, outlive};

const STORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/passkey-outlives-password.yaml");

async fn tell(rules: &str) -> Ended {
    let mut all = vec!["run".to_owned(), STORY.to_owned(), "--rules".to_owned(), rules.to_owned()];
    // It is gone with this value: not before the story is told.
    let database = Database::from_environment();
    if let Some(url) = database.url() {
        all.extend(["--database-url".to_owned(), url]);
    }
    let ended = outlive(all).await;
    drop(database);
    ended
}

#[tokio::test]
async fn a_passkey_outlives_the_password() {
    let ended = tell("2025-11").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("registers a passkey"), "{}", ended.said);
}

/// The rule that it is about, turned round.
#[tokio::test]
async fn it_fails_if_what_no_password_was_typed_for_is_not_spared() {
    let ended = tell("2025-11+password_changed_by_user.non_password_token=revoked").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("{}{}", ended.said, ended.complained);
    assert!(told.contains("passkey-outlives-password.yaml:"), "it says at which line: {told}");
    assert!(told.contains("AADSTS50173"), "it says what came instead: {told}");
}
