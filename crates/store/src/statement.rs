//! Statements and changes.

use std::borrow::Cow;

use outlive_clock::TenantId;

use crate::Value;

/// One SQL statement with its parameters. Written with [`sql!`](crate::sql).
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sql: Cow<'static, str>,
    /// The text for PostgreSQL, if it is another one.
    pub(crate) on_postgres: Option<&'static str>,
    pub(crate) values: Vec<Value>,
    pub(crate) expected_rows: Option<u64>,
    /// Whether nothing that it changes is cached by the revision.
    pub(crate) is_uncached: bool,
    /// Whether PostgreSQL plans it at each execution.
    pub(crate) is_replanned: bool,
}

impl Statement {
    /// Creates a statement. The SQL is always a literal; variable parts are parameters.
    #[must_use]
    pub const fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self::of_text(Cow::Borrowed(sql), values)
    }

    pub(crate) const fn of_text(sql: Cow<'static, str>, values: Vec<Value>) -> Self {
        Self { sql, on_postgres: None, values, expected_rows: None, is_uncached: false, is_replanned: false }
    }

    /// Replaces the text on PostgreSQL, for the few things that the databases have no common word
    /// for. It has the same parameters.
    #[must_use]
    pub const fn on_postgres(mut self, sql: &'static str) -> Self {
        self.on_postgres = Some(sql);
        self
    }

    /// Has PostgreSQL plan the statement at each execution, for its values and the size that the
    /// tables have then. Other statements keep their plan, which saves 40 µs and a round trip, but
    /// may be one for a table that was small.
    #[must_use]
    pub const fn replanned(mut self) -> Self {
        self.is_replanned = true;
        self
    }

    /// Deletes all rows of a tenant from one table: the only composed SQL, from a table name in our
    /// code.
    #[must_use]
    pub fn forget_tenant(table: &'static str, tenant: TenantId) -> Self {
        debug_assert!(
            table.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "tables are named by our own code"
        );
        Self::of_text(Cow::Owned(format!("DELETE FROM {table} WHERE tenant = $1")), vec![tenant.into()])
    }

    /// Requires this statement to affect exactly `rows` rows: otherwise the whole change fails with
    /// [`StoreError::Conflict`](crate::StoreError::Conflict).
    #[must_use]
    pub const fn expect_rows(mut self, rows: u64) -> Self {
        self.expected_rows = Some(rows);
        self
    }

    /// Declares that no one caches what this statement changes, or that who does learns of the
    /// change otherwise, so it leaves [`Store::revision`](crate::Store::revision) as it is.
    #[must_use]
    pub const fn uncached(mut self) -> Self {
        self.is_uncached = true;
        self
    }
}

/// Writes a [`Statement`]:
/// `sql!("SELECT name FROM users WHERE tenant = $1 AND id = $2", tenant, id)`.
#[macro_export]
macro_rules! sql {
    ($text:literal $(, $value:expr)* $(,)?) => {
        $crate::Statement::new($text, vec![$($crate::Value::from($value)),*])
    };
}

/// Statements that are applied atomically.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub(crate) statements: Vec<Statement>,
    /// Whether it changes only what follows from other data ([`Upkeep`](crate::Upkeep)).
    pub(crate) is_upkeep: bool,
}

impl Change {
    /// An empty change.
    #[must_use]
    pub const fn new() -> Self {
        Self { statements: Vec::new(), is_upkeep: false }
    }

    /// Adds a statement and returns its index, which a conflict reports.
    pub fn add(&mut self, statement: Statement) -> usize {
        self.statements.push(statement);
        self.statements.len() - 1
    }

    /// Adds all statements of another change.
    pub fn append(&mut self, other: Self) {
        self.statements.extend(other.statements);
    }

    /// Whether there are no statements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

impl From<Statement> for Change {
    fn from(statement: Statement) -> Self {
        Self { statements: vec![statement], is_upkeep: false }
    }
}
