//! Running time: for tenants with a running clock, due work is done when the clock reaches it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use outlive_clock::{Span, TenantId, VirtualClock, wall_now};

use crate::lab_surface::Surface;
use crate::{Cause, Problem, Service, pause};

/// The polling interval for new due work, in wall time.
const NOTICE_WITHIN: Duration = Duration::from_millis(250);
/// The number of tenants whose due work runs concurrently, so that a backlog of one does not delay
/// others.
const AT_ONCE: usize = 16;

/// Watches the running clocks until the service is dropped. A problem is reported once until it
/// changes or is resolved.
pub(crate) async fn watch<S: Service>(surface: Weak<Surface<S>>) {
    let Some(changed) = surface.upgrade().map(|surface| surface.chassis.clocks.changed()) else { return };
    let mut reported = HashMap::new();
    loop {
        let wait = {
            let Some(surface) = surface.upgrade() else { return };
            round(&surface, &mut reported).await
        };
        tokio::select! {
            () = pause(wait) => {}
            () = changed.notified() => {}
        }
    }
}

/// Runs one turn of due work for every running clock; returns the time until more work is due.
async fn round<S: Service>(
    surface: &Arc<Surface<S>>,
    reported: &mut HashMap<Option<TenantId>, String>,
) -> Duration {
    let notice = Span::from_millis(i64::try_from(NOTICE_WITHIN.as_millis()).unwrap_or(250));
    let clocks = match surface.chassis.clocks.all().await {
        Ok(clocks) => clocks,
        Err(error) => {
            report(reported, None, Err(&error.into()));
            return NOTICE_WITHIN;
        }
    };
    report(reported, None, Ok(()));
    reported.retain(|tenant, _| clocks.iter().any(|(known, _)| Some(*known) == *tenant));
    let running = clocks.into_iter().filter(|(_, clock)| !clock.speed().is_frozen());
    let done: Vec<_> = iter(running)
        .map(|(tenant, clock)| async move { (tenant, work(surface, tenant, clock).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut wait = notice;
    for (tenant, until) in done {
        report(reported, Some(tenant), until.as_ref().map(drop));
        wait = wait.min(until.ok().flatten().unwrap_or(notice));
    }
    wait.to_std()
}

/// Runs one turn of due work for one running clock; returns the wall time until more work is due.
async fn work<S: Service>(
    surface: &Surface<S>,
    tenant: TenantId,
    clock: VirtualClock,
) -> Result<Option<Span>, Problem> {
    for worked in [false, true] {
        let Some(due) = surface.service.next_due(tenant).await? else { return Ok(None) };
        match clock.wall_until(due, wall_now()) {
            // A backlog takes several turns; the next follows immediately.
            Some(Span::ZERO) if worked => return Ok(Some(Span::ZERO)),
            Some(Span::ZERO) => drop(surface.run_due(tenant).await?),
            until => return Ok(until),
        }
    }
    Ok(None)
}

fn report(
    reported: &mut HashMap<Option<TenantId>, String>,
    tenant: Option<TenantId>,
    result: Result<(), &Problem>,
) {
    let Err(problem) = result else {
        reported.remove(&tenant);
        return;
    };
    let problem = Cause::new(problem.clone()).to_string();
    if reported.get(&tenant) != Some(&problem) {
        let tenant_text = tenant.map(|tenant| tenant.to_string());
        tracing::warn!(tenant = tenant_text, %problem, "due work of running clocks fails and is repeated");
        reported.insert(tenant, problem);
    }
}
