//! `/journal`: what happened in all services, as sentences, the latest first.

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::JournalLine;
use serde::Deserialize;

use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::when::{When, with_times_for_people};
use crate::words;

/// The number of events of a page.
const LINES_SHOWN: u32 = 120;
/// The maximum length of a payload on the page, in characters.
const PAYLOAD_CHARS_MAX: usize = 6_000;

/// What a page of the journal shows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// `all` events, or changes and refusals only.
    show: Option<String>,
    /// Of one service.
    service: Option<String>,
    /// Of one trace.
    trace: Option<String>,
}

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    frame: Frame,
    title: String,
    below: String,
    shows_all: bool,
    service: String,
    trace: Option<String>,
    days: Vec<Day>,
}

struct Day {
    name: String,
    lines: Vec<Line>,
}

struct Line {
    when: When,
    style: &'static str,
    service: String,
    sentence: String,
    /// The whole sentence, where that is a part.
    whole: Option<String>,
    kind: String,
    subject: String,
    trace: String,
    payload: String,
}

pub(crate) async fn journal(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let shows_all = asked.show.as_deref() == Some("all");
    let service = asked.service.filter(|name| ["idp", "hub", "resource", "flow"].contains(&name.as_str()));
    let trace = asked.trace.filter(|trace| !trace.is_empty() && trace.chars().all(|c| c.is_ascii_hexdigit()));
    let limit = LINES_SHOWN.to_string();
    let mut criteria = vec![("limit", limit.as_str())];
    match &trace {
        Some(trace) => criteria.push(("trace", trace)),
        None => {
            criteria.push(("newest", "true"));
            criteria.extend((!shows_all).then_some(("notable", "true")));
            criteria.extend(service.as_deref().map(|service| ("service", service)));
        }
    }
    let (tenants, credentials, clock, mut read) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.journal(tenant, &criteria),
    )?;
    if wants_json(&headers) {
        return Ok(Json(read).into_response());
    }
    if trace.is_some() {
        read.lines.reverse();
    }
    let frame = Frame::of(&console, &headers, Section::Journal, &credentials, &clock, &tenants, &read.next);
    let (title, below) = headline(&read.lines, clock.now, trace.is_some(), shows_all);
    let page = JournalPage {
        title,
        below,
        shows_all,
        service: service.unwrap_or_default(),
        trace,
        days: by_day(&read.lines, clock.now),
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn headline(lines: &[JournalLine], now: Instant, is_trace: bool, shows_all: bool) -> (String, String) {
    let Some(latest) = lines.first() else {
        return (
            "Nothing like this has happened yet".to_owned(),
            "Choose other events, or advance the clock.".to_owned(),
        );
    };
    let what = match (is_trace, shows_all) {
        (true, _) => "Every event of one trace",
        (false, true) => "Every event of every service",
        (false, false) => "Changes and refusals in every service",
    };
    let sentence: String =
        words::brief(&words::sentence(latest)).trim_end_matches('.').chars().take(110).collect();
    let more = if lines.len() == LINES_SHOWN as usize { "the latest " } else { "" };
    let title = format!("{}: {sentence}", When::of(latest.at, now).shown);
    (title, format!("{what}, latest first: {more}{} events.", lines.len()))
}

fn by_day(lines: &[JournalLine], now: Instant) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for line in lines {
        let when = When::of(line.at, now);
        let shown = line_of(line, when, now);
        match days.last_mut() {
            Some(day) if day.name == shown.when.day => day.lines.push(shown),
            _ => days.push(Day { name: shown.when.day.clone(), lines: vec![shown] }),
        }
    }
    days
}

fn line_of(line: &JournalLine, when: When, now: Instant) -> Line {
    let style = match (words::outcome(line), line.kind.as_str()) {
        (Some("refused"), _) | (None, "connection.broken" | "token.refused" | "runtime.refused") => {
            "is-revoked"
        }
        (Some(_), _) => "is-alive",
        (None, "run.finished") if line.data["status"] == "Failed" => "is-revoked",
        (None, "run.finished") => "is-alive",
        _ => "is-idle",
    };
    let whole = with_times_for_people(&words::sentence(line), now);
    let short = words::brief(&whole);
    let payload = serde_json::to_string_pretty(&line.data).unwrap_or_default();
    Line {
        when,
        style,
        service: line.service.clone(),
        whole: (short != whole).then_some(whole),
        sentence: short,
        kind: line.kind.clone(),
        subject: line.subject.clone(),
        trace: line.trace.clone(),
        payload: payload.chars().take(PAYLOAD_CHARS_MAX).collect(),
    }
}
