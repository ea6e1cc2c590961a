//! What the hub recorded about its own token requests.

use outlive_wire::JournalEvent;
use outlive_wire::run_steps::{Carried, Party, RunStep, StepKind};
use uuid::Uuid;

use super::writer::{Writer, credential_words};
use crate::why::lines::Line;

/// What came of a token request.
enum Outcome<'a> {
    Granted { access_token: &'a str, until: outlive_clock::Instant },
    Refused { error: &'a str },
    Unanswered { why: &'a str },
}

/// A token request, as the hub recorded it.
struct Recorded<'a> {
    correlation: Option<Uuid>,
    carries: Carried,
    outcome: Outcome<'a>,
}

impl<'a> Recorded<'a> {
    fn of(event: &'a JournalEvent) -> Option<Self> {
        let refresh = |has_token: bool| {
            if has_token { Carried::RefreshToken } else { Carried::ClientCredential }
        };
        let (correlation, carries, outcome) = match event {
            JournalEvent::ConnectionRefreshed(event) => (
                event.correlation,
                refresh(event.parent_refresh_token.is_some()),
                Outcome::Granted { access_token: &event.access_token, until: event.expires },
            ),
            JournalEvent::ConnectionTokenExchanged(event) => (
                event.correlation,
                Carried::CallerToken,
                Outcome::Granted { access_token: &event.access_token, until: event.expires },
            ),
            JournalEvent::ConnectionBroken(event) if event.answer.is_some() => (
                event.correlation,
                refresh(event.refresh_token.is_some()),
                Outcome::Refused { error: &event.error },
            ),
            JournalEvent::ConnectionExchangeRefused(event) => {
                (Some(event.correlation), Carried::CallerToken, Outcome::Refused { error: &event.error })
            }
            JournalEvent::ConnectionRefreshPostponed(event) => {
                (event.correlation, Carried::RefreshToken, Outcome::Unanswered { why: &event.why })
            }
            JournalEvent::ConnectionExchangePostponed(event) => {
                (Some(event.correlation), Carried::CallerToken, Outcome::Unanswered { why: &event.why })
            }
            _ => return None,
        };
        Some(Self { correlation, carries, outcome })
    }

    /// Whether the identity provider recorded the request, too.
    fn is_recorded(&self, all: &[&Line]) -> bool {
        all.iter().any(|line| match (&line.event, &self.outcome) {
            (JournalEvent::TokenIssued(issued), Outcome::Granted { access_token, .. })
                if issued.access_token.fingerprint == *access_token =>
            {
                true
            }
            (JournalEvent::TokenIssued(issued), _) => {
                self.correlation.is_some() && issued.correlation_id == self.correlation
            }
            (JournalEvent::TokenRefused(refused), _) => {
                self.correlation.is_some() && refused.correlation_id == self.correlation
            }
            _ => false,
        })
    }
}

/// Adds what the hub alone recorded about a token request that `line` is the result of: all of it,
/// if the identity provider writes no journal or does not answer now. Returns whether there is
/// anything to add.
pub(super) fn result_of_token_request(writer: &mut Writer, line: &Line, all: &[&Line]) -> bool {
    let Some(result) = Recorded::of(&line.event) else { return false };
    match (result.is_recorded(all), &result.outcome) {
        (true, Outcome::Unanswered { why }) => {
            let step = RunStep {
                label: "keeps what it has".to_owned(),
                is_refused: true,
                ..Writer::step("Hub cannot use the answer", &format!("{why}; it stays connected"))
            };
            writer.add(line, StepKind::Note, (Party::Hub, Party::Hub), step);
            true
        }
        (true, _) => false,
        (false, _) => {
            exchange(writer, line, &result);
            true
        }
    }
}

fn exchange(writer: &mut Writer, line: &Line, result: &Recorded<'_>) {
    let request = RunStep {
        label: "POST …/token".to_owned(),
        carries: Some(result.carries),
        ..Writer::step(
            &format!("Hub sends {} to the identity provider", credential_words(result.carries)),
            "POST …/token, as the hub recorded it",
        )
    };
    writer.add(line, StepKind::Request, (Party::Hub, Party::Idp), request);
    let response = match result.outcome {
        Outcome::Granted { access_token, until } => RunStep {
            label: "new tokens".to_owned(),
            carries: Some(Carried::AccessToken),
            credential: Some(access_token.to_owned()),
            status: Some(200),
            ..Writer::step(
                "Identity provider answers 200 with new tokens",
                &format!("an access token until {until}"),
            )
        },
        Outcome::Refused { error } => RunStep {
            label: error.replace('_', " "),
            is_refused: true,
            ..Writer::step("Identity provider refuses", &error.replace('_', " "))
        },
        Outcome::Unanswered { why } => RunStep {
            label: "no usable answer".to_owned(),
            is_refused: true,
            ..Writer::step("No usable answer arrives", why)
        },
    };
    writer.add(line, StepKind::Response, (Party::Idp, Party::Hub), response);
}
