//! The databases of the cases.

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use outlive_store::{DatabaseUrl, Migration, OpenError, Statement, Store};
use tempfile::TempDir;

pub(crate) const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "things",
    sql: "CREATE TABLE things (
    tenant TEXT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT,
    number BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX things_by_name ON things (tenant, name);
CREATE TABLE numbered (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    writer BIGINT NOT NULL
);
",
}];

/// The database of one case.
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    pub(crate) schema: String,
    directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("a case.db"));
        Self { url, schema: "case".to_owned(), directory: Some(directory) }
    }

    /// Returns `None`, with a notice, without a server.
    pub(crate) fn postgres(case: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED {case}: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
            );
            return None;
        };
        let schema = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = DatabaseUrl::postgres(&server).expect("OUTLIVE_TEST_POSTGRES_URL is a PostgreSQL URL");
        Some(Self { url, schema, directory: None })
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_with(TABLES).await.expect("the database opens")
    }

    pub(crate) async fn open_with(&self, tables: &'static [Migration]) -> Result<Store, OpenError> {
        Store::open(&self.url, &self.schema, &[("case", tables)]).await
    }

    /// The SQLite file's directory.
    pub(crate) fn directory(&self) -> Option<&std::path::Path> {
        self.directory.as_ref().map(TempDir::path)
    }

    /// Drops the schema on the server.
    pub(crate) async fn remove(self) {
        let drop: &'static str =
            Box::leak(format!("DROP SCHEMA \"{}\" CASCADE", self.schema).into_boxed_str());
        let store = Store::open(&self.url, &self.schema, &[]).await.expect("opens once more");
        store.commit(Statement::new(drop, Vec::new())).await.expect("the schema is dropped");
    }
}
