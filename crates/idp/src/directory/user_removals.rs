//! Removes deleted users permanently at the end of the retention period.

use outlive_chassis::{Chassis, DueWork, Problem, Trace, Turn};
use outlive_clock::TenantId;
use outlive_journal::Event;
use outlive_wire::Subject;
use outlive_wire::events::UserRemoved;

use super::cached_store::Directory;
use super::deleted_user::KEPT_AFTER_DELETION;
use super::user::User;

/// Removes the tenant's users whose retention period has ended, in order.
pub(crate) async fn run_due(
    chassis: &Chassis,
    directory: &Directory,
    tenant: TenantId,
    turn: Turn,
) -> Result<DueWork, Problem> {
    let mut work = DueWork::default();
    while let Some((user, deleted_at)) = directory.next_expired_user(tenant, turn.now()).await? {
        let mut change = User::delete_permanently(tenant, user);
        let trace = Trace::begin(&chassis.random.of(tenant));
        let at = deleted_at + KEPT_AFTER_DELETION;
        let removed = UserRemoved { upn: None, actor: None };
        let event = Event::new(tenant, at, Subject::user(user), &trace, removed);
        change.append(chassis.journal.entry(&event));
        match directory.commit(tenant, change).await {
            Ok(()) => work.done += 1,
            // The user was restored or removed at the same time; the next one follows.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
        if turn.is_over() {
            break;
        }
    }
    Ok(work)
}
