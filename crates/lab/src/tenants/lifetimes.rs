//! Deletes tenants at their end: after their lifetime, or with the seat that they belong to.

use outlive_clock::{TenantId, wall_now};
use outlive_store::{StoreError, sql};

use super::{TenantError, Tenants};

/// The number of tenants whose lifetime is over that are deleted at a time.
const ENDED_AT_ONCE: u32 = 20;

impl Tenants {
    /// Returns the tenants that belong to a seat.
    ///
    /// # Errors
    /// A failing database.
    pub(crate) async fn of_seat(&self, seat: TenantId) -> Result<Vec<TenantId>, StoreError> {
        let select = sql!("SELECT tenant FROM temporary_tenants WHERE seat = $1 ORDER BY tenant", seat);
        let rows = self.chassis().store.rows(select).await?;
        rows.iter().map(|row| row.parse("tenant")).collect()
    }

    /// Deletes the tenants that belong to a seat.
    ///
    /// # Errors
    /// The first deletion that failed; the others are done.
    pub(crate) async fn delete_of_seat(&self, seat: TenantId) -> Result<(), TenantError> {
        let mut failed = None;
        for tenant in self.of_seat(seat).await? {
            match self.delete(tenant).await {
                // Deleted by another request.
                Ok(_) | Err(TenantError::Unknown(_)) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Deletes tenants whose lifetime is over.
    pub(super) async fn delete_ended(&self) -> Result<(), TenantError> {
        let select = sql!(
            "SELECT t.tenant FROM temporary_tenants t JOIN handouts h ON h.tenant = t.tenant \
             WHERE t.ends_wall_us <= $1 ORDER BY t.ends_wall_us LIMIT $2",
            wall_now(),
            ENDED_AT_ONCE
        );
        for row in self.chassis().store.rows(select).await? {
            let tenant = row.parse("tenant")?;
            match self.delete(tenant).await {
                Ok(_) => tracing::info!(%tenant, "the lifetime of a tenant was over; it is deleted"),
                Err(TenantError::Unknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
