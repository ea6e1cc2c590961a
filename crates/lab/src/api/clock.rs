//! `/lab/tenants/{t}/clock`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span, Speed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{of_body, of_conduct, tenant_of};
use crate::conductor::{Conductor, Moved, Target};
use crate::services::{ClockState, TenantSurface};
use crate::tenants::Tenants;

/// A change of a tenant's time: exactly one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockRequest {
    /// Move time on by a duration (ISO 8601, `PT1H`), doing everything that falls due.
    #[schema(value_type = Option<String>)]
    advance: Option<Span>,
    /// Move time on to an instant (RFC 3339), doing everything that falls due.
    #[schema(value_type = Option<String>)]
    set: Option<Instant>,
    /// Run at so many virtual seconds for each wall second; 0 freezes.
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
}

/// What happened while time moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovedAnswer {
    /// Virtual time before.
    #[schema(value_type = String)]
    from: Instant,
    /// Instants at which something was due.
    steps: u64,
    /// Pieces of due work done (flow runs), whatever came of them.
    done: u64,
    /// How many of them failed.
    failed: u64,
}

impl ClockAnswer {
    fn of(state: ClockState, moved: Option<Moved>) -> Self {
        Self {
            now: state.now,
            speed: state.speed,
            next_due: state.next_due,
            moved: moved.map(|Moved { from, steps, done, failed, .. }| MovedAnswer {
                from,
                steps,
                done,
                failed,
            }),
        }
    }
}

/// What is asked of the conductor.
enum Asked {
    Move(Target),
    Run(Speed),
}

impl ClockRequest {
    fn asked(&self) -> Result<Asked, Problem> {
        match (self.advance, self.set, self.run) {
            (Some(span), None, None) if span.is_negative() => {
                Err(Problem::bad_request("Time only moves forward: give 'advance' a positive duration."))
            }
            (Some(span), None, None) => Ok(Asked::Move(Target::By(span))),
            (None, Some(instant), None) => Ok(Asked::Move(Target::At(instant))),
            (None, None, Some(speed)) => Ok(Asked::Run(speed)),
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
    tenants.handout(tenant).await?;
    // Looking at a clock does not wait for whoever moves it.
    let state = Conductor::new(tenants.surface().tenant(tenant)).state().await.map_err(|e| of_conduct(&e))?;
    Ok(Json(ClockAnswer::of(state, None)))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/clock", params(("tenant" = String, Path, description = "tenant id")),
    request_body = ClockRequest, responses((status = 200, body = ClockAnswer),
    (status = 409, description = "time does not go back")))]
pub(crate) async fn change(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<ClockRequest>, JsonRejection>,
) -> Result<Json<ClockAnswer>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    let asked = request.asked()?;
    let (conductor, turn) = tenants.conductor(tenant).await?;
    // A caller that hangs up must not leave time frozen half-way.
    let moving = tokio::spawn(async move {
        let _turn = turn;
        conduct(&conductor, asked).await
    });
    moving.await.map_err(|_| Problem::unavailable())?.map(Json)
}

async fn conduct(conductor: &Conductor<TenantSurface>, asked: Asked) -> Result<ClockAnswer, Problem> {
    let problem = |error| of_conduct(&error);
    match asked {
        Asked::Run(speed) => Ok(ClockAnswer::of(conductor.run_at(speed).await.map_err(problem)?, None)),
        Asked::Move(target) => {
            let moved = conductor.advance(target, &|_| ()).await.map_err(problem)?;
            Ok(ClockAnswer::of(conductor.state().await.map_err(problem)?, Some(moved)))
        }
    }
}
