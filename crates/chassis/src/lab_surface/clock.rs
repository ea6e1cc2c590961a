//! Reading and moving a tenant's clock, and running due work.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_clock::{Instant, Speed, TenantId, wall_now};
use outlive_wire::{ClockChange, ClockState, DueWork};

use super::surface::{Surface, tenant_of};
use crate::{Problem, Service};

pub(crate) async fn show<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Json<ClockState>, Problem> {
    answer(&surface, tenant_of(&tenant)?).await
}

pub(crate) async fn set<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    body: Result<Json<ClockChange>, JsonRejection>,
) -> Result<Json<ClockState>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(wanted) = body?;
    move_clock(&surface, tenant, wanted).await?;
    answer(&surface, tenant).await
}

async fn move_clock<S: Service>(
    surface: &Surface<S>,
    tenant: TenantId,
    wanted: ClockChange,
) -> Result<(), Problem> {
    shown_by_clocks(wanted.now, wanted.speed)?;
    if surface.chassis.clocks.set(tenant, wanted).await?.is_none() {
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
    body: Result<Option<Json<Option<ClockChange>>>, JsonRejection>,
) -> Result<Json<DueWork>, Problem> {
    let tenant = tenant_of(&tenant)?;
    match body? {
        Some(Json(Some(wanted))) if wanted.is_empty() => {
            surface.chassis.clocks.check(tenant, wanted.incarnation).await?;
        }
        Some(Json(Some(wanted))) => move_clock(&surface, tenant, wanted).await?,
        Some(Json(None)) | None => {}
    }
    let work = surface.run_due(tenant).await?;
    let next_due = surface.service.next_due(tenant).await?;
    Ok(Json(DueWork { next_due, ..work }))
}

async fn answer<S: Service>(surface: &Surface<S>, tenant: TenantId) -> Result<Json<ClockState>, Problem> {
    let wall = wall_now();
    let clock = surface.chassis.clocks.clock(tenant).await?;
    let next_due = surface.service.next_due(tenant).await?;
    Ok(Json(ClockState { now: clock.at(wall), speed: clock.speed(), next_due }))
}
