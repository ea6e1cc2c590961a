//! The tenants this lab has made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlive_chassis::Chassis;
use outlive_clock::{Instant, Randomness, Speed, TenantId};
use outlive_store::StoreError;
use serde_json::Value;

use super::Handout;
use super::lost_data::{LostData, recovery_of};
use super::operations::{OperationDetails, OperationKind, Operations, in_progress, outlook};
use super::store::HandoutStore;
use crate::conductor::{ConductError, Conductor, Target, TenantTime};
use crate::http::CallError;
use crate::maker::MakerError;
use crate::seed::{Seed, draw_password};
use crate::services::{LabSurface, Service};
use crate::why::{self, Why};

/// What the registry needs to know besides its chassis.
#[derive(Clone, Debug)]
pub struct TenantsConfig {
    /// The seeds tenants can be made from; the first is the default one.
    pub seeds: Vec<Seed>,
    /// The table of new tenants, unless they ask for another.
    pub rules: String,
}

/// A tenant to be made.
#[derive(Clone, Debug, Default)]
pub struct NewTenant {
    /// Its id; drawn if absent.
    pub id: Option<TenantId>,
    /// Its display name; the seed's if absent.
    pub name: Option<String>,
    /// The seed's name; the default seed if absent.
    pub seed: Option<String>,
    /// The table it lives by; the lab's default if absent.
    pub rules: Option<String>,
    /// Where its time starts; wall time if absent.
    pub now: Option<Instant>,
    /// How fast its time runs; as wall time if absent.
    pub speed: Option<Speed>,
    /// Whether to leave out the seed's connections and flows.
    pub bare: bool,
}

/// A tenant could not be made, found, moved or removed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TenantError {
    /// There is no such tenant.
    #[error("There is no tenant {0}; GET /lab/tenants lists them.")]
    Unknown(TenantId),
    /// There is no such seed.
    #[error("There is no seed '{name}'; this lab has: {known}.")]
    UnknownSeed {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A service refused or did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// This service refused or did not answer.
    #[error("{}", .cause.of_service(*.service))]
    Service {
        /// The service.
        service: Service,
        /// What it answered, or why there is no answer.
        cause: CallError,
    },
    /// The seed's connections or flows could not be made.
    #[error("the tenant's connections and flows cannot be laid out: {0}")]
    Layout(Box<MakerError>),
    /// Time could not be moved; nothing began.
    #[error(transparent)]
    Conduct(#[from] ConductError),
    /// A change of time was ended before its target; all clocks agree, and time runs on as before.
    #[error("{}. The operation was ended at {at}.", sentence(.cause))]
    EndedEarly {
        /// The virtual instant at which it was ended.
        at: Instant,
        /// Why.
        cause: ConductError,
    },
    /// A request froze the clock while it was moved; all clocks agree, and stand still.
    #[error("The advance was ended at {at}: a request froze the clock ({{\"run\": 0}}).")]
    Frozen {
        /// The virtual instant at which it was ended.
        at: Instant,
    },
    /// A service does not have the tenant.
    #[error("The {service} service does not have tenant {tenant}, which this lab created in it. {}.", recovery_of(*.service))]
    Incomplete {
        /// The tenant.
        tenant: TenantId,
        /// The service.
        service: Service,
    },
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

/// A cause that another sentence follows.
fn sentence(cause: &ConductError) -> String {
    cause.to_string().trim_end_matches('.').to_owned()
}

/// The tenants of this lab. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tenants {
    surface: LabSurface,
    chassis: Chassis,
    handouts: HandoutStore,
    seeds: Arc<BTreeMap<String, Seed>>,
    default_seed: Arc<str>,
    rules: Arc<str>,
    operations: Arc<Operations>,
    lost: Arc<Mutex<BTreeMap<Service, LostData>>>,
    /// One matrix at a time.
    matrix: Arc<tokio::sync::Mutex<()>>,
}

impl Tenants {
    /// The registry of the lab with this chassis, over these services.
    #[must_use]
    pub fn new(chassis: Chassis, surface: LabSurface, config: TenantsConfig) -> Self {
        let default_seed =
            config.seeds.first().map(|seed| seed.file.seed.as_str()).unwrap_or_default().into();
        let seeds = config.seeds.into_iter().map(|seed| (seed.file.seed.clone(), seed)).collect();
        Self {
            surface,
            handouts: HandoutStore::new(chassis.clone()),
            operations: Arc::new(Operations::new(chassis.clone())),
            chassis,
            seeds: Arc::new(seeds),
            default_seed,
            rules: config.rules.into(),
            lost: Arc::default(),
            matrix: Arc::default(),
        }
    }

    /// The services.
    #[must_use]
    pub const fn surface(&self) -> &LabSurface {
        &self.surface
    }

    /// The rules of new tenants, unless they ask for others.
    #[must_use]
    pub fn rules(&self) -> &str {
        &self.rules
    }

    /// Randomness for what is done in a tenant's name.
    #[must_use]
    pub fn random(&self, tenant: TenantId) -> Randomness {
        self.chassis.random.of(tenant)
    }

    /// The turn to execute a matrix.
    pub async fn matrix_turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.matrix).lock_owned().await
    }

    pub(super) fn seed(&self, name: Option<&str>) -> Result<&Seed, TenantError> {
        let name = name.unwrap_or(&self.default_seed);
        self.seeds.get(name).ok_or_else(|| TenantError::UnknownSeed {
            name: name.chars().take(80).collect(),
            known: self.seeds.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    pub(super) const fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    pub(super) const fn handouts(&self) -> &HandoutStore {
        &self.handouts
    }

    pub(super) fn operations(&self) -> &Operations {
        &self.operations
    }

    /// What services were found to have lost.
    pub(super) fn lost(&self) -> MutexGuard<'_, BTreeMap<Service, LostData>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id by which services know the tenants of this lab.
    pub(super) async fn installation(&self) -> Result<String, StoreError> {
        self.handouts.installation().await
    }

    /// Ends every operation under way after its present step. The caller bounds the wait.
    pub async fn stop(&self) {
        self.operations.stop().await;
    }

    /// A tenant's hand-out.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or a failing database.
    pub async fn handout(&self, tenant: TenantId) -> Result<Handout, TenantError> {
        self.handouts.read(tenant).await?.ok_or(TenantError::Unknown(tenant))
    }

    /// All tenants with their domains.
    ///
    /// # Errors
    /// A failing database.
    pub async fn list(&self) -> Result<Vec<(TenantId, String)>, TenantError> {
        Ok(self.handouts.list().await?)
    }

    /// The tenants that are being deleted: in no list, and not gone from every service yet.
    ///
    /// # Errors
    /// A failing database.
    pub async fn deletions(&self) -> Result<Vec<TenantId>, TenantError> {
        Ok(self.operations.deletions().await?)
    }

    /// A tenant's time, and the operation under way if there is one. Reading does not wait for it.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or no service answered.
    pub async fn time(
        &self,
        tenant: TenantId,
    ) -> Result<(TenantTime, Option<OperationDetails>), TenantError> {
        self.handout(tenant).await?;
        let operation = self.operations.current(tenant).await?;
        let time = Conductor::new(self.surface.tenant(tenant)).state().await?;
        Ok((time, operation))
    }

    /// Lets an event happen, one whole second later than now. One that sets a password and brings
    /// none gets one drawn; the hand-out tells it from then on.
    ///
    /// # Errors
    /// An unknown tenant, or a service that refused.
    pub async fn raise(&self, tenant: TenantId, mut event: Value) -> Result<Value, TenantError> {
        let clock = self.clock(tenant).await?;
        let sets_password = event
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|kind| matches!(kind, "password_change" | "sspr" | "admin_reset"));
        if sets_password && event.get("new_password").is_none_or(Value::is_null) {
            let drawn = draw_password(&mut self.chassis.random.of(tenant).stream("event-password"));
            if let Some(fields) = event.as_object_mut() {
                fields.insert("new_password".to_owned(), drawn.into());
            }
        }
        // Cut-offs have whole-second resolution (a grant issued within the same second survives).
        // An event raised by a script is meant to act on everything that was issued before it, so
        // time first moves to the next whole second.
        clock.advance(Target::NextWholeSecond, &|_| ()).await?;
        let told = self.surface.raise(tenant, &event).await?;
        if sets_password {
            self.learn_password(tenant, &event).await?;
        }
        Ok(told)
    }

    /// What the identity provider would have sent to a tenant's users by e-mail.
    ///
    /// # Errors
    /// An unknown tenant, or the identity provider did not answer.
    pub async fn outbox(&self, tenant: TenantId) -> Result<Value, TenantError> {
        self.handout(tenant).await?;
        Ok(self.surface.outbox(tenant).await?)
    }

    /// Explains a token, code, cookie, connection or run; `None` if nothing of that name is known.
    ///
    /// # Errors
    /// An unknown tenant, or a service did not answer.
    pub async fn why(&self, tenant: TenantId, id: &str) -> Result<Option<Why>, TenantError> {
        self.handout(tenant).await?;
        Ok(why::explain(&self.surface, tenant, id).await?)
    }

    async fn learn_password(&self, tenant: TenantId, event: &Value) -> Result<(), TenantError> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let (who, password) = (text("user"), text("new_password"));
        loop {
            let read = self.handouts.read_revision(tenant).await?;
            let (mut handout, revision) = read.ok_or(TenantError::Unknown(tenant))?;
            let Some(user) = handout.users.iter_mut().find(|user| user.upn == who || user.id == who) else {
                return Ok(());
            };
            password.clone_into(&mut user.password);
            match self.handouts.update(tenant, &handout, revision).await {
                // Another replica of the lab changed it at the same time: another user's password.
                Err(error) if error.is_conflict() => {}
                written => return Ok(written?),
            }
        }
    }
}
