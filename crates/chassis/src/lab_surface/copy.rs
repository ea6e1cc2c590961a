//! Copying all data of a tenant, and replacing it by a copy.
//!
//! A copy contains whole rows, as they are stored: what is sealed in them opens with the sealing
//! key of this service only.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::{Instant, Speed, TenantId, VirtualClock, wall_now};
use outlive_journal::{CopiedLine, copied_lines, copy_queries, replace_lines};
use outlive_store::{Change, Store, StoreError, Table, Value, sql};
use outlive_wire::ClockChange;
use serde::{Deserialize, Serialize};

use super::surface::{Surface, tenant_of};
use super::tenants::LAB_BYTES_MAX;
use crate::{Clocks, Problem, Service};

/// Tables whose rows of a tenant are not copied as they are: the clock and the journal are copied
/// in another form, and the others are about the process.
const NOT_COPIED: &[&str] = &["clocks", "journal", "journal_names", "probes", "starts"];

/// A copy of a tenant.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copy {
    /// The versions of the tables, by set of migrations.
    versions: Vec<(String, i64)>,
    /// What the clock showed.
    now: Instant,
    speed: Speed,
    tables: Vec<CopiedTable>,
    journal: Vec<CopiedLine>,
}

/// The rows of a tenant in one table.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CopiedTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// The value of a column.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Cell {
    Number(i64),
    Text(String),
    Null,
}

/// A copy that replaces the data of a tenant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replacement {
    copy: Copy,
    /// The lab that creates the tenant; by default, the one that created it.
    lab: Option<String>,
    /// The clock afterwards; by default, that of the copy, of the present incarnation.
    #[serde(default)]
    clock: ClockChange,
}

pub(crate) async fn read<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Json<Copy>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let chassis = &surface.chassis;
    let wall = wall_now();
    let clock = chassis.clocks.clock(tenant).await?;
    let tables = tables_of::<S>(&chassis.store).await?;
    let mut queries: Vec<_> = tables.iter().map(|table| table.select(tenant, None)).collect();
    queries.extend(copy_queries(tenant));
    let results = chassis.store.read_together(&queries).await?;
    let (rows, journal) = results.split_at(tables.len());
    let [lines, names] = journal else { return Err(Problem::unavailable()) };
    let copied = tables.into_iter().zip(rows).map(|(table, rows)| {
        let rows = rows.iter().map(|row| Ok(table.values(row)?.into_iter().map(Cell::from).collect()));
        let rows = rows.collect::<Result<_, StoreError>>()?;
        let columns = table.columns.into_iter().map(|column| column.name).collect();
        Ok(CopiedTable { name: table.name, columns, rows })
    });
    Ok(Json(Copy {
        versions: versions(&chassis.store).await?,
        now: clock.at(wall),
        speed: clock.speed(),
        tables: copied.collect::<Result<_, StoreError>>()?,
        journal: copied_lines(lines, names)?,
    }))
}

/// Replaces all data of a tenant, or creates the tenant, in one transaction.
pub(crate) async fn replace<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    body: Result<Json<Replacement>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(Replacement { copy, lab, clock: change }) = body?;
    let (now, speed) = (change.now.unwrap_or(copy.now), change.speed.unwrap_or(copy.speed));
    super::clock::shown_by_clocks(Some(now), Some(speed))?;
    let store = &surface.chassis.store;
    if copy.versions != versions(store).await? {
        return Err(Problem::bad_request(
            "The copy was made by another version of Outlive. Make it again with this version.",
        ));
    }
    let tables = tables_of::<S>(store).await?;
    let wall = change.wall.map_or_else(wall_now, |anchor| anchor.min(wall_now()));
    let clock = VirtualClock::new(now, wall, speed);
    match surface.chassis.clocks.check_until(tenant, change.incarnation).await {
        Err(error) if !error.is_unknown_tenant() => return Err(error.into()),
        _ => {}
    }
    let present = store.row(sql!("SELECT lab, incarnation_us FROM clocks WHERE tenant = $1", tenant)).await?;
    let (lab, incarnation) = match present {
        Some(row) => {
            (lab.unwrap_or(row.text("lab")?), change.incarnation.unwrap_or(row.instant("incarnation_us")?))
        }
        None => (lab.unwrap_or_default(), change.incarnation.unwrap_or(Instant::EPOCH)),
    };
    if lab.len() > LAB_BYTES_MAX {
        return Err(Problem::bad_request("The lab is a text of at most 100 bytes."));
    }
    // Replicas compare the revision with the one that they know.
    let has_faults = copy.tables.iter().any(|table| table.name == "faults" && !table.rows.is_empty());
    let revision = if has_faults { wall_now().as_micros() } else { 0 };
    let mut statements = Change::from(sql!(
        "DELETE FROM clocks WHERE tenant = $1 AND incarnation_us <= $2",
        tenant,
        incarnation
    ));
    // Conflicts if newer data came meanwhile.
    statements.add(Clocks::insert(tenant, &clock, incarnation, &lab));
    statements.add(sql!("UPDATE clocks SET faults = $1 WHERE tenant = $2", revision, tenant));
    statements.append(replace_rows(tenant, &tables, copy.tables)?);
    statements.append(replace_lines(tenant, copy.journal));
    // In its own task, like a deletion.
    let replacing = tokio::spawn(async move {
        surface.chassis.store.commit(statements).await?;
        surface.forget_data(tenant);
        surface.chassis.clocks.remember(tenant, clock, incarnation);
        surface.chassis.clocks.fault_revisions().set(tenant, revision);
        Ok::<_, StoreError>(())
    });
    replacing.await.map_err(|panic| Problem::unavailable().caused_by(panic))?.map_err(|error| {
        if error.is_conflict() {
            let message =
                format!("Tenant {tenant} has changed meanwhile, or the copy names something twice.");
            return Problem::conflict(message).caused_by(error);
        }
        error.into()
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the tables to copy, those first to which others refer: a service lists them last, for
/// the deletion.
async fn tables_of<S: Service>(store: &Store) -> Result<Vec<Table>, Problem> {
    let mut tables = store.tables().await?;
    tables.retain(|table| table.is_of_tenants() && !NOT_COPIED.contains(&table.name.as_str()));
    let place = |table: &Table| match S::TENANT_TABLES.iter().position(|name| *name == table.name) {
        None if table.name == "faults" => Some(S::TENANT_TABLES.len()),
        place => place,
    };
    if let Some(table) = tables.iter().find(|table| place(table).is_none()) {
        let cause = format!("the table {} is neither listed as a table of tenants nor excepted", table.name);
        return Err(Problem::unavailable().caused_by(cause));
    }
    tables.sort_by_key(|table| std::cmp::Reverse(place(table)));
    Ok(tables)
}

async fn versions(store: &Store) -> Result<Vec<(String, i64)>, StoreError> {
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

/// Returns the change that replaces the rows of a tenant. The rows become those of this tenant,
/// whatever the copy says.
fn replace_rows(tenant: TenantId, tables: &[Table], copied: Vec<CopiedTable>) -> Result<Change, Problem> {
    let mut change = Change::new();
    for table in tables.iter().rev() {
        change.add(table.delete(tenant));
    }
    let fits = |table: &Table, copied: &CopiedTable| {
        let columns = table.columns.iter().map(|column| &column.name);
        table.name == copied.name && columns.eq(&copied.columns)
    };
    if tables.len() != copied.len() || !tables.iter().zip(&copied).all(|(table, copied)| fits(table, copied))
    {
        return Err(Problem::bad_request("The copy has other tables than this service."));
    }
    for (table, CopiedTable { name, rows, .. }) in tables.iter().zip(copied) {
        for (number, row) in (1..).zip(rows) {
            let Some(values) = values_of(tenant, table, row) else {
                return Err(Problem::bad_request(format!(
                    "Row {number} of the table {name} in the copy does not have the values of its columns."
                )));
            };
            change.add(table.insert(values));
        }
    }
    Ok(change)
}

/// Returns the values to insert; `None` if they are not those of the table's columns.
fn values_of(tenant: TenantId, table: &Table, row: Vec<Cell>) -> Option<Vec<Value>> {
    if row.len() != table.columns.len() {
        return None;
    }
    let values = table.columns.iter().zip(row).map(|(column, cell)| match cell {
        _ if column.name == "tenant" => Some(tenant.into()),
        Cell::Number(number) if column.is_number => Some(Value::Int(Some(number))),
        Cell::Text(text) if !column.is_number => Some(Value::Text(Some(text))),
        Cell::Null if column.is_number => Some(Value::Int(None)),
        Cell::Null => Some(Value::Text(None)),
        Cell::Number(_) | Cell::Text(_) => None,
    });
    values.collect()
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
