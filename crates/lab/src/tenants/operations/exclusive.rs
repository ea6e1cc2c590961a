//! The exclusive right of one operation on a tenant, across the replicas of the lab: its row in the
//! database. An operation begins only where there is none, or replaces one that has ended.

use outlive_chassis::pause;
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::Statement;
use outlive_wire::lab_api::{OperationDetails, OperationKind};
use uuid::Uuid;

use super::clock::ELSEWHERE;
use super::holder;
use super::record::begun;
use super::store::{LEASE, Operation};
use crate::tenants::{TenantError, Tenants};

/// How long a reset or a deletion waits for the operation of another replica (wall time): longer
/// than the lease of a replica that is gone.
pub(super) const REPLACED_WITHIN: Span = Span::from_seconds(LEASE.as_seconds() + 10);

/// How often an operation is recorded where another one has just ended.
const ATTEMPTS_MAX: u32 = 5;

impl Tenants {
    /// The name of this process, for a record of what it works on.
    pub(crate) fn process(&self) -> &str {
        self.operations().store.owner()
    }

    /// Whether the process with this name has certainly ended.
    pub(crate) fn has_ended(process: &str) -> bool {
        holder::has_ended(process)
    }

    /// Records an operation before its first step.
    ///
    /// # Errors
    /// [`TenantError::Busy`] if another replica was faster.
    pub(super) async fn begin(
        &self,
        tenant: TenantId,
        details: OperationDetails,
    ) -> Result<Operation, TenantError> {
        self.begin_if(tenant, details, None).await
    }

    /// [`Self::begin`] if `condition` holds in the same commit.
    ///
    /// # Errors
    /// [`TenantError::Busy`] if another replica was faster, or a conflict if `condition` does not
    /// hold.
    pub(super) async fn begin_if(
        &self,
        tenant: TenantId,
        details: OperationDetails,
        condition: Option<Statement>,
    ) -> Result<Operation, TenantError> {
        let store = &self.operations().store;
        let mut attempts = 0;
        loop {
            match store.begin_if(tenant, details.clone(), condition.clone()).await {
                Err(error) if error.is_conflict() => {
                    if let Some(other) = store.read(tenant).await? {
                        return Err(TenantError::Busy(Box::new(other.details)));
                    }
                    attempts += 1;
                    if attempts == ATTEMPTS_MAX {
                        return Err(error.into());
                    }
                    // It has just ended.
                    pause(ELSEWHERE).await;
                }
                begun => return Ok(begun?),
            }
        }
    }

    /// Records a reset, a restore or a deletion in place of the tenant's present operation. One
    /// that another replica works on ends first: it would go on with the new tenant. Returns the
    /// present one if it is of this kind and restores the same snapshot.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], or [`TenantError::Busy`] if the present one does not end in time,
    /// or if a restore would replace a reset, which has deleted the data.
    pub(super) async fn begin_instead(
        &self,
        tenant: TenantId,
        kind: OperationKind,
        snapshot: Option<Uuid>,
    ) -> Result<Operation, TenantError> {
        let store = &self.operations().store;
        let asked = wall_now();
        loop {
            let present = match store.read(tenant).await? {
                Some(same) if same.details.kind == kind && same.details.snapshot == snapshot => {
                    return Ok(same);
                }
                present => present,
            };
            if kind == OperationKind::Restore
                && let Some(reset) =
                    present.as_ref().filter(|other| other.details.kind == OperationKind::Reset)
            {
                return Err(TenantError::Busy(Box::new(reset.details.clone())));
            }
            let is_late = wall_now() - asked >= REPLACED_WITHIN;
            if let Some(other) = present.as_ref().filter(|present| store.is_elsewhere(present)) {
                if is_late {
                    return Err(TenantError::Busy(Box::new(other.details.clone())));
                }
                if matches!(other.details.kind, OperationKind::Advance | OperationKind::Run) {
                    store.ask_to_end(other).await?;
                }
                pause(ELSEWHERE).await;
                continue;
            }
            let incarnation = self.store().incarnation(tenant).await?;
            let attempt = present.as_ref().map(|present| present.details.incarnation());
            let newest = incarnation.max(attempt).unwrap_or(Instant::EPOCH);
            let recorded = match kind {
                OperationKind::Delete => store.begin_deletion(tenant, newest, present.as_ref()).await,
                _ => {
                    let details = OperationDetails { snapshot, ..begun(kind) };
                    store.begin_again(tenant, details, newest, present.as_ref()).await
                }
            };
            match recorded {
                // Another request or replica was faster, unless there is no such tenant.
                Err(error) if error.is_conflict() && !is_late => {
                    self.credentials(tenant).await?;
                    if let Some(snapshot) = snapshot {
                        self.snapshot(tenant, &snapshot.to_string()).await?;
                    }
                }
                recorded => return Ok(recorded?),
            }
        }
    }
}
