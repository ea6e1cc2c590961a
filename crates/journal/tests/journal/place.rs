//! Where a case keeps its journal.

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use outlive_journal::{Journal, MIGRATIONS};
use outlive_store::{DatabaseUrl, Migration, Statement, Store};
use tempfile::TempDir;

/// Runs each case on each database; without a PostgreSQL server its half says so on the terminal
/// itself.
macro_rules! on_each_database {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::place::Place::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some(place) = crate::place::Place::postgres(stringify!($case)).await {
                    super::$case(&place).await;
                    place.remove().await;
                }
            })+
        }
    };
}
pub(crate) use on_each_database;

pub(crate) struct Place {
    url: DatabaseUrl,
    schema: String,
    store: Store,
    _directory: Option<TempDir>,
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
        Self::at(url, "case".to_owned(), Some(directory)).await
    }

    pub(crate) async fn postgres(case: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED postgres::{case}: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
            );
            return None;
        };
        let url = DatabaseUrl::postgres(&server).expect("OUTLIVE_TEST_POSTGRES_URL is a PostgreSQL URL");
        let schema = format!("journal_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self::at(url, schema, None).await)
    }

    async fn at(url: DatabaseUrl, schema: String, directory: Option<TempDir>) -> Self {
        let store =
            Store::open(&url, &schema, &[("journal", &MIGRATIONS)]).await.expect("the database opens");
        Self { url, schema, store, _directory: directory }
    }

    pub(crate) fn store(&self) -> Store {
        self.store.clone()
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::new(self.store.clone(), "case")
    }

    /// A journal of another process, where there can be one.
    pub(crate) async fn another_journal(&self) -> Journal {
        if self.store.is_exclusive() {
            return self.journal();
        }
        Journal::new(self.opened_with(&MIGRATIONS).await, "case")
    }

    /// The same place opened by a program that knows these steps of the schema.
    pub(crate) async fn opened_with(&self, migrations: &[Migration]) -> Store {
        Store::open(&self.url, &self.schema, &[("journal", migrations)]).await.expect("opens")
    }

    pub(crate) async fn remove(self) {
        let drop: &'static str =
            Box::leak(format!("DROP SCHEMA \"{}\" CASCADE", self.schema).into_boxed_str());
        self.store.commit(Statement::new(drop, Vec::new())).await.expect("the schema is dropped");
    }
}
