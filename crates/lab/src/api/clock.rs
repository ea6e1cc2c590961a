//! `/lab/tenants/{t}/clock`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span, Speed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{of_body, tenant_of};
use crate::conductor::{Moved, Target, TenantTime};
use crate::services::Service;
use crate::tenants::{OperationDetails, TenantClock, TenantError, Tenants};

/// A change of a tenant's time: exactly one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockRequest {
    /// Move time on by a duration (ISO 8601, `PT1H`), doing everything that falls due; at most by
    /// 100 years (`P36525D`).
    #[schema(value_type = Option<String>)]
    advance: Option<Span>,
    /// Advance to an instant (RFC 3339) at most 100 years away, and execute all work that becomes
    /// due.
    #[schema(value_type = Option<String>)]
    set: Option<Instant>,
    /// Run at this number of virtual seconds per wall second, at most 86400; 0 stops the clock, and
    /// ends an advance in progress after its current step.
    #[schema(value_type = Option<u32>)]
    run: Option<Speed>,
}

/// A tenant's time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockAnswer {
    /// Virtual time.
    #[schema(value_type = String)]
    now: Instant,
    /// Virtual seconds for each wall second.
    #[schema(value_type = u32)]
    speed: Speed,
    /// When something is due next, in virtual time.
    #[schema(value_type = Option<String>)]
    next_due: Option<Instant>,
    /// What happened while time moved.
    #[serde(flatten)]
    moved: Option<MovedAnswer>,
    /// The operation that is under way, or that was interrupted and is ended when all services
    /// answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<OperationDetails>,
    /// The services that did not answer: their clocks are not in this answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Service>,
}

/// What happened while time moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovedAnswer {
    /// Virtual time before.
    #[schema(value_type = String)]
    from: Instant,
    /// Instants at which something was due.
    steps: u64,
    /// The number of executed pieces of due work (flow runs), including failed ones.
    done: u64,
    /// How many of them failed.
    failed: u64,
}

impl ClockAnswer {
    fn of((time, operation): (TenantTime, Option<OperationDetails>), moved: Option<Moved>) -> Self {
        Self {
            now: time.now,
            speed: time.speed,
            next_due: time.next_due,
            operation,
            missing: time.missing,
            moved: moved.map(|Moved { from, steps, done, failed, .. }| MovedAnswer {
                from,
                steps,
                done,
                failed,
            }),
        }
    }
}

/// Why a speed is rejected.
pub(super) const SPEED_LIMIT: &str =
    "Time runs at most 86400 times as fast as wall time (a day in a second); 0 stops it.";

/// A validated change.
enum ValidChange {
    Move(Target),
    Run(Speed),
}

impl ClockRequest {
    fn validate(&self) -> Result<ValidChange, Problem> {
        match (self.advance, self.set, self.run) {
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
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/clock", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = ClockAnswer)))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<ClockAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    Ok(Json(ClockAnswer::of(tenants.time(tenant).await?, None)))
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
    let change = request.validate()?;
    let clock = match change {
        ValidChange::Run(Speed::FROZEN) => tenants.clock_to_freeze(tenant).await?,
        ValidChange::Run(_) | ValidChange::Move(_) => tenants.clock(tenant).await?,
    };
    // A caller that disconnects must not leave the clocks stopped on the way.
    let moving = tokio::spawn(async move {
        let moved = change_time(clock, change).await?;
        Ok::<_, Problem>(ClockAnswer::of(tenants.time(tenant).await?, moved))
    });
    moving.await.map_err(|_| Problem::unavailable())?.map(Json)
}

async fn change_time(clock: TenantClock, change: ValidChange) -> Result<Option<Moved>, TenantError> {
    match change {
        ValidChange::Run(speed) => clock.run_at(speed).await.map(|_| None),
        ValidChange::Move(target) => clock.advance(target, &|_| ()).await.map(Some),
    }
}
