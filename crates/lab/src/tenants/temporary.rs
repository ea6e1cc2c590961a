//! The end of a tenant: a lifetime in wall time, and the seat of a class with which it is deleted.

use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Statement, sql};

/// The range of a lifetime.
const LIFETIME_MIN: Span = Span::from_seconds(1);
const LIFETIME_MAX: Span = Span::from_days(30);

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
