//! PostgreSQL, which replicas share.

use std::borrow::Cow;
use std::str::FromStr;

use sqlx::any::{Any, AnyArguments, AnyConnectOptions};
use sqlx::query::Query;
use sqlx::{
    AnyConnection, Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _,
};
use url::Url;

use crate::{Row, Statement, Value};

/// What each connection sets, to the schema of its service or to what is best for all statements.
const SETTINGS: [(&str, &str); 5] = [
    ("search_path", "$1"),
    ("application_name", "$1"),
    // A server keeps the plan of a statement, also one for a table that was small. Where there is
    // an index for it, that is right for a small table as well, so a statement is never to read the
    // whole table in place of it.
    ("enable_seqscan", "'off'"),
    // Nor is it to sort rows by the rest of an order that an index has as a whole: it prefers this
    // if it expects few rows of each tenant.
    ("enable_incremental_sort", "'off'"),
    // Up to PostgreSQL 17, a table without an index looks so expensive then that its statement
    // would be JIT-compiled, which takes longer than to read it.
    ("jit", "'off'"),
];

/// How to connect to a database and the schema of one service.
pub(crate) struct Postgres {
    options: AnyConnectOptions,
    schema: String,
}

/// A connection to a server.
pub(crate) struct PostgresConnection(AnyConnection);

impl Postgres {
    pub(crate) fn new(url: &Url, schema: &str) -> Result<Self, sqlx::Error> {
        assert!(
            schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "schemas are named by our own code"
        );
        let options = AnyConnectOptions::from_str(url.as_str())?.disable_statement_logging();
        Ok(Self { options, schema: schema.to_owned() })
    }

    pub(crate) async fn connect(&self) -> Result<PostgresConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let settings = format!(
            "SELECT {}",
            SETTINGS.map(|(name, value)| format!("set_config('{name}', {value}, false)")).join(", ")
        );
        sqlx::query(AssertSqlSafe(settings)).bind(self.schema.clone()).execute(&mut connection).await?;
        Ok(PostgresConnection(connection))
    }

    /// Creates the service's schema. CREATE SCHEMA IF NOT EXISTS alone is not safe if two replicas
    /// start concurrently.
    pub(crate) fn creation(&self) -> String {
        let schema = &self.schema;
        format!("BEGIN; SELECT pg_advisory_xact_lock(8700); CREATE SCHEMA IF NOT EXISTS \"{schema}\"; COMMIT")
    }

    /// Begins a transaction under the write lock. READ COMMITTED: every statement sees all commits
    /// from before the lock was acquired.
    pub(crate) fn beginning(&self) -> String {
        let schema = &self.schema;
        format!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(hashtext('{schema}'))")
    }
}

impl PostgresConnection {
    pub(crate) async fn run_command(&mut self, words: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(words.to_owned())).execute(&mut self.0).await.map(drop)
    }

    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<u64, sqlx::Error> {
        let query = query(statement);
        Ok(self.0.execute(query).await?.rows_affected())
    }

    pub(crate) async fn read(
        &mut self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let query = query(statement);
        if only_first {
            return Ok(self.0.fetch_optional(query).await?.into_iter().map(Row::of_postgres).collect());
        }
        Ok(self.0.fetch_all(query).await?.into_iter().map(Row::of_postgres).collect())
    }

    pub(crate) async fn close(self) {
        let _ = self.0.close().await;
    }
}

fn query(statement: &Statement) -> Query<'_, Any, AnyArguments> {
    sqlx::query_with(text(statement), arguments(statement)).persistent(!statement.is_replanned)
}

/// The text of a statement: a literal, or that of [`Statement::forget_tenant`].
fn text(statement: &Statement) -> AssertSqlSafe<Cow<'static, str>> {
    AssertSqlSafe(statement.on_postgres.map_or_else(|| statement.sql.clone(), Cow::Borrowed))
}

fn arguments(statement: &Statement) -> AnyArguments {
    let mut arguments = AnyArguments::default();
    for value in &statement.values {
        // Encoding a number or a text cannot fail.
        let _ = match value {
            Value::Int(number) => arguments.add(*number),
            Value::Text(text) => {
                arguments.add(text.as_deref().map(|text| Value::storable(text).into_owned()))
            }
        };
    }
    arguments
}
