//! The forms of the teacher's pages.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::{Span, Speed};
use outlive_wire::classes::{ClassChange, ClassChanged, ClassRequest, SeatChoice};
use outlive_wire::lab_api::ClockRequest;
use serde::Deserialize;

use super::calls::unknown_class;
use crate::actions::{out_of_date, verified_form};
use crate::error::ErrorPage;
use crate::lab::LabError;
use crate::message::Message;
use crate::state::Console;

#[derive(Deserialize)]
pub(crate) struct OpenForm {
    token: String,
    seats: String,
    #[serde(default)]
    lesson: String,
}

#[derive(Deserialize)]
pub(crate) struct ChangeForm {
    token: String,
    /// A duration by which the time of every seat moves.
    all: Option<String>,
    /// `reveal`, `freeze`, `run`, `reset`, `seat` or `end`.
    #[serde(rename = "do")]
    what: Option<String>,
    /// The number of a seat to start over.
    reset: Option<String>,
    /// The step to reveal.
    step: Option<String>,
    /// The lesson of the class from now on.
    lesson: Option<String>,
}

/// `POST /class`: opens a class.
pub(crate) async fn open(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<OpenForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(lead_to("/class", &out_of_date()));
    };
    let Ok(seats) = form.seats.trim().parse() else {
        return Ok(lead_to("/class", &Message::failure("The number of seats is not a number.")));
    };
    let request = ClassRequest { seats, lesson: form.lesson.parse().ok(), ..ClassRequest::default() };
    match console.lab.open_class(&request).await {
        Ok(class) => {
            let done = format!("The class {} is open.", class.code);
            Ok(lead_to(&format!("/class/{}", class.code), &Message::success(done)))
        }
        Err(error) => failure("/class", error),
    }
}

/// `POST /class/{code}`: changes a class, its time or a seat.
pub(crate) async fn change(
    State(console): State<Console>,
    Path(code): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ChangeForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let code = console.lab.class(&code).await.map_err(unknown_class)?.code;
    let page = format!("/class/{code}");
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(lead_to(&page, &out_of_date()));
    };
    if form.what.as_deref() == Some("end") {
        return match console.lab.end_class(&code).await {
            Ok(()) => {
                let done = format!(
                    "The class {code} has ended; the tenants of its seats and of their lessons are deleted."
                );
                Ok(lead_to("/class", &Message::success(done)))
            }
            Err(error) => failure(&page, error),
        };
    }
    let Some(change) = requested(&form) else {
        return Ok(lead_to(&page, &Message::failure("This page has no such button; nothing was done.")));
    };
    match console.lab.change_class(&code, &change).await {
        Ok(changed) => Ok(lead_to(&page, &summary(&change, &changed))),
        Err(error) => failure(&page, error),
    }
}

fn requested(form: &ChangeForm) -> Option<ClassChange> {
    let clock = |clock| ClassChange { clock: Some(clock), ..ClassChange::default() };
    let speed = |speed| clock(ClockRequest { run: Some(speed), ..ClockRequest::default() });
    let number = |text: &Option<String>| text.as_deref()?.parse::<u16>().ok();
    if let Some(by) = &form.all {
        let by = by.parse::<Span>().ok()?;
        return Some(clock(ClockRequest { advance: Some(by), ..ClockRequest::default() }));
    }
    if form.reset.is_some() {
        let seat = SeatChoice::Seat(number(&form.reset)?);
        return Some(ClassChange { reset: Some(seat), ..ClassChange::default() });
    }
    Some(match form.what.as_deref()? {
        "reveal" => ClassChange { reveal: Some(number(&form.step)?), ..ClassChange::default() },
        "freeze" => speed(Speed::FROZEN),
        "run" => speed(Speed::REAL),
        "reset" => ClassChange { reset: Some(SeatChoice::Taken), ..ClassChange::default() },
        "seat" => ClassChange { add_seats: Some(1), ..ClassChange::default() },
        "lesson" => {
            ClassChange { lesson: Some(u8::try_from(number(&form.lesson)?).ok()?), ..ClassChange::default() }
        }
        _ => return None,
    })
}

/// What a change did, in the color of the worst result.
fn summary(change: &ClassChange, changed: &ClassChanged) -> Message {
    let seats = |count: u16| match count {
        1 => "one seat".to_owned(),
        count => format!("{count} seats"),
    };
    let done = match change {
        ClassChange { clock: Some(ClockRequest { advance: Some(_), .. }), .. } => {
            format!("Time moved for {}.", seats(changed.done))
        }
        ClassChange { clock: Some(ClockRequest { run: Some(Speed::FROZEN), .. }), .. } => {
            format!("The clocks of {} are frozen.", seats(changed.done))
        }
        ClassChange { clock: Some(_), .. } => format!("The clocks of {} run.", seats(changed.done)),
        ClassChange { reset: Some(_), .. } => format!("Started over: {}.", seats(changed.done)),
        ClassChange { reveal: Some(step), .. } => format!("The answers up to step {step} are revealed."),
        ClassChange { lesson: Some(lesson), .. } => format!("The class works on lesson {lesson} now."),
        ClassChange { .. } => format!("Added: {}.", seats(changed.done)),
    };
    let Some(first) = changed.failed.first() else { return Message::success(done) };
    let count = changed.failed.len();
    Message::failure(format!("{done} It failed for {count}: seat {}: {}", first.seat, first.message))
}

/// Shows a rejection by the lab as a message, and any other failure as an error page.
fn failure(page: &str, error: LabError) -> Result<Response, ErrorPage> {
    match error {
        LabError::Refused { message, .. } => Ok(lead_to(page, &Message::failure(message))),
        other => Err(other.into()),
    }
}

fn lead_to(page: &str, message: &Message) -> Response {
    let headers = AppendHeaders([(LOCATION, page.to_owned()), (SET_COOKIE, message.set_cookie())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
