//! Rows of the table `flow_credentials`.

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};

/// Stores the credential of a tenant, in place of an earlier one.
pub(crate) fn put(tenant: TenantId, client: ClientId, sealed: String) -> Statement {
    sql!(
        "INSERT INTO flow_credentials (tenant, client_id, sealed_secret) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant) DO UPDATE SET client_id = $2, sealed_secret = $3",
        tenant,
        client,
        sealed
    )
}

/// Reads the client id and the sealed secret.
pub(crate) async fn find(store: &Store, tenant: TenantId) -> Result<Option<(ClientId, String)>, StoreError> {
    let row = store
        .row(sql!("SELECT client_id, sealed_secret FROM flow_credentials WHERE tenant = $1", tenant))
        .await?;
    row.map(|row| Ok((row.parse("client_id")?, row.text("sealed_secret")?))).transpose()
}
