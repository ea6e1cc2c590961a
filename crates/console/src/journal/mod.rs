//! `/journal`: what happened in all services, as sentences, the latest first.

mod criteria;
mod folding;
mod headline;

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::counted;
use outlive_wire::{HeldConnections, JournalLine};

use self::criteria::{Asked, Choice, Criteria};
pub(crate) use self::folding::is_set_up;
use self::folding::{Stretch, folded};
use self::headline::headline;
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{self, chosen, wants_json};
use crate::state::Console;
use crate::when::{When, with_times_for_people};
use crate::words;

/// The maximum length of a payload on the page, in characters.
const PAYLOAD_CHARS_MAX: usize = 6_000;

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    frame: Frame,
    title: String,
    below: String,
    /// The services that did not answer.
    missing: String,
    criteria: Criteria,
    services: Vec<Choice>,
    kinds: Vec<Choice>,
    subjects: Vec<Choice>,
    latest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
    days: Vec<Day>,
}

struct Day {
    name: String,
    entries: Vec<Entry>,
}

/// An event, or several that are folded.
enum Entry {
    One(Line),
    Folded { style: &'static str, when: When, words: String, is_open: bool, lines: Vec<Line> },
}

struct Line {
    /// `service-seq`.
    name: String,
    is_open: bool,
    when: When,
    style: &'static str,
    service: String,
    sentence: String,
    /// The whole sentence, where that is a part.
    whole: Option<String>,
    kind: String,
    subject: String,
    /// The page of its trace, with this event opened.
    of_trace: String,
    payload: String,
}

pub(crate) async fn journal(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let mut asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, pages::Choice { tenant: asked.tenant.take() }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let criteria = Criteria::of(asked);
    let query = criteria.query();
    let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let read = console.lab.journal(tenant, &query).await?;
    if wants_json(&headers) {
        return Ok(Json(read).into_response());
    }
    let (tenants, credentials, clock, end, created) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.journal(tenant, &[("limit", "1"), ("newest", "true")]),
        console.lab.begin_of_set_up(tenant),
    )?;
    // Without the hub, the page has no connections to choose from.
    let held = console.lab.connections(tenant).await;
    let held = held.unwrap_or(HeldConnections { connections: Vec::new(), has_more: false });
    let created = created.as_ref().filter(|_| criteria.trace.is_empty());
    let frame = Frame::of(&console, &headers, Section::Journal, &credentials, &clock, &tenants, &end.next);
    let (title, below) = headline(&read.lines, clock.now, &criteria, read.older.is_some());
    let id = tenant.to_string();
    let missing: Vec<_> = read.missing.iter().map(|service| service.name()).collect();
    let page = JournalPage {
        title,
        below,
        missing: missing.join(", "),
        services: criteria.services(),
        kinds: criteria.kinds(),
        subjects: criteria.subjects(&credentials, &held),
        latest: (!criteria.before.is_empty()).then(|| criteria.to_latest().address(&id)),
        newer: criteria.to_newer().map(|newer| newer.address(&id)),
        older: read.older.as_deref().map(|older| criteria.to_older(older).address(&id)),
        days: by_day(&read.lines, clock.now, &View { tenant: &id, created, criteria: &criteria }),
        criteria,
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

/// What the lines of a page have in common.
struct View<'a> {
    tenant: &'a str,
    /// The first event of the tenant's set-up; absent if that is not folded.
    created: Option<&'a JournalLine>,
    criteria: &'a Criteria,
}

fn by_day(lines: &[JournalLine], now: Instant, view: &View<'_>) -> Vec<Day> {
    let day_of = |line: &JournalLine| When::of(line.at, now).day;
    let days = lines.chunk_by(|one, next| day_of(one) == day_of(next));
    let day = |of_day: &[JournalLine]| Day {
        name: of_day.first().map(day_of).unwrap_or_default(),
        entries: if view.criteria.trace.is_empty() {
            folded(of_day, lines, view.created)
                .into_iter()
                .map(|stretch| entry_of(&stretch, now, view))
                .collect()
        } else {
            of_day.iter().map(|line| Entry::One(line_of(line, now, view))).collect()
        },
    };
    days.map(day).collect()
}

fn entry_of(stretch: &Stretch<'_>, now: Instant, view: &View<'_>) -> Entry {
    let (style, lines) = match stretch {
        Stretch::One(line) => return Entry::One(line_of(line, now, view)),
        Stretch::SetUp(lines) => ("is-plain", lines),
        Stretch::Repetitions(lines) => ("is-idle", lines),
    };
    let shown = |line: Option<&&JournalLine>| When::of(line.map_or(now, |line| line.at), now);
    let (latest, earliest) = (shown(lines.first()), shown(lines.last()));
    let words = match stretch {
        Stretch::SetUp(lines) => set_up_in_words(lines),
        _ if latest.seconds == earliest.seconds => {
            format!("{} like those above and below", counted(lines.len(), "event"))
        }
        _ => format!(
            "{} like those above and below, {} to {}",
            counted(lines.len(), "event"),
            earliest.seconds,
            latest.seconds
        ),
    };
    let lines: Vec<_> = lines.iter().map(|line| line_of(line, now, view)).collect();
    Entry::Folded { style, when: latest, words, is_open: lines.iter().any(|line| line.is_open), lines }
}

/// `Set-up of the tenant, 42 events: 3 connections, 3 flows`.
fn set_up_in_words(lines: &[&JournalLine]) -> String {
    let made = [
        ("connector.created", "connector", "connectors"),
        ("connection.created", "connection", "connections"),
        ("flow.created", "flow", "flows"),
    ];
    let made = made.iter().filter_map(|(kind, one, several)| {
        match lines.iter().filter(|line| line.kind == *kind).count() {
            0 => None,
            1 => Some(format!("one {one}")),
            count => Some(format!("{count} {several}")),
        }
    });
    let made = made.collect::<Vec<_>>().join(", ");
    let events = if lines.len() == 1 { "one event".to_owned() } else { counted(lines.len(), "event") };
    format!("Set-up of the tenant, {events}{}{made}", if made.is_empty() { "" } else { ": " })
}

fn line_of(line: &JournalLine, now: Instant, view: &View<'_>) -> Line {
    let style = match (words::outcome(line), line.kind.as_str()) {
        _ if words::is_refusal(line) => "is-revoked",
        (Some(_), _) => "is-alive",
        (None, "run.finished") if line.data["status"] == "Failed" => "is-revoked",
        (None, "run.finished") => "is-alive",
        _ => "is-idle",
    };
    let whole = with_times_for_people(&line.words(), now);
    let short = words::brief(&whole);
    let payload = serde_json::to_string_pretty(&line.data).unwrap_or_default();
    let name = format!("{}-{}", line.service, line.seq);
    Line {
        is_open: name == view.criteria.open,
        of_trace: format!("{}#e-{name}", Criteria::to_trace(&line.trace, &name).address(view.tenant)),
        name,
        when: When::of(line.at, now),
        style,
        service: line.service.clone(),
        whole: (short != whole).then_some(whole),
        sentence: short,
        kind: line.kind.clone(),
        subject: line.subject.clone(),
        payload: payload.chars().take(PAYLOAD_CHARS_MAX).collect(),
    }
}
