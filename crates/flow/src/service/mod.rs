//! The service itself: flows, and the doing of what is due.

mod due_work;
mod execution;
mod manual_run;
mod saving;
mod tenant;
mod withdrawal;

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_chassis::{Chassis, Problem, UntilCommit};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::StoreError;
use outlive_tokens::{Verifier, VerifierConfig};
use serde_json::Value;

pub(crate) use manual_run::TriggerCall;
pub(crate) use saving::{Asker, FlowEdit, Saved};
pub use tenant::{FlowService, FlowTenantSpec};

use crate::FlowConfig;
use crate::connector::{Hub, HubConfig, Selections};
use crate::definition::Definition;
use crate::ids::FlowId;
use crate::tables::{due, flows, runs::Taker};

/// Most definitions that are kept parsed.
const DEFINITIONS_KEPT: usize = 2_000;

/// How long, in wall time, other replicas leave a run to the one that took it up.
const LEASE: Span = Span::from_minutes(10);

/// What the service is made of.
pub(crate) struct Flows {
    pub(crate) chassis: Chassis,
    pub(crate) verifier: Verifier,
    pub(crate) config: FlowConfig,
    hub: Hub,
    /// Parsed definitions; a version never changes, so they never go stale.
    definitions: Mutex<HashMap<(TenantId, FlowId, i64), Arc<Program>>>,
    /// Tenants whose deleted flows the hub all knows of.
    reported: Mutex<HashSet<TenantId>>,
    /// Runs of a tenant are done one at a time in this process. Whoever holds the lock knows that a run which is `Running` in this
    /// replica's name was left behind.
    working: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    next_due: UntilCommit<Option<Instant>>,
}

impl Flows {
    pub(crate) fn new(chassis: Chassis, config: FlowConfig) -> Self {
        let issuer =
            VerifierConfig { idp_url: config.idp_url.clone(), issuer_origins: config.issuer_origins.clone() };
        let hub = HubConfig { idp_url: config.idp_url.clone(), hub_url: config.hub_url.clone() };
        Self {
            verifier: Verifier::new(issuer, chassis.http.inner()),
            hub: Hub::new(chassis.http.clone(), hub),
            chassis,
            config,
            definitions: Mutex::default(),
            reported: Mutex::default(),
            working: Mutex::default(),
            next_due: UntilCommit::default(),
        }
    }

    /// The lock under which runs of a tenant are done.
    fn working(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.working.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default())
    }

    /// A version of a flow's definition, parsed; `None` if it is gone or no longer readable.
    pub(crate) async fn definition(
        &self,
        tenant: TenantId,
        flow: FlowId,
        version: i64,
    ) -> Result<Option<Arc<Program>>, Problem> {
        let key = (tenant, flow, version);
        if let Some(known) = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(document) = flows::document(&self.chassis.store, tenant, flow, version).await? else {
            return Ok(None);
        };
        match Definition::read(&document["definition"], &document["connectionReferences"]) {
            Ok(definition) => {
                let selections = selections_of(&document);
                Ok(Some(self.keep(key, Program { definition, selections })))
            }
            Err(error) => {
                tracing::error!(%tenant, %flow, version, %error, "a stored definition cannot be read");
                Ok(None)
            }
        }
    }

    fn keep(&self, key: (TenantId, FlowId, i64), program: Program) -> Arc<Program> {
        let program = Arc::new(program);
        let mut kept = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= DEFINITIONS_KEPT {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&program));
        program
    }

    fn taker(&self) -> Taker<'_> {
        Taker { replica: &self.config.replica, lease: wall_now() + LEASE }
    }

    /// When something of the tenant is next due.
    async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let store = &self.chassis.store;
        self.next_due.or_read(store, tenant, due::next(store, tenant, &self.config.replica)).await
    }

    fn forget(&self, tenant: TenantId) {
        self.hub.forget(tenant);
        self.next_due.forget(tenant);
        self.definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(known, ..), _| *known != tenant);
        self.working.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}

/// What a version of a flow does, and through which connections.
#[derive(Debug)]
pub(crate) struct Program {
    definition: Definition,
    /// The connections that its maker selected.
    pub(crate) selections: Selections,
}

impl Deref for Program {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}

/// The member of a stored document that holds the selections. It is not part of what callers read or write.
const SELECTIONS: &str = "selections";

fn selections_of(document: &Value) -> Selections {
    serde_json::from_value(document[SELECTIONS].clone()).unwrap_or_default()
}
