//! Ends interrupted operations in the background: at the start of the lab, and when a missing
//! service responds again.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use outlive_chassis::pause;
use outlive_clock::{Instant, TenantId, wall_now};
use outlive_wire::lab_api::OperationKind;

use super::record::{begun, interrupt};
use super::store::{Operation, OperationStore};
use crate::tenants::comparison::Lists;
use crate::tenants::{TenantError, Tenants};

/// The minimum and maximum delay between two attempts (wall time); it doubles after each.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(5);
/// How often the tenants of the services are compared with those of the lab (wall time).
const SWEEP: Duration = Duration::from_secs(30);
/// Number of operations that are ended concurrently.
const AT_ONCE: usize = 8;

impl Tenants {
    /// Ends interrupted operations, deletes orphans and tenants whose lifetime is over, and reports
    /// lost data, until the lab stops.
    pub async fn recover(self) {
        // A deletion may wait for another replica; interrupted operations do not.
        tokio::join!(self.recover_interrupted(), self.end_lifetimes());
    }

    async fn recover_interrupted(&self) {
        let mut wait = RETRY_FIRST;
        let mut swept: Option<Instant> = None;
        let mut has_followed = false;
        let mut reported = HashMap::new();
        while !self.operations().is_stopping() {
            if swept.is_none_or(|at| (wall_now() - at).to_std() >= SWEEP) {
                match self.sweep().await {
                    Ok(()) => swept = Some(wall_now()),
                    Err(error) => tracing::debug!(%error, "the services' tenants are compared again later"),
                }
            }
            if !has_followed {
                match self.follow_addresses().await {
                    Ok(()) => has_followed = true,
                    Err(error) => tracing::debug!(%error, "tenants follow the addresses later"),
                }
            }
            let left = self.recover_all(&mut reported).await || !has_followed;
            wait = if left { (wait * 2).min(RETRY_LAST) } else { RETRY_FIRST };
            let idle = if left || swept.is_none() { wait } else { SWEEP };
            tokio::select! {
                () = pause(idle) => {}
                () = self.operations().wake.notified() => wait = RETRY_FIRST,
            }
        }
    }

    /// Returns whether interrupted operations remain. Each cause is logged once.
    async fn recover_all(&self, reported: &mut HashMap<TenantId, BTreeSet<String>>) -> bool {
        let operations = match self.operations().store.list().await {
            Ok(operations) => operations,
            Err(error) => {
                tracing::warn!(%error, "interrupted operations cannot be read");
                return true;
            }
        };
        reported.retain(|tenant, _| operations.iter().any(|operation| operation.tenant == *tenant));
        let ended: Vec<_> = iter(operations)
            .map(|operation| async move { (operation.tenant, self.recover_if_idle(operation).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut left = false;
        for (tenant, ended) in ended {
            match ended {
                Ok(true) => {}
                Ok(false) => left = true,
                Err(error) => {
                    left = true;
                    let cause = error.to_string();
                    if reported.entry(tenant).or_default().insert(cause.clone()) {
                        tracing::warn!(%tenant, %cause, "an interrupted operation cannot be ended yet");
                    }
                }
            }
        }
        left
    }

    /// Recovers an operation unless another process works on it; returns whether it has ended.
    async fn recover_if_idle(&self, listed: Operation) -> Result<bool, TenantError> {
        let turn = self.operations().turn_of(listed.tenant);
        let Ok(_turn) = turn.try_lock() else { return Ok(false) };
        let Some(operation) = self.operations().store.read(listed.tenant).await? else { return Ok(true) };
        if self.operations().store.is_elsewhere(&operation) {
            return Ok(false);
        }
        match self.recover_operation(operation).await {
            // Another replica was faster.
            Err(TenantError::Store(error)) if error.is_conflict() => Ok(false),
            Err(TenantError::TakenOver(_)) => Ok(false),
            ended => ended.map(|()| true),
        }
    }

    /// Ends an interrupted operation. The caller holds the tenant's lock.
    pub(super) async fn recover_operation(&self, operation: Operation) -> Result<(), TenantError> {
        let mut operation = self.operations().store.claim(operation).await?;
        let tenant = operation.tenant;
        match operation.details.kind {
            OperationKind::Advance | OperationKind::Run => {
                let canceled = std::sync::Arc::default();
                let settling = self.settle(tenant, operation.details.speed);
                let settled = self.operations().work(&mut operation, &canceled, settling).await?;
                match settled {
                    // It was of earlier data of the tenant.
                    Err(error) if error.is_started_over() => {
                        self.operations().store.commit(OperationStore::end(&operation)).await?;
                    }
                    Ok(state) => {
                        self.operations().store.commit(OperationStore::end(&operation)).await?;
                        let (now, speed) = (state.now, state.speed.factor());
                        tracing::info!(%tenant, %now, speed, "an interrupted change of time was ended");
                    }
                    Err(error) => {
                        interrupt(&mut operation.details, error.service(), error.to_string());
                        self.operations().store.give_up(&operation).await?;
                        return Err(TenantError::Unfinished {
                            kind: operation.details.kind,
                            at: operation.details.reached,
                            cause: error,
                        });
                    }
                }
            }
            OperationKind::Create => {
                self.undo_creation(&mut operation, "its creation was interrupted").await?;
                tracing::info!(%tenant, "an interrupted creation was undone");
            }
            OperationKind::Reset => {
                self.complete_reset(operation).await?;
                tracing::info!(%tenant, "an interrupted reset was completed");
            }
            OperationKind::Restore => {
                self.complete_restore(operation).await?;
                tracing::info!(%tenant, "an interrupted restore was completed");
            }
            OperationKind::Delete => {
                self.delete_from_services(&mut operation, "the deletion was interrupted").await?;
                tracing::info!(%tenant, "an interrupted deletion was completed");
            }
        }
        Ok(())
    }

    /// Compares the tenants of the services with those of the lab.
    async fn sweep(&self) -> Result<(), TenantError> {
        let known = self.list().await?;
        let lists = self.lists().await?;
        self.note_lost_data(&known, &lists).await?;
        self.collect_orphans(lists).await
    }

    /// Starts the deletion of orphans: tenants of this lab that a service has and the lab does not.
    ///
    /// The services are queried before the lab's records. A tenant is recorded before its first
    /// call, so a tenant without a record is never a creation in progress. Its record outlives its
    /// last service, so one that a service still lists afterwards was not deleted meanwhile; if it
    /// still has no record then, it was not created again either.
    async fn collect_orphans(&self, lists: Lists) -> Result<(), TenantError> {
        let unknown = self.without_record(tenants_of(lists)?).await?;
        if unknown.is_empty() {
            return Ok(());
        }
        let mut still = tenants_of(self.lists().await?)?;
        still.retain(|tenant| unknown.contains(tenant));
        for tenant in self.without_record(still).await? {
            match self.operations().store.begin(tenant, begun(OperationKind::Delete)).await {
                Ok(_) => tracing::warn!(%tenant, "no record of the lab names this tenant; it is deleted"),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Returns those that are neither tenants of this lab nor in an operation.
    async fn without_record(&self, mut found: BTreeSet<TenantId>) -> Result<BTreeSet<TenantId>, TenantError> {
        let operations = self.operations().store.list().await?;
        for operation in operations {
            found.remove(&operation.tenant);
        }
        for (tenant, _) in self.list().await? {
            found.remove(&tenant);
        }
        Ok(found)
    }
}

/// Returns the tenants that any service lists.
///
/// # Errors
/// A service that did not respond.
fn tenants_of(lists: Lists) -> Result<BTreeSet<TenantId>, TenantError> {
    let mut found = BTreeSet::new();
    for (service, listed) in lists {
        found.extend(listed.map_err(|cause| TenantError::Service { service, cause })?);
    }
    Ok(found)
}
