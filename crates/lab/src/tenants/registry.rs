//! The tenants of this lab.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use outlive_chassis::Chassis;
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_store::StoreError;
use outlive_wire::lab_api::{OperationDetails, OperationKind, TenantCredentials};
use outlive_wire::run_steps::RunSteps;
use outlive_wire::story::Story;
use outlive_wire::timeline::Timeline;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::exports::ExportError;
use super::lost_data::{LostData, recovery_of};
use super::operations::{Operations, in_progress, outlook};
use super::snapshots::SnapshotError;
use super::store::TenantStore;
use crate::conductor::{ConductError, Conductor, TenantTime};
use crate::http::CallError;
use crate::maker::MakerError;
use crate::run_steps;
use crate::seed::Seed;
use crate::services::{LabSurface, Service};
use crate::story;
use crate::timeline::{self, Range};
use crate::why::{self, Possible, Why};

/// Configuration of the registry.
#[derive(Clone, Debug)]
pub struct TenantsConfig {
    /// The available seeds; the first is the default one.
    pub seeds: Vec<Seed>,
    /// The default revocation table of new tenants.
    pub rules: String,
    /// The internal origin of this lab, for scenarios that it runs itself.
    pub own_url: String,
}

/// A failed operation on a tenant.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TenantError {
    /// There is no such tenant.
    #[error("There is no tenant {0}; GET /lab/tenants lists them.")]
    Unknown(TenantId),
    /// There is no such seed.
    #[error("There is no seed '{name}'; this lab has: {known}.")]
    UnknownSeed {
        /// The requested name.
        name: String,
        /// The available seeds.
        known: String,
    },
    /// The overlay does not fit the seed, or the identity provider rejects it.
    #[error("{0}")]
    Overlay(String),
    /// There is no such event, or a detail of it is missing or unknown.
    #[error("{0}")]
    Event(String),
    /// The user is deleted.
    #[error("The user {0} is deleted.")]
    UserDeleted(String),
    /// An event was begun under this id, and whether it happened is not known.
    #[error(
        "An event with the id '{0}' was requested before, and the lab ended or a service failed before the answer. The journal shows whether it happened; under another id it is raised again."
    )]
    EventUndecided(String),
    /// There is no such connection, or it cannot be fixed in this way.
    #[error("{0}")]
    Connection(String),
    /// The flow's owner or another user is not known.
    #[error("{0}")]
    Flow(String),
    /// A reset was begun and is not complete.
    #[error("{}. The reset is completed when all services answer.", .cause.to_string().trim_end_matches('.'))]
    NotReset {
        /// Why it is not complete.
        cause: Box<TenantError>,
    },
    /// A snapshot was not taken or not restored.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A tenant was not exported or not imported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A restore was begun and is not complete.
    #[error("{}. The restore is completed when all services answer.", .cause.to_string().trim_end_matches('.'))]
    NotRestored {
        /// Why it is not complete.
        cause: Box<TenantError>,
    },
    /// The tenant was started over during an operation on its clock.
    #[error("Tenant {0} was started over meanwhile; its clock is as at its creation.")]
    StartedOver(TenantId),
    /// The portal failed, on behalf of a connection's owner.
    #[error(transparent)]
    Maker(Box<MakerError>),
    /// A service rejected a request, or did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// This service rejected a request, or did not answer.
    #[error("{}", .cause.of_service(*.service))]
    Service { service: Service, cause: CallError },
    /// The seed's connections or flows cannot be created.
    #[error("the tenant's connections and flows cannot be created: {0}")]
    Layout(Box<MakerError>),
    /// Time cannot be moved; nothing has changed.
    #[error(transparent)]
    Conduct(#[from] ConductError),
    /// A change of time was ended before its target. All clocks agree and run as before.
    #[error("{}. The operation was ended at {at}.", sentence(.cause))]
    EndedEarly {
        /// The virtual instant at which it was ended.
        at: Instant,
        /// Why.
        cause: ConductError,
    },
    /// A request froze the clock during an advance. All clocks agree and are stopped.
    #[error("The advance was ended at {at}: a request froze the clock ({{\"run\": 0}}).")]
    Frozen {
        /// The virtual instant at which it was ended.
        at: Instant,
    },
    /// A service does not have the tenant.
    #[error("The {service} service does not have tenant {tenant}, which this lab created in it. {}.", recovery_of(*.service))]
    Incomplete { tenant: TenantId, service: Service },
    /// Another replica ended the operation, because this one did not respond for long.
    #[error(
        "Another replica of the lab ended the operation on tenant {0}: this one did not renew its lease. GET …/clock shows how far it went."
    )]
    TakenOver(TenantId),
    /// Another operation on the tenant's clock is in progress.
    #[error("{}", in_progress(.0))]
    Busy(Box<OperationDetails>),
    /// An operation was interrupted, and cannot be ended yet.
    #[error("{}. {}.", sentence(.cause), outlook(*.kind, *.at))]
    Unfinished {
        /// What was interrupted.
        kind: OperationKind,
        /// The virtual instant that an advance had reached.
        at: Option<Instant>,
        /// Why it cannot be ended yet.
        cause: ConductError,
    },
    /// The lab's own database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the cause without its period, for use within a sentence.
fn sentence(cause: &ConductError) -> String {
    cause.to_string().trim_end_matches('.').to_owned()
}

/// The tenants of this lab. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tenants {
    surface: LabSurface,
    chassis: Chassis,
    store: TenantStore,
    seeds: Arc<BTreeMap<String, Seed>>,
    default_seed: Arc<str>,
    rules: Arc<str>,
    own_url: Arc<str>,
    operations: Arc<Operations>,
    lost: Arc<Mutex<BTreeMap<Service, LostData>>>,
    /// Serializes executions of the matrix.
    matrix: Arc<tokio::sync::Mutex<()>>,
    /// The place of an execution, which is free again when all that it created is deleted.
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Tenants {
    /// Creates the registry of a lab.
    pub fn new(chassis: Chassis, surface: LabSurface, config: TenantsConfig) -> Self {
        let default_seed =
            config.seeds.first().map(|seed| seed.file.seed.as_str()).unwrap_or_default().into();
        let seeds = config.seeds.into_iter().map(|seed| (seed.file.seed.clone(), seed)).collect();
        Self {
            surface,
            store: TenantStore::new(chassis.clone()),
            operations: Arc::new(Operations::new(chassis.clone())),
            chassis,
            seeds: Arc::new(seeds),
            default_seed,
            rules: config.rules.into(),
            own_url: config.own_url.into(),
            lost: Arc::default(),
            matrix: Arc::default(),
            _place: None,
        }
    }

    /// Returns the lab surface of the services.
    pub const fn surface(&self) -> &LabSurface {
        &self.surface
    }

    /// Returns the default rules of new tenants.
    pub fn rules(&self) -> &str {
        &self.rules
    }

    /// Returns the internal origin of this lab.
    pub(crate) fn own_url(&self) -> &str {
        &self.own_url
    }

    /// Returns the seeds of this lab, the default one first.
    pub(crate) fn seeds(&self) -> Vec<Seed> {
        let default = self.seeds.get(&*self.default_seed);
        let others = self.seeds.iter().filter(|(name, _)| ***name != *self.default_seed);
        default.into_iter().chain(others.map(|(_, seed)| seed)).cloned().collect()
    }

    pub fn random(&self, tenant: TenantId) -> Randomness {
        self.chassis.random.of(tenant)
    }

    /// The same tenants, for work that has a place among a few: all clones keep the place.
    pub(crate) fn keeping(&self, place: OwnedSemaphorePermit) -> Self {
        Self { _place: Some(Arc::new(place)), ..self.clone() }
    }

    /// Waits for the right to execute a matrix.
    pub(crate) async fn matrix_turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.matrix).lock_owned().await
    }

    pub(super) fn seed(&self, name: Option<&str>) -> Result<&Seed, TenantError> {
        let name = name.unwrap_or(&self.default_seed);
        self.seeds.get(name).ok_or_else(|| TenantError::UnknownSeed {
            name: name.chars().take(80).collect(),
            known: self.seeds.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    pub(crate) const fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    pub(super) const fn store(&self) -> &TenantStore {
        &self.store
    }

    pub(super) fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Returns the data that services have lost.
    pub(super) fn lost(&self) -> MutexGuard<'_, BTreeMap<Service, LostData>> {
        self.lost.lock()
    }

    /// Returns the id of this lab, with which services mark its tenants.
    pub(super) async fn installation(&self) -> Result<String, StoreError> {
        self.store.installation().await
    }

    /// Whether this lab begins nothing more.
    pub(crate) fn is_stopping(&self) -> bool {
        self.operations.is_stopping()
    }

    /// Ends every operation in progress after its current step. The caller bounds the wait.
    pub async fn stop(&self) {
        self.operations.stop().await;
    }

    /// Returns the tenant credentials.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or a failing database.
    pub async fn credentials(&self, tenant: TenantId) -> Result<TenantCredentials, TenantError> {
        self.store.read(tenant).await?.ok_or(TenantError::Unknown(tenant))
    }

    /// Lists all tenants with their domains.
    ///
    /// # Errors
    /// A failing database.
    pub async fn list(&self) -> Result<Vec<(TenantId, String)>, TenantError> {
        Ok(self.store.list().await?)
    }

    /// Lists the tenants that are being deleted.
    pub(crate) async fn deletions(&self) -> Result<Vec<TenantId>, TenantError> {
        Ok(self.operations.of_kind(OperationKind::Delete).await?)
    }

    /// Whether an operation on a tenant is in progress.
    pub(crate) async fn is_in_operation(&self, tenant: TenantId) -> Result<bool, TenantError> {
        Ok(self.operations.current(tenant).await?.is_some())
    }

    /// Lists the tenants that are being started over.
    pub(super) async fn resets(&self) -> Result<Vec<TenantId>, TenantError> {
        Ok(self.operations.of_kind(OperationKind::Reset).await?)
    }

    /// Returns a tenant's time, and the operation in progress if there is one, without waiting for
    /// it.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or no service answered.
    pub async fn time(
        &self,
        tenant: TenantId,
    ) -> Result<(TenantTime, Option<OperationDetails>), TenantError> {
        self.credentials(tenant).await?;
        let operation = self.operations.current(tenant).await?;
        let time = Conductor::new(self.surface.tenant(tenant, None)).state().await?;
        Ok((time, operation))
    }

    /// Returns the e-mails that the services would have sent to a tenant's users, newest first.
    ///
    /// # Errors
    /// An unknown tenant, or a service did not answer.
    pub async fn outbox(&self, tenant: TenantId) -> Result<Value, TenantError> {
        self.credentials(tenant).await?;
        let mut messages = self.surface.outbox(Service::Idp, tenant).await?;
        messages.extend(self.surface.outbox(Service::Flow, tenant).await?);
        // Stable: each service lists those of the same instant newest first.
        let sent = |message: &Value| message["at"].as_str().and_then(|at| at.parse::<Instant>().ok());
        messages.sort_by_key(|message| Reverse(sent(message)));
        Ok(json!({ "messages": messages }))
    }

    /// Explains a token, code, cookie, connection or run, and what an event would do to it; `None`
    /// if it is unknown.
    ///
    /// # Errors
    /// An unknown tenant, or a service did not answer.
    pub(crate) async fn why(
        &self,
        tenant: TenantId,
        id: &str,
        event: Option<Possible>,
    ) -> Result<Option<Why>, TenantError> {
        self.credentials(tenant).await?;
        Ok(why::explain(&self.surface, tenant, id, event).await?)
    }

    /// Returns what the services sent each other in a run; `None` if its name is unknown.
    ///
    /// # Errors
    /// An unknown tenant, or the flow service did not answer.
    pub async fn run_steps(&self, tenant: TenantId, run: &str) -> Result<Option<RunSteps>, TenantError> {
        let now = self.time(tenant).await?.0.now;
        Ok(run_steps::read(&self.surface, tenant, now, run).await?)
    }

    /// Tells which credentials of the tenant's main user are alive and why, and which flows run.
    /// Returns `None` for a tenant without users.
    ///
    /// # Errors
    /// An unknown tenant, or the service of its clock did not answer.
    pub async fn story(&self, tenant: TenantId) -> Result<Option<Story>, TenantError> {
        let credentials = self.credentials(tenant).await?;
        let now = self.time(tenant).await?.0.now;
        Ok(story::tell(&self.surface, &credentials, now).await)
    }

    /// Returns what happened to the credentials of the tenant's main user and to its flows, from
    /// the first instant until the second, or until now. Returns `None` for a tenant without users.
    ///
    /// # Errors
    /// An unknown tenant, or the service of its clock did not answer.
    pub async fn timeline(
        &self,
        tenant: TenantId,
        length: Span,
        until: Option<Instant>,
    ) -> Result<Option<Timeline>, TenantError> {
        let credentials = self.credentials(tenant).await?;
        let now = self.time(tenant).await?.0.now;
        let until = until.unwrap_or(now);
        let range = Range { from: until - length, until };
        Ok(timeline::read(&self.surface, &credentials, now, range).await)
    }
}
