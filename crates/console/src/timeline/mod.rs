//! `/timeline`: from when until when each credential was alive, what ended it, and the runs.

mod drawing;
mod marks;
mod mermaid;
mod range;
mod title;

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use outlive_clock::{Instant, TenantId};
use outlive_wire::timeline::Timeline;
use serde::Deserialize;

use self::drawing::Picture;
use self::marks::{Link, Mark};
use self::range::Range;
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::seen;
use crate::state::Console;
use crate::theme::Theme;
use crate::when::When;

/// The number of marks in the table, before and after the chosen one.
const BEFORE: usize = 3;
const AFTER: usize = 6;

#[derive(Deserialize)]
pub(crate) struct Asked {
    tenant: Option<String>,
    range: Option<String>,
    /// Where it ends; now, by default or if it is no instant.
    until: Option<String>,
    mark: Option<String>,
}

/// The range that an address asks for.
#[derive(Clone, Copy)]
struct Place {
    tenant: TenantId,
    range: Range,
    until: Option<Instant>,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelinePage {
    frame: Frame,
    title: String,
    missing: String,
    has_more: bool,
    /// The address of each range, its label, and whether it is shown.
    ranges: Vec<(String, &'static str, bool)>,
    earlier: String,
    later: Option<String>,
    svg_file: String,
    mermaid_file: String,
    json_file: String,
    drawing: String,
    chosen: Option<MarkView>,
    neighbors: Vec<MarkView>,
}

/// A mark, for the page.
struct MarkView {
    address: String,
    when: When,
    is_chosen: bool,
    style: &'static str,
    icon: &'static str,
    state: &'static str,
    place: String,
    what: String,
    why: String,
    row: Option<String>,
    would_end_it: Vec<String>,
    link: Option<(String, &'static str)>,
}

/// `GET /timeline`
pub(crate) async fn timeline(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let (place, mark) = match read_address(&console, query).await? {
        Ok(found) => found,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock, timeline) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(place.tenant),
        console.lab.clock(place.tenant),
        console.lab.timeline(place.tenant, place.range.length(), place.until),
    )?;
    if wants_json(&headers) {
        return Ok(Json(timeline).into_response());
    }
    let frame = Frame::of(&console, &headers, Section::Timeline, &credentials, &clock, &tenants, "");
    let page = TimelinePage::of(frame, place, &timeline, mark.as_deref());
    Ok(page.frame.respond(show(&page)))
}

/// The rules of style of an image of its own, in the light and in the dark theme.
const STYLE: &str = concat!("<style>", include_str!("../../assets/timeline.css"), "</style>");
const DARK_STYLE: &str = concat!(
    "<style>",
    include_str!("../../assets/timeline.css"),
    include_str!("../../assets/timeline-dark.css"),
    "</style>"
);

/// `GET /timeline.svg`: the drawing as an image of its own.
pub(crate) async fn svg(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let (place, _) = match read_address(&console, query).await? {
        Ok(found) => found,
        Err(list) => return Ok(list),
    };
    let timeline = console.lab.timeline(place.tenant, place.range.length(), place.until).await?;
    let marks = marks::marks_of(&timeline);
    let picture = Picture {
        timeline: &timeline,
        range: place.range,
        marks: &marks,
        chosen: None,
        address: &|_| String::new(),
        style: if seen::theme() == Theme::Dark { DARK_STYLE } else { STYLE },
    };
    Ok(crate::assets::image(picture.draw()))
}

/// `GET /timeline.mmd`: the timeline as a Gantt chart in Mermaid's language.
pub(crate) async fn mermaid(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let (place, _) = match read_address(&console, query).await? {
        Ok(found) => found,
        Err(list) => return Ok(list),
    };
    let timeline = console.lab.timeline(place.tenant, place.range.length(), place.until).await?;
    let text = mermaid::chart(&timeline, &marks::marks_of(&timeline));
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

async fn read_address(
    console: &Console,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Result<(Place, Option<String>), Response>, ErrorPage> {
    let nothing = Asked { tenant: None, range: None, until: None, mark: None };
    let asked = query.map(|Query(asked)| asked).unwrap_or(nothing);
    let tenant = match chosen(console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(Err(list)),
    };
    let range = Range::named(asked.range.as_deref().unwrap_or_default());
    let until = asked.until.and_then(|until| until.parse().ok());
    Ok(Ok((Place { tenant, range, until }, asked.mark)))
}

impl Place {
    /// The address of a page or file of this range.
    fn address(self, path: &str) -> String {
        let until = self.until.map(|until| format!("&until={until}")).unwrap_or_default();
        format!("{path}?tenant={}&range={}{until}", self.tenant, self.range.name())
    }

    fn mark(self, mark: &Mark) -> String {
        let id: String = url::form_urlencoded::byte_serialize(mark.id.as_bytes()).collect();
        format!("{}&mark={id}#why", self.address("/timeline"))
    }
}

impl TimelinePage {
    fn of(frame: Frame, place: Place, timeline: &Timeline, mark: Option<&str>) -> Self {
        let marks = marks::marks_of(timeline);
        let named = mark.and_then(|mark| marks.iter().position(|one| one.id == mark));
        let chosen = named.or_else(|| most_telling(&marks));
        let first = chosen.map_or(0, |chosen| chosen.saturating_sub(BEFORE));
        let view = |index: usize, one: &Mark| view(place, one, chosen == Some(index), timeline.now);
        let neighbors = marks.iter().enumerate().skip(first).take(BEFORE + AFTER);
        let moved = |until: Instant| Place { until: Some(until), ..place }.address("/timeline");
        let later = timeline.until + place.range.length();
        let picture = Picture {
            timeline,
            range: place.range,
            marks: &marks,
            chosen: chosen.map(|chosen| &marks[chosen]),
            address: &|mark| place.mark(mark),
            style: "",
        };
        let until = place.until.map(|until| format!("&until={until}")).unwrap_or_default();
        let ranges = Range::ALL.map(|range| {
            (Place { range, ..place }.address("/timeline"), range.label(), range == place.range)
        });
        Self {
            title: title::title(timeline),
            missing: timeline.missing.join(", "),
            has_more: timeline.has_more,
            ranges: ranges.into(),
            earlier: moved(timeline.until - place.range.length()),
            later: match timeline.until < timeline.now {
                false => None,
                true if later >= timeline.now => Some(Place { until: None, ..place }.address("/timeline")),
                true => Some(moved(later)),
            },
            svg_file: place.address("/timeline.svg"),
            mermaid_file: place.address("/timeline.mmd"),
            json_file: format!(
                "/lab/tenants/{}/timeline?length={}{until}",
                place.tenant,
                place.range.length()
            ),
            drawing: picture.draw(),
            chosen: chosen.map(|chosen| view(chosen, &marks[chosen])),
            neighbors: neighbors.map(|(index, one)| view(index, one)).collect(),
            frame,
        }
    }
}

/// The mark that is explained at first: the latest credential that an event left alive or ended,
/// then the latest failure.
fn most_telling(marks: &[Mark]) -> Option<usize> {
    let by_event = |one: &Mark| one.lane.is_some() && one.row.is_some();
    let survived = marks.iter().rposition(|one| by_event(one) && one.style == "is-alive");
    let ended = || marks.iter().rposition(by_event);
    let failed = || marks.iter().rposition(|one| one.style == "is-revoked");
    survived.or_else(ended).or_else(failed).or_else(|| marks.len().checked_sub(1))
}

fn view(place: Place, mark: &Mark, is_chosen: bool, now: Instant) -> MarkView {
    let tenant = place.tenant;
    let link = mark.link.as_ref().map(|link| match link {
        Link::Token(name) => (format!("/tokens?tenant={tenant}&of={name}"), "Inspect this credential"),
        Link::Run(name) if mark.until.is_some() => {
            (format!("/runs/{name}?tenant={tenant}"), "The first of these runs")
        }
        Link::Run(name) => (format!("/runs/{name}?tenant={tenant}"), "This run, step by step"),
        Link::Trace(trace) => {
            (format!("/journal?tenant={tenant}&trace={trace}"), "Its events in the journal")
        }
    });
    MarkView {
        address: place.mark(mark),
        when: When::of(mark.at, now),
        is_chosen,
        style: mark.style,
        icon: mark.icon,
        state: mark.state,
        place: mark.place.clone(),
        what: mark.what.clone(),
        why: mark.why.clone(),
        row: mark.row.clone(),
        would_end_it: mark.would_end_it.clone(),
        link,
    }
}
