//! A tenant that is deleted when it is dropped.

use outlive_clock::TenantId;
use outlive_wire::lab_api::TenantCredentials;
use tokio::runtime::Handle;

use super::MatrixError;
use crate::tenants::{NewTenant, TenantError, Tenants};

/// A tenant that is deleted when it is dropped, also if the caller disconnects during a row or
/// during the creation.
pub(crate) struct TemporaryTenant {
    tenants: Tenants,
    /// `None` once its deletion has begun.
    tenant: Option<TenantId>,
}

impl TemporaryTenant {
    pub(crate) async fn create(
        tenants: &Tenants,
        new: NewTenant,
    ) -> Result<(Self, TenantCredentials), MatrixError> {
        let tenants = tenants.clone();
        // In a task of its own, because an incomplete tenant cannot be dropped. If the caller
        // disconnects, the task's result is dropped, and with it the tenant.
        let creating = tokio::spawn(async move {
            let credentials = tenants.create(new).await?;
            Ok((Self { tenants, tenant: Some(credentials.tenant_id) }, credentials))
        });
        creating.await.map_err(MatrixError::Interrupted)?
    }

    pub(crate) async fn delete(mut self) -> Result<(), TenantError> {
        let Some(deleting) = self.begin_deletion() else { return Ok(()) };
        // Only a runtime that shuts down ends the task early; then the answer matters to no caller.
        deleting.await.unwrap_or(Ok(()))
    }

    /// Deletes the tenant in a task of its own, which ends whether or not its caller waits.
    fn begin_deletion(&mut self) -> Option<tokio::task::JoinHandle<Result<(), TenantError>>> {
        let tenant = self.tenant.take()?;
        let tenants = self.tenants.clone();
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(async move { tenants.delete(tenant).await.map(drop) }))
    }
}

impl Drop for TemporaryTenant {
    fn drop(&mut self) {
        if let Some(deleting) = self.begin_deletion()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                if let Ok(Err(error)) = deleting.await {
                    tracing::warn!(%error, "a temporary tenant could not be deleted");
                }
            });
        }
    }
}
