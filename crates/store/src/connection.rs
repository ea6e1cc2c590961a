//! A connection to either database.

use crate::postgres::PostgresConnection;
use crate::sqlite::SqliteConnection;
use crate::{Row, Statement, StoreError};

/// A connection. Futures of PostgreSQL are boxed: they are large, and every future of a request
/// that may read or write would contain one, and be moved with it several times.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PostgresConnection),
}

/// An error of a database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    #[error("the database does not respond")]
    TooSlow,
}

impl Connection {
    /// Runs a command without parameters or result: `BEGIN`, `SAVEPOINT change`, `COMMIT`.
    pub(crate) async fn run_command(&mut self, words: &str) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.run_command(words)?),
            Self::Postgres(connection) => Ok(Box::pin(connection.run_command(words)).await?),
        }
    }

    /// Executes a statement and returns the number of affected rows.
    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute(statement)?),
            Self::Postgres(connection) => Ok(Box::pin(connection.execute(statement)).await?),
        }
    }

    /// Returns the rows of a query, or only the first.
    pub(crate) async fn read(
        &mut self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.read(statement, only_first)?),
            Self::Postgres(connection) => Ok(Box::pin(connection.read(statement, only_first)).await?),
        }
    }

    /// Closes the connection. (SQLite closes its file on drop.)
    pub(crate) async fn close(self) {
        if let Self::Postgres(connection) = self {
            Box::pin(connection.close()).await;
        }
    }
}

impl DatabaseError {
    /// Whether the connection is lost, as opposed to a failed statement. PostgreSQL reports
    /// SQLSTATE class 08, and 57P01 to 57P03 when it stops or starts.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            }
            Self::Postgres(error) => !matches!(
                error,
                sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::Encode(_)
                    | sqlx::Error::AnyDriverError(_)
                    | sqlx::Error::RowNotFound
            ),
            Self::TooSlow => true,
        }
    }

    /// Whether PostgreSQL rolled the statement and its transaction back because they and another
    /// session waited for each other. Writers of this crate wait for one lock, so the other one
    /// changes tables: a newer version that starts, or a person. The same again can succeed.
    pub(crate) fn is_deadlock(&self) -> bool {
        matches!(self, Self::Postgres(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "40P01"))
    }

    /// Whether the database rejected the statement, so that the connection remains usable.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(error) => {
                matches!(error, sqlx::Error::Database(_)) && !self.is_lost() && !self.is_deadlock()
            }
            Self::TooSlow => false,
        }
    }

    /// Whether a unique key was violated.
    pub(crate) fn is_unique_violation(&self) -> bool {
        match self {
            Self::Sqlite(error) => crate::sqlite::is_unique_violation(error),
            Self::Postgres(error) => {
                error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
            }
            Self::TooSlow => false,
        }
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.to_string())
    }
}
