//! Tenants with an end: a lifetime in wall time, and the seat of a class with which they are
//! deleted.

use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Statement, StoreError, sql};

use super::{TenantError, Tenants};

/// The range of a lifetime.
const LIFETIME_MIN: Span = Span::from_seconds(1);
const LIFETIME_MAX: Span = Span::from_days(30);
/// The number of tenants whose lifetime is over that are deleted at a time.
const ENDED_AT_ONCE: u32 = 20;

/// The end of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Temporary {
    /// When it is deleted (wall time).
    pub ends: Option<Instant>,
    /// The tenant of the seat that it belongs to.
    pub seat: Option<TenantId>,
}

impl Temporary {
    /// Returns the end of a tenant that lives from now for `lifetime`; `None` if that is too short
    /// or too long.
    pub fn after(lifetime: Span) -> Option<Instant> {
        (LIFETIME_MIN..=LIFETIME_MAX).contains(&lifetime).then(|| wall_now() + lifetime)
    }

    /// Returns the statement that records the end of a tenant; `None` for one that stays.
    pub(super) fn insert(self, tenant: TenantId) -> Option<Statement> {
        let Self { ends, seat } = self;
        if ends.is_none() && seat.is_none() {
            return None;
        }
        Some(sql!(
            "INSERT INTO temporary_tenants (tenant, seat, ends_wall_us) VALUES ($1, $2, $3)",
            tenant,
            seat.map(|seat| seat.to_string()),
            ends
        ))
    }
}

/// Removes the end of a tenant that is deleted.
pub(super) fn forget_end(tenant: TenantId) -> Statement {
    sql!("DELETE FROM temporary_tenants WHERE tenant = $1", tenant)
}

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
