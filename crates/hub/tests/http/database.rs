//! The database of the hub under test.

use std::path::Path;
use std::process::{Command, Output};

use outlive_store::DatabaseUrl;
use tempfile::TempDir;
use url::Url;

/// A database for one test, deleted when dropped.
pub(crate) enum Database {
    Sqlite(TempDir),
    /// A database on the server that `scripts/with-postgres` started.
    Postgres {
        directory: TempDir,
        server: Url,
        name: String,
    },
}

impl Database {
    /// Creates a database of the kind in `OUTLIVE_TEST_DATABASE`.
    pub(crate) fn from_environment() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        match std::env::var("OUTLIVE_TEST_DATABASE").as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::Sqlite(directory),
            Ok("postgres") => {
                let server =
                    std::env::var("OUTLIVE_TEST_POSTGRES_URL").expect("run through scripts/with-postgres");
                let server: Url = server.parse().expect("a URL");
                let place = directory.path().file_name().and_then(|name| name.to_str()).expect("a name");
                let name: String = place.chars().filter(char::is_ascii_alphanumeric).collect();
                let name = format!("hub{}", name.to_lowercase());
                run("createdb", &[&format!("--maintenance-db={server}"), &name]);
                Self::Postgres { directory, server, name }
            }
            Ok(other) => panic!("OUTLIVE_TEST_DATABASE is '{other}'; it can be 'sqlite' or 'postgres'"),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        match self {
            Self::Sqlite(directory) | Self::Postgres { directory, .. } => directory.path(),
        }
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(directory) => DatabaseUrl::Sqlite(directory.path().join("hub.db")),
            Self::Postgres { server, name, .. } => {
                DatabaseUrl::postgres(at(server, name).as_str()).expect("a URL")
            }
        }
    }

    /// Returns the whole content, as bytes to search.
    pub(crate) fn content(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(directory) => ["hub.db", "hub.db-wal"]
                .into_iter()
                .flat_map(|name| std::fs::read(directory.path().join(name)).unwrap_or_default())
                .collect(),
            Self::Postgres { server, name, .. } => run("pg_dump", &[at(server, name).as_str()]).stdout,
        }
    }
}

fn at(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let output =
        Command::new(program).args(arguments).output().expect("PostgreSQL's programs are on the PATH");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name, .. } = self
            && !std::thread::panicking()
        {
            run("dropdb", &["--force", &format!("--maintenance-db={server}"), name]);
        }
    }
}
