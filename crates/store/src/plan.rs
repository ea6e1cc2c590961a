//! How a statement is executed.

use std::borrow::Cow;

use crate::{Statement, Store, StoreError};

impl Store {
    /// Returns the plan of a statement, as the database's `EXPLAIN` prints it: which tables it
    /// reads, and by which indexes. The statement itself is not executed. For tests.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn plan(&self, statement: Statement) -> Result<String, StoreError> {
        let (explain, column, sql) = match statement.on_postgres {
            _ if self.is_exclusive() => ("EXPLAIN QUERY PLAN", "detail", statement.sql),
            Some(sql) => ("EXPLAIN", "QUERY PLAN", Cow::Borrowed(sql)),
            None => ("EXPLAIN", "QUERY PLAN", statement.sql),
        };
        let explain =
            Statement::of_text(Cow::Owned(format!("{explain} {sql}")), statement.values).replanned();
        let lines = self.rows(explain).await?;
        let lines: Vec<_> = lines.iter().map(|line| line.text(column)).collect::<Result<_, _>>()?;
        Ok(lines.join("\n"))
    }
}
