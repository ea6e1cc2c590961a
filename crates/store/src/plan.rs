//! How a statement is executed.

use std::borrow::Cow;

use crate::{Row, Statement, Store, StoreError, Value};

impl Store {
    /// Returns the plan of a statement, as the database's `EXPLAIN` prints it: which tables it
    /// reads, and by which indexes. The statement itself is not executed. For tests.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn plan(&self, statement: Statement) -> Result<String, StoreError> {
        let sql = if self.is_exclusive() { statement.sql } else { on_postgres(&statement) };
        let (explain, column) = match self.is_exclusive() {
            true => ("EXPLAIN QUERY PLAN", "detail"),
            false => ("EXPLAIN", "QUERY PLAN"),
        };
        let explain =
            Statement::of_text(Cow::Owned(format!("{explain} {sql}")), statement.values).replanned();
        joined(&self.rows(explain).await?, column)
    }

    /// Returns the plan that PostgreSQL keeps of a statement for all values, if it keeps one. For
    /// tests.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn kept_plan(&self, statement: Statement) -> Result<String, StoreError> {
        let sql = on_postgres(&statement);
        let values: Vec<_> = statement.values.iter().map(literal).collect();
        let mut connection = self.backend.connect().await?;
        let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE statement AS {sql}");
        connection.run_command(&prepare).await?;
        let explain = format!("EXPLAIN EXECUTE statement ({})", values.join(", "));
        let lines = connection.read(&Statement::of_text(Cow::Owned(explain), Vec::new()), false).await?;
        connection.close().await;
        joined(&lines, "QUERY PLAN")
    }
}

fn on_postgres(statement: &Statement) -> Cow<'static, str> {
    statement.on_postgres.map_or_else(|| statement.sql.clone(), Cow::Borrowed)
}

fn literal(value: &Value) -> String {
    match value {
        Value::Int(Some(number)) => number.to_string(),
        Value::Text(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        Value::Int(None) | Value::Text(None) => "NULL".to_owned(),
    }
}

fn joined(lines: &[Row], column: &str) -> Result<String, StoreError> {
    let lines: Vec<_> = lines.iter().map(|line| line.text(column)).collect::<Result<_, _>>()?;
    Ok(lines.join("\n"))
}
