//! The tenants this lab has made.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use outlive_chassis::Chassis;
use outlive_clock::{Instant, Randomness, Speed, TenantId, wall_now};
use outlive_store::StoreError;
use serde_json::Value;

use super::layout::lay_out;
use super::store::HandoutStore;
use super::{Handout, Urls};
use crate::conductor::{ConductError, Conductor};
use crate::http::CallError;
use crate::maker::MakerError;
use crate::seed::{DrawnSecrets, Seed, TenantPlan, draw_password};
use crate::services::{ClockChange, LabSurface, Service, TenantSurface};
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
    /// The seed's connections or flows could not be made.
    #[error("the tenant's connections and flows cannot be laid out: {0}")]
    Layout(Box<MakerError>),
    /// Time could not be moved.
    #[error(transparent)]
    Conduct(#[from] ConductError),
    /// The lab's own database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    /// One mover of a tenant's time at a time.
    moving: Arc<Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>>,
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
            chassis,
            seeds: Arc::new(seeds),
            default_seed,
            rules: config.rules.into(),
            moving: Arc::default(),
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

    fn seed(&self, name: Option<&str>) -> Result<&Seed, TenantError> {
        let name = name.unwrap_or(&self.default_seed);
        self.seeds.get(name).ok_or_else(|| TenantError::UnknownSeed {
            name: name.chars().take(80).collect(),
            known: self.seeds.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// Makes a tenant in every service; if any part fails, nothing of it stays.
    ///
    /// # Errors
    /// An unknown seed, or a service that refused.
    pub async fn create(&self, new: NewTenant) -> Result<Handout, TenantError> {
        let seed = self.seed(new.seed.as_deref())?;
        let tenant =
            new.id.unwrap_or_else(|| TenantId::generate(&mut self.chassis.random.stream("tenant-id")));
        let random = self.chassis.random.of(tenant);
        let secrets = DrawnSecrets::draw(&seed.file, &random);
        let rules = new.rules.as_deref().unwrap_or(&self.rules);
        let urls = Urls::of(self.surface.origins());
        let resource = &self.surface.origins().resource.server;
        let plan = TenantPlan::draw(seed, tenant, new.name, rules, &secrets, &urls.hub, resource);
        let handout = Handout::of(&plan, rules, new.bare, urls);
        // All services start from one instant, whatever the time between the calls.
        let now = new.now.unwrap_or_else(wall_now);
        let clock = ClockChange {
            now: Some(now),
            speed: Some(new.speed.unwrap_or(Speed::REAL)),
            wall: Some(wall_now()),
            step: false,
        };
        let result = self.create_everywhere(&plan, &handout, clock, new.bare, now).await;
        if let Err(error) = result {
            if !matches!(&error, TenantError::Call(call) if call.status == Some(409)) {
                self.delete_everywhere(tenant).await?;
            }
            return Err(error);
        }
        Ok(handout)
    }

    async fn create_everywhere(
        &self,
        plan: &TenantPlan,
        handout: &Handout,
        clock: ClockChange,
        bare: bool,
        now: Instant,
    ) -> Result<(), TenantError> {
        let tenant = plan.tenant;
        let specs = [&plan.idp, &plan.hub, &plan.resource, &plan.flow];
        let creations = Service::ALL
            .into_iter()
            .zip(specs)
            .map(|(service, spec)| self.surface.create_tenant(service, tenant, clock, spec));
        // All answers are waited for: a creation still under way could outlive the removal of a half-made tenant.
        for created in join_all(creations).await {
            created?;
        }
        if !bare {
            let random = self.chassis.random.of(tenant);
            let laid_out = lay_out(self.surface.http(), plan, handout, &random, now).await;
            laid_out.map_err(|error| TenantError::Layout(Box::new(error)))?;
        }
        self.handouts.insert(tenant, handout).await?;
        Ok(())
    }

    async fn delete_everywhere(&self, tenant: TenantId) -> Result<(), TenantError> {
        let deletions = Service::ALL.map(|service| self.surface.delete_tenant(service, tenant));
        for deleted in join_all(deletions).await {
            deleted?;
        }
        self.chassis.random.of(tenant).forget();
        Ok(())
    }

    /// Makes the default seed's own tenant if this lab has not made it completely before.
    ///
    /// # Errors
    /// As [`Tenants::create`].
    pub async fn ensure_default(&self) -> Result<(), TenantError> {
        let seed = self.seed(None)?;
        let id = seed.file.tenant.id;
        if self.handouts.read(id).await?.is_some() {
            return Ok(());
        }
        // A start that was cut off may have left parts of it.
        self.delete_everywhere(id).await?;
        self.create(NewTenant { id: Some(id), ..NewTenant::default() }).await.map(drop)
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

    /// Removes a tenant with all its data in every service.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or a service that refused: then it can be tried again.
    pub async fn delete(&self, tenant: TenantId) -> Result<(), TenantError> {
        if self.handouts.read(tenant).await?.is_none() {
            return Err(TenantError::Unknown(tenant));
        }
        self.delete_everywhere(tenant).await?;
        self.handouts.delete(tenant).await?;
        self.moving.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        Ok(())
    }

    /// The conductor of a tenant's time, and the turn to use it: whoever holds the turn moves time alone.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or a failing database.
    pub async fn conductor(
        &self,
        tenant: TenantId,
    ) -> Result<(Conductor<TenantSurface>, tokio::sync::OwnedMutexGuard<()>), TenantError> {
        self.handout(tenant).await?;
        let turn = {
            let mut moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(moving.entry(tenant).or_default())
        };
        Ok((Conductor::new(self.surface.tenant(tenant)), turn.lock_owned().await))
    }

    /// Lets an event happen. One that sets a password and brings none gets one drawn; the hand-out tells it from then on.
    ///
    /// # Errors
    /// An unknown tenant, or a service that refused.
    pub async fn raise(&self, tenant: TenantId, mut event: Value) -> Result<Value, TenantError> {
        let (_conductor, _turn) = self.conductor(tenant).await?;
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
        let told = crate::events::raise(&self.surface, tenant, &event).await?;
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
        let mut handout = self.handout(tenant).await?;
        if let Some(user) = handout.users.iter_mut().find(|user| user.upn == who || user.id == who) {
            password.clone_into(&mut user.password);
            self.handouts.update(tenant, &handout).await?;
        }
        Ok(())
    }
}
