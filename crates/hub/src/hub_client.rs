//! The hub's own application in each tenant, with which it exchanges users' tokens.

use outlive_chassis::Problem;
use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, StoreError, sql};
use outlive_tokens::Secret;
use outlive_wire::ServiceClientSpec;

use crate::Hub;

/// The purpose with which its secret is sealed.
pub(crate) fn purpose(tenant: TenantId) -> String {
    format!("hub-client/{tenant}")
}

/// Stores the application of a tenant, in place of an earlier one.
pub(crate) fn put(hub: &Hub, tenant: TenantId, client: &ServiceClientSpec) -> Statement {
    let sealed = hub.chassis.sealer.seal(
        &purpose(tenant),
        client.client_secret.expose().as_bytes(),
        &mut hub.random(tenant, "seal-hub-client"),
    );
    sql!(
        "INSERT INTO hub_clients (tenant, client_id, secret_sealed) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant) DO UPDATE SET client_id = $2, secret_sealed = $3",
        tenant,
        client.client_id,
        sealed
    )
}

/// Whether the hub has an application in a tenant, whatever became of its secret.
pub(crate) async fn is_there(hub: &Hub, tenant: TenantId) -> Result<bool, StoreError> {
    let row = sql!("SELECT client_id FROM hub_clients WHERE tenant = $1", tenant);
    Ok(hub.chassis.store.row(row).await?.is_some())
}

/// Returns the client id and the secret.
pub(crate) async fn find(hub: &Hub, tenant: TenantId) -> Result<(ClientId, Secret), Problem> {
    let row = sql!("SELECT client_id, secret_sealed FROM hub_clients WHERE tenant = $1", tenant);
    let row = hub.chassis.store.row(row).await?.ok_or_else(|| {
        Problem::bad_request(
            "The hub has no application of its own in this tenant, so it cannot exchange the tokens of users. Sign in for \
             the connection by its consent link, or create the tenant from a seed with hub_service.",
        )
    })?;
    let sealed = row.text("secret_sealed")?;
    let secret =
        hub.chassis.sealer.open(&purpose(tenant), &sealed).and_then(|secret| String::from_utf8(secret).ok());
    let secret = secret.ok_or_else(|| {
        Problem::bad_request(format!(
            "The client secret of the hub's application in this tenant was sealed with a key that the hub no longer has, so \
             the hub cannot exchange the tokens of users. Give it again: PUT /_lab/tenants/{tenant}/service-client."
        ))
    })?;
    Ok((row.parse("client_id")?, Secret::new(secret)))
}
