//! The hub's own application in each tenant, with which it exchanges users' tokens.

use outlive_chassis::Problem;
use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, sql};
use outlive_tokens::Secret;
use outlive_wire::HubClientSpec;

use crate::Hub;

/// The purpose with which its secret is sealed.
pub(crate) fn purpose(tenant: TenantId) -> String {
    format!("hub-client/{tenant}")
}

/// Stores the application of a new tenant.
pub(crate) fn insert(hub: &Hub, tenant: TenantId, client: &HubClientSpec) -> Statement {
    let sealed = hub.chassis.sealer.seal(
        &purpose(tenant),
        client.client_secret.expose().as_bytes(),
        &mut hub.random(tenant, "seal-hub-client"),
    );
    sql!(
        "INSERT INTO hub_clients (tenant, client_id, secret_sealed) VALUES ($1, $2, $3)",
        tenant,
        client.client_id,
        sealed
    )
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
        Problem::unavailable()
            .caused_by("cannot unseal the hub's client secret; the sealing key may have changed")
    })?;
    Ok((row.parse("client_id")?, Secret::new(secret)))
}
