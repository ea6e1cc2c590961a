//! Opening databases, and the messages when that fails.

use std::path::Path;

use outlive_store::{DatabaseUrl, Store};

use crate::place::{Place, TABLES};

#[test]
fn rejects_an_invalid_url_with_a_reason() {
    for (text, why) in [
        ("", "relative URL without a base"),
        ("idp.db", "relative URL without a base"),
        ("mysql://root@localhost/outlive", "its scheme is 'mysql'"),
        ("sqlite:///tmp/x.db", "its scheme is 'sqlite'"),
        ("postgres://outlive@localhost", "it names no database after the host"),
        ("postgres://outlive@localhost/", "it names no database after the host"),
        ("postgres://outlive@localhost:port/outlive", "invalid port number"),
    ] {
        let error = DatabaseUrl::postgres(text).expect_err(text);
        assert_eq!(error.why, why, "{text}");
        assert!(error.remedy.contains("postgres://USER"), "{text}: {}", error.remedy);
    }
    assert!(DatabaseUrl::postgres("postgresql://outlive:secret@localhost:5432/outlive").is_ok());
}

#[test]
fn a_password_is_not_shown() {
    let url = DatabaseUrl::postgres("postgres://outlive:hidden@localhost/outlive").expect("a URL");
    assert!(!format!("{url:?}").contains("hidden"), "{url:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    for url in [
        format!("postgres://outlive:hidden@127.0.0.1:{port}/outlive"),
        format!("postgres://outlive:hidden@127.0.0.1:{port}/outlive?sslmode=nonsense"),
        format!("postgres://outlive@127.0.0.1:{port}/outlive?password=hidden"),
    ] {
        let url = DatabaseUrl::postgres(&url).expect("a URL");
        let error = Store::open(&url, "case", &[]).await.expect_err("no server listens");
        let message = format!("{error} {}", error.remedy);
        assert!(message.contains(&port.to_string()), "{message}");
        assert!(!message.contains("hidden"), "{message}");
    }
}

#[tokio::test]
async fn reports_a_missing_database() {
    let Some(place) = Place::postgres("opening::reports_a_missing_database") else { return };
    let DatabaseUrl::Postgres(mut url) = place.url.clone() else { panic!("a PostgreSQL URL") };
    url.set_path("/no_such_database_here");
    let error = Store::open(&DatabaseUrl::Postgres(url), "case", &[]).await.expect_err("it does not exist");
    assert!(error.why.contains("no_such_database_here"), "{error}");
}

#[tokio::test]
async fn rejects_paths_that_cannot_hold_a_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").expect("is written");
    let no_database = directory.path().join("text.db");
    std::fs::write(
        &no_database,
        "this is not a database, and long enough to differ from an empty one. ".repeat(20),
    )
    .expect("is written");
    let folder = directory.path().join("folder.db");
    std::fs::create_dir(&folder).expect("is made");
    for path in [
        directory.path().join("absent/idp.db"),
        file.join("idp.db"),
        Path::new("/proc/outlive/idp.db").to_owned(),
        folder,
        no_database,
    ] {
        let error = Store::open(&DatabaseUrl::Sqlite(path.clone()), "case", &[("case", TABLES)])
            .await
            .expect_err("cannot be opened");
        assert!(error.what.contains(&path.display().to_string()), "{error}");
        assert!(!error.remedy.is_empty());
    }
}

#[tokio::test]
async fn names_that_mean_something_in_urls_are_only_names() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in ["a b.db", "50%.db", "100%25.db", "what?.db", "#1.db", "ü.db", ":memory:"] {
        let path = directory.path().join(name);
        let store = Store::open(&DatabaseUrl::Sqlite(path.clone()), "case", &[("case", TABLES)]).await;
        store.unwrap_or_else(|error| panic!("{name}: {error}")).close().await;
        assert!(path.is_file(), "{name} is where it should be");
    }
}
