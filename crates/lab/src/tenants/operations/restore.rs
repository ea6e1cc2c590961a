//! Restoring a tenant to a snapshot, as a durable operation: the same tenant with the data, the
//! time and the speed of the snapshot.
//!
//! Each service replaces its data in one transaction, as data of a new incarnation; time stands
//! still until all have. Interrupted, a restore is repeated from its beginning.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::future::join_all;
use outlive_clock::{Instant, Speed, TenantId, wall_now};
use outlive_store::Change;
use outlive_wire::lab_api::{OperationKind, Snapshot, TenantCredentials};
use serde_json::value::RawValue;

use super::record::interrupt;
use super::store::{Operation, OperationStore};
use crate::conductor::Conductor;
use crate::services::{ClockChange, Replacement, Service};
use crate::tenants::snapshots::TenantState;
use crate::tenants::{TenantError, Tenants};

/// Returns the clock of data that is put back, which shows `now` until every service has its part.
pub(super) fn standing_still(now: Instant, incarnation: Instant) -> ClockChange {
    ClockChange {
        now: Some(now),
        speed: Some(Speed::FROZEN),
        wall: Some(wall_now()),
        step: false,
        incarnation: Some(incarnation),
    }
}

impl Tenants {
    /// Replaces the state of a tenant by that of a snapshot, which is given by its id or name. A
    /// change of its time ends first. The snapshots of the tenant stay.
    ///
    /// # Errors
    /// [`TenantError::Unknown`]; [`TenantError::Busy`] during a reset; a snapshot that is unknown,
    /// unreadable or of another version, or a service that does not answer (nothing has changed
    /// then); or [`TenantError::NotRestored`], after which it is completed without a request.
    pub async fn restore(&self, tenant: TenantId, named: &str) -> Result<TenantCredentials, TenantError> {
        let checked = self.restorable(tenant, named).await;
        // A reset deletes what the check reads: then the result of the check says nothing.
        self.refuse_during_reset(tenant).await?;
        let snapshot = checked?;
        self.begin_instead(tenant, OperationKind::Restore, Some(snapshot.id)).await?;
        self.complete_begun(tenant, OperationKind::Restore).await
    }

    async fn restorable(&self, tenant: TenantId, named: &str) -> Result<Snapshot, TenantError> {
        let snapshot = self.snapshot(tenant, named).await?;
        self.check_snapshot(tenant, &snapshot).await?;
        Ok(snapshot)
    }

    async fn refuse_during_reset(&self, tenant: TenantId) -> Result<(), TenantError> {
        let present = self.operations().store.read(tenant).await?;
        match present.filter(|present| present.details.kind == OperationKind::Reset) {
            Some(reset) => Err(TenantError::Busy(Box::new(reset.details))),
            None => Ok(()),
        }
    }

    /// Completes a restore. The caller holds the tenant's lock.
    pub(super) async fn complete_restore(
        &self,
        mut operation: Operation,
    ) -> Result<TenantCredentials, TenantError> {
        let tenant = operation.tenant;
        let canceled = Arc::new(AtomicBool::new(false));
        let restoring = Box::pin(self.put_back(operation.clone()));
        let restored = self.operations().work(&mut operation, &canceled, restoring).await;
        let failure = match restored {
            Ok((credentials, mut change)) => {
                change.add(OperationStore::end(&operation));
                match self.operations().store.commit(change).await {
                    Ok(()) => return Ok(credentials),
                    Err(error) if error.is_conflict() => {
                        return Err(self.cause_of_loss(tenant, OperationKind::Restore).await);
                    }
                    Err(error) => TenantError::from(error),
                }
            }
            Err(failure) => failure,
        };
        let service = match &failure {
            TenantError::Service { service, .. } => Some(*service),
            _ => None,
        };
        interrupt(&mut operation.details, service, failure.to_string());
        match self.operations().store.give_up(&operation).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => {
                return Err(self.cause_of_loss(tenant, OperationKind::Restore).await);
            }
            Err(error) => return Err(error.into()),
        }
        Err(TenantError::NotRestored { cause: Box::new(failure) })
    }

    /// Puts the state of a snapshot back into the services. Returns the credentials in it, and the
    /// change that puts the lab's part back.
    async fn put_back(&self, operation: Operation) -> Result<(TenantCredentials, Change), TenantError> {
        let (tenant, incarnation) = (operation.tenant, operation.details.incarnation());
        let named = operation.details.snapshot.map(|id| id.to_string()).unwrap_or_default();
        let snapshot = self.snapshot(tenant, &named).await?;
        let TenantState { now, speed, copies, lab, .. } = self.stored_state(tenant, &snapshot).await?;
        let clock = standing_still(now, incarnation);
        self.replace_everywhere(tenant, clock, &copies).await?;
        self.check_lease(tenant)?;
        if !speed.is_frozen() {
            let clocks = self.surface().tenant(tenant, Some(incarnation));
            Conductor::new(clocks).run_from(now, speed).await?;
        }
        let credentials = self.follow_from(&lab.credentials, None).await?;
        let mut change = Change::from(self.store().replace(tenant, &credentials, None, incarnation));
        change.append(self.replace_lab_rows(tenant, lab).await?);
        Ok((credentials, change))
    }

    /// Replaces the data of a tenant in every service.
    ///
    /// # Errors
    /// The first service that failed, after all have responded.
    pub(super) async fn replace_everywhere(
        &self,
        tenant: TenantId,
        clock: ClockChange,
        copies: &[Box<RawValue>],
    ) -> Result<(), TenantError> {
        let lab = self.installation().await?;
        let replacements = Service::ALL.into_iter().zip(copies).map(|(service, copy)| {
            let replacement = Replacement { lab: &lab, clock, create: false, copy };
            async move { (service, self.surface().replace(service, tenant, replacement).await) }
        });
        let replaced = join_all(replacements).await.into_iter();
        let mut failed =
            replaced.filter_map(|(service, replaced)| replaced.err().map(|cause| (service, cause)));
        failed.next().map_or(Ok(()), |(service, cause)| Err(TenantError::Service { service, cause }))
    }
}
