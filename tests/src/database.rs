//! Where a system under test keeps its state.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of a system's own, gone when it is dropped.
#[derive(Debug)]
pub enum Database {
    /// SQLite files in the system's data directory.
    Sqlite,
    /// A database on the PostgreSQL server of `OUTLIVE_TEST_POSTGRES_URL`.
    Postgres {
        /// The server's URL, with the database that is always there.
        server: String,
        /// The name of the database that was made.
        name: String,
    },
}

impl Database {
    /// The kind that `OUTLIVE_TEST_DATABASE` asks for, new and empty.
    ///
    /// # Panics
    /// When it asks for something unknown or the database cannot be made.
    #[must_use]
    pub fn from_environment() -> Self {
        match std::env::var("OUTLIVE_TEST_DATABASE").as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::Sqlite,
            Ok("postgres") => Self::on_postgres(),
            Ok(other) => panic!("OUTLIVE_TEST_DATABASE is '{other}'; it can be 'sqlite' or 'postgres'"),
        }
    }

    fn on_postgres() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("OUTLIVE_TEST_POSTGRES_URL")
            .expect("OUTLIVE_TEST_POSTGRES_URL is not set: run the tests through scripts/with-postgres");
        let name = format!("outlive_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run("createdb", &server, &[&name]);
        Self::Postgres { server, name }
    }

    /// The value for `--database-url`; `None` for the embedded SQLite.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { server, name } => {
                let (host, _) = server.rsplit_once('/').expect("the server's URL ends in /DATABASE");
                Some(format!("{host}/{name}"))
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self
            && !std::thread::panicking()
        {
            run("dropdb", server, &["--force", name]);
        }
    }
}

impl Database {
    /// Everything that `service` keeps, as bytes in which one can search.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn content_of(&self, service: &str, data: &Path) -> Vec<u8> {
        match self {
            Self::Sqlite => ["db", "db-wal"]
                .iter()
                .filter_map(|extension| std::fs::read(data.join(format!("{service}.{extension}"))).ok())
                .flatten()
                .collect(),
            Self::Postgres { .. } => {
                let url = self.url().expect("PostgreSQL has a URL");
                let dump = Command::new("pg_dump").arg(format!("--schema={service}")).arg(url).output();
                let dump = dump.expect("scripts/with-postgres puts pg_dump on the PATH");
                assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
                dump.stdout
            }
        }
    }
}

fn run(program: &str, server: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .arg(format!("--maintenance-db={server}"))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; scripts/with-postgres puts it on the PATH"));
    assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
}
