//! The state of the service.

use std::collections::HashSet;
use std::sync::Arc;

use outlive_chassis::{Chassis, HttpClient, Problem, StartError, TenantLocks, UntilCommit};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::StoreError;
use outlive_tokens::{Verifier, VerifierConfig};
use parking_lot::Mutex;
use quick_cache::sync::Cache;

use super::executing::Executing;
use super::programs::{Program, Programs};
use super::streaks::Streaks;
use crate::FlowConfig;
use crate::connector::{Hub, HubConfig, InvokerTokens};
use crate::ids::FlowId;
use crate::tables::{due, flows, runs::Claimant};

/// The maximum number of waiting runs whose tokens are kept.
const INVOKERS_WAITING_MAX: usize = 10_000;

/// How long other replicas leave a run to the replica that claimed it (wall time).
const LEASE: Span = Span::from_minutes(10);

/// How long what is next due is not read again (wall time): leases end without a commit.
const LEASES_KNOWN_FOR: Span = Span::from_seconds(1);

/// The state of the service.
pub(crate) struct Flows {
    pub(crate) chassis: Chassis,
    pub(crate) verifier: Verifier,
    pub(crate) config: FlowConfig,
    pub(super) hub: Hub,
    pub(super) programs: Programs,
    /// Tenants whose saved and deleted flows have all been reported to the hub.
    pub(super) reported: Mutex<HashSet<TenantId>>,
    /// Locks under which this process runs what is due in a tenant, in order.
    pub(super) due_locks: TenantLocks,
    /// The runs that this process executes.
    pub(super) executing: Executing,
    /// When work of a tenant is next due, and when that was read (wall time).
    pub(super) next_due: UntilCommit<TenantId, (Option<Instant>, Instant)>,
    /// The tokens that users provided for runs, by flow and name of the run, while these wait.
    pub(super) invoker_tokens: Cache<(TenantId, FlowId, String), InvokerTokens>,
    /// The flows that may be failing.
    pub(super) streaks: Streaks,
}

impl Flows {
    pub(crate) fn new(chassis: Chassis, config: FlowConfig) -> Result<Self, StartError> {
        let issuer =
            VerifierConfig { idp_url: config.idp_url.clone(), issuer_origins: config.issuer_origins.clone() };
        let hub = HubConfig {
            idp_url: config.idp_url.clone(),
            idp_public_url: config.idp_public_url.clone(),
            authority: config.authority.clone(),
            hub_url: config.hub_url.clone(),
            http_hosts: config.http_hosts.clone(),
        };
        let outside =
            if config.http_hosts.reach_outside() { HttpClient::to_anywhere()? } else { chassis.http.clone() };
        Ok(Self {
            verifier: Verifier::new(issuer, chassis.http.inner()),
            hub: Hub::new(chassis.http.clone(), outside, hub),
            chassis,
            config,
            programs: Programs::new(),
            reported: Mutex::default(),
            due_locks: TenantLocks::default(),
            executing: Executing::default(),
            next_due: UntilCommit::default(),
            invoker_tokens: Cache::new(INVOKERS_WAITING_MAX),
            streaks: Streaks::default(),
        })
    }

    /// Returns a version of a flow's definition, or `None` if it was deleted or cannot be read.
    pub(crate) async fn definition(
        &self,
        tenant: TenantId,
        flow: FlowId,
        version: i64,
    ) -> Result<Option<Arc<Program>>, Problem> {
        let key = (tenant, flow, version);
        if let Some(known) = self.programs.get(&key) {
            return Ok(Some(known));
        }
        let Some(document) = flows::find_document(&self.chassis.store, tenant, flow, version).await? else {
            return Ok(None);
        };
        let Ok(document) = self.open_document(tenant, document) else { return Ok(None) };
        match self.programs.restore(key, &document) {
            Ok(program) => Ok(Some(program)),
            Err(error) => {
                tracing::error!(%tenant, %flow, version, %error, "cannot read a stored definition");
                Ok(None)
            }
        }
    }

    pub(super) fn claimant(&self) -> Claimant<'_> {
        Claimant { replica: &self.config.replica, lease: wall_now() + LEASE }
    }

    /// Returns when work of the tenant is next due.
    pub(super) async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let store = &self.chassis.store;
        let (next, read_at) = self.next_due.or_read(store, tenant, self.read_next_due(tenant)).await?;
        if (Span::ZERO..LEASES_KNOWN_FOR).contains(&(wall_now() - read_at)) {
            return Ok(next);
        }
        self.next_due.forget(&tenant);
        Ok(self.next_due.or_read(store, tenant, self.read_next_due(tenant)).await?.0)
    }

    async fn read_next_due(&self, tenant: TenantId) -> Result<(Option<Instant>, Instant), StoreError> {
        let next = due::find_next(&self.chassis.store, tenant, &self.config.replica).await?;
        Ok((next, wall_now()))
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.hub.forget(tenant);
        self.invoker_tokens.retain(|(known, ..), _| *known != tenant);
        self.verifier.forget(tenant);
        self.next_due.forget(&tenant);
        self.streaks.forget(tenant);
        self.programs.forget(tenant);
        self.due_locks.forget(tenant);
        self.reported.lock().remove(&tenant);
    }
}
