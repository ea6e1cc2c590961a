//! A service with its chassis, and the tenant that a request names.

use std::sync::Arc;

use outlive_clock::TenantId;
use tokio::sync::OwnedMutexGuard;

use crate::{Chassis, DueWork, Problem, Service, TenantLocks};

/// A service with its chassis, for the lab surface and the watcher of running clocks.
pub(crate) struct Surface<S> {
    pub(crate) chassis: Chassis,
    pub(crate) service: Arc<S>,
    /// Serializes due work per tenant: the conductor and a running clock may request it
    /// concurrently.
    doing: TenantLocks,
}

impl<S: Service> Surface<S> {
    pub(crate) fn new(chassis: Chassis, service: Arc<S>) -> Self {
        Self { chassis, service, doing: TenantLocks::default() }
    }

    pub(crate) async fn run_due(&self, tenant: TenantId) -> Result<DueWork, Problem> {
        // Only for existing tenants, so that requests cannot grow the map.
        self.chassis.clocks.clock(tenant).await?;
        let _one_at_a_time = self.doing.lock(tenant).await;
        let turn = self.chassis.clocks.turn(tenant).await?;
        self.service.run_due(tenant, turn).await
    }

    /// Waits for due work of the tenant in progress, and keeps other due work waiting.
    pub(crate) async fn due_work(&self, tenant: TenantId) -> OwnedMutexGuard<()> {
        self.doing.lock(tenant).await
    }

    /// Drops cached data of a deleted tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.doing.forget(tenant);
        self.chassis.clocks.forget(tenant);
        self.chassis.random.of(tenant).forget();
        self.forget_data(tenant);
    }

    /// Drops cached data of a tenant whose rows were replaced. Its randomness goes on, so that ids
    /// drawn before are not drawn again.
    pub(crate) fn forget_data(&self, tenant: TenantId) {
        self.chassis.faults.forget(tenant);
        self.service.forget_tenant(tenant);
    }
}

/// Parses the tenant in the path, or returns a 404.
pub(super) fn tenant_of(text: &str) -> Result<TenantId, Problem> {
    text.parse().map_err(|error: uuid::Error| {
        Problem::not_found("TenantNotFound", "The tenant in the path is not a UUID.").caused_by(error)
    })
}
