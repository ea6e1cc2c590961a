//! Deletes tenants at their end: after their lifetime, or with the seat that they belong to.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use outlive_chassis::pause;
use outlive_clock::{TenantId, wall_now};
use outlive_store::{StoreError, sql};

use super::store::end_of_seat;
use super::{TenantError, Tenants};

/// How often tenants whose lifetime is over are looked up (wall time).
const LOOK: Duration = Duration::from_secs(10);
/// The largest number of them that is read at a time, and of those that are deleted concurrently.
const ENDED_MAX: u32 = 1_000;
const ENDED_AT_ONCE: usize = 8;

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

    /// Ends the tenants that belong to a seat: the lab deletes them without a request.
    ///
    /// # Errors
    /// A failing database.
    pub(crate) async fn end_those_of_seat(&self, seat: TenantId) -> Result<(), StoreError> {
        self.chassis().store.commit(end_of_seat(seat, wall_now())).await
    }

    /// Deletes tenants whose lifetime is over, until the lab stops.
    pub(super) async fn end_lifetimes(&self) {
        while !self.operations().is_stopping() {
            if let Err(error) = self.delete_ended().await {
                tracing::debug!(%error, "tenants whose lifetime is over cannot be read");
            }
            pause(LOOK).await;
        }
    }

    /// Deletes tenants whose lifetime is over. One that cannot be deleted yet does not keep the
    /// others.
    async fn delete_ended(&self) -> Result<(), StoreError> {
        let select = sql!(
            "SELECT t.tenant FROM temporary_tenants t JOIN handouts h ON h.tenant = t.tenant \
             WHERE t.ends_wall_us <= $1 ORDER BY t.ends_wall_us, t.tenant LIMIT $2",
            wall_now(),
            ENDED_MAX
        );
        let rows = self.chassis().store.rows(select).await?;
        let ended = rows.iter().map(|row| row.parse("tenant")).collect::<Result<Vec<TenantId>, _>>()?;
        let delete = |tenant| async move {
            match self.delete(tenant).await {
                Ok(_) => tracing::info!(%tenant, "the lifetime of a tenant was over; it is deleted"),
                Err(TenantError::Unknown(_)) => {}
                Err(error) => {
                    tracing::debug!(%tenant, %error, "a tenant whose lifetime is over is deleted later");
                }
            }
        };
        iter(ended).for_each_concurrent(ENDED_AT_ONCE, delete).await;
        Ok(())
    }
}
