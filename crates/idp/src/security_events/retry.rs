//! Redelivery with exponential backoff, in virtual or wall time, whichever ends first: a tenant's
//! clock may stand still or advance by months. The lab starts work that is due in virtual time;
//! this module starts the rest.

use outlive_chassis::{Cause, DueWork, Problem, Turn, pause};
use outlive_clock::{Instant, Span, TenantId, wall_now};

use super::delivery::{PAUSE_WALL_MAX, deliver};
use super::queue;
use crate::idp::{Idp, WeakIdp};

/// Delivers the due events of a tenant, and retries those that are postponed.
pub(crate) async fn run_due(idp: &Idp, tenant: TenantId, due: Turn) -> Result<DueWork, Problem> {
    let mut has_postponed = false;
    let result = deliver(idp, tenant, due, &mut has_postponed).await;
    if has_postponed {
        schedule_retries(idp, tenant);
    }
    result
}

/// Retries in wall time until no failed delivery is queued.
fn schedule_retries(idp: &Idp, tenant: TenantId) {
    if idp.deliveries.kept.lock().insert(tenant) {
        tokio::spawn(retry(idp.downgrade(), tenant));
    }
}

async fn retry(idp: WeakIdp, tenant: TenantId) {
    loop {
        let wait = match idp.upgrade() {
            None => return,
            Some(idp) => match next_retry(&idp, tenant).await {
                Some(at) => at - wall_now(),
                None => {
                    idp.deliveries.kept.lock().remove(&tenant);
                    // A delivery that failed between the check and the removal found this task
                    // still registered.
                    if next_retry(&idp, tenant).await.is_some() {
                        schedule_retries(&idp, tenant);
                    }
                    return;
                }
            },
        };
        pause(wait.clamp(Span::from_millis(20), PAUSE_WALL_MAX).to_std()).await;
        let Some(idp) = idp.upgrade() else { return };
        let result = match idp.chassis.clocks.reading(tenant).await {
            Ok(time) => run_due(&idp, tenant, Turn::whole(time)).await,
            Err(error) => Err(error.into()),
        };
        if let Err(problem) = result {
            tracing::warn!(%tenant, error = %Cause::new(problem), "cannot deliver security events now");
        }
    }
}

/// Returns when the next failed delivery is due (wall time). A deleted tenant has none.
async fn next_retry(idp: &Idp, tenant: TenantId) -> Option<Instant> {
    let heads = queue::heads(&idp.chassis.store, tenant).await.ok()?;
    heads.into_iter().filter(|waiting| waiting.tries > 0).map(|waiting| waiting.retry_at).min()
}

/// Resumes deliveries that the previous process left in the queue.
pub(crate) fn resume(idp: &Idp) {
    let idp = idp.downgrade();
    tokio::spawn(async move {
        let Some(idp) = idp.upgrade() else { return };
        let waiting = queue::tenants_with_events(&idp.chassis.store).await.unwrap_or_default();
        for tenant in waiting {
            let Ok(time) = idp.chassis.clocks.reading(tenant).await else { continue };
            if let Err(problem) = run_due(&idp, tenant, Turn::whole(time)).await {
                tracing::warn!(%tenant, error = %Cause::new(problem), "cannot deliver security events now");
            }
            schedule_retries(&idp, tenant);
        }
    });
}
