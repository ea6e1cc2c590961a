//! The marks of a timeline: what happened, when and where, each with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use outlive_clock::Instant;
use outlive_wire::ClientClass;
use outlive_wire::story::{CredentialKind, Holder};
use outlive_wire::timeline::{FlowRuns, MarkKind, Timeline, TimelineEvent, TimelineLane, TimelineMark};
use outlive_wire::{counted, grouped};

use crate::when::{When, with_times_for_people};

/// A mark.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Names it in addresses.
    pub(super) id: String,
    pub(super) at: Instant,
    /// Its lane; events have none.
    pub(super) lane: Option<usize>,
    /// The end of a stretch of runs.
    pub(super) until: Option<Instant>,
    pub(super) style: &'static str,
    pub(super) icon: &'static str,
    pub(super) state: &'static str,
    pub(super) place: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) row: Option<String>,
    pub(super) would_end_it: Vec<String>,
    pub(super) link: Option<Link>,
}

/// Where a mark leads.
#[derive(Clone, Debug)]
pub(super) enum Link {
    Token(String),
    Run(String),
    Trace(String),
}

/// The name of a lane, and what is in it.
pub(super) fn lane_name(lane: &TimelineLane) -> (String, &'static str) {
    let what = match (lane.kind, lane.client_class) {
        (CredentialKind::SessionCookie, _) => "cookie: 24 h unused",
        (CredentialKind::Password, _) => "stored password",
        (CredentialKind::Key, _) => "stored key",
        (_, Some(ClientClass::Confidential)) => "confidential client",
        (_, Some(ClientClass::Public)) => "public client",
        (_, None) => "tokens",
    };
    let name = match &lane.holder {
        Holder::Browser => "Password, sessions".to_owned(),
        Holder::Application { name, .. } => name.clone(),
        Holder::Connection { display_name, .. } => display_name.clone(),
    };
    (name, what)
}

/// What the flag of an event says.
pub(super) fn flag(mark: &Mark) -> &'static str {
    match mark.icon {
        "i-stop" => "sessions revoked",
        "i-clock" => "password expired",
        "i-again" => "password reset",
        _ => "password changed",
    }
}

/// All marks of a timeline, in order.
pub(super) fn marks_of(timeline: &Timeline) -> Vec<Mark> {
    let now = timeline.now;
    let mut marks: Vec<_> = timeline.events.iter().map(|event| of_event(event, now)).collect();
    for (place, lane) in timeline.lanes.iter().enumerate() {
        marks.extend(lane.marks.iter().map(|mark| of_credential(place, lane, mark, now)));
    }
    for (place, flow) in timeline.flows.iter().enumerate() {
        let lane = timeline.lanes.len() + place;
        marks.extend(of_listed_runs(lane, flow, now));
        marks.extend(of_counted_runs(lane, flow, now));
    }
    marks.sort_by_key(|mark| (mark.at, mark.lane));
    distinguish(&mut marks);
    marks
}

/// Numbers marks of the same name: several things can happen in one instant.
fn distinguish(marks: &mut [Mark]) {
    let mut counts = BTreeMap::<String, usize>::new();
    for mark in marks {
        let count = counts.entry(mark.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let _ = write!(mark.id, "-{count}");
        }
    }
}

fn of_event(event: &TimelineEvent, now: Instant) -> Mark {
    Mark {
        id: format!("event-{}", event.at.as_micros()),
        at: event.at,
        lane: None,
        until: None,
        style: "is-idle",
        icon: match event.kind.as_str() {
            "sessions.revoked" => "i-stop",
            "password.expired" => "i-clock",
            "password.reset" => "i-again",
            _ => "i-key",
        },
        state: "Event",
        place: "Directory".to_owned(),
        what: with_times_for_people(&event.words, now),
        why: String::new(),
        row: event.row.clone(),
        would_end_it: Vec::new(),
        link: Some(Link::Trace(event.trace.clone())),
    }
}

fn of_credential(place: usize, lane: &TimelineLane, mark: &TimelineMark, now: Instant) -> Mark {
    let credential = match lane.kind {
        CredentialKind::SessionCookie => "session",
        CredentialKind::Password => "stored password",
        CredentialKind::Key => "stored key",
        _ => "refresh token",
    };
    let row = mark.row.as_deref().unwrap_or("an event");
    let (style, icon, state, what) = match (mark.kind, lane.kind) {
        (MarkKind::Obtained, CredentialKind::SessionCookie) => {
            ("is-alive", "i-alive", "Alive", "The owner signs in".to_owned())
        }
        (MarkKind::Obtained, CredentialKind::Password | CredentialKind::Key) => {
            ("is-alive", "i-alive", "Alive", format!("The {credential} is given"))
        }
        (MarkKind::Obtained, _) => ("is-alive", "i-alive", "Alive", format!("A {credential} is obtained")),
        (MarkKind::Survived, _) => {
            ("is-alive", "i-alive", "Stays alive", format!("{row}: the {credential} stays alive"))
        }
        (MarkKind::Refused, _) => {
            let what = match &mark.row {
                Some(row) => format!("{row}: the {credential} is not revoked, but refused"),
                None => format!("The {credential} is refused, but not revoked"),
            };
            ("is-idle", "i-stop", "Refused", what)
        }
        (MarkKind::Revoked, CredentialKind::Password) => {
            ("is-revoked", "i-revoked", "Rejected", format!("{row}: the {credential} is wrong"))
        }
        (MarkKind::Revoked, _) => {
            ("is-revoked", "i-revoked", "Revoked", format!("{row}: the {credential} is revoked"))
        }
        (MarkKind::Expired, _) => ("is-expired", "i-expired", "Expired", format!("The {credential} expires")),
    };
    Mark {
        id: format!("c{place}-{}-{}", mark.at.as_micros(), state.to_lowercase().replace(' ', "-")),
        at: mark.at,
        lane: Some(place),
        until: None,
        style,
        icon,
        state,
        place: lane_name(lane).0,
        what,
        why: with_times_for_people(&mark.explanation, now),
        row: mark.row.clone(),
        would_end_it: mark.would_end_it.clone(),
        link: mark.name.clone().map(Link::Token),
    }
}

fn is_failure(status: &str) -> bool {
    matches!(status, "Failed" | "TimedOut")
}

fn of_runs(lane: usize, flow: &FlowRuns, at: Instant, failed: bool) -> Mark {
    let (style, icon, state) =
        if failed { ("is-revoked", "i-revoked", "Failed") } else { ("is-alive", "i-check", "Succeeded") };
    Mark {
        id: String::new(),
        at,
        lane: Some(lane),
        until: None,
        style,
        icon,
        state,
        place: flow.display_name.clone(),
        what: String::new(),
        why: String::new(),
        row: None,
        would_end_it: Vec::new(),
        link: None,
    }
}

fn of_listed_runs(lane: usize, flow: &FlowRuns, now: Instant) -> Vec<Mark> {
    let marks = flow.runs.iter().map(|run| {
        let mut mark = of_runs(lane, flow, run.started, is_failure(&run.status));
        if !is_failure(&run.status) && run.status != "Succeeded" {
            (mark.style, mark.icon, mark.state) = ("is-idle", "i-clock", "Not ended");
        }
        let code = run.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        mark.id = format!("run-{}", run.name);
        mark.what =
            format!("Run of {}: {}{code}", When::of(run.started, now).shown, run.status.to_lowercase());
        mark.link = Some(Link::Run(run.name.clone()));
        mark
    });
    marks.collect()
}

/// Consecutive spans in which runs failed, or none did.
fn of_counted_runs(lane: usize, flow: &FlowRuns, now: Instant) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut counts: Vec<(u64, u64)> = Vec::new();
    for bin in &flow.bins {
        let failed = bin.failed > 0;
        let found = if failed { &bin.failures } else { &bin.successes };
        let Some(found) = found else { continue };
        match (marks.last_mut(), counts.last_mut()) {
            (Some(last), Some(count)) if (last.state == "Failed") == failed => {
                last.until = Some(found.last);
                *count = (count.0 + bin.failed, count.1 + bin.succeeded);
            }
            _ => {
                let mut mark = of_runs(lane, flow, found.first, failed);
                mark.until = Some(found.last);
                mark.link = Some(found.first_name.clone()).filter(|name| !name.is_empty()).map(Link::Run);
                mark.id = format!("f{lane}-{}", found.first.as_micros());
                marks.push(mark);
                counts.push((bin.failed, bin.succeeded));
            }
        }
    }
    for (mark, (failed, succeeded)) in marks.iter_mut().zip(counts) {
        let until = When::of(mark.until.unwrap_or(mark.at), now).shown;
        mark.what = match (failed, succeeded) {
            (0, succeeded) => format!("{} succeeded until {until}", counted(succeeded, "run")),
            (failed, 0) => format!("First of {}, until {until}", counted(failed, "failed run")),
            (failed, succeeded) => format!(
                "First of {}, until {until}; {} succeeded in the same days",
                counted(failed, "failed run"),
                grouped(succeeded)
            ),
        };
    }
    marks
}

#[cfg(test)]
mod tests {
    use outlive_wire::timeline::TimelineEvent;
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_of_one_instant_have_different_ids() {
        let at: Instant = "2026-01-05T09:01:00Z".parse().expect("an instant");
        let event = |kind: &str| TimelineEvent {
            at,
            kind: kind.to_owned(),
            words: kind.to_owned(),
            row: None,
            trace: "7".to_owned(),
        };
        let mark = |kind: MarkKind| TimelineMark {
            at,
            kind,
            name: None,
            row: None,
            explanation: String::new(),
            would_end_it: Vec::new(),
        };
        let lane = TimelineLane {
            holder: Holder::Browser,
            kind: CredentialKind::SessionCookie,
            client_class: None,
            grants: Vec::new(),
            marks: vec![mark(MarkKind::Obtained), mark(MarkKind::Obtained), mark(MarkKind::Revoked)],
        };
        let timeline: Timeline = serde_json::from_value(json!({
            "tenant": "c0470500-0000-4000-8000-000000000001", "now": at, "from": at, "until": at, "rules": "2025-11",
            "upn": "owner", "events": [event("policy.created"), event("policy.created"), event("user.disabled")],
            "lanes": [lane], "flows": [], "has_more": false, "missing": [],
        }))
        .expect("a timeline");
        let marks = marks_of(&timeline);
        let mut ids: Vec<_> = marks.iter().map(|mark| mark.id.clone()).collect();
        assert_eq!(ids.len(), 6);
        // They do not depend on the order in which they are asked for.
        assert_eq!(ids, marks_of(&timeline).into_iter().map(|mark| mark.id).collect::<Vec<_>>());
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 6, "{ids:?}");
    }
}
