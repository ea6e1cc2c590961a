//! Deleted users go for good when their time is over.

use outlive_chassis::{DueWork, Problem, Trace, Turn};
use outlive_clock::TenantId;
use outlive_journal::Event;
use outlive_store::Change;
use serde_json::json;

use crate::directory::{KEPT_AFTER_DELETION, User};
use crate::idp::Idp;

/// Removes every user of the tenant who was deleted long enough ago, the first one first.
pub(crate) async fn run_due(idp: &Idp, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
    let mut work = DueWork::default();
    while let Some((user, deleted_at)) = idp.directory.next_expired_user(tenant, turn.now()).await? {
        let mut change = Change::new();
        for statement in User::removal(tenant, user) {
            change.add(statement);
        }
        let trace = Trace::begin(&idp.chassis.random.of(tenant));
        let at = deleted_at + KEPT_AFTER_DELETION;
        let event = Event::new(tenant, at, "user.removed", format!("user:{user}"), &trace);
        change.append(idp.chassis.journal.entry(&event.with(json!({"by": "policy"}))));
        match idp.directory.commit(tenant, change).await {
            Ok(()) => work.done += 1,
            // Somebody restored or removed the user meanwhile; whoever is next is looked for again.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
        if turn.is_over() {
            break;
        }
    }
    Ok(work)
}
