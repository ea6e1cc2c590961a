//! From journal events to HTTP exchanges: a pure function.
//!
//! A service records a request when it has decided it, so that the events of inner requests precede
//! that of the outer one. Requests of the hub are recognized by the fingerprints and correlation
//! ids that both sides recorded; what remains was sent by the flow itself.

use outlive_wire::JournalEvent;
use outlive_wire::run_steps::{Party, RunStep, StepKind};

use super::api_call::api_call;
use super::hub_call::{HubCall, hub_call};
use super::token_request::{is_password_check, token_request};
use super::writer::Writer;
use crate::why::lines::Line;

/// Returns the steps of a run from its events in order, the access token of its connection having
/// been valid until `stored_until`.
pub(super) fn steps_of(lines: &[Line], stored_until: Option<outlive_clock::Instant>) -> Vec<RunStep> {
    let mut writer = Writer::default();
    let mut pending: Vec<&Line> = Vec::new();
    for line in lines {
        match HubCall::of(line) {
            Some(call) => {
                let (inner, own) = divide(&pending, &call);
                of_flow(&mut writer, &own);
                hub_call(&mut writer, &inner, &call, stored_until);
                pending.clear();
            }
            None if is_step(&line.event) => pending.push(line),
            None => {}
        }
        if let JournalEvent::RunWaiting(waiting) = &line.event {
            of_flow(&mut writer, &std::mem::take(&mut pending));
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
    of_flow(&mut writer, &pending);
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
            | JournalEvent::ConnectionRefreshed(_)
            | JournalEvent::ConnectionBroken(_)
            | JournalEvent::ConnectionChallenged(_)
            | JournalEvent::ConnectionRefreshPostponed(_)
            | JournalEvent::ConnectionTokenExchanged(_)
            | JournalEvent::ConnectionExchangeRefused(_)
    )
}

/// Divides events into those of a call of the hub, and the others.
fn divide<'a>(pending: &[&'a Line], call: &HubCall<'_>) -> (Vec<&'a Line>, Vec<&'a Line>) {
    let mut of_hub: Vec<bool> = pending.iter().map(|line| call.contains(line, pending)).collect();
    for place in 0..pending.len() {
        if is_password_check(pending[place]) {
            let checked_for = (place + 1..pending.len()).find(|other| is_request(pending[*other]));
            of_hub[place] = checked_for.is_some_and(|other| of_hub[other]);
        }
    }
    let select = |wanted: bool| {
        let both = pending.iter().zip(&of_hub);
        both.filter(|(_, of_hub)| **of_hub == wanted).map(|(line, _)| *line).collect()
    };
    (select(true), select(false))
}

fn is_request(line: &Line) -> bool {
    matches!(line.event, JournalEvent::RequestAccepted(_) | JournalEvent::RequestRefused(_))
}

/// The flow's own requests: `Http` actions with tokens, passwords or certificates.
fn of_flow(writer: &mut Writer, lines: &[&Line]) {
    let mut check = None;
    for line in lines {
        if is_password_check(line) {
            check = Some(*line);
        } else if is_request(line) {
            api_call(writer, Party::Flow, line, check.take());
        } else {
            token_request(writer, Party::Flow, line);
        }
    }
    if let Some(check) = check {
        token_request(writer, Party::Flow, check);
    }
}
