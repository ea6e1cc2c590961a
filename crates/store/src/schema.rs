//! The tables of a database, and whole rows of them: for copies of all data of a tenant.

use std::borrow::Cow;

use outlive_clock::TenantId;

use crate::{Row, Statement, Store, StoreError, Value, sql};

/// A table that the database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, by position.
    pub columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it contains numbers (`BIGINT`), not texts.
    pub is_number: bool,
}

impl Table {
    /// Whether its rows belong to tenants.
    #[must_use]
    pub fn is_of_tenants(&self) -> bool {
        self.columns.iter().any(|column| column.name == "tenant")
    }

    /// Returns the query for all rows of a tenant, ordered by a column.
    #[must_use]
    pub fn select(&self, tenant: TenantId, order: Option<&Column>) -> Statement {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let order = order.map_or_else(String::new, |column| format!(" ORDER BY {}", column.name));
        let sql = format!("SELECT {} FROM {} WHERE tenant = $1{order}", columns.join(", "), self.name);
        Statement::of_text(Cow::Owned(sql), vec![tenant.into()])
    }

    /// Returns the values of a row, in the order of the columns.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn values(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        let value = |column: &Column| {
            let name = column.name.as_str();
            Ok(if column.is_number {
                Value::Int(row.opt_int(name)?)
            } else {
                Value::Text(row.opt_text(name)?)
            })
        };
        self.columns.iter().map(value).collect()
    }

    /// Returns the statement that inserts a row with these values, in the order of the columns.
    #[must_use]
    pub fn insert(&self, values: Vec<Value>) -> Statement {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let places: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
        let sql =
            format!("INSERT INTO {} ({}) VALUES ({})", self.name, columns.join(", "), places.join(", "));
        Statement::of_text(Cow::Owned(sql), values)
    }

    /// Deletes all rows of a tenant.
    #[must_use]
    pub fn delete(&self, tenant: TenantId) -> Statement {
        let sql = Cow::Owned(format!("DELETE FROM {} WHERE tenant = $1", self.name));
        Statement::of_text(sql, vec![tenant.into()])
    }
}

impl Store {
    /// Returns the tables of this database, by name.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let statement = if self.is_exclusive() {
            sql!(
                "SELECT m.name AS in_table, p.name AS name, p.type AS kind FROM sqlite_master m \
                 JOIN pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY m.name, p.cid"
            )
        } else {
            sql!(
                "SELECT CAST(table_name AS TEXT) AS in_table, CAST(column_name AS TEXT) AS name, \
                 CAST(data_type AS TEXT) AS kind FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
            )
        };
        let mut tables: Vec<Table> = Vec::new();
        for row in self.rows(statement).await? {
            let name = row.text("in_table")?;
            let is_number = !row.text("kind")?.eq_ignore_ascii_case("text");
            let column = Column { name: row.text("name")?, is_number };
            match tables.last_mut() {
                Some(table) if table.name == name => table.columns.push(column),
                _ => tables.push(Table { name, columns: vec![column] }),
            }
        }
        Ok(tables)
    }
}
