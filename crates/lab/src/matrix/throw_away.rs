//! A tenant that lasts as long as what is done in it.

use outlive_clock::TenantId;
use tokio::runtime::Handle;

use super::MatrixError;
use crate::tenants::{Handout, NewTenant, TenantError, Tenants};

/// A tenant that is deleted when it is dropped: also when the caller goes away in the middle of a
/// row, or of its creation.
pub(super) struct ThrowAway {
    tenants: Tenants,
    /// `None` once its deletion has begun.
    tenant: Option<TenantId>,
}

impl ThrowAway {
    pub(super) async fn create(tenants: &Tenants, new: NewTenant) -> Result<(Self, Handout), MatrixError> {
        let tenants = tenants.clone();
        // In a task of its own: half a tenant cannot be dropped. A caller that is gone drops the
        // task's result, and with it the tenant.
        let creating = tokio::spawn(async move {
            let handout = tenants.create(new).await?;
            let tenant = handout.tenant_id.parse().map_err(|_| MatrixError::Seed("a tenant with an id"))?;
            Ok((Self { tenants, tenant: Some(tenant) }, handout))
        });
        creating.await.map_err(|_| MatrixError::Interrupted)?
    }

    pub(super) async fn delete(mut self) -> Result<(), TenantError> {
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

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Some(deleting) = self.begin_deletion()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                if let Ok(Err(error)) = deleting.await {
                    tracing::warn!(%error, "a throw-away tenant could not be deleted");
                }
            });
        }
    }
}
