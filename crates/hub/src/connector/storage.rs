//! Rows of the table `connectors`.

use outlive_clock::TenantId;
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use outlive_tokens::{Sealer, Secret, SigningKey};
use uuid::Uuid;

use super::{ApiProperties, Connector, ConnectorName, Destinations, Draft, Home, Swagger};
use crate::arm::ResourceName;
use crate::client_key::ClientKeys;

/// A stored connector, with what only its resource shows.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) connector: Connector,
    /// The `apiProperties.json`, as submitted but for its client secret.
    pub(crate) api_properties: serde_json::Value,
    /// The swagger, as submitted.
    pub(crate) swagger: serde_json::Value,
    /// The maker of a custom API.
    pub(crate) owner: Option<Uuid>,
    /// The number of changes, for optimistic concurrency.
    pub(crate) revision: i64,
}

/// The purpose with which a connector's client secret is sealed.
pub(crate) fn secret_purpose(tenant: TenantId, name: &ConnectorName) -> String {
    format!("hub-client-secret/{tenant}/{name}")
}

/// Seals the client secret of a draft, if it has one.
pub(crate) fn seal_secret(
    sealer: &Sealer,
    tenant: TenantId,
    name: &ConnectorName,
    secret: Option<&Secret>,
    stream: &mut outlive_clock::Stream,
) -> Option<String> {
    secret.map(|secret| sealer.seal(&secret_purpose(tenant, name), secret.expose().as_bytes(), stream))
}

fn stored_of(row: &Row, tenant: TenantId, sealer: &Sealer) -> Result<Stored, StoreError> {
    let name: ConnectorName = row.parse("name")?;
    let swagger: serde_json::Value = row.json("swagger")?;
    let api_properties: serde_json::Value = row.json("api_properties")?;
    let secret_sealed = row.opt_text("client_secret_sealed")?;
    let client_secret = secret_sealed
        .as_ref()
        .and_then(|sealed| sealer.open(&secret_purpose(tenant, &name), sealed))
        .and_then(|plain| String::from_utf8(plain).ok())
        .map(Secret::new);
    let keys = [row.opt_text("client_key_sealed")?, row.opt_text("next_client_key_sealed")?];
    let [current, next] = keys.map(|sealed| sealed.map(|sealed| SigningKey::unsealed(sealer, &sealed)));
    let (properties, mut faults) = ApiProperties::read(&api_properties);
    let (parsed_swagger, faults_of_swagger) = Swagger::read(&swagger);
    faults.extend(faults_of_swagger);
    let properties = properties.with_urls_of(&parsed_swagger);
    let connector = Connector {
        home: row.opt_text("resource_group")?.map_or(Home::Managed, |group| Home::Custom { group }),
        version: row.text("version")?,
        display_name: row.text("display_name")?,
        destinations: Destinations::of(&api_properties, &properties, &parsed_swagger),
        properties,
        swagger: parsed_swagger,
        faults,
        secret_is_unreadable: secret_sealed.is_some() && client_secret.is_none(),
        client_secret,
        client_keys: ClientKeys::new(current, next),
        name,
    };
    Ok(Stored {
        connector,
        api_properties,
        swagger,
        owner: row.opt_parse("owner")?,
        revision: row.int("revision")?,
    })
}

/// Reads a connector by its name.
pub(crate) async fn find(
    store: &Store,
    sealer: &Sealer,
    tenant: TenantId,
    name: &ConnectorName,
) -> Result<Option<Stored>, StoreError> {
    store
        .row(sql!(
            "SELECT name, resource_group, owner, version, display_name, api_properties, swagger, client_secret_sealed, \
             client_key_sealed, next_client_key_sealed, revision FROM connectors WHERE tenant = $1 AND name = $2",
            tenant,
            name.as_str()
        ))
        .await?
        .map(|row| stored_of(&row, tenant, sealer))
        .transpose()
}

/// Reads the managed APIs of a tenant, ordered by name.
pub(crate) async fn list_managed_apis(
    store: &Store,
    sealer: &Sealer,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT name, resource_group, owner, version, display_name, api_properties, swagger, client_secret_sealed, \
             client_key_sealed, next_client_key_sealed, revision FROM connectors WHERE tenant = $1 AND resource_group IS NULL ORDER BY name LIMIT $2",
            tenant,
            limit
        ))
        .await?;
    rows.iter().map(|row| stored_of(row, tenant, sealer)).collect()
}

/// Reads the custom APIs of a resource group, or of all, after the group and name `after` (lower
/// case), in this order.
pub(crate) async fn list_custom_apis(
    store: &Store,
    sealer: &Sealer,
    tenant: TenantId,
    group: Option<&ResourceName>,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT name, resource_group, owner, version, display_name, api_properties, swagger, client_secret_sealed, \
             client_key_sealed, next_client_key_sealed, revision FROM connectors WHERE tenant = $1 AND resource_group IS NOT NULL \
             AND (CAST($2 AS TEXT) IS NULL OR lower(resource_group) = $2) \
             AND (lower(resource_group) > $3 OR (lower(resource_group) = $3 AND name > $4)) \
             ORDER BY lower(resource_group), name LIMIT $5",
            tenant,
            group.map(ResourceName::key),
            after.0.clone(),
            after.1.clone(),
            limit
        ))
        .await?;
    rows.iter().map(|row| stored_of(row, tenant, sealer)).collect()
}

/// Keeps a connector from being deleted until the transaction has ended, for which a connection is
/// created. Conflicts if it was deleted.
pub(crate) fn keep(tenant: TenantId, name: &ConnectorName) -> Statement {
    sql!("UPDATE connectors SET revision = revision WHERE tenant = $1 AND name = $2", tenant, name.as_str())
        .expect_rows(1)
}

/// Deletes a connector with all `connections` to it. Conflicts if it has changed since `revision`
/// was read, or if their number has.
pub(crate) fn delete(tenant: TenantId, name: &ConnectorName, revision: i64, connections: u64) -> Change {
    let mut change = Change::from(
        sql!(
            "DELETE FROM connectors WHERE tenant = $1 AND name = $2 AND revision = $3",
            tenant,
            name.as_str(),
            revision
        )
        .expect_rows(1),
    );
    change.add(sql!(
        "DELETE FROM credentials WHERE tenant = $1 AND connection IN \
         (SELECT id FROM connections WHERE tenant = $1 AND connector = $2)",
        tenant,
        name.as_str()
    ));
    change.add(sql!(
        "DELETE FROM consent_attempts WHERE tenant = $1 AND connection IN \
         (SELECT id FROM connections WHERE tenant = $1 AND connector = $2)",
        tenant,
        name.as_str()
    ));
    change.add(sql!(
        "DELETE FROM access_policies WHERE tenant = $1 AND connection IN \
         (SELECT id FROM connections WHERE tenant = $1 AND connector = $2)",
        tenant,
        name.as_str()
    ));
    change.add(
        sql!("DELETE FROM connections WHERE tenant = $1 AND connector = $2", tenant, name.as_str())
            .expect_rows(connections),
    );
    change
}

/// The columns of a connector besides its draft.
#[derive(Debug)]
pub(crate) struct Registration<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) name: &'a ConnectorName,
    pub(crate) home: &'a Home,
    pub(crate) owner: Option<Uuid>,
    pub(crate) version: String,
    pub(crate) client_secret_sealed: Option<String>,
    pub(crate) client_key_sealed: Option<String>,
}

/// Inserts a connector. Conflicts if its name is taken.
pub(crate) fn insert(registration: Registration<'_>, draft: &Draft) -> Statement {
    let group = match registration.home {
        Home::Managed => None,
        Home::Custom { group } => Some(group.clone()),
    };
    sql!(
        "INSERT INTO connectors (tenant, name, resource_group, owner, version, display_name, api_properties, swagger, \
         client_secret_sealed, client_key_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        registration.tenant,
        registration.name.as_str(),
        group,
        registration.owner.map(|id| id.to_string()),
        registration.version,
        &draft.display_name,
        draft.api_properties.clone(),
        draft.swagger.clone(),
        registration.client_secret_sealed,
        registration.client_key_sealed
    )
}

/// Replaces a connector. Conflicts if it has changed since `revision` was read. Keeps the client
/// secret and the key pair if there are no new ones.
pub(crate) fn update(registration: Registration<'_>, draft: &Draft, revision: i64) -> Statement {
    sql!(
        "UPDATE connectors SET version = $1, display_name = $2, api_properties = $3, swagger = $4, \
         client_secret_sealed = COALESCE($5, client_secret_sealed), \
         client_key_sealed = COALESCE($6, client_key_sealed), revision = revision + 1 \
         WHERE tenant = $7 AND name = $8 AND revision = $9",
        registration.version,
        &draft.display_name,
        draft.api_properties.clone(),
        draft.swagger.clone(),
        registration.client_secret_sealed,
        registration.client_key_sealed,
        registration.tenant,
        registration.name.as_str(),
        revision
    )
    .expect_rows(1)
}

/// Replaces the client secret and the key pair of a connector, if there are new ones. Conflicts if
/// the connector has changed since `revision` was read.
pub(crate) fn update_secrets(
    tenant: TenantId,
    name: &ConnectorName,
    version: &str,
    secret: Option<String>,
    key: Option<String>,
    revision: i64,
) -> Statement {
    sql!(
        "UPDATE connectors SET version = $1, client_secret_sealed = COALESCE($2, client_secret_sealed), \
         client_key_sealed = COALESCE($3, client_key_sealed), revision = revision + 1 \
         WHERE tenant = $4 AND name = $5 AND revision = $6",
        version,
        secret,
        key,
        tenant,
        name.as_str(),
        revision
    )
    .expect_rows(1)
}

/// Stores the next key pair of a connector, or removes it, in the change that updates it.
pub(crate) fn set_next_key(tenant: TenantId, name: &ConnectorName, sealed: Option<String>) -> Statement {
    sql!(
        "UPDATE connectors SET next_client_key_sealed = $1 WHERE tenant = $2 AND name = $3",
        sealed,
        tenant,
        name.as_str()
    )
}

#[cfg(test)]
mod tests {
    use outlive_store::DatabaseUrl;
    use serde_json::json;

    use super::*;

    /// Two requests can read the same connector before either of them writes.
    #[tokio::test]
    async fn an_update_conflicts_with_a_later_revision() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("hub.db"));
        let store = Store::open(&url, "hub", &[("hub", &crate::MIGRATIONS)]).await.expect("opens");
        let sealer = Sealer::new(&[7; 32]);
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let name: ConnectorName = "shared_orders".parse().expect("a name");
        let registration = || Registration {
            tenant,
            name: &name,
            home: &Home::Managed,
            owner: None,
            version: "v".to_owned(),
            client_secret_sealed: None,
            client_key_sealed: None,
        };
        let draft = |title: &str| Draft {
            display_name: title.to_owned(),
            api_properties: json!({"properties": {}}),
            swagger: json!({
                "swagger": "2.0", "info": {"title": "Orders", "version": "1"}, "host": "orders.example", "basePath": "/",
                "schemes": ["https"], "paths": {"/orders": {"get": {"operationId": "ListOrders"}}},
            }),
            client_secret: None,
        };
        store.commit(insert(registration(), &draft("first"))).await.expect("inserted");
        let read = find(&store, &sealer, tenant, &name).await.expect("read").expect("found");
        store.commit(update(registration(), &draft("second"), read.revision)).await.expect("updated");
        let late = store.commit(update(registration(), &draft("third"), read.revision)).await;
        assert!(late.expect_err("a conflict").is_conflict());
        let read = find(&store, &sealer, tenant, &name).await.expect("read").expect("found");
        assert_eq!(read.connector.display_name, "second");
    }

    /// A connection can be created after those of the connector were listed.
    #[tokio::test]
    async fn a_deletion_conflicts_with_a_later_connection() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("hub.db"));
        let store = Store::open(&url, "hub", &[("hub", &crate::MIGRATIONS)]).await.expect("opens");
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let name: ConnectorName = "orders".parse().expect("a name");
        let home = Home::Custom { group: "lab".to_owned() };
        let registration = Registration {
            tenant,
            name: &name,
            home: &home,
            owner: Some(Uuid::from_u128(2)),
            version: "v".to_owned(),
            client_secret_sealed: None,
            client_key_sealed: None,
        };
        let draft = Draft {
            display_name: "Orders".to_owned(),
            api_properties: json!({}),
            swagger: json!({}),
            client_secret: None,
        };
        store.commit(insert(registration, &draft)).await.expect("inserted");
        let at = outlive_clock::Instant::from_seconds(0);
        let connection = crate::connection::Connection {
            tenant,
            id: outlive_clock::ConnectionId::from_uuid(Uuid::from_u128(3)),
            group: "lab".to_owned(),
            name: "late".to_owned(),
            connector: name.clone(),
            connector_version: "v".to_owned(),
            display_name: "Late".to_owned(),
            owner: Uuid::from_u128(2),
            enabled: true,
            status: crate::connection::Status::Connected,
            values: crate::connection::StoredValues::default(),
            authenticated_user: None,
            key_sealed: String::new(),
            created: at,
            changed: at,
            revision: 1,
            tokens_revision: 1,
            destinations: None,
            tokens_sealed: None,
        };
        store.commit(crate::connection::storage::insert(&connection)).await.expect("inserted");
        let early = store.commit(delete(tenant, &name, 1, 0)).await;
        assert!(early.expect_err("a conflict").is_conflict());
        store.commit(delete(tenant, &name, 1, 1)).await.expect("deleted");
    }
}
