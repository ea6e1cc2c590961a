//! The benches are compiled but not run by `scripts/test`. What one of them makes of the shipped
//! seed must remain valid whatever the seed becomes.

#[path = "../benches/floor/many_seed.rs"]
mod many_seed;

use outlive_tests::outlive;

#[tokio::test]
async fn the_seed_with_many_connections_is_valid() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    // The second owner begins with the 500th.
    many_seed::write_seed(directory.path(), 501);
    let seed = directory.path().join("contoso.yaml");
    let text = std::fs::read_to_string(&seed).expect("the seed");
    assert_eq!(text.matches("\"connection\":\"orders-").count(), 501, "a flow for each connection");
    let ended = outlive(["check", seed.to_str().expect("UTF-8")]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}
