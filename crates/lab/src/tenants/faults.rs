//! Faults of a tenant, at the services where requests meet them.

use outlive_clock::TenantId;
use outlive_wire::faults::{Fault, FaultSpec, Faults};
use uuid::Uuid;

use super::{TenantError, Tenants};
use crate::http::CallError;
use crate::services::Service;

impl Tenants {
    /// Adds a fault. The client may be given by its name, and a connection of the hub too.
    ///
    /// # Errors
    /// An unknown tenant, a fault that cannot be, or a service that did not answer.
    pub async fn add_fault(&self, tenant: TenantId, mut fault: FaultSpec) -> Result<Fault, TenantError> {
        let credentials = self.credentials(tenant).await?;
        if let Some(application) = fault.client.as_deref().and_then(|id| credentials.application(id)) {
            fault.client = Some(application.client_id.clone());
        }
        if fault.service == Service::Hub
            && let Some(name) = &fault.connection
        {
            let held = self.surface().connections(tenant).await?.connections;
            let named = held.iter().find(|held| held.name.eq_ignore_ascii_case(name));
            let id = named.map(|held| held.id.clone());
            let id = id.or_else(|| name.parse().ok().map(|id: Uuid| id.to_string()));
            let Some(id) = id else {
                return Err(TenantError::Event(format!(
                    "There is no connection '{name}': give its name or id."
                )));
            };
            fault.connection = Some(id);
        }
        self.surface().add_fault(tenant, &fault).await.map_err(refused)
    }

    /// Returns the faults of a tenant, the oldest first.
    ///
    /// # Errors
    /// An unknown tenant, or a service that did not answer.
    pub async fn faults(&self, tenant: TenantId) -> Result<Faults, TenantError> {
        self.credentials(tenant).await?;
        let reads = Service::ALL.map(|service| self.surface().faults(service, tenant));
        let mut faults: Vec<Fault> =
            futures::future::try_join_all(reads).await?.into_iter().flatten().collect();
        faults.sort_by_key(|fault| fault.added);
        Ok(Faults { faults })
    }

    /// Returns a fault of a tenant; `None` if it has none with this id.
    ///
    /// # Errors
    /// As [`Self::faults`].
    pub async fn fault(&self, tenant: TenantId, id: Uuid) -> Result<Option<Fault>, TenantError> {
        Ok(self.faults(tenant).await?.faults.into_iter().find(|fault| fault.id == id))
    }

    /// Removes a fault. Returns whether there was one with this id.
    ///
    /// # Errors
    /// As [`Self::faults`].
    pub async fn remove_fault(&self, tenant: TenantId, id: Uuid) -> Result<bool, TenantError> {
        let Some(fault) = self.fault(tenant, id).await? else { return Ok(false) };
        Ok(self.surface().remove_fault(fault.spec.service, tenant, id).await?)
    }

    /// Removes all faults of a tenant.
    ///
    /// # Errors
    /// As [`Self::faults`].
    pub async fn remove_faults(&self, tenant: TenantId) -> Result<(), TenantError> {
        self.credentials(tenant).await?;
        let removals = Service::ALL.map(|service| self.surface().remove_faults(service, tenant));
        futures::future::try_join_all(removals).await?;
        Ok(())
    }
}

/// The refusal of a service as one of this call, without the address of the service.
pub(super) fn refused(error: CallError) -> TenantError {
    let prefix = error.status.map(|status| format!("answered {status}: ")).unwrap_or_default();
    match (error.status, error.problem.strip_prefix(&prefix)) {
        (Some(400 | 409), Some(why)) => TenantError::Event(why.to_owned()),
        _ => error.into(),
    }
}
