//! `/class`, `/class/{code}`: what a teacher sees and does.

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use outlive_chassis::CallerOrigin;
use outlive_clock::{Instant, wall_now};
use outlive_wire::classes::{Class, ListedClass, Seat};
use serde::Deserialize;

use super::calls::unknown_class;
use super::tally::{Expectation, expectations, idle_minutes, title};
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::when::When;

/// The numbers of lessons to choose from.
const LESSONS: u8 = 9;

#[derive(Template)]
#[template(path = "classes.html")]
struct ClassesPage {
    frame: Frame,
    title: String,
    lessons: Vec<u8>,
    classes: Vec<ListedView>,
}

struct ListedView {
    code: String,
    seats: u16,
    taken: u16,
    opened: When,
}

#[derive(Template)]
#[template(path = "class.html")]
struct ClassPage {
    frame: Frame,
    title: String,
    code: String,
    lesson: Option<u8>,
    /// The step whose answer can be revealed next.
    next_step: u16,
    join_at: String,
    taken: usize,
    seats: Vec<SeatView>,
    expected: Vec<Expectation>,
    predicted: usize,
    shows_slips: bool,
}

struct SeatView {
    number: u16,
    name: String,
    tenant: String,
    joined: bool,
    /// For each step of the lesson: done, at it, or to come.
    dots: Vec<&'static str>,
    progress: String,
    expects: Option<String>,
    last: Option<(String, When)>,
    idle: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    /// Present: slips to print and cut.
    slips: Option<String>,
}

/// `GET /class`: the open classes, and a form to open one.
pub(crate) async fn list(
    State(console): State<Console>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let classes = console.lab.classes().await?.classes;
    if wants_json(&headers) {
        return Ok(Json(classes).into_response());
    }
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let frame = Frame::read(&console, &headers, Section::Class, tenant).await?;
    let now = wall_now();
    let title = match classes.as_slice() {
        [] => "Open a class: a tenant for each seat, and a code to join by".to_owned(),
        [_] => "One class is open".to_owned(),
        several => format!("{} classes are open", several.len()),
    };
    let view = |class: ListedClass| ListedView {
        opened: When::of(class.opened, now),
        code: class.code,
        seats: class.seats,
        taken: class.taken,
    };
    let classes = classes.into_iter().map(view).collect();
    let page = ClassesPage { frame, title, lessons: (1..=LESSONS).collect(), classes };
    Ok(page.frame.respond(show(&page)))
}

/// `GET /class/{code}`: the teacher's overview.
pub(crate) async fn show_class(
    State(console): State<Console>,
    origin: CallerOrigin,
    Path(code): Path<String>,
    query: Result<Query<Shown>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let class = console.lab.class(&code).await.map_err(unknown_class)?;
    if wants_json(&headers) {
        return Ok(Json(class).into_response());
    }
    let shown = query.map(|Query(shown)| shown).unwrap_or_default();
    let tenant = match (console.tenant_hint, class.seats.first()) {
        (Some(hinted), _) => hinted,
        (None, Some(seat)) => seat.tenant_id,
        (None, None) => return list(State(console), Ok(Query(Choice { tenant: None })), headers).await,
    };
    let frame = Frame::read(&console, &headers, Section::Class, tenant).await?;
    let now = wall_now();
    let expected = expectations(&class);
    let reports = class.seats.iter().filter_map(|seat| seat.progress.as_ref());
    let predicting = reports.clone().filter(|progress| progress.expects.is_some());
    let furthest = predicting.map(|progress| progress.step).max().unwrap_or(0);
    let page = ClassPage {
        title: title(&class),
        lesson: class.lesson,
        next_step: furthest.max(class.revealed.saturating_add(1)),
        join_at: format!("{origin}/join"),
        taken: class.seats.iter().filter(|seat| seat.joined.is_some()).count(),
        predicted: expected.iter().map(|expectation| expectation.seats).sum(),
        expected,
        seats: class.seats.iter().map(|seat| view(seat, now)).collect(),
        code: class.code,
        shows_slips: shown.slips.is_some(),
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn view(seat: &Seat, now: Instant) -> SeatView {
    let progress = seat.progress.as_ref();
    let dots = progress.map_or_else(Vec::new, |progress| {
        let steps = progress.steps.min(30);
        (1..=steps)
            .map(|step| match step.cmp(&progress.step) {
                _ if progress.step >= progress.steps => "is-done",
                std::cmp::Ordering::Less => "is-done",
                std::cmp::Ordering::Equal => "is-here",
                std::cmp::Ordering::Greater => "",
            })
            .collect()
    });
    let how_far = match progress {
        Some(progress) if progress.step >= progress.steps => "finished".to_owned(),
        Some(progress) => format!("step {} of {}", progress.step, progress.steps),
        None if seat.joined.is_some() => "joined".to_owned(),
        None => "not joined".to_owned(),
    };
    let joined = seat.joined.map(|at| ("joined".to_owned(), at));
    let last = progress.map(|progress| (progress.last.clone(), progress.at)).or(joined);
    SeatView {
        number: seat.seat,
        name: name_of(seat),
        tenant: progress.and_then(|progress| progress.tenant_id).unwrap_or(seat.tenant_id).to_string(),
        joined: seat.joined.is_some(),
        dots,
        progress: how_far,
        expects: progress.and_then(|progress| progress.expects.clone()),
        last: last.map(|(what, at)| (what, When::of(at, now))),
        idle: idle_minutes(seat, now),
    }
}

fn name_of(seat: &Seat) -> String {
    seat.name.clone().unwrap_or_else(|| format!("Seat {}", seat.seat))
}

/// `GET /class/{code}/results.csv`
pub(crate) async fn results(
    State(console): State<Console>,
    Path(code): Path<String>,
) -> Result<Response, ErrorPage> {
    let class = console.lab.class(&code).await.map_err(unknown_class)?;
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, table(&class)).into_response())
}

/// The seats as comma-separated values.
fn table(class: &Class) -> String {
    let mut text = "seat,name,tenant,joined,lesson,step,steps,expects,last,at\r\n".to_owned();
    for seat in &class.seats {
        let progress = seat.progress.as_ref();
        let number = |count: Option<u16>| count.map(|count| count.to_string()).unwrap_or_default();
        let cells = [
            seat.seat.to_string(),
            name_of(seat),
            seat.domain.clone(),
            seat.joined.map(|at| at.to_string()).unwrap_or_default(),
            number(progress.map(|progress| u16::from(progress.lesson))),
            number(progress.map(|progress| progress.step)),
            number(progress.map(|progress| progress.steps)),
            progress.and_then(|progress| progress.expects.clone()).unwrap_or_default(),
            progress.map(|progress| progress.last.clone()).unwrap_or_default(),
            progress.map(|progress| progress.at.to_string()).unwrap_or_default(),
        ];
        text += &cells.map(|cell| quoted(&cell)).join(",");
        text += "\r\n";
    }
    text
}

/// A cell of a table. A text that a spreadsheet would read as a formula is marked as text.
fn quoted(cell: &str) -> String {
    let cell =
        if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (cell, written) in
            [("Seat 1", "Seat 1"), ("a, \"b\"", "\"a, \"\"b\"\"\""), ("=1+1", "'=1+1"), ("@x,y", "\"'@x,y\"")]
        {
            assert_eq!(quoted(cell), written);
        }
    }
}
