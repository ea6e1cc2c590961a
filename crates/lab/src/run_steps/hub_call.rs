//! A call of the flow through the hub, from the events within it and the one that ends it.

use outlive_clock::Instant;
use outlive_wire::JournalEvent;
use outlive_wire::run_steps::{Carried, Party, RunStep, StepKind};

use super::api_call::api_call;
use super::attribution::HubRequests;
use super::token_request::{is_password_check, token_request};
use super::token_result::result_of_token_request;
use super::writer::{Writer, object_of};
use crate::services::Service;
use crate::why::lines::Line;

/// The event that ends a call.
pub(super) struct HubCall<'a> {
    line: &'a Line,
    method: &'a str,
    path: &'a str,
    operation: Option<&'a str>,
    access_token: Option<&'a str>,
    status: u16,
    /// Why the API did not respond.
    unanswered: Option<&'a str>,
    is_identified: bool,
    /// Why the hub refused it itself.
    why: Option<&'a str>,
}

impl<'a> HubCall<'a> {
    pub(super) fn of(line: &'a Line) -> Option<Self> {
        match &line.event {
            JournalEvent::RuntimeForwarded(call) => Some(Self {
                line,
                method: &call.method,
                path: &call.path,
                operation: call.operation.as_deref(),
                access_token: call.access_token.as_deref(),
                status: call.status,
                unanswered: call.unanswered.as_deref(),
                is_identified: true,
                why: None,
            }),
            JournalEvent::RuntimeRefused(call) => Some(Self {
                line,
                method: &call.method,
                path: &call.path,
                operation: call.operation.as_deref(),
                access_token: call.access_token.as_deref(),
                status: call.status,
                unanswered: None,
                is_identified: call.caller.is_some(),
                why: Some(&call.why),
            }),
            _ => None,
        }
    }

    /// The subject of the events of its connection.
    pub(super) fn subject(&self) -> &str {
        &self.line.line.subject
    }

    /// Whether an event of the API fits the request of this call, if that had no token by which it
    /// could be recognized.
    pub(super) fn sent_without_token(&self, event: &JournalEvent) -> bool {
        let (token, method, status) = match event {
            JournalEvent::RequestAccepted(request) => (&request.token, &request.method, request.status),
            JournalEvent::RequestRefused(request) => (&request.token, &request.method, request.status),
            _ => return false,
        };
        let is_fitting = self.unanswered.is_some() || status == self.status;
        token.is_none() && self.access_token.is_none() && method == self.method && is_fitting
    }

    /// Whether an event is the record of the last request to the API.
    fn is_last_request(&self, event: &JournalEvent) -> bool {
        match event {
            JournalEvent::RequestAccepted(request) => request.token.as_deref() == self.access_token,
            JournalEvent::RequestRefused(request) => request.token.as_deref() == self.access_token,
            _ => false,
        }
    }
}

/// Adds the steps of a call.
pub(super) fn hub_call(
    writer: &mut Writer,
    inner: &[&Line],
    call: &HubCall<'_>,
    stored_until: Option<Instant>,
    requests: &HubRequests<'_>,
) {
    let operation = call.operation.map(|operation| format!(" ({operation})")).unwrap_or_default();
    let refused = if call.is_identified { "" } else { ", which the hub does not accept" };
    let request = RunStep {
        label: format!("{} {}", call.method, call.path),
        carries: Some(Carried::CallerToken),
        ..Writer::step(
            "Flow calls the hub",
            &format!("{} {}{operation} with its caller token{refused}", call.method, call.path),
        )
    };
    writer.add(call.line, StepKind::Request, (Party::Flow, Party::Hub), request);
    let (mut check, mut challenged, mut was_refreshed, mut was_sent) = (None, false, false, false);
    for line in inner {
        if result_of_token_request(writer, line, inner) {
            was_refreshed = true;
            continue;
        }
        match &line.event {
            _ if is_password_check(line) => check = Some(*line),
            JournalEvent::TokenIssued(_) | JournalEvent::TokenRefused(_) => {
                if !challenged && !was_refreshed && presents_refresh_token(&line.event) {
                    expired(writer, line, stored_until);
                }
                was_refreshed = true;
                token_request(writer, Party::Hub, line);
            }
            JournalEvent::RequestAccepted(_) | JournalEvent::RequestRefused(_) => {
                was_sent = true;
                api_call(writer, Party::Hub, line, check.take());
            }
            JournalEvent::ConnectionChallenged(_) => {
                challenged = true;
                let step = RunStep {
                    label: "needs a newer token".to_owned(),
                    ..Writer::step(
                        "Hub reads the claims challenge",
                        "the API requires a token that was issued after the change",
                    )
                };
                writer.add(line, StepKind::Note, (Party::Hub, Party::Hub), step);
            }
            JournalEvent::ConnectionBroken(broken) if broken.answer.is_none() => {
                let step = RunStep {
                    label: broken.error.replace('_', " "),
                    is_refused: true,
                    ..Writer::step("Hub cannot refresh", &broken.error.replace('_', " "))
                };
                writer.add(line, StepKind::Note, (Party::Hub, Party::Hub), step);
            }
            _ => {}
        }
    }
    let is_recorded = inner.iter().any(|line| call.is_last_request(&line.event));
    if call.why.is_none() && !(was_sent && (is_recorded || call.unanswered.is_none())) {
        unrecorded(writer, call, requests);
    }
    let sets_error = inner.iter().any(|line| matches!(line.event, JournalEvent::ConnectionBroken(_)));
    answer(writer, call, sets_error, was_sent);
}

const fn presents_refresh_token(event: &JournalEvent) -> bool {
    match event {
        JournalEvent::TokenIssued(issued) => issued.refresh_token.is_some(),
        JournalEvent::TokenRefused(refused) => refused.refresh_token.is_some(),
        _ => false,
    }
}

fn expired(writer: &mut Writer, line: &Line, stored_until: Option<Instant>) {
    let (words, detail, label) = match stored_until {
        Some(until) if until <= line.line.at => (
            "Hub finds the access token expired",
            format!("at {until}, so it has to refresh"),
            format!("at {}, so it refreshes", until.strftime("%H:%M")),
        ),
        Some(until) => (
            "Hub finds that the access token expires soon",
            format!("at {until}, so it refreshes"),
            format!("ends {}, so it refreshes", until.strftime("%H:%M")),
        ),
        None => (
            "Hub has no access token that is valid for long enough",
            "so it has to refresh".to_owned(),
            "so it refreshes".to_owned(),
        ),
    };
    let step = RunStep { label, ..Writer::step(words, &detail) };
    writer.add(line, StepKind::Note, (Party::Hub, Party::Hub), step);
}

/// A request that the hub sent to an API without a record of it there: the API writes no journal,
/// or did not get the request, or does not answer now.
fn unrecorded(writer: &mut Writer, call: &HubCall<'_>, requests: &HubRequests<'_>) {
    let carries = call.access_token.map(|_| Carried::AccessToken);
    let why = if requests.is_silent(Service::Resource) {
        "the Orders API, which may have recorded it, does not answer now"
    } else if call.unanswered.is_some() {
        "no API recorded it"
    } else {
        "the API writes no journal"
    };
    let request = RunStep {
        label: format!("{} {}", call.method, call.path),
        carries,
        credential: call.access_token.map(str::to_owned),
        ..Writer::step(
            "Hub calls the API of the connector",
            &format!("{} {}, as the hub recorded it; {why}", call.method, call.path),
        )
    };
    writer.add(call.line, StepKind::Request, (Party::Hub, Party::BackEnd), request);
    let response = match call.unanswered {
        Some(why) => RunStep {
            label: "no answer".to_owned(),
            is_refused: true,
            ..Writer::step("No answer arrives", why)
        },
        None => RunStep {
            label: call.status.to_string(),
            status: Some(call.status),
            is_refused: call.status >= 400,
            ..Writer::step(&format!("API of the connector answers {}", call.status), "as the hub recorded it")
        },
    };
    writer.add(call.line, StepKind::Response, (Party::BackEnd, Party::Hub), response);
}

fn answer(writer: &mut Writer, call: &HubCall<'_>, sets_error: bool, was_sent: bool) {
    let first_sentence = |why: &str| why.split(". ").next().unwrap_or(why).trim_end_matches('.').to_owned();
    let api = object_of(if was_sent { Party::Resource } else { Party::BackEnd });
    let mut detail = match (call.why, call.unanswered) {
        (None, None) => format!("it passes on what {api} answered"),
        (None, Some(why)) => format!("{why}; the answer is the hub’s own"),
        (Some(why), _) => first_sentence(why),
    };
    if sets_error {
        detail.push_str("; the hub sets the connection to Error");
    }
    if call.why.is_some() && !was_sent {
        detail.push_str("; the API was never called");
    }
    let label = match call.why {
        Some(_) if sets_error => "failed to refresh".to_owned(),
        Some(why) => first_sentence(why).to_lowercase(),
        None if call.unanswered.is_some() => "no answer to pass on".to_owned(),
        None => "passed on".to_owned(),
    };
    let response = RunStep {
        label,
        status: Some(call.status),
        is_refused: call.status >= 400,
        ..Writer::step(&format!("Hub answers the flow {}", call.status), &detail)
    };
    writer.add(call.line, StepKind::Response, (Party::Hub, Party::Flow), response);
}
