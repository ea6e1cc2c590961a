//! The sealed texts of the hub, which are sealed again when its sealing key is replaced.
//!
//! Of the values of a connection's parameters only the data key is sealed with the hub's key.

use outlive_chassis::{Problem, Resealed, SealedColumn, SealedFor, reseal_columns, sealed_column};
use outlive_clock::{ConnectionId, TenantId};
use uuid::Uuid;

use crate::Hub;
use crate::connection::{data_key_purpose, key_purpose};
use crate::connector::ConnectorName;
use crate::connector::storage::secret_purpose;
use crate::consent::verifier_purpose;
use crate::credential::storage::purpose as credential_purpose;
use crate::hub_client;

/// Returns the purpose of a text that belongs to a connection.
fn of_connection(
    purpose: fn(TenantId, ConnectionId) -> String,
    tenant: TenantId,
    id: &str,
) -> Option<SealedFor> {
    Some(SealedFor::Purpose(purpose(tenant, id.parse().ok()?)))
}

pub(crate) const COLUMNS: &[SealedColumn] = &[
    sealed_column!("the key of a connection", "connections", "id", "id", "key_sealed", |tenant, id| {
        of_connection(key_purpose, tenant, id)
    }),
    sealed_column!(
        "the data key of a connection",
        "connections",
        "id",
        "id",
        "data_key_sealed",
        |tenant, id| { of_connection(data_key_purpose, tenant, id) }
    ),
    sealed_column!(
        "the tokens of a connection",
        "credentials",
        "connection",
        "connection",
        "sealed",
        |tenant, id| of_connection(credential_purpose, tenant, id)
    ),
    sealed_column!(
        "the client secret of a connector",
        "connectors",
        "name",
        "name",
        "client_secret_sealed",
        |tenant, name| {
            let name = name.parse::<ConnectorName>().ok()?;
            Some(SealedFor::Purpose(secret_purpose(tenant, &name)))
        }
    ),
    sealed_column!(
        "the key pair of a connector",
        "connectors",
        "name",
        "name",
        "client_key_sealed",
        |_, _| Some(SealedFor::SigningKey)
    ),
    sealed_column!(
        "the next key pair of a connector",
        "connectors",
        "name",
        "name",
        "next_client_key_sealed",
        |_, _| Some(SealedFor::SigningKey)
    ),
    sealed_column!(
        "the code verifier of a sign-in",
        "consent_attempts",
        "id",
        "id",
        "verifier_sealed",
        |tenant, id| Some(SealedFor::Purpose(verifier_purpose(tenant, id.parse::<Uuid>().ok()?)))
    ),
    sealed_column!(
        "the tokens of a sign-in",
        "consent_attempts",
        "id",
        "connection",
        "tokens_sealed",
        |tenant, id| of_connection(credential_purpose, tenant, id)
    ),
    sealed_column!(
        "the client secret of the hub",
        "hub_clients",
        "client_id",
        "client_id",
        "secret_sealed",
        |tenant, _| Some(SealedFor::Purpose(hub_client::purpose(tenant)))
    ),
];

/// Seals again everything that is not sealed with the key of now.
pub(crate) async fn reseal(hub: &Hub) -> Result<Resealed, Problem> {
    let (store, sealer) = (&hub.chassis.store, &hub.chassis.sealer);
    reseal_columns(store, sealer, COLUMNS, |tenant| hub.random(tenant, "reseal")).await
}
