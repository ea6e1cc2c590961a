//! The rows of a tenant, copied from the tables of a database and put back. What is sealed in them
//! is opened in the copy, and sealed again when it is put back: the sealing key may be another one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Stream, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError, Table, Value, sql};
use outlive_tokens::Sealer;
use serde::{Deserialize, Serialize};

use crate::{Problem, SealedColumn};

/// The largest instant, in microseconds.
const US_MAX: i64 = Instant::MAX.as_micros();

/// Returns the versions of the tables of a database, by set of migrations.
///
/// # Errors
/// A failing database.
pub async fn table_versions(store: &Store) -> Result<Vec<(String, i64)>, StoreError> {
    let versions = store
        .rows(sql!(
            "SELECT migration_set, MAX(version) AS version FROM migrations GROUP BY migration_set \
             ORDER BY migration_set"
        ))
        .await?;
    let mut versions: Vec<_> = versions
        .iter()
        .map(|row| Ok((row.text("migration_set")?, row.int("version")?)))
        .collect::<Result<_, StoreError>>()?;
    versions.sort_unstable();
    Ok(versions)
}

/// The rows of a tenant in one table.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl CopiedTable {
    /// Whether this is a table with rows.
    pub(crate) fn has_rows_of(&self, table: &str) -> bool {
        self.name == table && !self.rows.is_empty()
    }
}

/// The value of a column.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Cell {
    Number(i64),
    Text(String),
    Null,
    /// A text that is sealed where it is stored.
    Opened(Opened),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Opened {
    /// Base64url.
    opened: String,
}

/// The tables of a database that are copied, those first to which others refer.
#[derive(Debug)]
pub struct TablesToCopy {
    tables: Vec<Table>,
    sealed: &'static [SealedColumn],
}

impl TablesToCopy {
    /// The tables `named` among `all`. `named` lists those last to which others refer, as for a
    /// deletion. Returns the name of a table with rows of tenants that is in neither list.
    pub(crate) fn of(
        all: Vec<Table>,
        named: &[&str],
        excepted: &[&str],
        sealed: &'static [SealedColumn],
    ) -> Result<Self, String> {
        let mut tables = all;
        tables.retain(|table| table.is_of_tenants() && !excepted.contains(&table.name.as_str()));
        let place = |table: &Table| named.iter().position(|name| *name == table.name);
        if let Some(unknown) = tables.iter().find(|table| place(table).is_none()) {
            return Err(unknown.name.clone());
        }
        tables.sort_by_key(|table| std::cmp::Reverse(place(table)));
        Ok(Self { tables, sealed })
    }

    /// The tables `named` among `all`.
    #[must_use]
    pub fn named(mut all: Vec<Table>, named: &[&str], sealed: &'static [SealedColumn]) -> Self {
        all.retain(|table| named.contains(&table.name.as_str()));
        all.sort_by_key(|table| std::cmp::Reverse(named.iter().position(|name| *name == table.name)));
        Self { tables: all, sealed }
    }

    /// Returns the queries for all rows of a tenant, which must see one state.
    #[must_use]
    pub fn queries(&self, tenant: TenantId) -> Vec<Statement> {
        self.tables.iter().map(|table| table.select(tenant, None)).collect()
    }

    /// Returns the rows from the results of [`Self::queries`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn copy(
        &self,
        tenant: TenantId,
        sealer: &Sealer,
        results: &[Vec<Row>],
    ) -> Result<Vec<CopiedTable>, StoreError> {
        let copied = self.tables.iter().zip(results).map(|(table, rows)| {
            let sealed = SealedCells::of(table, self.sealed);
            let row = |row: &Row| Ok(sealed.open(tenant, sealer, table.values(row)?));
            Ok(CopiedTable {
                name: table.name.clone(),
                columns: table.columns.iter().map(|column| column.name.clone()).collect(),
                rows: rows.iter().map(row).collect::<Result<_, StoreError>>()?,
            })
        });
        copied.collect()
    }

    /// Returns the change that deletes the rows of a tenant.
    #[must_use]
    pub fn delete(&self, tenant: TenantId) -> Change {
        let mut change = Change::new();
        for table in self.tables.iter().rev() {
            change.add(table.delete(tenant));
        }
        change
    }

    /// Returns the change that replaces the rows of a tenant. The rows become those of this tenant,
    /// whatever the copy says.
    ///
    /// # Errors
    /// The copy has other tables, or values of other types.
    pub fn replace(
        &self,
        tenant: TenantId,
        sealer: &Sealer,
        stream: &mut Stream,
        copied: Vec<CopiedTable>,
    ) -> Result<Change, Problem> {
        let fits = |(table, copied): (&Table, &CopiedTable)| {
            let columns = table.columns.iter().map(|column| &column.name);
            table.name == copied.name && columns.eq(&copied.columns)
        };
        if self.tables.len() != copied.len() || !self.tables.iter().zip(&copied).all(fits) {
            return Err(Problem::bad_request("The copy has other tables than this service."));
        }
        let mut change = self.delete(tenant);
        for (table, CopiedTable { name, rows, .. }) in self.tables.iter().zip(copied) {
            let sealed = SealedCells::of(table, self.sealed);
            for (number, row) in (1..).zip(rows) {
                let Some(values) = sealed.values(tenant, (sealer, stream), row) else {
                    return Err(Problem::bad_request(format!(
                        "Row {number} of the table {name} in the copy does not have the values of its columns."
                    )));
                };
                change.add(table.insert(values));
            }
        }
        Ok(change)
    }
}

/// The cells of a table that are sealed where they are stored.
struct SealedCells<'a> {
    table: &'a Table,
    /// By position: the column, and the positions of the columns that name what it is for.
    columns: Vec<Option<(&'static SealedColumn, Vec<usize>)>>,
}

impl<'a> SealedCells<'a> {
    fn of(table: &'a Table, sealed: &'static [SealedColumn]) -> Self {
        let place = |name: &str| table.columns.iter().position(|column| column.name == name);
        let columns = table.columns.iter().map(|column| {
            let sealed =
                sealed.iter().find(|sealed| sealed.table == table.name && sealed.column == column.name)?;
            Some((sealed, sealed.named_by().filter_map(place).collect()))
        });
        Self { columns: columns.collect(), table }
    }

    fn open(&self, tenant: TenantId, sealer: &Sealer, values: Vec<Value>) -> Vec<Cell> {
        let opened: Vec<_> = self
            .columns
            .iter()
            .zip(&values)
            .map(|(sealed, value)| {
                let ((sealed, named_by), Value::Text(Some(stored))) = (sealed.as_ref()?, value) else {
                    return None;
                };
                let named = named_by.iter().map(|place| match values.get(*place) {
                    Some(Value::Text(Some(text))) => Some(text.as_str()),
                    _ => None,
                });
                let named = named.collect::<Option<Vec<_>>>()?.join("/");
                // What does not open stays as it is.
                Some(URL_SAFE_NO_PAD.encode(sealed.open(sealer, tenant, &named, stored)?))
            })
            .collect();
        let cells = values.into_iter().zip(opened).map(|(value, opened)| match opened {
            Some(opened) => Cell::Opened(Opened { opened }),
            None => Cell::from(value),
        });
        cells.collect()
    }

    /// Returns the values to insert; `None` if they are not those of the table's columns.
    fn values(
        &self,
        tenant: TenantId,
        (sealer, stream): (&Sealer, &mut Stream),
        row: Vec<Cell>,
    ) -> Option<Vec<Value>> {
        if row.len() != self.columns.len() {
            return None;
        }
        let mut names = Vec::new();
        for sealed in &self.columns {
            let named_by = sealed.as_ref().map(|(_, named_by)| named_by.as_slice()).unwrap_or_default();
            let named = named_by.iter().map(|place| match row.get(*place) {
                Some(Cell::Text(text)) => Some(text.as_str()),
                _ => None,
            });
            names.push(named.collect::<Option<Vec<_>>>().map(|named| named.join("/")));
        }
        let cells = self.table.columns.iter().zip(row).zip(self.columns.iter().zip(names));
        let values = cells.map(|((column, cell), (sealed, named))| match cell {
            _ if column.name == "tenant" => Some(tenant.into()),
            // An instant or a duration that no clock shows.
            Cell::Number(number) if column.name.ends_with("_us") && !(0..=US_MAX).contains(&number) => None,
            Cell::Number(number) if column.is_number => Some(Value::Int(Some(number))),
            Cell::Text(text) if !column.is_number => Some(Value::Text(Some(text))),
            Cell::Null if column.is_number => Some(Value::Int(None)),
            Cell::Null => Some(Value::Text(None)),
            Cell::Opened(Opened { opened }) => {
                let (sealed, _) = sealed.as_ref()?;
                let plain = URL_SAFE_NO_PAD.decode(opened).ok()?;
                let stored = sealed.seal(sealer, tenant, &named?, (&plain, &mut *stream))?;
                Some(Value::Text(Some(stored)))
            }
            Cell::Number(_) | Cell::Text(_) => None,
        });
        values.collect()
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Int(Some(number)) => Self::Number(number),
            Value::Text(Some(text)) => Self::Text(text),
            Value::Int(None) | Value::Text(None) => Self::Null,
        }
    }
}
