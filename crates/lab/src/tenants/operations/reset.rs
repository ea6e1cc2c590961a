//! Starting a tenant over, as a durable operation: the same id, name and rules, with new data from
//! the seed it was created from.
//!
//! The tenant stays listed with its credentials until it is there again. Interrupted, a reset is
//! completed: the services delete what they have of the tenant, and it is created once more.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outlive_chassis::pause;
use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, StoreError};
use outlive_wire::lab_api::{OperationKind, TenantCredentials};

use super::clock::{ELSEWHERE, PATIENCE};
use super::lifecycle::{NotCreated, Plan};
use super::record::interrupt;
use super::store::{Operation, OperationStore};
use crate::tenants::store::{forget_phones, forget_raised};
use crate::tenants::{TenantError, Tenants};

impl Tenants {
    /// Deletes a tenant's data and creates the tenant again as at its creation, at the same virtual
    /// time if that was chosen. A change of its time ends first. Requests at the same time share
    /// one reset.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], a seed that this lab does not have (nothing has changed then), or
    /// [`TenantError::NotReset`], after which it is completed without a request.
    pub async fn reset(&self, tenant: TenantId) -> Result<TenantCredentials, TenantError> {
        let before = self.credentials(tenant).await?;
        self.seed_of(&self.store().created_from(tenant, &before).await?).await?;
        self.begin_instead(tenant, OperationKind::Reset, None).await?;
        self.complete_begun(tenant, OperationKind::Reset).await
    }

    /// Completes the reset or restore that is recorded, or waits until the recovery, another
    /// request or another replica has.
    pub(super) async fn complete_begun(
        &self,
        tenant: TenantId,
        kind: OperationKind,
    ) -> Result<TenantCredentials, TenantError> {
        let store = &self.operations().store;
        self.operations().cancel(tenant);
        let asked = wall_now();
        // The recovery or another request may complete it.
        while let Some(recorded) = recorded_of(store, tenant, kind).await? {
            let Some(_turn) = self.operations().turn_within(tenant, ELSEWHERE).await else {
                store.renew(&recorded).await?;
                continue;
            };
            let Some(operation) = recorded_of(store, tenant, kind).await? else { break };
            if !store.is_elsewhere(&operation) {
                match store.claim(operation).await {
                    Ok(operation) => {
                        let completed = match kind {
                            OperationKind::Restore => self.complete_restore(operation).await,
                            _ => self.complete_reset(operation).await,
                        };
                        // The recovery goes on with one that is not complete.
                        self.operations().wake.notify_one();
                        return completed;
                    }
                    // Another replica was faster.
                    Err(error) if error.is_conflict() => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            if (wall_now() - asked).to_std() >= PATIENCE {
                return Err(TenantError::Busy(Box::new(operation.details)));
            }
            pause(ELSEWHERE).await;
        }
        self.credentials(tenant).await
    }

    /// Completes a reset. The caller holds the tenant's lock.
    pub(super) async fn complete_reset(
        &self,
        mut operation: Operation,
    ) -> Result<TenantCredentials, TenantError> {
        let tenant = operation.tenant;
        let canceled = Arc::new(AtomicBool::new(false));
        let creation = Box::pin(self.create_again(operation.clone()));
        let created = self.operations().work(&mut operation, &canceled, creation).await;
        let failure = match created {
            Ok(plan) => {
                let mut change = Change::from(self.store().replace(
                    tenant,
                    &plan.credentials,
                    Some(&plan.secrets),
                    operation.details.incarnation(),
                ));
                change.append(forget_phones(tenant));
                change.add(forget_raised(tenant));
                change.add(OperationStore::end(&operation));
                match self.operations().store.commit(change).await {
                    Ok(()) => return Ok(plan.credentials),
                    Err(error) if error.is_conflict() => {
                        return Err(self.cause_of_loss(tenant, OperationKind::Reset).await);
                    }
                    Err(error) => NotCreated::from(error),
                }
            }
            Err(failure) => failure,
        };
        // Nothing is spared: what exists under this id is what an earlier attempt created.
        let NotCreated { cause, .. } = failure;
        let service = match &cause {
            TenantError::Service { service, .. } => Some(*service),
            _ => None,
        };
        interrupt(&mut operation.details, service, cause.to_string());
        match self.operations().store.give_up(&operation).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => {
                return Err(self.cause_of_loss(tenant, OperationKind::Reset).await);
            }
            Err(error) => return Err(error.into()),
        }
        Err(TenantError::NotReset { cause: Box::new(cause) })
    }

    /// Returns why the record of a reset or restore is not this one's: the tenant was deleted
    /// meanwhile, an operation of another kind replaced it, or another replica goes on.
    pub(super) async fn cause_of_loss(&self, tenant: TenantId, kind: OperationKind) -> TenantError {
        if let Err(error) = self.credentials(tenant).await {
            return error;
        }
        match self.operations().store.read(tenant).await {
            Ok(Some(other)) if other.details.kind != kind => TenantError::Busy(Box::new(other.details)),
            Ok(_) => TenantError::TakenOver(tenant),
            Err(error) => error.into(),
        }
    }

    async fn create_again(&self, operation: Operation) -> Result<Plan, NotCreated> {
        let tenant = operation.tenant;
        let deleted = self.delete_everywhere(&operation).await;
        deleted.map_err(|(service, cause)| TenantError::Service { service, cause })?;
        self.check_lease(tenant)?;
        // With a seed, the same draws as at first.
        self.chassis().random.of(tenant).forget();
        let before = self.credentials(tenant).await?;
        let from = self.store().created_from(tenant, &before).await?;
        let seed = self.seed_of(&from).await?;
        let first_secrets = self.store().first_secrets(tenant).await?;
        let plan = self.plan(tenant, &from.again(&before), &seed, first_secrets)?;
        self.create_everywhere(&plan, operation.details.incarnation()).await?;
        Ok(plan)
    }
}

/// Returns the operation of a tenant that is recorded, if it is of this kind.
async fn recorded_of(
    store: &OperationStore,
    tenant: TenantId,
    kind: OperationKind,
) -> Result<Option<Operation>, StoreError> {
    let recorded = store.read(tenant).await?;
    Ok(recorded.filter(|operation| operation.details.kind == kind))
}
