//! The rotation of a tenant's signing key: by request or on a schedule. Retired keys stay published
//! for some time.

use outlive_chassis::{DueWork, Problem, Trace, Turn};
use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, Statement, Store, StoreError, sql};
use outlive_wire::Subject;
use outlive_wire::events::{SigningKeyRotated, SigningKeyRotationsMissed};

use super::signing_keys::{FIRST, PUBLISHED_AFTER, SigningKeys};
use crate::directory::{Directory, Tenant, use_signing_key};

/// The shortest interval: validators refresh keys about daily (reference: "JWKS").
pub(crate) const EVERY_MIN: Span = Span::from_days(1);
/// The longest interval.
pub(crate) const EVERY_MAX: Span = Span::from_days(3650);

/// Schedules the rotation, or ends the schedule if `every` is zero.
pub(crate) fn schedule(tenant: TenantId, every: Span, now: Instant) -> Change {
    let mut change = Change::from(sql!("DELETE FROM signing_key_schedules WHERE tenant = $1", tenant));
    if every > Span::from_micros(0) {
        change.add(sql!(
            "INSERT INTO signing_key_schedules (tenant, every_us, next_us) VALUES ($1, $2, $3)",
            tenant,
            every.as_micros(),
            now + every
        ));
    }
    change
}

/// Moves the next rotation; conflicts if another replica did so.
fn postpone(tenant: TenantId, next: Instant, following: Instant) -> Statement {
    sql!(
        "UPDATE signing_key_schedules SET next_us = $1 WHERE tenant = $2 AND next_us = $3",
        following,
        tenant,
        next
    )
    .expect_rows(1)
}

/// Returns the change with which a tenant of another installation begins with the first key of
/// this one. What the keys of the other one signed is rejected.
pub(crate) fn begin_again(tenant: TenantId) -> Change {
    let mut change = Change::from(use_signing_key(tenant, FIRST));
    change.add(sql!("DELETE FROM signing_key_turns WHERE tenant = $1", tenant));
    change
}

/// When the next rotation is due.
pub(crate) async fn next_due(store: &Store, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
    Ok(find_schedule(store, tenant).await?.map(|(next, _)| next))
}

/// Since when the tenant's latest keys signed, by number.
pub(crate) async fn since(store: &Store, tenant: TenantId) -> Result<Vec<(i64, Instant)>, StoreError> {
    let rows = store.rows(sql!(
        "SELECT number, since_us FROM signing_key_turns WHERE tenant = $1 ORDER BY number DESC LIMIT 100",
        tenant
    ));
    rows.await?.iter().map(|row| Ok((row.int("number")?, row.instant("since_us")?))).collect()
}

/// When the next rotation is due, and the interval.
pub(crate) async fn find_schedule(
    store: &Store,
    tenant: TenantId,
) -> Result<Option<(Instant, Span)>, StoreError> {
    let row = store
        .row(sql!("SELECT every_us, next_us FROM signing_key_schedules WHERE tenant = $1", tenant))
        .await?;
    row.map(|row| Ok((row.instant("next_us")?, Span::from_micros(row.int("every_us")?)))).transpose()
}

impl SigningKeys {
    /// Rotates the tenant's signing key at `at`.
    pub(crate) async fn rotate(
        &self,
        directory: &Directory,
        tenant: &Tenant,
        at: Instant,
        mut change: Change,
        trace: &Trace,
    ) -> Result<(), Problem> {
        let number = tenant.signing_key + 1;
        // The new key and the next one exist: a key is published before it signs.
        self.ensure(number + 1).await?;
        change.add(use_signing_key(tenant.id, number));
        change.add(sql!(
            "INSERT INTO signing_key_turns (tenant, number, since_us) VALUES ($1, $2, $3)",
            tenant.id,
            number,
            at
        ));
        // Only the newest rows are read.
        change.add(sql!(
            "DELETE FROM signing_key_turns WHERE tenant = $1 AND number IN \
             (SELECT number FROM signing_key_turns WHERE tenant = $1 AND since_us <= $2 ORDER BY number LIMIT 20)",
            tenant.id,
            at - PUBLISHED_AFTER
        ));
        let rotated = SigningKeyRotated { number };
        let event = Event::new(tenant.id, at, Subject::tenant(tenant.id), trace, rotated);
        change.append(self.chassis.journal.entry(&event));
        Ok(directory.commit(tenant.id, change).await?)
    }

    /// Performs the due rotations, each at its own instant. Missed rotations are skipped.
    pub(crate) async fn run_due(
        &self,
        directory: &Directory,
        tenant: TenantId,
        turn: Turn,
    ) -> Result<DueWork, Problem> {
        let mut work = DueWork::default();
        while let Some((next, every)) =
            find_schedule(&self.chassis.store, tenant).await?.filter(|(next, _)| *next <= turn.now())
        {
            if let Some(missed) = turn.missed_before().filter(|missed| next < *missed) {
                self.skip(tenant, (next, every), missed, turn.now()).await?;
                continue;
            }
            let Some(tenant) = directory.tenant(tenant).await? else { break };
            let before = Change::from(postpone(tenant.id, next, next + every));
            let trace = Trace::begin(&self.chassis.random.of(tenant.id));
            match self.rotate(directory, &tenant, next, before, &trace).await {
                Ok(()) => work.done += 1,
                // Another replica did it.
                Err(problem) if problem.status == http::StatusCode::CONFLICT => {}
                Err(problem) => return Err(problem),
            }
            if turn.is_over() {
                break;
            }
        }
        Ok(work)
    }

    /// Skips the missed rotations.
    async fn skip(
        &self,
        tenant: TenantId,
        (next, every): (Instant, Span),
        missed_before: Instant,
        now: Instant,
    ) -> Result<(), Problem> {
        let every_us = every.as_micros().max(1);
        let count = (missed_before - next).as_micros().div_euclid(every_us) + 1;
        let following = next + every * count;
        let mut change = Change::from(postpone(tenant, next, following));
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let missed = SigningKeyRotationsMissed { count, first: next, next: following };
        let event = Event::new(tenant, now, Subject::tenant(tenant), &trace, missed);
        change.append(self.chassis.journal.entry(&event));
        match self.chassis.store.commit(change).await {
            // Another replica did it.
            Err(error) if !error.is_conflict() => Err(error.into()),
            _ => Ok(()),
        }
    }
}
