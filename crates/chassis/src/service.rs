//! What the lab surface needs of a service.

use std::future::Future;

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use serde::de::DeserializeOwned;

use crate::{Problem, SpecMistake, Trace, Turn};

/// How much due work was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DueWork {
    /// Pieces of work done, whatever came of them.
    pub done: u64,
    /// How many of them ended in failure.
    pub failed: u64,
}

/// A service, as the lab sees it: something with tenants, and perhaps with work that falls due.
pub trait Service: Send + Sync + 'static {
    /// What the lab says about a new tenant, besides its clock.
    type TenantSpec: DeserializeOwned + Send;

    /// The tables whose rows go with their tenant.
    const TENANT_TABLES: &'static [&'static str];

    /// Everything in the description of a new tenant that the service rejects. Pure.
    fn spec_mistakes(spec: &Self::TenantSpec) -> Vec<SpecMistake> {
        let _ = spec;
        Vec::new()
    }

    /// What has to be written for a new tenant, whose description has no mistakes. It is committed
    /// together with the tenant's clock and its first journal line.
    fn create_tenant(
        &self,
        tenant: TenantId,
        spec: Self::TenantSpec,
        now: Instant,
        trace: &Trace,
    ) -> impl Future<Output = Result<Change, Problem>> + Send;

    /// The response to a request that the shell refuses before it reaches the service's routes.
    fn refuse(&self, problem: Problem, request: &Parts) -> impl Future<Output = Response> + Send {
        let _ = request;
        async { problem.into_response() }
    }

    /// Forgets what is remembered of a tenant that is gone.
    fn forget_tenant(&self, tenant: TenantId) {
        let _ = tenant;
    }

    /// When something of the tenant is next due, in virtual time; may lie in the past.
    fn next_due(&self, tenant: TenantId) -> impl Future<Output = Result<Option<Instant>, Problem>> + Send {
        let _ = tenant;
        async { Ok(None) }
    }

    /// Does what of the tenant is due in this turn, in order, and returns when it is done. At least
    /// one piece is done if any is due; what is left when the turn is over stays due.
    fn run_due(&self, tenant: TenantId, turn: Turn) -> impl Future<Output = Result<DueWork, Problem>> + Send {
        let _ = (tenant, turn);
        async { Ok(DueWork::default()) }
    }
}
