//! Paired scenarios, with `outlive twins` and `outlive run`.

use outlive_tests::outlive_on_database;

const TWINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/twins.yaml");
const README: &str = include_str!("../../README.md");
const WITHOUT_TWINS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/passkey-outlives-password.yaml");

#[tokio::test]
async fn twins_part_where_the_fact_matters() {
    let ended = outlive_on_database(["twins", TWINS]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches("OUTCOMES DIFFER").count(), 4, "{}", ended.stdout);
    the_readme_quotes(&ended.stdout);
    assert_eq!(outlive_on_database(["twins", WITHOUT_TWINS]).await.code, Some(2));
}

/// The excerpt in the README is in the output, piece by piece in order. `[...]` stands for what is
/// left out within a line; whole lines are left out without a mark.
fn the_readme_quotes(output: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let first_screen: Vec<&str> = README.lines().take(45).collect();
    assert!(first_screen.iter().any(|line| line.contains("](docs/console.png)")), "a picture of the console");
    let excerpt: Vec<&&str> = first_screen
        .iter()
        .skip_while(|line| !line.starts_with("One fact differs"))
        .take_while(|line| **line != "```")
        .collect();
    assert!(
        excerpt.len() > 8,
        "an excerpt of `outlive twins` on the first screen of the README: {excerpt:?}"
    );
    let output = words(output);
    let mut rest = output.as_str();
    for piece in
        excerpt.iter().flat_map(|line| line.split("[...]")).map(words).filter(|piece| !piece.is_empty())
    {
        let place =
            rest.find(&piece).unwrap_or_else(|| panic!("not in the output, or not in this order: {piece}"));
        rest = &rest[place + piece.len()..];
    }
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
