//! `/lab/classes`: tenants for many people at once.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::Speed;
use outlive_wire::classes::{
    Class, ClassChange, ClassChanged, ClassList, ClassRequest, JoinRequest, ProgressAnswer, Seat, SeatChoice,
    SeatProgress,
};

use super::clock::{ValidChange, change_time, validate};
use super::problem::{ended, of_body};
use crate::classes::{ClassError, Classes, TenantOf};
use crate::tenants::{TenantError, Tenants};

impl From<ClassError> for Problem {
    fn from(error: ClassError) -> Self {
        let message = error.to_string();
        match error {
            ClassError::Unknown { .. } => Self::not_found("ClassNotFound", message),
            ClassError::NoSeat { .. } => Self::not_found("SeatNotFound", message),
            ClassError::Full(_) => Self::new(StatusCode::CONFLICT, "ClassFull", message),
            ClassError::TooMany => Self::new(StatusCode::CONFLICT, "TooManyClasses", message),
            ClassError::Invalid(_) => Self::bad_request(message),
            ClassError::Tenant(error) => error.into(),
        }
    }
}

#[utoipa::path(get, path = "/lab/classes", responses((status = 200, body = ClassList)))]
pub(crate) async fn list(State(tenants): State<Tenants>) -> Result<Json<ClassList>, Problem> {
    Ok(Json(Classes::new(tenants).list().await?))
}

#[utoipa::path(post, path = "/lab/classes", request_body = ClassRequest,
    responses((status = 201, body = Class), (status = 400, description = "not 1 to 60 seats, or an unknown seed or edition"),
    (status = 409, description = "too many classes are open (TooManyClasses)")))]
pub(crate) async fn open(
    State(tenants): State<Tenants>,
    body: Result<Json<ClassRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Class>), Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    // In a task of its own: if the caller disconnects, the class must not stay incomplete.
    let opening = tokio::spawn(async move { Classes::new(tenants).open(request).await });
    Ok((StatusCode::CREATED, Json(ended(opening.await)??)))
}

#[utoipa::path(get, path = "/lab/classes/{code}", params(("code" = String, Path, description = "code of the class")),
    responses((status = 200, body = Class), (status = 404, description = "no such class; the message names one that is spelled alike")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(code): Path<String>,
) -> Result<Json<Class>, Problem> {
    Ok(Json(Classes::new(tenants).show(&code).await?))
}

#[utoipa::path(delete, path = "/lab/classes/{code}", params(("code" = String, Path, description = "code of the class")),
    responses((status = 204, description = "ended; the tenants of its seats and of their lessons are deleted"), (status = 404, description = "no such class")))]
pub(crate) async fn end(
    State(tenants): State<Tenants>,
    Path(code): Path<String>,
) -> Result<StatusCode, Problem> {
    let ending = tokio::spawn(async move { Classes::new(tenants).end(&code).await });
    ended(ending.await)??;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/lab/classes/{code}/join", params(("code" = String, Path, description = "code of the class")),
    request_body = JoinRequest,
    responses((status = 200, body = Seat, description = "the seat of this name, or a free one"), (status = 404, description = "no such class"),
    (status = 409, description = "all seats are taken (ClassFull)")))]
pub(crate) async fn join(
    State(tenants): State<Tenants>,
    Path(code): Path<String>,
    body: Result<Json<JoinRequest>, JsonRejection>,
) -> Result<Json<Seat>, Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    Ok(Json(Classes::new(tenants).join(&code, &request).await?.1))
}

#[utoipa::path(patch, path = "/lab/classes/{code}", params(("code" = String, Path, description = "code of the class")),
    request_body = ClassChange,
    responses((status = 200, body = ClassChanged, description = "the class afterwards, and the seats for which the change failed"),
    (status = 400, description = "not exactly one change"), (status = 404, description = "no such class or seat")))]
pub(crate) async fn change(
    State(tenants): State<Tenants>,
    Path(code): Path<String>,
    body: Result<Json<ClassChange>, JsonRejection>,
) -> Result<Json<ClassChanged>, Problem> {
    let Json(change) = body.map_err(|rejection| of_body(&rejection))?;
    // In a task of its own: if the caller disconnects, clocks must not stay stopped.
    let changing = tokio::spawn(async move { apply(&Classes::new(tenants), &code, change).await });
    ended(changing.await)?.map(Json)
}

async fn apply(classes: &Classes, code: &str, change: ClassChange) -> Result<ClassChanged, Problem> {
    let (done, failed) = match change {
        ClassChange { add_seats: Some(seats), clock: None, reset: None, reveal: None, lesson: None } => {
            classes.add_seats(code, seats).await?;
            (seats, Vec::new())
        }
        ClassChange { add_seats: None, clock: Some(clock), reset: None, reveal: None, lesson: None } => {
            // Refused once, before any seat is changed.
            validate(clock)?;
            let move_time = |tenants: Tenants, tenant| {
                let change = validate(clock);
                async move {
                    let change = change.map_err(|problem| problem.message)?;
                    let changed = async {
                        let clock = match change {
                            ValidChange::Run(Speed::FROZEN) => tenants.clock_to_freeze(tenant).await?,
                            ValidChange::Run(_) | ValidChange::Move(_) => tenants.clock(tenant).await?,
                        };
                        change_time(clock, change).await.map(drop)
                    };
                    changed.await.map_err(|error: TenantError| error.to_string())
                }
            };
            classes.each(code, SeatChoice::Taken, TenantOf::Lesson, move_time).await?
        }
        ClassChange { add_seats: None, clock: None, reset: Some(choice), reveal: None, lesson: None } => {
            let start_over = |tenants: Tenants, tenant| async move {
                let classes = Classes::new(tenants.clone());
                let begun = async {
                    classes.leave_lessons(tenant).await?;
                    tenants.reset(tenant).await?;
                    classes.begin_again(tenant).await
                };
                begun.await.map_err(|error: ClassError| error.to_string())
            };
            classes.each(code, choice, TenantOf::Seat, start_over).await?
        }
        ClassChange { add_seats: None, clock: None, reset: None, reveal: Some(step), lesson: None } => {
            classes.reveal(code, step).await?;
            (0, Vec::new())
        }
        ClassChange { add_seats: None, clock: None, reset: None, reveal: None, lesson: Some(lesson) } => {
            classes.set_lesson(code, lesson).await?;
            (0, Vec::new())
        }
        _ => {
            return Err(Problem::bad_request(
                "Give exactly one of add_seats, clock, reset, reveal and lesson.",
            ));
        }
    };
    Ok(ClassChanged { class: classes.show(code).await?, done, failed })
}

#[utoipa::path(put, path = "/lab/classes/{code}/seats/{seat}",
    params(("code" = String, Path, description = "code of the class"), ("seat" = u16, Path, description = "number of the seat")),
    request_body = SeatProgress,
    responses((status = 200, body = ProgressAnswer), (status = 400, description = "a text is too long"),
    (status = 404, description = "no such class, or no such seat that is taken")))]
pub(crate) async fn report(
    State(tenants): State<Tenants>,
    Path((code, seat)): Path<(String, String)>,
    body: Result<Json<SeatProgress>, JsonRejection>,
) -> Result<Json<ProgressAnswer>, Problem> {
    let Json(progress) = body.map_err(|rejection| of_body(&rejection))?;
    // No number is no seat.
    let seat = seat.parse().unwrap_or(0);
    Ok(Json(Classes::new(tenants).report(&code, seat, progress).await?))
}
