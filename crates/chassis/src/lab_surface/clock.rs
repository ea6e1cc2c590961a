//! Reading and moving a tenant's clock, and running due work.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_clock::{Instant, Speed, TenantId, wall_now};
use serde::{Deserialize, Serialize};

use super::{Surface, tenant_of};
use crate::clocks::Setting;
use crate::{Problem, Service};

#[derive(Serialize)]
pub(crate) struct ClockAnswer {
    now: Instant,
    speed: Speed,
    next_due: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockMove {
    now: Option<Instant>,
    speed: Option<Speed>,
    wall: Option<Instant>,
    #[serde(default)]
    step: bool,
}

#[derive(Serialize)]
pub(crate) struct DueAnswer {
    done: u64,
    failed: u64,
    next_due: Option<Instant>,
}

pub(crate) async fn show<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Json<ClockAnswer>, Problem> {
    answer(&surface, tenant_of(&tenant)?).await
}

pub(crate) async fn set<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    body: Result<Json<ClockMove>, JsonRejection>,
) -> Result<Json<ClockAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(wanted) = body?;
    move_clock(&surface, tenant, wanted).await?;
    answer(&surface, tenant).await
}

async fn move_clock<S: Service>(
    surface: &Surface<S>,
    tenant: TenantId,
    wanted: ClockMove,
) -> Result<(), Problem> {
    shown_by_clocks(wanted.now, wanted.speed)?;
    let ClockMove { now, speed, wall, step } = wanted;
    if surface.chassis.clocks.set(tenant, Setting { now, speed, wall, step }).await?.is_none() {
        let now = surface.chassis.clocks.now(tenant).await?;
        return Err(Problem::conflict(format!("The clock shows {now} already, and time does not go back.")));
    }
    Ok(())
}

/// Rejects instants outside the range of clocks, and speeds that are too high.
pub(crate) fn shown_by_clocks(now: Option<Instant>, speed: Option<Speed>) -> Result<(), Problem> {
    if speed.is_some_and(|speed| speed > Speed::MAX) {
        return Err(Problem::bad_request(format!(
            "Time runs at most {} times as fast as wall time (a day in a second); 0 stops it.",
            Speed::MAX.factor()
        )));
    }
    match now {
        Some(now) if now > Instant::MAX || now < Instant::EPOCH => {
            Err(Problem::bad_request("A clock shows instants from 1970 to 9999."))
        }
        _ => Ok(()),
    }
}

/// Runs due work in a bounded turn (more is due if `next_due` is not later than the clock); with a
/// body, moves the clock first.
pub(crate) async fn run_due<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    body: Result<Option<Json<Option<ClockMove>>>, JsonRejection>,
) -> Result<Json<DueAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    if let Some(Json(Some(wanted))) = body? {
        move_clock(&surface, tenant, wanted).await?;
    }
    let work = surface.run_due(tenant).await?;
    let next_due = surface.service.next_due(tenant).await?;
    Ok(Json(DueAnswer { done: work.done, failed: work.failed, next_due }))
}

async fn answer<S: Service>(surface: &Surface<S>, tenant: TenantId) -> Result<Json<ClockAnswer>, Problem> {
    let clock = surface.chassis.clocks.clock(tenant).await?;
    let next_due = surface.service.next_due(tenant).await?;
    Ok(Json(ClockAnswer { now: clock.at(wall_now()), speed: clock.speed(), next_due }))
}
