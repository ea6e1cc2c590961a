//! From journal events to HTTP exchanges: a pure function.
//!
//! A service records a request when it has decided it, so that the events of inner requests precede
//! that of the outer one. Requests of the hub are recognized by the fingerprints and correlation
//! ids that both sides recorded; what remains was sent by the flow itself, unless the hub does not
//! answer.

use outlive_wire::JournalEvent;
use outlive_wire::run_steps::{Party, RunStep, StepKind};

use super::api_call::{api_call, api_note};
use super::attribution::{HubRequests, Sender};
use super::hub_call::{HubCall, hub_call};
use super::token_request::{is_password_check, token_note, token_request};
use super::writer::Writer;
use crate::services::Service;
use crate::why::lines::Line;

/// Returns the steps of a run from its events in order, the access token of its connection having
/// been valid until `stored_until`. The events of `silent` services are missing.
pub(super) fn steps_of(
    lines: &[Line],
    stored_until: Option<outlive_clock::Instant>,
    silent: &[Service],
) -> Vec<RunStep> {
    let requests = HubRequests::of(lines, silent);
    let mut writer = Writer::default();
    let mut pending: Vec<&Line> = Vec::new();
    for line in lines {
        match HubCall::of(line) {
            Some(call) => {
                let Parts { inner, own, later } = divide(&pending, &call, &requests);
                outside(&mut writer, &own, &requests);
                hub_call(&mut writer, &inner, &call, stored_until, &requests);
                pending = later;
            }
            None if is_step(&line.event) => pending.push(line),
            None => {}
        }
        if let JournalEvent::RunWaiting(waiting) = &line.event {
            outside(&mut writer, &std::mem::take(&mut pending), &requests);
            let detail = format!("until {}, to retry or because its definition says so", waiting.until);
            writer.add(
                line,
                StepKind::Note,
                (Party::Flow, Party::Flow),
                RunStep {
                    label: format!("until {}", waiting.until.strftime("%H:%M")),
                    ..Writer::step("Run waits", &detail)
                },
            );
        }
    }
    outside(&mut writer, &pending, &requests);
    writer.steps
}

/// Whether an event is a part of an exchange, besides those that end a call of the hub.
const fn is_step(event: &JournalEvent) -> bool {
    matches!(
        event,
        JournalEvent::TokenIssued(_)
            | JournalEvent::TokenRefused(_)
            | JournalEvent::RequestAccepted(_)
            | JournalEvent::RequestRefused(_)
    ) || is_of_connection(event)
}

/// Whether the hub recorded it about a connection during a call.
const fn is_of_connection(event: &JournalEvent) -> bool {
    matches!(
        event,
        JournalEvent::ConnectionRefreshed(_)
            | JournalEvent::ConnectionBroken(_)
            | JournalEvent::ConnectionChallenged(_)
            | JournalEvent::ConnectionRefreshPostponed(_)
            | JournalEvent::ConnectionTokenExchanged(_)
            | JournalEvent::ConnectionExchangeRefused(_)
            | JournalEvent::ConnectionExchangePostponed(_)
    )
}

/// The events before the end of a call of the hub.
struct Parts<'a> {
    /// Those of the call.
    inner: Vec<&'a Line>,
    /// Those of calls of the hub that have not ended.
    later: Vec<&'a Line>,
    own: Vec<&'a Line>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Inner,
    Later,
    Own,
}

fn divide<'a>(pending: &[&'a Line], call: &HubCall<'_>, requests: &HubRequests<'_>) -> Parts<'a> {
    let part = |line: &&Line| {
        if is_of_connection(&line.event) {
            return if line.line.subject == call.subject() { Part::Inner } else { Part::Later };
        }
        match requests.sender(line) {
            Sender::Hub(connection) if connection == call.subject() => Part::Inner,
            Sender::Hub(_) => Part::Later,
            Sender::HubForAny => Part::Inner,
            Sender::Flow | Sender::Unknown if call.sent_without_token(&line.event) => Part::Inner,
            Sender::Flow | Sender::Unknown => Part::Own,
        }
    };
    let mut parts: Vec<_> = pending.iter().map(part).collect();
    for place in 0..pending.len() {
        if is_password_check(pending[place]) {
            let checked_for = (place + 1..pending.len()).find(|other| is_request(pending[*other]));
            parts[place] = checked_for.map_or(Part::Own, |other| parts[other]);
        }
    }
    let select = |wanted: Part| {
        pending.iter().zip(&parts).filter(|(_, part)| **part == wanted).map(|(line, _)| *line).collect()
    };
    Parts { inner: select(Part::Inner), later: select(Part::Later), own: select(Part::Own) }
}

fn is_request(line: &Line) -> bool {
    matches!(line.event, JournalEvent::RequestAccepted(_) | JournalEvent::RequestRefused(_))
}

/// Requests outside of the recorded calls of the hub: the flow's own, such as `Http` actions with
/// tokens, passwords or certificates, and those of calls that the hub did not record.
fn outside(writer: &mut Writer, lines: &[&Line], requests: &HubRequests<'_>) {
    let mut check = None;
    for line in lines {
        if is_of_connection(&line.event) {
            continue;
        }
        if is_password_check(line) {
            // Of two in a row, the first has no request that it is for.
            unused_check(writer, check.replace(*line), requests);
            continue;
        }
        let from = match requests.sender(line) {
            Sender::Hub(_) | Sender::HubForAny => Some(Party::Hub),
            Sender::Flow => Some(Party::Flow),
            Sender::Unknown => None,
        };
        match (from, is_request(line)) {
            (Some(from), true) => api_call(writer, from, line, check.take()),
            (Some(from), false) => token_request(writer, from, line),
            (None, true) => api_note(writer, line, check.take()),
            (None, false) => token_note(writer, line),
        }
    }
    unused_check(writer, check, requests);
}

/// A password grant without the request that it is for: the record of that is missing, or the flow
/// itself requested tokens.
fn unused_check(writer: &mut Writer, check: Option<&Line>, requests: &HubRequests<'_>) {
    if let Some(check) = check {
        let is_of_api = requests.is_silent(Service::Resource);
        token_request(writer, if is_of_api { Party::Resource } else { Party::Flow }, check);
    }
}
