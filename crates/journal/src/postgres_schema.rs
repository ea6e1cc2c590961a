//! Databases of tests on PostgreSQL.

use outlive_store::{Change, DatabaseUrl, Statement, Store};

/// A schema of its own on PostgreSQL, for one test.
pub(crate) struct Schema {
    name: String,
    pub(crate) store: Store,
}

impl Schema {
    pub(crate) async fn new(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
            eprintln!(
                "SKIPPED {test} on PostgreSQL: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
            );
            return None;
        };
        let url = DatabaseUrl::postgres(&server).expect("a URL");
        let name = format!("{test}_{}", std::process::id());
        let store = Store::open(&url, &name, &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
        Some(Self { name, store })
    }

    pub(crate) async fn drop(self) {
        let drop = format!("DROP SCHEMA \"{}\" CASCADE", self.name);
        let drop = Statement::new(Box::leak(drop.into_boxed_str()), Vec::new());
        self.store.commit(Change::from(drop)).await.expect("the schema is dropped");
    }
}
