//! The lab surface of a service (`/_lab/…`): how the lab makes and removes tenants, moves their time, has due work done and
//! reads the journal. The one deliberate opening of an otherwise closed house; it is bound to the same address as the service
//! and answers JSON only.

mod clock;
mod journal;
mod tenants;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::{get, post, put};
use outlive_clock::TenantId;

use crate::{Chassis, DueWork, Problem, Service, Turn};

/// A service with its chassis, as the lab surface and the watcher of running clocks hold it.
pub(crate) struct Surface<S> {
    pub(crate) chassis: Chassis,
    pub(crate) service: Arc<S>,
    /// Due work of a tenant is done by one caller at a time: the conductor and a running clock may ask together. Tenants do
    /// not wait for each other.
    doing: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
}

impl<S: Service> Surface<S> {
    pub(crate) fn new(chassis: Chassis, service: Arc<S>) -> Self {
        Self { chassis, service, doing: Mutex::default() }
    }

    pub(crate) async fn run_due(&self, tenant: TenantId) -> Result<DueWork, Problem> {
        // Only of tenants that exist, so that it does not grow with what is asked for.
        self.chassis.clocks.clock(tenant).await?;
        let turn = {
            let mut doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(doing.entry(tenant).or_default())
        };
        let _one_at_a_time = turn.lock().await;
        let clock = self.chassis.clocks.clock(tenant).await?;
        self.service.run_due(tenant, Turn::of(&clock)).await
    }

    /// Forgets what is remembered of a tenant that is gone.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        self.chassis.clocks.forget(tenant);
        self.chassis.random.of(tenant).forget();
        self.service.forget_tenant(tenant);
    }
}

pub(crate) fn router<S: Service>(surface: Arc<Surface<S>>) -> Router {
    Router::new()
        .route("/_lab/tenants", get(tenants::list::<S>))
        .route("/_lab/tenants/{tenant}", put(tenants::create::<S>).delete(tenants::delete::<S>))
        .route("/_lab/tenants/{tenant}/clock", get(clock::show::<S>).put(clock::set::<S>))
        .route("/_lab/tenants/{tenant}/due", post(clock::run_due::<S>))
        .route("/_lab/tenants/{tenant}/journal", get(journal::read::<S>))
        .route("/_lab/tenants/{tenant}/journal/stream", get(journal::follow::<S>))
        .with_state(surface)
}

/// The tenant in the path, or a 404 that says so.
fn tenant_of(text: &str) -> Result<TenantId, Problem> {
    text.parse().map_err(|_| Problem::not_found("TenantNotFound", "The tenant in the path is not a UUID."))
}
