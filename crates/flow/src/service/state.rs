//! The state of the service.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use outlive_chassis::{Chassis, HttpClient, Problem, StartError, TenantLocks, Trace, UntilCommit};
use outlive_clock::{Instant, Span, TenantId, UserId, wall_now};
use outlive_store::StoreError;
use outlive_tokens::{Verifier, VerifierConfig};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Options, OptionsBuilder, Weighter};
use serde_json::Value;

use super::executing::Executing;
use super::selected::Selected;
use super::stored_identity::held_identity;
use super::streaks::Streaks;
use crate::FlowConfig;
use crate::connector::{HeldIdentity, Hub, HubConfig, Invoker, InvokerTokens, Workflow};
use crate::definition::{AccessControl, Definition};
use crate::ids::FlowId;
use crate::tables::{due, flows, runs::Claimant};

/// The usual number of cached definitions.
const DEFINITIONS_CACHED: usize = 1_000;
/// The maximum size of all cached definitions together, in bytes of their text.
const DEFINITIONS_BYTES_MAX: u64 = 16 << 20;
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
    /// Parsed definitions. A version never changes, so entries never become stale.
    pub(super) definitions: Cache<ProgramKey, Arc<Program>, TextBytes>,
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
            definitions: Cache::with_options(
                definition_cache(),
                TextBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
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
        if let Some(known) = self.definitions.get(&key) {
            return Ok(Some(known));
        }
        let Some(document) = flows::find_document(&self.chassis.store, tenant, flow, version).await? else {
            return Ok(None);
        };
        let Ok(document) = self.open_document(tenant, document) else { return Ok(None) };
        match Definition::restore(&document["definition"], &document["connectionReferences"]) {
            Ok(definition) => {
                let access = AccessControl::restore(&document[ACCESS_CONTROL]);
                let selected = Selected::of(&document);
                let program = Arc::new(Program::new(definition, selected, access, &document));
                self.definitions.insert(key, Arc::clone(&program));
                Ok(Some(program))
            }
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
        self.definitions.retain(|(known, ..), _| *known != tenant);
        self.due_locks.forget(tenant);
        self.reported.lock().remove(&tenant);
    }
}

/// A flow and the version of its definition.
type ProgramKey = (TenantId, FlowId, i64);

/// One shard, so that the limit is that of all definitions together.
fn definition_cache() -> Options {
    let mut options = OptionsBuilder::new();
    options.shards(1).estimated_items_capacity(DEFINITIONS_CACHED).weight_capacity(DEFINITIONS_BYTES_MAX);
    options.build().expect("it has a capacity")
}

/// Weighs a definition by the size of its text.
#[derive(Clone, Debug)]
pub(super) struct TextBytes;

impl Weighter<ProgramKey, Arc<Program>> for TextBytes {
    fn weight(&self, _: &ProgramKey, program: &Arc<Program>) -> u64 {
        program.text_bytes.max(1)
    }
}

/// A version of a flow's definition, with the selected connections.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) definition: Definition,
    /// The connections that the owners selected.
    pub(crate) selected: Selected,
    /// Who may call the trigger.
    pub(crate) access: AccessControl,
    /// What the flow needs to get tokens for its managed identities.
    pub(crate) identity: Option<HeldIdentity>,
    /// The size of the definition's text, in bytes.
    text_bytes: u64,
}

impl Program {
    /// The program of a document.
    pub(super) fn new(
        definition: Definition,
        selected: Selected,
        access: AccessControl,
        document: &Value,
    ) -> Self {
        let identity = held_identity(document);
        let text_bytes = document["definition"].to_string().len() as u64;
        Self { definition, selected, access, identity, text_bytes }
    }

    /// Returns the workflow that makes calls for the flow. `maker` is its owner, if needed.
    pub(super) fn workflow<'a>(
        &'a self,
        (tenant, flow): (TenantId, FlowId),
        maker: Option<UserId>,
        invoker: Option<&'a Invoker>,
        (trace, now): (&'a Trace, Instant),
    ) -> Workflow<'a> {
        Workflow {
            tenant,
            flow,
            definition: &self.definition,
            selections: &self.selected.connections,
            audiences: &self.selected.audiences,
            identity: self.identity.as_ref(),
            maker,
            invoker,
            trace,
            now,
        }
    }
}

impl Deref for Program {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}

/// The member of a document with the rules for calls of the trigger.
pub(crate) const ACCESS_CONTROL: &str = "accessControl";
