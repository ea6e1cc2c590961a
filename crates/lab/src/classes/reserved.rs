//! Seats are reserved before their tenants are created. What an interruption leaves is completed:
//! a reserved seat gets its tenant.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use outlive_chassis::pause;
use outlive_clock::{Instant, Span, TenantId, wall_now};

use super::open_classes::{AT_ONCE, ClassError, Classes, SEATS_MAX};
use super::store::ReservedSeat;
use crate::tenants::{NewTenant, TenantError, Tenants};

/// How often reserved seats are looked up (wall time).
const LOOK: Duration = Duration::from_secs(15);
/// The same while some are left.
const AGAIN: Duration = Duration::from_secs(1);
/// How long after its reservation a seat is taken for abandoned if it is not known whether the
/// process that reserved it has ended: on another machine (wall time).
const ABANDONED_AFTER: Span = Span::from_seconds(600);

/// Completes classes whose seats were being created when a lab ended, until this one stops.
pub async fn complete_classes(tenants: Tenants) {
    let classes = Classes::new(tenants);
    // Only this process has an embedded database: what is reserved before now is abandoned.
    let started = wall_now();
    while !classes.tenants.is_stopping() {
        let is_shared = !classes.tenants.chassis().store.is_exclusive();
        let before = if is_shared { wall_now() - ABANDONED_AFTER } else { started };
        let left = classes.complete_reserved(before).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "reserved seats are completed later");
            true
        });
        pause(if left { AGAIN } else { LOOK }).await;
    }
}

impl Classes {
    /// Reserves seats, then creates their tenants. Seats whose creation fails are given up.
    pub(super) async fn create_seats(
        &self,
        code: &str,
        template: &NewTenant,
        names: Vec<Option<String>>,
    ) -> Result<(), ClassError> {
        let reserved = self.reserve(code, names).await?;
        let mut created = iter(reserved)
            .map(|seat| async move {
                let created = self.create_reserved(&seat, template).await;
                if created.is_err() {
                    self.store.give_up(seat.tenant).await?;
                }
                created
            })
            .buffer_unordered(AT_ONCE);
        let mut failed = None;
        // Awaits all: a creation still in progress would complete after the class was deleted.
        while let Some(result) = created.next().await {
            failed = failed.or(result.err());
        }
        let Some(failed) = failed else { return Ok(()) };
        // The class may have ended meanwhile.
        self.show(code).await?;
        Err(failed)
    }

    async fn reserve(&self, code: &str, names: Vec<Option<String>>) -> Result<Vec<ReservedSeat>, ClassError> {
        let random = &self.tenants.chassis().random;
        loop {
            let (last, present) = self.store.numbers(code).await?;
            if usize::from(present) + names.len() > usize::from(SEATS_MAX) {
                return Err(ClassError::Invalid(format!("A class has 1 to {SEATS_MAX} seats.")));
            }
            let seats: Vec<_> = (last.saturating_add(1)..)
                .zip(names.iter().cloned())
                .map(|(number, name)| (TenantId::generate(&mut random.stream("tenant-id")), number, name))
                .collect();
            let (now, process) = (wall_now(), self.tenants.process());
            match self.store.reserve(code, &seats, now, process).await {
                // Seats were added at the same time.
                Err(error) if error.is_conflict() => {
                    self.show(code).await?;
                }
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    let reserved = seats.into_iter().map(|(tenant, ..)| ReservedSeat {
                        class: code.to_owned(),
                        tenant,
                        since: now,
                        by: Some(process.to_owned()),
                    });
                    return Ok(reserved.collect());
                }
            }
        }
    }

    async fn create_reserved(&self, seat: &ReservedSeat, template: &NewTenant) -> Result<(), ClassError> {
        let new = NewTenant { id: Some(seat.tenant), reserved: true, ..template.clone() };
        self.tenants.create(new).await?;
        Ok(())
    }

    /// Creates the tenants of seats that were reserved before this instant (wall time), or by a
    /// process that has ended. Returns whether some are left.
    async fn complete_reserved(&self, before: Instant) -> Result<bool, ClassError> {
        let mut left = false;
        let is_abandoned =
            |seat: &ReservedSeat| seat.since < before || seat.by.as_deref().is_some_and(Tenants::has_ended);
        for seat in self.store.find_reserved().await?.into_iter().filter(is_abandoned) {
            if self.tenants.is_stopping() {
                return Ok(true);
            }
            // Its creation is being rolled back, or another replica completes it.
            if self.tenants.is_in_operation(seat.tenant).await? {
                left = true;
                continue;
            }
            let template = match self.read(&seat.class).await {
                Ok((_, template)) => template,
                // It has ended since the seats were read.
                Err(ClassError::Unknown { .. }) => continue,
                Err(error) => return Err(error),
            };
            match self.create_reserved(&seat, &template).await {
                Ok(()) => {
                    tracing::info!(class = %seat.class, tenant = %seat.tenant, "a reserved seat got its tenant");
                }
                Err(ClassError::Tenant(error)) if !is_final(&error) => {
                    tracing::debug!(class = %seat.class, %error, "a reserved seat gets its tenant later");
                    left = true;
                }
                Err(error) => {
                    tracing::warn!(class = %seat.class, %error, "a reserved seat is given up");
                    self.store.give_up(seat.tenant).await?;
                }
            }
        }
        Ok(left)
    }
}

/// Whether the creation of a tenant would fail again.
fn is_final(error: &TenantError) -> bool {
    match error {
        TenantError::UnknownSeed { .. } => true,
        TenantError::Service { cause, .. } | TenantError::Call(cause) => !cause.is_temporary(),
        TenantError::Layout(cause) => !cause.is_temporary(),
        _ => false,
    }
}
