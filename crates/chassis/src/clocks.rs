//! The clocks of all tenants of a service.

use std::collections::HashMap;
use std::sync::Arc;

use outlive_clock::{Instant, Speed, TenantId, VirtualClock, wall_now};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::ClockChange;
use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::faults::FaultRevisions;
use crate::{CarriedTime, date};

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

/// The clocks of all tenants of a service. Cheap to clone.
///
/// A clock is a row of the database. It is cached if only this process can change it. Replicas that
/// share a database read it every time, so that all show the same time.
#[derive(Debug, Clone)]
pub struct Clocks {
    store: Store,
    remembered: Arc<RwLock<HashMap<TenantId, VirtualClock>>>,
    setting: Arc<tokio::sync::Mutex<()>>,
    changed: Arc<Notify>,
    fault_revisions: FaultRevisions,
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
        Ok(self.clock(tenant).await?.at(wall_now()))
    }

    /// Returns the tenant's clock.
    ///
    /// # Errors
    /// As [`Clocks::now`].
    pub async fn clock(&self, tenant: TenantId) -> Result<VirtualClock, ClockError> {
        let clock = self.read(tenant).await?;
        date::note(tenant, clock.at(wall_now()));
        Ok(clock)
    }

    async fn read(&self, tenant: TenantId) -> Result<VirtualClock, ClockError> {
        if self.store.is_exclusive() {
            let remembered = self.remembered.read();
            return remembered.get(&tenant).copied().ok_or(ClockError::UnknownTenant(tenant));
        }
        let row = self
            .store
            .row(sql!("SELECT tenant, shows_us, wall_us, speed FROM clocks WHERE tenant = $1", tenant))
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
            return Ok(remembered.iter().map(|(tenant, clock)| (*tenant, *clock)).collect());
        }
        self.read_all().await
    }

    async fn read_all(&self) -> Result<Vec<(TenantId, VirtualClock)>, StoreError> {
        let begun = wall_now();
        let rows = self
            .store
            .rows(sql!("SELECT tenant, shows_us, wall_us, speed, faults FROM clocks ORDER BY tenant"))
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
    ) -> Result<Option<VirtualClock>, ClockError> {
        let clocks = self.clone();
        // In its own task, so that cache and database stay consistent even if the caller is
        // canceled.
        let set = tokio::spawn(async move { clocks.set_to_completion(tenant, setting).await });
        set.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string()).into()))
    }

    /// Sets a frozen clock to a later instant that a call carries. A tenant that is unknown here is
    /// left to the handler of the call.
    pub(crate) async fn catch_up(
        &self,
        CarriedTime { tenant, now, .. }: CarriedTime,
    ) -> Result<(), ClockError> {
        let clock = match self.read(tenant).await {
            Ok(clock) => clock,
            Err(ClockError::UnknownTenant(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if clock.speed().is_frozen() && clock.shows() < now {
            let change = ClockChange { now: Some(now), step: true, ..ClockChange::default() };
            self.set(tenant, change).await?;
        }
        Ok(())
    }

    async fn set_to_completion(
        &self,
        tenant: TenantId,
        setting: ClockChange,
    ) -> Result<Option<VirtualClock>, ClockError> {
        let ClockChange { now, speed, wall: anchor, step } = setting;
        let _one_at_a_time = self.setting.lock().await;
        loop {
            let clock = self.clock(tenant).await?;
            let wall = wall_now();
            let speed = speed.unwrap_or(clock.speed());
            let next = match now {
                Some(now) => VirtualClock::new(now, anchor.map_or(wall, |anchor| anchor.min(wall)), speed),
                None => VirtualClock::new(clock.at(wall), wall, speed),
            };
            if next.at(wall) < clock.at(wall) {
                return Ok(None);
            }
            if step && self.store.is_exclusive() {
                let update = sql!(
                    "UPDATE clocks SET shows_us = $1, wall_us = $2, speed = $3 WHERE tenant = $4",
                    next.shows(),
                    next.wall(),
                    next.speed().factor(),
                    tenant
                );
                self.store.commit_soon(format!("clock {tenant}"), update).await?;
                self.remember_step(tenant, next)?;
                return Ok(Some(next));
            }
            // Another replica may have set the clock since it was read: then it is read again, or
            // time could go back. Without replicas, the cached value is authoritative: a step whose
            // write failed leaves an older row.
            let update = if self.store.is_exclusive() {
                sql!(
                    "UPDATE clocks SET shows_us = $1, wall_us = $2, speed = $3 WHERE tenant = $4",
                    next.shows(),
                    next.wall(),
                    next.speed().factor(),
                    tenant
                )
            } else {
                sql!(
                    "UPDATE clocks SET shows_us = $1, wall_us = $2, speed = $3 \
                     WHERE tenant = $4 AND shows_us = $5 AND wall_us = $6 AND speed = $7",
                    next.shows(),
                    next.wall(),
                    next.speed().factor(),
                    tenant,
                    clock.shows(),
                    clock.wall(),
                    clock.speed().factor()
                )
            };
            match self.store.commit(update.expect_rows(1)).await {
                Ok(()) => {
                    self.remember(tenant, next);
                    return Ok(Some(next));
                }
                Err(error) if error.is_conflict() && !self.store.is_exclusive() => {}
                Err(error) if error.is_conflict() => return Err(ClockError::UnknownTenant(tenant)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the statement that inserts a tenant's clock; it conflicts if the tenant exists. Call
    /// [`Clocks::remember`] after the commit. `lab` identifies the creating lab.
    pub(crate) fn insert(tenant: TenantId, clock: &VirtualClock, lab: &str) -> Statement {
        sql!(
            "INSERT INTO clocks (tenant, shows_us, wall_us, speed, lab) VALUES ($1, $2, $3, $4, $5)",
            tenant,
            clock.shows(),
            clock.wall(),
            clock.speed().factor(),
            lab
        )
    }

    /// Returns the tenants that a lab created.
    pub(crate) async fn created_by(&self, lab: &str) -> Result<Vec<TenantId>, StoreError> {
        let rows = self.store.rows(sql!("SELECT tenant FROM clocks WHERE lab = $1", lab)).await?;
        rows.iter().map(|row| row.parse("tenant")).collect()
    }

    /// Remembers a step of a clock, unless the tenant was deleted meanwhile.
    fn remember_step(&self, tenant: TenantId, clock: VirtualClock) -> Result<(), ClockError> {
        let mut remembered = self.remembered.write();
        *remembered.get_mut(&tenant).ok_or(ClockError::UnknownTenant(tenant))? = clock;
        Ok(())
    }

    pub(crate) fn remember(&self, tenant: TenantId, clock: VirtualClock) {
        date::note(tenant, clock.at(wall_now()));
        self.remembered.write().insert(tenant, clock);
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

fn clock_of(row: &Row) -> Result<(TenantId, VirtualClock), StoreError> {
    let speed = u32::try_from(row.int("speed")?).unwrap_or(0);
    Ok((
        row.parse("tenant")?,
        VirtualClock::new(row.instant("shows_us")?, row.instant("wall_us")?, Speed::times(speed)),
    ))
}
