//! Creating a tenant from an export, as a durable operation: in every service, or in none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::future::join_all;
use outlive_store::Change;
use outlive_wire::lab_api::{OperationKind, TenantCredentials};

use super::lifecycle::{NotCreated, created_everywhere};
use super::record::begun;
use super::restore::standing_still;
use super::store::{Operation, OperationStore};
use crate::conductor::Conductor;
use crate::services::{Replacement, Service};
use crate::tenants::exports::{self, Content};
use crate::tenants::new_tenant::CreatedFrom;
use crate::tenants::snapshots::TenantState;
use crate::tenants::{ExportError, Temporary, TenantError, Tenants};

impl Tenants {
    /// Creates a tenant from an export: the same one, with its id, data, time, secrets and journal.
    ///
    /// # Errors
    /// A document that is no export, was changed, or is of another version; a tenant that exists
    /// here, itself or with its domain; or a service that did not answer.
    pub async fn import(
        &self,
        document: &[u8],
        temporary: Temporary,
    ) -> Result<TenantCredentials, TenantError> {
        let content = exports::open(document)?;
        let (tenant, program, resource) = (content.tenant, content.program.clone(), content.resource.clone());
        let first_secrets = content.first_secrets.clone();
        let (state, from, seed) = self.state_of(content).await?;
        let _turn = self.operations().turn(tenant).await;
        if self.store().incarnation(tenant).await?.is_some() {
            return Err(ExportError::Exists(tenant).into());
        }
        let mut operation = self.begin(tenant, begun(OperationKind::Create)).await?;
        let canceled = Arc::new(AtomicBool::new(false));
        let creating = Box::pin(self.create_from(operation.clone(), state, &resource));
        let (failure, credentials) = match self.operations().work(&mut operation, &canceled, creating).await {
            Ok((credentials, mut change)) => {
                let incarnation = operation.details.incarnation();
                let secrets = first_secrets.as_ref();
                change.add(self.store().insert(tenant, &credentials, &from, secrets, incarnation));
                if let Some(seed) = seed {
                    change.add(self.keep_snapshot_of_seed(&seed));
                }
                if let Some(end) = temporary.insert(tenant) {
                    change.add(end);
                }
                change.add(OperationStore::end(&operation));
                match self.operations().store.commit(change).await {
                    Ok(()) => return Ok(credentials),
                    Err(error) => (NotCreated::from(error), Some(credentials)),
                }
            }
            Err(failure) => (failure, None),
        };
        let failure = NotCreated { cause: of_import(failure.cause, program), ..failure };
        let cause = failure.cause.clone();
        self.roll_back(operation, failure).await?;
        // The commit was applied, and only its answer was lost.
        credentials.ok_or(cause)
    }

    /// Returns the state in an export, what the tenant was created from, and its seed.
    async fn state_of(
        &self,
        content: Content,
    ) -> Result<(TenantState, CreatedFrom, Option<String>), TenantError> {
        let Content { tenant, program, now, speed, created_from, seed, versions, parts, .. } = content;
        if !self.has_lab_tables(&versions).await? {
            return Err(ExportError::OtherVersion(program).into());
        }
        let broken = |what: &str| ExportError::NotAnExport(what.to_owned());
        if !Self::is_kept_seed(&created_from, seed.as_deref()) {
            return Err(broken("its seed is not the one from which the tenant was created").into());
        }
        let parts = parts.into_iter().map(|(part, copy)| (part, copy.get().to_owned())).collect();
        let state = TenantState::from_parts((now, speed), versions, parts);
        let state = state.ok_or_else(|| broken("the part of a service or of the lab is missing"))?;
        if state.lab.credentials.tenant_id != tenant {
            return Err(broken("its credentials are of another tenant").into());
        }
        Ok((state, created_from, seed))
    }

    /// Creates the tenant in the services. Returns its credentials, and the change that stores the
    /// lab's part.
    async fn create_from(
        &self,
        operation: Operation,
        state: TenantState,
        resource: &str,
    ) -> Result<(TenantCredentials, Change), NotCreated> {
        let (tenant, incarnation) = (operation.tenant, operation.details.incarnation());
        let TenantState { now, speed, copies, lab, .. } = state;
        let clock = standing_still(now, incarnation);
        let installation = self.installation().await?;
        let creations = Service::ALL.into_iter().zip(&copies).map(|(service, copy)| {
            let replacement = Replacement { lab: &installation, clock, create: true, copy };
            self.surface().replace(service, tenant, replacement)
        });
        created_everywhere(join_all(creations).await)?;
        self.check_lease(tenant)?;
        if !speed.is_frozen() {
            let clocks = self.surface().tenant(tenant, Some(incarnation));
            Conductor::new(clocks).run_from(now, speed).await.map_err(TenantError::from)?;
        }
        let credentials = self.follow_from(&lab.credentials, Some(resource)).await?;
        let rows = self.replace_lab_rows(tenant, lab).await?;
        Ok((credentials, rows))
    }
}

/// Returns why an import failed.
fn of_import(cause: TenantError, program: String) -> TenantError {
    match &cause {
        // The tables of a service are other ones.
        TenantError::Service { cause: call, .. } if call.status == Some(412) => {
            ExportError::OtherVersion(program).into()
        }
        _ => cause,
    }
}
