//! Trying again. An API that does not answer is asked again after ever longer pauses, of the tenant's time or of wall time, whichever
//! is over first: the tenant's may stand still, or pass by the month. Due work of the tenant's time is the lab's to start; here is the
//! other half.

use outlive_chassis::{Turn, pause};
use outlive_clock::{Instant, Span, TenantId, wall_now};

use super::delivery::{locked, run_due};
use super::queue;
use crate::idp::{Idp, WeakIdp};

/// The longest pause between two tries, in virtual time …
pub(super) const PAUSE_MAX: Span = Span::from_hours(1);
/// … and in wall time.
pub(super) const PAUSE_WALL_MAX: Span = Span::from_seconds(30);

/// The pause after so many tries before: one second, and twice as long every time.
pub(super) fn backoff(tries: u32, longest: Span) -> Span {
    Span::from_seconds(1_i64 << tries.min(20)).min(longest)
}

/// Tries again by wall time, until nothing waits that was tried in vain.
pub(super) fn keep_trying(idp: &Idp, tenant: TenantId) {
    if locked(&idp.deliveries.kept).insert(tenant) {
        tokio::spawn(try_again(idp.downgrade(), tenant));
    }
}

async fn try_again(idp: WeakIdp, tenant: TenantId) {
    loop {
        let wait = match idp.upgrade() {
            None => return,
            Some(idp) => match next_retry(&idp, tenant).await {
                Some(at) => at - wall_now(),
                None => {
                    locked(&idp.deliveries.kept).remove(&tenant);
                    // Whatever failed between the look and the removal found somebody still trying.
                    if next_retry(&idp, tenant).await.is_some() {
                        keep_trying(&idp, tenant);
                    }
                    return;
                }
            },
        };
        pause(wait.clamp(Span::from_millis(20), PAUSE_WALL_MAX).to_std()).await;
        let Some(idp) = idp.upgrade() else { return };
        let result = match idp.chassis.clocks.now(tenant).await {
            Ok(now) => run_due(&idp, tenant, Turn::whole(now)).await,
            Err(error) => Err(error.into()),
        };
        if let Err(problem) = result {
            tracing::warn!(%tenant, %problem, "security events have to wait");
        }
    }
}

/// When something that was tried in vain is to be tried again (wall time). A tenant that is gone has nothing that waits.
async fn next_retry(idp: &Idp, tenant: TenantId) -> Option<Instant> {
    let heads = queue::heads(&idp.chassis.store, tenant).await.ok()?;
    heads.into_iter().filter(|waiting| waiting.tries > 0).map(|waiting| waiting.retry_at).min()
}

/// Takes up what the process before this one left untold.
pub(crate) fn take_up(idp: &Idp) {
    let idp = idp.downgrade();
    tokio::spawn(async move {
        let Some(idp) = idp.upgrade() else { return };
        let waiting = queue::tenants_that_wait(&idp.chassis.store).await.unwrap_or_default();
        for tenant in waiting {
            let Ok(now) = idp.chassis.clocks.now(tenant).await else { continue };
            if let Err(problem) = run_due(&idp, tenant, Turn::whole(now)).await {
                tracing::warn!(%tenant, %problem, "security events have to wait");
            }
            keep_trying(&idp, tenant);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..14).map(|tries| backoff(tries, PAUSE_MAX).as_seconds()).collect();
        assert_eq!(pauses[..5], [1, 2, 4, 8, 16]);
        assert_eq!(pauses[11..], [2_048, 3_600, 3_600]);
        assert_eq!(backoff(u32::MAX, PAUSE_WALL_MAX), PAUSE_WALL_MAX);
    }
}
