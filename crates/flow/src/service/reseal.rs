//! The sealed texts of the service, which are sealed again when its sealing key is replaced.

use outlive_chassis::{Problem, Resealed, SealedColumn, SealedFor, reseal_columns, sealed_column};
use outlive_clock::TenantId;

use super::access_keys;
use super::definition_secrets::{self, SEALED};
use super::state::Flows;

pub(super) const COLUMNS: &[SealedColumn] = &[
    sealed_column!(
        "the credential of the flow service",
        "flow_credentials",
        "client_id",
        "client_id",
        "sealed_secret",
        |tenant, _| Some(SealedFor::Purpose(purpose(tenant)))
    ),
    sealed_column!(
        "a definition",
        "definitions",
        "flow || '/' || CAST(version AS TEXT)",
        "flow",
        "document",
        |tenant, _| Some(SealedFor::Purpose(definition_secrets::purpose(tenant)))
    )
    .in_member(SEALED),
    sealed_column!(
        "the keys of a flow's callback URLs",
        "access_keys",
        "flow",
        "flow",
        "sealed",
        |tenant, flow| Some(SealedFor::Purpose(access_keys::purpose(tenant, flow.parse().ok()?)))
    ),
];

impl Flows {
    /// Seals again everything that is not sealed with the key of now.
    pub(super) async fn reseal(&self) -> Result<Resealed, Problem> {
        let chassis = &self.chassis;
        let stream = |tenant| chassis.random.of(tenant).stream("reseal");
        reseal_columns(&chassis.store, &chassis.sealer, COLUMNS, stream).await
    }
}

/// The purpose with which the secret is sealed.
pub(super) fn purpose(tenant: TenantId) -> String {
    format!("flow-service-secret/{tenant}")
}
