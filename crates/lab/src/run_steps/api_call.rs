//! A request to the orders API, from its event there.

use outlive_wire::JournalEvent;
use outlive_wire::events::{RequestAccepted, RequestRefused};
use outlive_wire::run_steps::{Carried, Party, RunStep, StepKind};

use super::token_request::token_request;
use super::writer::{SENDER_UNKNOWN, Writer, credential_words, name_of};
use crate::why::lines::Line;

/// Adds the request of `from`, the token request by which the API checks a password, and the
/// response.
pub(super) fn api_call(writer: &mut Writer, from: Party, line: &Line, password_check: Option<&Line>) {
    let found = match &line.event {
        JournalEvent::RequestAccepted(accepted) => Call::accepted(accepted),
        JournalEvent::RequestRefused(refused) => Call::refused(refused),
        _ => return,
    };
    let carries = if password_check.is_some() { Some(Carried::Password) } else { found.carries };
    let with = carries.map_or("without a credential", |_| "with");
    let credential = carries.map(credential_words).unwrap_or_default();
    let detail = format!("{} {} {with} {credential}", found.method, found.path).trim_end().to_owned();
    let request = RunStep {
        label: format!("{} {}", found.method, found.path),
        carries,
        credential: found.token.map(str::to_owned),
        ..Writer::step(&format!("{} calls the Orders API", name_of(from)), &detail)
    };
    writer.add(line, StepKind::Request, (from, Party::Resource), request);
    if let Some(check) = password_check {
        token_request(writer, Party::Resource, check);
    }
    let response = RunStep {
        label: found.status.to_string(),
        status: Some(found.status),
        is_refused: found.is_refused,
        ..Writer::step(&format!("Orders API answers {}", found.status), &found.outcome)
    };
    writer.add(line, StepKind::Response, (Party::Resource, from), response);
}

/// Adds what the API decided about a request of which it is not known who sent it.
pub(super) fn api_note(writer: &mut Writer, line: &Line, password_check: Option<&Line>) {
    let found = match &line.event {
        JournalEvent::RequestAccepted(accepted) => Call::accepted(accepted),
        JournalEvent::RequestRefused(refused) => Call::refused(refused),
        _ => return,
    };
    if let Some(check) = password_check {
        token_request(writer, Party::Resource, check);
    }
    let detail = format!("{} {}: {}; {SENDER_UNKNOWN}", found.method, found.path, found.outcome);
    let step = RunStep {
        label: format!("{} {}", found.method, found.path),
        credential: found.token.map(str::to_owned),
        is_refused: found.is_refused,
        ..Writer::step(&format!("Orders API answers {}", found.status), &detail)
    };
    writer.add(line, StepKind::Note, (Party::Resource, Party::Resource), step);
}

/// What both events say.
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    token: Option<&'a str>,
    carries: Option<Carried>,
    status: u16,
    outcome: String,
    is_refused: bool,
}

impl<'a> Call<'a> {
    fn accepted(event: &'a RequestAccepted) -> Self {
        let orders =
            if event.orders == 1 { "1 order".to_owned() } else { format!("{} orders", event.orders) };
        Self {
            method: &event.method,
            path: &event.path,
            token: event.token.as_deref(),
            carries: carried(event.token.as_ref(), event.key.as_ref(), event.certificate.as_ref()),
            status: event.status,
            outcome: orders,
            is_refused: false,
        }
    }

    fn refused(event: &'a RequestRefused) -> Self {
        let wrong_password = event.reason == "wrong_password";
        Self {
            method: &event.method,
            path: &event.path,
            token: event.token.as_deref(),
            carries: carried(event.token.as_ref(), event.key.as_ref(), event.certificate.as_ref())
                .or(wrong_password.then_some(Carried::Password)),
            status: event.status,
            outcome: event.message.clone(),
            is_refused: true,
        }
    }
}

fn carried(token: Option<&String>, key: Option<&String>, certificate: Option<&String>) -> Option<Carried> {
    if token.is_some() {
        Some(Carried::AccessToken)
    } else if key.is_some() {
        Some(Carried::Key)
    } else {
        certificate.map(|_| Carried::Certificate)
    }
}
