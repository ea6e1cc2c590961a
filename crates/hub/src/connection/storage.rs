//! Rows of the table `connections`.

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use serde_json::Value;
use uuid::Uuid;

use super::{Connection, Status, StoredValues};
use crate::arm::ResourceName;
use crate::connector::ConnectorName;
use crate::consent;
use crate::credential::Credential;

fn connection_of(row: &Row) -> Result<Connection, StoreError> {
    Ok(Connection {
        tenant: row.parse("tenant")?,
        id: row.parse("id")?,
        group: row.text("resource_group")?,
        name: row.text("name")?,
        connector: row.parse("connector")?,
        connector_version: row.text("connector_version")?,
        display_name: row.text("display_name")?,
        owner: row.parse("owner")?,
        enabled: row.flag("enabled")?,
        status: Status::from_parts(row.opt_text("status_code")?.as_deref(), row.opt_text("status_message")?),
        values: values_of(row)?,
        authenticated_user: row.opt_text("authenticated_user")?,
        key_sealed: row.text("key_sealed")?,
        created: row.instant("created_us")?,
        changed: row.instant("changed_us")?,
        revision: row.int("revision")?,
        tokens_revision: row.int("tokens_revision")?,
        destinations: row.opt_text("destinations")?,
        tokens_sealed: row.opt_text("sealed")?,
    })
}

fn values_of(row: &Row) -> Result<StoredValues, StoreError> {
    let plain = match row.opt_text("parameter_values")? {
        None => serde_json::Map::new(),
        Some(_) => row.json("parameter_values")?,
    };
    Ok(StoredValues {
        set: row.opt_text("parameter_set")?,
        plain,
        data_key_sealed: row.opt_text("data_key_sealed")?,
        secrets_sealed: row.opt_text("secrets_sealed")?,
    })
}

/// Reads a connection and its credential in one query: everything that a call through it needs.
pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<(Connection, Option<Credential>)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT c.tenant, c.id, c.resource_group, c.name, c.connector, k.version AS connector_version, \
             c.display_name, c.owner, c.enabled, c.status_code, c.status_message, c.authenticated_user, c.key_sealed, \
             c.created_us, c.changed_us, c.revision, c.parameter_set, c.parameter_values, c.data_key_sealed, \
             c.secrets_sealed, c.destinations, c.tokens_revision, t.sealed, t.version AS credential_version, t.expires_us \
             FROM connections c JOIN connectors k ON k.tenant = c.tenant AND k.name = c.connector \
             LEFT JOIN credentials t ON t.tenant = c.tenant AND t.connection = c.id \
             WHERE c.tenant = $1 AND c.id = $2",
            tenant,
            id
        ))
        .await?;
    row.map(|row| {
        let credential = match row.opt_text("sealed")? {
            None => None,
            Some(sealed) => Some(Credential {
                sealed,
                version: row.int("credential_version")?,
                expires: row.instant("expires_us")?,
            }),
        };
        Ok((connection_of(&row)?, credential))
    })
    .transpose()
}

/// Reads a connection by its name in a resource group.
pub(crate) async fn find_by_name(
    store: &Store,
    tenant: TenantId,
    group: &ResourceName,
    name: &ResourceName,
) -> Result<Option<Connection>, StoreError> {
    store
        .row(sql!(
            "SELECT c.tenant, c.id, c.resource_group, c.name, c.connector, k.version AS connector_version, \
             c.display_name, c.owner, c.enabled, c.status_code, c.status_message, c.authenticated_user, c.key_sealed, \
             c.created_us, c.changed_us, c.revision, c.parameter_set, c.parameter_values, c.data_key_sealed, \
             c.secrets_sealed, c.destinations, c.tokens_revision, t.sealed \
             FROM connections c JOIN connectors k ON k.tenant = c.tenant AND k.name = c.connector \
             LEFT JOIN credentials t ON t.tenant = c.tenant AND t.connection = c.id \
             WHERE c.tenant = $1 AND c.group_key = $2 AND c.name_key = $3",
            tenant,
            group.key(),
            name.key()
        ))
        .await?
        .as_ref()
        .map(connection_of)
        .transpose()
}

/// Reads the connections of a resource group, or of all, after the group and name `after` (lower
/// case), in this order: those that `reader` owns or has an access policy for, or all if `reader`
/// is `None`.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    group: Option<&ResourceName>,
    reader: Option<Uuid>,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<Connection>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT c.tenant, c.id, c.resource_group, c.name, c.connector, k.version AS connector_version, \
             c.display_name, c.owner, c.enabled, c.status_code, c.status_message, c.authenticated_user, c.key_sealed, \
             c.created_us, c.changed_us, c.revision, c.parameter_set, c.parameter_values, c.data_key_sealed, \
             c.secrets_sealed, c.destinations, c.tokens_revision, t.sealed \
             FROM connections c JOIN connectors k ON k.tenant = c.tenant AND k.name = c.connector \
             LEFT JOIN credentials t ON t.tenant = c.tenant AND t.connection = c.id \
             WHERE c.tenant = $1 AND (CAST($2 AS TEXT) IS NULL OR c.group_key = $2) \
             AND (c.group_key > $3 OR (c.group_key = $3 AND c.name_key > $4)) \
             AND (CAST($5 AS TEXT) IS NULL OR c.owner = $5 OR EXISTS (SELECT 1 FROM access_policies p \
             WHERE p.tenant = c.tenant AND p.connection = c.id AND p.principal = $5)) \
             ORDER BY c.group_key, c.name_key LIMIT $6",
            tenant,
            group.map(ResourceName::key),
            after.0.clone(),
            after.1.clone(),
            reader.map(|id| id.to_string()),
            limit
        ))
        .await?;
    rows.iter().map(connection_of).collect()
}

/// Returns when the stored access token of a connection expires (virtual time).
pub(crate) async fn access_token_expiry(
    store: &Store,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<Instant>, StoreError> {
    let row = store
        .row(sql!("SELECT expires_us FROM credentials WHERE tenant = $1 AND connection = $2", tenant, id))
        .await?;
    row.map(|row| row.instant("expires_us")).transpose()
}

/// Returns the ids of all connections to a connector.
pub(crate) async fn of_connector(
    store: &Store,
    tenant: TenantId,
    connector: &ConnectorName,
) -> Result<Vec<ConnectionId>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id FROM connections WHERE tenant = $1 AND connector = $2 ORDER BY id",
            tenant,
            connector.as_str()
        ))
        .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}

/// Inserts a connection. Conflicts if its name is taken.
pub(crate) fn insert(connection: &Connection) -> Statement {
    sql!(
        "INSERT INTO connections (tenant, id, resource_group, group_key, name, name_key, connector, display_name, owner, \
         enabled, status_code, status_message, key_sealed, created_us, changed_us, parameter_set, parameter_values, \
         data_key_sealed, secrets_sealed, destinations) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        connection.tenant,
        connection.id,
        &connection.group,
        connection.group.to_ascii_lowercase(),
        &connection.name,
        connection.name.to_ascii_lowercase(),
        connection.connector.as_str(),
        &connection.display_name,
        connection.owner.to_string(),
        connection.enabled,
        connection.status.code(),
        connection.status.message(),
        &connection.key_sealed,
        connection.created,
        connection.changed,
        connection.values.set.clone(),
        Value::Object(connection.values.plain.clone()),
        connection.values.data_key_sealed.clone(),
        connection.values.secrets_sealed.clone(),
        connection.destinations.clone()
    )
}

/// Updates what the owner can change, but not values: they may have been sealed again since they
/// were read. [`agree`] is apart, because the maker of the connector writes the same column.
/// Conflicts if it has changed since it was read.
pub(crate) fn update(connection: &Connection) -> Statement {
    sql!(
        "UPDATE connections SET display_name = $1, enabled = $2, changed_us = $3, revision = revision + 1 \
         WHERE tenant = $4 AND id = $5 AND revision = $6",
        &connection.display_name,
        connection.enabled,
        connection.changed,
        connection.tenant,
        connection.id,
        connection.revision
    )
    .expect_rows(1)
}

/// Replaces the values of a connection, in the change that updates it.
pub(crate) fn replace_values(connection: &Connection) -> Statement {
    sql!(
        "UPDATE connections SET parameter_set = $1, parameter_values = $2, data_key_sealed = $3, secrets_sealed = $4 \
         WHERE tenant = $5 AND id = $6",
        connection.values.set.clone(),
        Value::Object(connection.values.plain.clone()),
        connection.values.data_key_sealed.clone(),
        connection.values.secrets_sealed.clone(),
        connection.tenant,
        connection.id
    )
    .expect_rows(1)
}

/// Replaces the key of a connection, which does not open any more. Conflicts if another was stored
/// meanwhile.
pub(crate) fn replace_key(connection: &Connection, sealed: String) -> Statement {
    sql!(
        "UPDATE connections SET key_sealed = $1 WHERE tenant = $2 AND id = $3 AND key_sealed = $4",
        sealed,
        connection.tenant,
        connection.id,
        &connection.key_sealed
    )
    .expect_rows(1)
}

/// Records that the owner agrees to where the connector sends what the connection stores.
pub(crate) fn agree(tenant: TenantId, id: ConnectionId, destinations: String) -> Statement {
    sql!("UPDATE connections SET destinations = $1 WHERE tenant = $2 AND id = $3", destinations, tenant, id)
        .expect_rows(1)
}

/// Keeps what the connections to a connector agreed to, before the connector changes from `old` to
/// `new`; those of `maker`, who changes it, agree. Ends all sign-ins under way.
pub(crate) fn move_connector(
    tenant: TenantId,
    connector: &ConnectorName,
    maker: Uuid,
    old: &str,
    new: &str,
) -> Change {
    let mut change = Change::from(sql!(
        "UPDATE connections SET destinations = $1 WHERE tenant = $2 AND connector = $3 AND destinations IS NULL",
        old,
        tenant,
        connector.as_str()
    ));
    change.add(sql!(
        "UPDATE connections SET destinations = $1 \
         WHERE tenant = $2 AND connector = $3 AND owner = $4 AND destinations = $5",
        new,
        tenant,
        connector.as_str(),
        maker.to_string(),
        old
    ));
    change.add(consent::end_all_of(tenant, connector));
    change
}

/// Conflicts if the connection was deleted or its tokens were discarded since `tokens_revision` was
/// read, so that no result of a token request is recorded for other values than it was made with.
pub(crate) fn keep_tokens(tenant: TenantId, id: ConnectionId, tokens_revision: i64) -> Statement {
    sql!(
        "UPDATE connections SET tokens_revision = tokens_revision \
         WHERE tenant = $1 AND id = $2 AND tokens_revision = $3",
        tenant,
        id,
        tokens_revision
    )
    .expect_rows(1)
}

/// Discards the tokens of a connection, and the sign-ins under way.
pub(crate) fn discard_tokens(tenant: TenantId, id: ConnectionId) -> Change {
    let mut change = Change::from(sql!(
        "UPDATE connections SET tokens_revision = tokens_revision + 1 WHERE tenant = $1 AND id = $2",
        tenant,
        id
    ));
    change.add(sql!("DELETE FROM credentials WHERE tenant = $1 AND connection = $2", tenant, id));
    change.add(consent::end_all(tenant, id));
    change
}

pub(crate) fn set_status(tenant: TenantId, id: ConnectionId, status: &Status, now: Instant) -> Statement {
    sql!(
        "UPDATE connections SET status_code = $1, status_message = $2, changed_us = $3 WHERE tenant = $4 AND id = $5",
        status.code(),
        status.message(),
        now,
        tenant,
        id
    )
}

/// Sets the status to connected, with the account that signed in.
pub(crate) fn set_connected(
    tenant: TenantId,
    id: ConnectionId,
    account: Option<&str>,
    now: Instant,
) -> Statement {
    sql!(
        "UPDATE connections SET status_code = NULL, status_message = NULL, authenticated_user = $1, changed_us = $2 \
         WHERE tenant = $3 AND id = $4",
        account,
        now,
        tenant,
        id
    )
    .expect_rows(1)
}

/// Deletes a connection with its credential, consent attempts and access policies.
pub(crate) fn delete(tenant: TenantId, id: ConnectionId) -> Change {
    let mut change = Change::new();
    change.add(sql!("DELETE FROM credentials WHERE tenant = $1 AND connection = $2", tenant, id));
    change.add(sql!("DELETE FROM consent_attempts WHERE tenant = $1 AND connection = $2", tenant, id));
    change.add(sql!("DELETE FROM access_policies WHERE tenant = $1 AND connection = $2", tenant, id));
    change.add(sql!("DELETE FROM connections WHERE tenant = $1 AND id = $2", tenant, id).expect_rows(1));
    change
}
