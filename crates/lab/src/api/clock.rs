//! `/lab/tenants/{t}/clock`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::Speed;
use outlive_wire::lab_api::{ClockAnswer, ClockRequest, MovedAnswer, OperationDetails};

use super::problem::{ended, of_body, tenant_of};
use crate::conductor::{Moved, Target, TenantTime};
use crate::tenants::{TenantClock, TenantError, Tenants};

fn clock_answer(
    (time, operation): (TenantTime, Option<OperationDetails>),
    moved: Option<Moved>,
) -> ClockAnswer {
    ClockAnswer {
        now: time.now,
        speed: time.speed,
        next_due: time.next_due,
        operation,
        missing: time.missing,
        moved: moved.map(|Moved { from, steps, done, failed, .. }| MovedAnswer { from, steps, done, failed }),
    }
}

/// The error message for a speed that is too high.
pub(super) const SPEED_LIMIT: &str =
    "Time runs at most 86400 times as fast as wall time (a day in a second); 0 stops it.";

#[derive(Clone, Copy)]
pub(super) enum ValidChange {
    Move(Target),
    Run(Speed),
}

pub(super) fn validate(request: ClockRequest) -> Result<ValidChange, Problem> {
    match (request.advance, request.set, request.run) {
        (Some(span), None, None) if span.is_negative() => {
            Err(Problem::bad_request("Time only moves forward: give 'advance' a positive duration."))
        }
        (Some(span), None, None) => Ok(ValidChange::Move(Target::By(span))),
        (None, Some(instant), None) => Ok(ValidChange::Move(Target::At(instant))),
        (None, None, Some(speed)) if speed > Speed::MAX => Err(Problem::bad_request(SPEED_LIMIT)),
        (None, None, Some(speed)) => Ok(ValidChange::Run(speed)),
        _ => Err(Problem::bad_request(
            "Give exactly one of advance (a duration), set (an instant) and run (a speed).",
        )),
    }
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/clock", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = ClockAnswer)))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<ClockAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    Ok(Json(clock_answer(tenants.time(tenant).await?, None)))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/clock", params(("tenant" = String, Path, description = "tenant id")),
    request_body = ClockRequest, responses((status = 200, body = ClockAnswer),
    (status = 400, description = "not exactly one of the three, or too far away"),
    (status = 409, description = "time does not go back; another change is in progress (OperationInProgress), which the message names; or a request froze the clock during the advance (AdvanceEnded)"),
    (status = 502, description = "a service failed: the message says at which instant time was stopped, or that it is as soon as the service answers")))]
pub(crate) async fn change(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<ClockRequest>, JsonRejection>,
) -> Result<Json<ClockAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    let change = validate(request)?;
    let clock = match change {
        ValidChange::Run(Speed::FROZEN) => tenants.clock_to_freeze(tenant).await?,
        ValidChange::Run(_) | ValidChange::Move(_) => tenants.clock(tenant).await?,
    };
    // In a task of its own: if the caller disconnects, the clocks must not stay stopped.
    let moving = tokio::spawn(async move {
        let moved = change_time(clock, change).await?;
        Ok::<_, Problem>(clock_answer(tenants.time(tenant).await?, moved))
    });
    ended(moving.await)?.map(Json)
}

pub(super) async fn change_time(
    clock: TenantClock,
    change: ValidChange,
) -> Result<Option<Moved>, TenantError> {
    match change {
        ValidChange::Run(speed) => clock.run_at(speed).await.map(|_| None),
        ValidChange::Move(target) => clock.advance(target, &|_| ()).await.map(Some),
    }
}
