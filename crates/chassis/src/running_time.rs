//! Running time: for tenants whose clock runs, due work is done when the clock reaches it, without anybody asking.

use std::sync::{Arc, Weak};
use std::time::Duration;

use outlive_clock::{Span, wall_now};

use crate::lab_surface::Surface;
use crate::{Problem, Service, pause};

/// How long, in wall time, new due work may go unnoticed.
const NOTICE_WITHIN: Duration = Duration::from_millis(250);

/// Watches the running clocks until the service is gone.
pub(crate) async fn watch<S: Service>(surface: Weak<Surface<S>>) {
    let Some(changed) = surface.upgrade().map(|surface| surface.chassis.clocks.changed()) else { return };
    loop {
        let wait = {
            let Some(surface) = surface.upgrade() else { return };
            match turn(&surface).await {
                Ok(wait) => wait,
                Err(problem) => {
                    tracing::warn!(%problem, "due work of running clocks has to wait");
                    NOTICE_WITHIN
                }
            }
        };
        tokio::select! {
            () = pause(wait) => {}
            () = changed.notified() => {}
        }
    }
}

/// Does what is due for every running clock; answers how long nothing more will be.
async fn turn<S: Service>(surface: &Arc<Surface<S>>) -> Result<Duration, Problem> {
    let mut wait = Span::from_millis(i64::try_from(NOTICE_WITHIN.as_millis()).unwrap_or(250));
    for (tenant, clock) in surface.chassis.clocks.all().await? {
        if clock.speed().is_frozen() {
            continue;
        }
        let due = match surface.service.next_due(tenant).await {
            Ok(Some(due)) => due,
            Ok(None) => continue,
            Err(problem) => {
                tracing::warn!(%tenant, %problem, "what is due next could not be told and will be asked again");
                continue;
            }
        };
        match clock.wall_until(due, wall_now()) {
            Some(Span::ZERO) => {
                if let Err(problem) = surface.run_due(tenant).await {
                    tracing::warn!(%tenant, %problem, "due work failed and will be tried again");
                }
            }
            Some(until) => wait = wait.min(until),
            None => {}
        }
    }
    Ok(wait.to_std())
}
