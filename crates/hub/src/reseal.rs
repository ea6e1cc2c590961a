//! Sealing stored secrets again, after the hub's sealing key was replaced.
//!
//! Of the values of a connection's parameters only the data key is sealed again.

use outlive_chassis::Problem;
use outlive_clock::{ConnectionId, TenantId};
use outlive_store::{Change, Row, Statement, StoreError};
use outlive_tokens::SigningKey;
use uuid::Uuid;

use crate::Hub;
use crate::connection::{data_key_purpose, key_purpose};
use crate::connector::ConnectorName;
use crate::connector::storage::secret_purpose;
use crate::consent::verifier_purpose;
use crate::credential::storage::purpose as credential_purpose;
use crate::hub_client;

/// How many rows are read at once.
const ROWS: i64 = 200;

/// A place in a table: the tenant and the key of the last row that was read.
type After = (String, String);

/// A sealed column.
struct Column {
    /// Reads rows after a place, with the columns `tenant`, `key`, `named` and `sealed`.
    select: fn(&After) -> Statement,
    /// Replaces a sealed text by another: `(new, tenant, key, old)`. Does nothing if it has
    /// changed.
    update: fn(String, &After, &str) -> Statement,
    /// Returns the purpose of a text from the tenant and what `named` names; `None` for a signing
    /// key.
    purpose: fn(TenantId, &str) -> Result<Option<String>, uuid::Error>,
}

macro_rules! column {
    ($table:literal, $key:literal, $column:literal, $purpose:expr) => {
        column!($table, $key, $key, $column, $purpose)
    };
    ($table:literal, $key:literal, $named:literal, $column:literal, $purpose:expr) => {
        Column {
            select: |after| {
                let text = concat!(
                    "SELECT tenant, ",
                    $key,
                    " AS key, ",
                    $named,
                    " AS named, ",
                    $column,
                    " AS sealed FROM ",
                    $table,
                    " WHERE ",
                    $column,
                    " IS NOT NULL AND (tenant > $1 OR (tenant = $1 AND ",
                    $key,
                    " > $2)) ",
                    "ORDER BY tenant, ",
                    $key,
                    " LIMIT $3"
                );
                Statement::new(text, vec![after.0.as_str().into(), after.1.as_str().into(), ROWS.into()])
            },
            update: |new, row, old| {
                let text = concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = $1 WHERE tenant = $2 AND ",
                    $key,
                    " = $3 AND ",
                    $column,
                    " = $4"
                );
                Statement::new(
                    text,
                    vec![new.into(), row.0.as_str().into(), row.1.as_str().into(), old.into()],
                )
            },
            purpose: $purpose,
        }
    };
}

fn connection(key: &str) -> Result<ConnectionId, uuid::Error> {
    key.parse()
}

const COLUMNS: [Column; 8] = [
    column!("connections", "id", "key_sealed", |tenant, key| {
        Ok(Some(key_purpose(tenant, connection(key)?)))
    }),
    column!("connections", "id", "data_key_sealed", |tenant, key| {
        Ok(Some(data_key_purpose(tenant, connection(key)?)))
    }),
    column!("credentials", "connection", "sealed", |tenant, key| {
        Ok(Some(credential_purpose(tenant, connection(key)?)))
    }),
    column!("connectors", "name", "client_secret_sealed", |tenant, key| {
        Ok(key.parse::<ConnectorName>().ok().map(|name| secret_purpose(tenant, &name)))
    }),
    column!("connectors", "name", "client_key_sealed", |_, _| Ok(None)),
    column!("consent_attempts", "id", "verifier_sealed", |tenant, key| {
        Ok(Some(verifier_purpose(tenant, key.parse::<Uuid>()?)))
    }),
    column!("consent_attempts", "id", "connection", "tokens_sealed", |tenant, key| {
        Ok(Some(credential_purpose(tenant, connection(key)?)))
    }),
    column!("hub_clients", "client_id", "secret_sealed", |tenant, _| {
        Ok(Some(hub_client::purpose(tenant)))
    }),
];

/// Seals again everything that is not sealed with the key of now. Returns how many values that
/// were.
pub(crate) async fn reseal(hub: &Hub) -> Result<u64, Problem> {
    let mut resealed = 0;
    for column in &COLUMNS {
        let mut after = After::default();
        loop {
            let rows = hub.chassis.store.rows((column.select)(&after)).await?;
            let Some(last) = rows.last() else { break };
            after = place(last)?;
            let mut change = Change::new();
            for row in &rows {
                if let Some(statement) = reseal_row(hub, column, row)? {
                    change.add(statement);
                    resealed += 1;
                }
            }
            hub.chassis.store.commit(change).await?;
        }
    }
    Ok(resealed)
}

fn place(row: &Row) -> Result<After, StoreError> {
    Ok((row.text("tenant")?, row.text("key")?))
}

fn reseal_row(hub: &Hub, column: &Column, row: &Row) -> Result<Option<Statement>, Problem> {
    let (sealer, old) = (&hub.chassis.sealer, row.text("sealed")?);
    if sealer.is_current(&old) {
        return Ok(None);
    }
    let (tenant, key): (TenantId, _) = (row.parse("tenant")?, row.text("key")?);
    let mut stream = hub.random(tenant, "reseal");
    let purpose = (column.purpose)(tenant, &row.text("named")?)
        .map_err(|error| Problem::unavailable().caused_by(error))?;
    let new = match purpose {
        Some(purpose) => sealer.reseal(&purpose, &old, &mut stream),
        None => SigningKey::resealed(sealer, &old, &mut stream),
    };
    // What no key opens is of no use to anybody, and remains as it is.
    Ok(new.map(|new| (column.update)(new, &(tenant.to_string(), key), &old)))
}
