//! The clocks of all tenants of a service.

use std::collections::HashMap;
use std::sync::Arc;

use outlive_clock::{Instant, Speed, TenantId, VirtualClock, wall_now};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::ClockChange;
use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::faults::FaultRevisions;
use crate::{CarriedTime, ClockReading, Turn, date};

/// A clock could not be read or set.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClockError {
    /// The tenant does not exist in this service.
    #[error("there is no tenant {0} here")]
    UnknownTenant(TenantId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A clock was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ClockChangeError {
    /// The change is for an earlier incarnation of the tenant.
    #[error("tenant {0} was started over since")]
    StartedOver(TenantId),
    /// There is no such clock, or the database failed.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl ClockChangeError {
    pub(crate) const fn is_unknown_tenant(&self) -> bool {
        matches!(self, Self::Clock(ClockError::UnknownTenant(_)))
    }
}

impl From<StoreError> for ClockChangeError {
    fn from(error: StoreError) -> Self {
        Self::Clock(error.into())
    }
}

/// The clocks of all tenants of a service. Cheap to clone.
///
/// A clock is a row of the database. It is cached if only this process can change it. Replicas that
/// share a database read it every time, so that all show the same time.
#[derive(Debug, Clone)]
pub struct Clocks {
    store: Store,
    remembered: Arc<RwLock<HashMap<TenantId, Incarnated>>>,
    setting: Arc<tokio::sync::Mutex<()>>,
    changed: Arc<Notify>,
    fault_revisions: FaultRevisions,
}

/// A clock, and when (wall time) the creation of its tenant began.
#[derive(Debug, Clone, Copy)]
struct Incarnated {
    clock: VirtualClock,
    incarnation: Instant,
}

impl Incarnated {
    /// What the clock shows at a wall instant before it was read.
    fn reading(&self, wall: Instant) -> ClockReading {
        let Self { clock, incarnation } = *self;
        ClockReading { now: clock.at(wall), incarnation, is_frozen: clock.speed().is_frozen() }
    }

    /// Checks that a change is meant for this data of the tenant.
    fn check(&self, tenant: TenantId, meant: Option<Instant>) -> Result<(), ClockChangeError> {
        match meant {
            Some(meant) if meant != self.incarnation => Err(ClockChangeError::StartedOver(tenant)),
            _ => Ok(()),
        }
    }
}

impl Clocks {
    pub(crate) async fn open(store: Store) -> Result<Self, StoreError> {
        let clocks = Self {
            store,
            remembered: Arc::default(),
            setting: Arc::default(),
            changed: Arc::default(),
            fault_revisions: FaultRevisions::default(),
        };
        let all = clocks.read_all().await?;
        *clocks.remembered.write() = all.into_iter().collect();
        Ok(clocks)
    }

    /// Returns the tenant's current virtual time.
    ///
    /// # Errors
    /// [`ClockError::UnknownTenant`], or a database error.
    pub async fn now(&self, tenant: TenantId) -> Result<Instant, ClockError> {
        // Before the clock is read: nothing that is read of a running clock is later than the
        // commit that stops it.
        let wall = wall_now();
        Ok(self.clock(tenant).await?.at(wall))
    }

    /// Returns the tenant's clock.
    ///
    /// # Errors
    /// As [`Clocks::now`].
    pub async fn clock(&self, tenant: TenantId) -> Result<VirtualClock, ClockError> {
        Ok(self.read_and_note(tenant).await?.clock)
    }

    /// Returns what the tenant's clock shows, for work whose calls carry it.
    ///
    /// # Errors
    /// As [`Clocks::now`].
    pub async fn reading(&self, tenant: TenantId) -> Result<ClockReading, ClockError> {
        // As in [`Clocks::now`].
        let wall = wall_now();
        Ok(self.read_and_note(tenant).await?.reading(wall))
    }

    pub(crate) async fn turn(&self, tenant: TenantId) -> Result<Turn, ClockError> {
        // As in [`Clocks::now`].
        let wall = wall_now();
        let Incarnated { clock, incarnation } = self.read_and_note(tenant).await?;
        Ok(Turn::of(&clock, incarnation, wall))
    }

    async fn read_and_note(&self, tenant: TenantId) -> Result<Incarnated, ClockError> {
        let read = self.read(tenant).await?;
        date::note(tenant, read.clock.at(wall_now()));
        Ok(read)
    }

    /// Checks that a call of the lab is meant for the present data of the tenant.
    pub(crate) async fn check(
        &self,
        tenant: TenantId,
        meant: Option<Instant>,
    ) -> Result<(), ClockChangeError> {
        self.read(tenant).await?.check(tenant, meant)
    }

    /// Checks that the data of the tenant is not newer than this incarnation.
    pub(crate) async fn check_until(
        &self,
        tenant: TenantId,
        until: Option<Instant>,
    ) -> Result<(), ClockChangeError> {
        let present = self.read(tenant).await?;
        if until.is_some_and(|until| present.incarnation > until) {
            return Err(ClockChangeError::StartedOver(tenant));
        }
        Ok(())
    }

    async fn read(&self, tenant: TenantId) -> Result<Incarnated, ClockError> {
        if self.store.is_exclusive() {
            let remembered = self.remembered.read();
            return remembered.get(&tenant).copied().ok_or(ClockError::UnknownTenant(tenant));
        }
        let row = self
            .store
            .row(sql!(
                "SELECT tenant, shows_us, wall_us, speed, incarnation_us FROM clocks WHERE tenant = $1",
                tenant
            ))
            .await?
            .ok_or(ClockError::UnknownTenant(tenant))?;
        Ok(clock_of(&row)?.1)
    }

    /// Returns all tenants with their clocks.
    ///
    /// # Errors
    /// A database error.
    pub async fn all(&self) -> Result<Vec<(TenantId, VirtualClock)>, StoreError> {
        if self.store.is_exclusive() {
            let remembered = self.remembered.read();
            return Ok(remembered.iter().map(|(tenant, one)| (*tenant, one.clock)).collect());
        }
        let all = self.read_all().await?;
        Ok(all.into_iter().map(|(tenant, one)| (tenant, one.clock)).collect())
    }

    async fn read_all(&self) -> Result<Vec<(TenantId, Incarnated)>, StoreError> {
        let begun = wall_now();
        let rows = self
            .store
            .rows(sql!(
                "SELECT tenant, shows_us, wall_us, speed, incarnation_us, faults FROM clocks ORDER BY tenant"
            ))
            .await?;
        let clocks = rows.iter().map(clock_of).collect::<Result<Vec<_>, _>>()?;
        let revisions = rows.iter().zip(&clocks).map(|(row, (tenant, _))| Ok((*tenant, row.int("faults")?)));
        self.fault_revisions.replace(revisions.collect::<Result<Vec<_>, StoreError>>()?, begun);
        Ok(clocks)
    }

    /// The revisions of the tenants' faults, which are stored with the clocks.
    pub(crate) fn fault_revisions(&self) -> FaultRevisions {
        self.fault_revisions.clone()
    }

    /// Sets the time of a clock, its speed, or both. `wall` is the wall instant at which it shows
    /// `now`: with the same instant, the running clocks of all services agree to the microsecond. A
    /// `step` is one of many, cached immediately and made durable with the next commit. Returns
    /// `Ok(None)` without a change if time would go back.
    pub(crate) async fn set(
        &self,
        tenant: TenantId,
        setting: ClockChange,
    ) -> Result<Option<VirtualClock>, ClockChangeError> {
        // A step of a clock that does not stop changes nothing before its last await, so its caller
        // may be canceled.
        if setting.step && setting.speed.is_none() && self.store.is_exclusive() {
            return Box::pin(self.set_to_completion(tenant, setting)).await;
        }
        let clocks = self.clone();
        // In its own task, so that cache and database stay consistent even if the caller is
        // canceled.
        let set = tokio::spawn(async move { clocks.set_to_completion(tenant, setting).await });
        set.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string()).into()))
    }

    /// Sets a frozen clock to a later instant that a call carries. A tenant that is unknown here is
    /// left to the handler of the call, and so is the instant of another incarnation: it was under
    /// way while the tenant was started over.
    pub(crate) async fn catch_up(
        &self,
        CarriedTime { tenant, incarnation: meant, now, .. }: CarriedTime,
    ) -> Result<(), ClockError> {
        let Some(now) = now else { return Ok(()) };
        let clock = match self.read(tenant).await {
            Ok(Incarnated { incarnation, .. }) if incarnation != meant => return Ok(()),
            Ok(Incarnated { clock, .. }) => clock,
            Err(ClockError::UnknownTenant(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if clock.speed().is_frozen() && clock.shows() < now {
            let incarnation = Some(meant);
            let change = ClockChange { now: Some(now), step: true, incarnation, ..ClockChange::default() };
            match self.set(tenant, change).await {
                Err(ClockChangeError::Clock(error)) => return Err(error),
                // The tenant was started over since the clock was read.
                Ok(_) | Err(ClockChangeError::StartedOver(_)) => {}
            }
        }
        Ok(())
    }

    async fn set_to_completion(
        &self,
        tenant: TenantId,
        setting: ClockChange,
    ) -> Result<Option<VirtualClock>, ClockChangeError> {
        let ClockChange { mut now, speed, wall: anchor, step, incarnation: meant } = setting;
        let _one_at_a_time = self.setting.lock().await;
        let mut has_stopped = false;
        loop {
            let present = self.read(tenant).await?;
            present.check(tenant, meant)?;
            let Incarnated { clock, incarnation } = present;
            let wall = wall_now();
            let speed = speed.unwrap_or(clock.speed());
            let mut next = match now {
                Some(now) => VirtualClock::new(now, anchor.map_or(wall, |anchor| anchor.min(wall)), speed),
                None => VirtualClock::new(clock.at(wall), wall, speed),
            };
            if next.at(wall) < clock.at(wall) {
                return Ok(has_stopped.then_some(clock));
            }
            let stops = next.speed().is_frozen() && !clock.speed().is_frozen();
            // What others read meanwhile must not be later than what is stored.
            if stops && self.store.is_exclusive() {
                self.remember_step(tenant, Incarnated { clock: next, incarnation })?;
                next = VirtualClock::new(clock.at(wall_now()).max(next.shows()), wall, speed);
                self.remember_step(tenant, Incarnated { clock: next, incarnation })?;
            }
            // Another replica may have set the clock since it was read: then it is read again, or
            // time could go back. Without replicas, the cached value is authoritative: a step whose
            // write failed leaves an older row.
            let update = if self.store.is_exclusive() {
                sql!(
                    "UPDATE clocks SET shows_us = $1, wall_us = $2, speed = $3 \
                     WHERE tenant = $4 AND incarnation_us = $5",
                    next.shows(),
                    next.wall(),
                    next.speed().factor(),
                    tenant,
                    incarnation
                )
            } else {
                sql!(
                    "UPDATE clocks SET shows_us = $1, wall_us = $2, speed = $3 \
                     WHERE tenant = $4 AND incarnation_us = $5 AND shows_us = $6 AND wall_us = $7 \
                     AND speed = $8",
                    next.shows(),
                    next.wall(),
                    next.speed().factor(),
                    tenant,
                    incarnation,
                    clock.shows(),
                    clock.wall(),
                    clock.speed().factor()
                )
            };
            if step && self.store.is_exclusive() {
                self.store.commit_soon(format!("clock {tenant}"), update.uncached()).await?;
                self.remember_step(tenant, Incarnated { clock: next, incarnation })?;
                return Ok(Some(next));
            }
            match self.store.commit(update.expect_rows(1)).await {
                // Replicas have read the running clock until now.
                Ok(()) if stops && !self.store.is_exclusive() => {
                    (now, has_stopped) = (Some(clock.at(wall_now()).max(next.shows())), true);
                }
                Ok(()) => {
                    let next = Incarnated { clock: next, incarnation };
                    // With replicas, what this one remembers is not read.
                    if self.store.is_exclusive() {
                        self.remember_step(tenant, next)?;
                    }
                    self.announce(tenant, next.clock);
                    return Ok(Some(next.clock));
                }
                Err(error) if error.is_conflict() && !self.store.is_exclusive() => {}
                Err(error) if error.is_conflict() => return Err(ClockError::UnknownTenant(tenant).into()),
                Err(error) => {
                    if stops && self.store.is_exclusive() {
                        let clock = VirtualClock::new(next.shows(), wall_now(), clock.speed());
                        self.remember_step(tenant, Incarnated { clock, incarnation })?;
                    }
                    return Err(error.into());
                }
            }
        }
    }

    /// Returns the statement that inserts a tenant's clock; it conflicts if the tenant exists. Call
    /// [`Clocks::remember`] after the commit. `lab` identifies the creating lab.
    pub(crate) fn insert(
        tenant: TenantId,
        clock: &VirtualClock,
        incarnation: Instant,
        lab: &str,
    ) -> Statement {
        sql!(
            "INSERT INTO clocks (tenant, shows_us, wall_us, speed, incarnation_us, lab) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            tenant,
            clock.shows(),
            clock.wall(),
            clock.speed().factor(),
            incarnation,
            lab
        )
    }

    /// Returns the statement that deletes a tenant's clock, if it is not newer than this
    /// incarnation; a conflict otherwise. Call [`Clocks::forget`] after the commit.
    pub(crate) fn delete(tenant: TenantId, until: Option<Instant>) -> Statement {
        let last = until.unwrap_or(Instant::from_micros(i64::MAX));
        sql!("DELETE FROM clocks WHERE tenant = $1 AND incarnation_us <= $2", tenant, last).expect_rows(1)
    }

    /// Returns the tenants that a lab created.
    pub(crate) async fn created_by(&self, lab: &str) -> Result<Vec<TenantId>, StoreError> {
        let rows = self.store.rows(sql!("SELECT tenant FROM clocks WHERE lab = $1", lab)).await?;
        rows.iter().map(|row| row.parse("tenant")).collect()
    }

    /// Remembers a step of a clock, unless the tenant was deleted or started over meanwhile.
    fn remember_step(&self, tenant: TenantId, stepped: Incarnated) -> Result<(), ClockChangeError> {
        let mut remembered = self.remembered.write();
        let present = remembered.get_mut(&tenant).ok_or(ClockError::UnknownTenant(tenant))?;
        present.check(tenant, Some(stepped.incarnation))?;
        *present = stepped;
        Ok(())
    }

    pub(crate) fn remember(&self, tenant: TenantId, clock: VirtualClock, incarnation: Instant) {
        self.remembered.write().insert(tenant, Incarnated { clock, incarnation });
        self.announce(tenant, clock);
    }

    fn announce(&self, tenant: TenantId, clock: VirtualClock) {
        date::note(tenant, clock.at(wall_now()));
        if !clock.speed().is_frozen() {
            self.changed.notify_one();
        }
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.remembered.write().remove(&tenant);
    }

    /// Notified whenever a running clock is set.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}

fn clock_of(row: &Row) -> Result<(TenantId, Incarnated), StoreError> {
    let speed = u32::try_from(row.int("speed")?).unwrap_or(0);
    let clock = VirtualClock::new(row.instant("shows_us")?, row.instant("wall_us")?, Speed::times(speed));
    Ok((row.parse("tenant")?, Incarnated { clock, incarnation: row.instant("incarnation_us")? }))
}
