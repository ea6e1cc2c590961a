//! Changes of a tenant's time, as durable operations.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use outlive_chassis::pause;
use outlive_clock::{Instant, Speed, TenantId, wall_now};
use outlive_store::StoreError;
use outlive_wire::lab_api::{OperationDetails, OperationKind};
use tokio::sync::OwnedMutexGuard;

use super::record::{begun, interrupt};
use super::store::{Operation, OperationStore};
use crate::conductor::{ConductError, Conductor, Moved, Progress, Target};
use crate::services::{ClockState, TenantSurface};
use crate::tenants::{TenantError, Tenants};

/// How long a step is repeated while a service does not respond (wall time): about as long as a
/// restart takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How often a request that waits for another replica's operation polls it (wall time).
pub(super) const ELSEWHERE: Duration = Duration::from_millis(200);

/// How long a change waits for another one of the same tenant before the caller receives an error
/// (wall time).
const TURN_WITHIN: Duration = Duration::from_millis(500);

/// The exclusive right to change a tenant's time.
#[derive(Debug)]
pub struct TenantClock {
    tenants: Tenants,
    tenant: TenantId,
    /// That of the tenant when the right was acquired: other data is not touched.
    incarnation: Option<Instant>,
    _turn: OwnedMutexGuard<()>,
}

impl Tenants {
    /// Acquires the right to change a tenant's time, after ending an interrupted change.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], another change in progress ([`TenantError::Busy`]), a failing
    /// database, or an interrupted change that cannot be ended yet.
    pub async fn clock(&self, tenant: TenantId) -> Result<TenantClock, TenantError> {
        self.clock_within(tenant, TURN_WITHIN).await
    }

    /// Ends an advance in progress after its current step and leaves the clock stopped, then
    /// acquires the right to change the tenant's time.
    pub(crate) async fn clock_to_freeze(&self, tenant: TenantId) -> Result<TenantClock, TenantError> {
        self.credentials(tenant).await?;
        self.operations().freeze(tenant).await?;
        self.clock_within(tenant, PATIENCE).await
    }

    async fn clock_within(&self, tenant: TenantId, wait: Duration) -> Result<TenantClock, TenantError> {
        self.credentials(tenant).await?;
        let asked = wall_now();
        let turn = loop {
            if let Some(turn) = self.operations().turn_within(tenant, wait).await {
                break turn;
            }
            if let Some(operation) = self.operations().current(tenant).await? {
                return Err(TenantError::Busy(Box::new(operation)));
            }
            // The operation has just ended.
        };
        while let Some(operation) = self.operations().store.read(tenant).await? {
            if self.operations().store.is_elsewhere(&operation) {
                if (wall_now() - asked).to_std() >= wait {
                    return Err(TenantError::Busy(Box::new(operation.details)));
                }
                pause(ELSEWHERE).await;
                continue;
            }
            match self.recover_operation(operation).await {
                Ok(()) => {}
                // Another replica was faster.
                Err(TenantError::Store(error)) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        // The tenant may have been deleted meanwhile.
        self.credentials(tenant).await?;
        let incarnation = self.store().incarnation(tenant).await?;
        Ok(TenantClock { tenants: self.clone(), tenant, incarnation, _turn: turn })
    }

    /// Ends an interrupted change of time: sets all clocks to the latest instant that any of them
    /// reached, and continues at the previous speed.
    pub(super) async fn settle(
        &self,
        tenant: TenantId,
        speed: Option<Speed>,
    ) -> Result<Result<ClockState, ConductError>, StoreError> {
        let clocks = self.surface().tenant(tenant, self.store().incarnation(tenant).await?);
        Ok(Conductor::new(clocks).settle(speed.unwrap_or(Speed::FROZEN), true).await)
    }
}

impl TenantClock {
    fn conductor(&self) -> Conductor<TenantSurface> {
        Conductor::new(self.tenants.surface().tenant(self.tenant, self.incarnation))
    }

    async fn look(&self) -> Result<ClockState, TenantError> {
        match self.conductor().look().await {
            Ok(state) => Ok(state),
            Err(error) => Err(self.tenants.explain(self.tenant, error).await),
        }
    }

    /// Advances time to `target` and executes all work that becomes due. A running clock is stopped
    /// meanwhile.
    ///
    /// # Errors
    /// The advance was not started ([`TenantError::Conduct`]), was ended early
    /// ([`TenantError::EndedEarly`]), or is ended when all services respond
    /// ([`TenantError::Unfinished`]).
    pub async fn advance(
        &self,
        target: Target,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Moved, TenantError> {
        Ok(self.advance_then(target, progress, async {}).await?.0)
    }

    /// [`Self::advance`], and then this work, before another operation on the tenant can begin.
    pub(crate) async fn advance_then<T>(
        &self,
        target: Target,
        progress: &(dyn Fn(Progress) + Send + Sync),
        then: impl Future<Output = T>,
    ) -> Result<(Moved, T), TenantError> {
        let ClockState { now, speed, .. } = self.look().await?;
        let planned = target.within_reach(now)?;
        let details = OperationDetails {
            from: Some(now),
            target: Some(planned),
            reached: Some(now),
            speed: Some(speed),
            ..begun(OperationKind::Advance)
        };
        let operations = self.tenants.operations();
        let operation = self.tenants.begin(self.tenant, details).await?;
        let recorded = operation.clone();
        let canceled = Arc::new(AtomicBool::new(false));
        let conductor = self.conductor().patient(PATIENCE).until(Arc::clone(&canceled));
        let note = |step: Progress| {
            operations.note(self.tenant, |details| {
                (details.reached, details.done, details.failed) = (Some(step.now), step.done, step.failed);
                details.runs = step.started;
            });
            progress(step);
        };
        let work = async {
            let stopped = conductor.stop().await?;
            // A running clock has moved on since it was read.
            let target = match target {
                Target::At(instant) => instant.max(stopped.now),
                target => target.from(stopped.now),
            };
            operations.note(self.tenant, |details| details.target = Some(target));
            // Without the number, the progress has none.
            let expected = self.tenants.surface().expected_runs(self.tenant, target).await.ok();
            operations.note(self.tenant, |details| details.expected = expected);
            let moved = conductor.advance(stopped, target, &note).await?;
            self.keep(&recorded, moved.now).await?;
            if !speed.is_frozen() {
                conductor.run_from(moved.now, speed).await?;
            }
            Ok((moved, then.await))
        };
        self.finish(operation, speed, &canceled, work).await
    }

    /// Sets the speed of time, in every service at the same virtual instant.
    pub(crate) async fn run_at(&self, speed: Speed) -> Result<ClockState, TenantError> {
        self.look().await?;
        let details = OperationDetails { speed: Some(speed), ..begun(OperationKind::Run) };
        let operation = self.tenants.begin(self.tenant, details).await?;
        let recorded = operation.clone();
        let canceled = Arc::new(AtomicBool::new(false));
        let conductor = self.conductor().patient(PATIENCE).until(Arc::clone(&canceled));
        let work = async {
            let stopped = conductor.stop().await?;
            self.keep(&recorded, stopped.now).await?;
            conductor.run_from(stopped.now, speed).await
        };
        self.finish(operation, speed, &canceled, work).await
    }

    /// Ends the work of an operation before it sets clocks running that another replica may have
    /// stopped.
    async fn keep(&self, operation: &Operation, at: Instant) -> Result<(), ConductError> {
        let kept = self.tenants.operations().store.keep(operation).await;
        kept.map_err(|_| ConductError::Canceled { at })
    }

    /// Executes the work of an operation and ends it; if the work fails, at the instant reached.
    async fn finish<T>(
        &self,
        mut operation: Operation,
        speed: Speed,
        canceled: &Arc<AtomicBool>,
        work: impl Future<Output = Result<T, ConductError>>,
    ) -> Result<T, TenantError> {
        let operations = self.tenants.operations();
        let recorded = operation.clone();
        let work = async {
            match work.await {
                Ok(done) => Ok(done),
                Err(cause) => {
                    // Another replica may have settled the clocks, and people work with them.
                    if let Err(lost) = operations.store.keep(&recorded).await {
                        return Err((Err(lost), cause));
                    }
                    // Work that is stuck or was rejected would fail again.
                    let finish = cause.is_temporary();
                    let speed = operations.speed_afterwards(self.tenant).unwrap_or(speed);
                    Err((Ok(self.conductor().settle(speed, finish).await), cause))
                }
            }
        };
        match operations.work(&mut operation, canceled, work).await {
            Ok(done) => {
                self.end(&operation).await?;
                Ok(done)
            }
            Err((Ok(settled), cause)) => Err(self.end_early(operation, settled, cause).await),
            Err((Err(lost), _)) if lost.is_conflict() => Err(self.cause_of_replacement().await),
            Err((Err(unknown), _)) => {
                operations.wake.notify_one();
                Err(unknown.into())
            }
        }
    }

    async fn end(&self, operation: &Operation) -> Result<(), TenantError> {
        match self.tenants.operations().store.commit(OperationStore::end(operation)).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_conflict() => Err(self.cause_of_replacement().await),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns why the record of an operation has disappeared.
    async fn cause_of_replacement(&self) -> TenantError {
        match self.is_started_over().await {
            Ok(true) => TenantError::StartedOver(self.tenant),
            Ok(false) => TenantError::TakenOver(self.tenant),
            Err(error) => error,
        }
    }

    async fn is_started_over(&self) -> Result<bool, TenantError> {
        self.tenants.credentials(self.tenant).await?;
        if self.tenants.store().incarnation(self.tenant).await? != self.incarnation {
            return Ok(true);
        }
        let present = self.tenants.operations().store.read(self.tenant).await?;
        let kind = present.map(|operation| operation.details.kind);
        Ok(matches!(kind, Some(OperationKind::Reset | OperationKind::Restore)))
    }

    /// Ends the operation if its clocks are settled; otherwise leaves it to the recovery.
    async fn end_early(
        &self,
        mut operation: Operation,
        settled: Result<ClockState, ConductError>,
        cause: ConductError,
    ) -> TenantError {
        let operations = self.tenants.operations();
        match settled {
            Ok(ClockState { now, .. }) => {
                tracing::info!(tenant = %self.tenant, %cause, %now, "an operation was ended early");
                match self.end(&operation).await {
                    Ok(()) if operation.details.frozen => TenantError::Frozen { at: now },
                    Ok(()) => TenantError::EndedEarly { at: now, cause },
                    Err(error) => error,
                }
            }
            // Nothing remains to be ended: the services have other data of this tenant.
            Err(again) if again.is_started_over() => match self.end(&operation).await {
                Ok(()) => TenantError::StartedOver(self.tenant),
                Err(error) => error,
            },
            Err(again) => {
                let reached = operation.details.reached;
                interrupt(&mut operation.details, again.service(), again.to_string());
                match operations.store.give_up(&operation).await {
                    Err(error) if error.is_conflict() => return self.cause_of_replacement().await,
                    Err(error) => tracing::warn!(%error, "how an operation stands could not be written"),
                    Ok(()) => tracing::warn!(
                        tenant = %self.tenant, %cause,
                        "an operation was interrupted; it is ended when all services answer"
                    ),
                }
                operations.wake.notify_one();
                TenantError::Unfinished { kind: operation.details.kind, at: reached, cause }
            }
        }
    }
}
