//! The service's part of the lab surface.

use std::sync::Arc;

use outlive_chassis::{
    DueWork, Endpoint, Problem, Resealed, SealedColumn, Service, Trace, Turn, endpoints_of,
};
use outlive_clock::{ClientId, Instant, TenantId};
use outlive_store::Change;
use outlive_wire::{FlowSpec, Secret, ServiceClientSpec, UserPlan, lab_api};

use super::reseal::{COLUMNS, purpose};
use super::state::Flows;
use crate::connector::{Credential, Credentials};
use crate::engine::Failure;
use crate::tables::{TENANT_TABLES, credentials, plans};

/// The flow service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FlowService(pub(crate) Arc<Flows>);

impl std::fmt::Debug for FlowService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FlowService")
    }
}

impl FlowService {
    /// Stores the credential of the service in a tenant, in place of an earlier one.
    fn put_credential(&self, tenant: TenantId, client: ClientId, secret: &Secret) -> Change {
        let mut draw = self.0.chassis.random.of(tenant).stream("seal-service-secret");
        let sealed = self.0.chassis.sealer.seal(&purpose(tenant), secret.expose().as_bytes(), &mut draw);
        Change::from(credentials::put(tenant, client, sealed))
    }
}

impl Service for FlowService {
    type TenantSpec = FlowSpec;

    const TENANT_TABLES: &'static [&'static str] = TENANT_TABLES;
    const SEALED_COLUMNS: &'static [SealedColumn] = COLUMNS;

    const ENDPOINTS: &'static [Endpoint] = endpoints_of(lab_api::Service::Flow);

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: FlowSpec,
        _: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        let mut change = self.put_credential(tenant, spec.client_id, &spec.client_secret);
        for UserPlan { user, plan } in spec.plans {
            change.add(plans::insert(tenant, user, plan));
        }
        Ok(change)
    }

    async fn reseal(&self) -> Result<Option<Resealed>, Problem> {
        self.0.reseal().await.map(Some)
    }

    fn replace_client(&self, tenant: TenantId, client: &ServiceClientSpec) -> Option<Change> {
        Some(self.put_credential(tenant, client.client_id, &client.client_secret))
    }

    fn forget_tenant(&self, tenant: TenantId) {
        self.0.forget(tenant);
    }

    async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, Problem> {
        Ok(self.0.next_due(tenant).await?)
    }

    async fn run_due(&self, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
        let flows = Arc::clone(&self.0);
        // Spawned, so that a disconnecting caller does not stop work halfway.
        tokio::spawn(async move {
            Box::pin(flows.report_remaining(tenant, turn.time())).await;
            // Allocated in its place: spawning moves the whole future several times.
            Box::pin(flows.run_due_work(tenant, turn)).await
        })
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%tenant, %error, "due work panicked");
            Err(Problem::unavailable())
        })
    }
}

impl Credentials for Flows {
    async fn credential(&self, tenant: TenantId) -> Result<Credential, Failure> {
        let none = |why: &str| {
            Failure::new("Unauthorized", format!("The flow service cannot sign in to the API Hub: {why}."))
        };
        let stored = credentials::find(&self.chassis.store, tenant).await.map_err(|error| {
            tracing::error!(%tenant, %error, "cannot read the flow service's credential");
            none("its credential cannot be read")
        })?;
        let (client_id, sealed) = stored.ok_or_else(|| none("it has no credential in this tenant"))?;
        let secret = self
            .chassis
            .sealer
            .open(&purpose(tenant), &sealed)
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let secret = secret.ok_or_else(|| none(&format!("its credential was sealed with another key; give it again: PUT /_lab/tenants/{tenant}/service-client")))?;
        Ok(Credential { client_id, secret: Secret::new(secret) })
    }
}
