//! Lines of journals, and steps in one line each.

use outlive_clock::Instant;
use outlive_rules::aadsts;
use outlive_wire::events::{
    ConnectionBroken, ConnectionRefreshPostponed, ConnectionRefreshed, PresentedRefreshToken,
    RequestAccepted, RequestRefused, RunFinished, RuntimeForwarded, RuntimeRefused, TokenIssued,
    TokenRefused,
};
use outlive_wire::run_steps::StepKind;
use outlive_wire::{ClientClass, EventPayload, JournalEvent, JournalLine};
use uuid::Uuid;

use crate::run_steps::steps::steps_of;
use crate::services::Service;
use crate::why::lines::Line;

pub(super) const OLD: &str = "0000000000000001";
pub(super) const NEW: &str = "0000000000000002";

pub(super) fn line(event: impl Into<JournalEvent>) -> Line {
    let event = event.into();
    let line = JournalLine {
        seq: 1,
        service: "hub".to_owned(),
        tenant: "c0470500-0000-4000-8000-000000000001".parse().expect("an id"),
        at: Instant::from_seconds(1_767_603_600),
        wall: Instant::from_seconds(1_767_603_601),
        kind: event.kind().to_owned(),
        subject: "connection:1".to_owned(),
        trace: "7f".to_owned(),
        data: serde_json::Value::Null,
    };
    Line { line, event }
}

pub(super) fn forwarded(status: u16, access_token: Option<&str>, challenged: Option<&str>) -> Line {
    line(RuntimeForwarded {
        status,
        access_token: access_token.map(str::to_owned),
        challenged: challenged.map(str::to_owned),
        ..RuntimeForwarded::example()
    })
}

pub(super) fn accepted(token: Option<&str>) -> Line {
    line(RequestAccepted { token: token.map(str::to_owned), ..RequestAccepted::example() })
}

pub(super) fn refused(token: Option<&str>, reason: &str) -> Line {
    line(RequestRefused {
        token: token.map(str::to_owned),
        reason: reason.to_owned(),
        ..RequestRefused::example()
    })
}

pub(super) fn issued(grant: &str, fingerprint: &str) -> Line {
    let mut issued = TokenIssued { grant_type: grant.to_owned(), ..TokenIssued::example() };
    issued.access_token.fingerprint = fingerprint.to_owned();
    line(issued)
}

pub(super) fn refreshed() -> Line {
    line(ConnectionRefreshed { access_token: NEW.to_owned(), ..ConnectionRefreshed::example() })
}

/// A refusal of the token of a public client, and the broken connection.
pub(super) fn revoked() -> [Line; 2] {
    let id = Uuid::from_u128(7);
    let refused = TokenRefused {
        code: aadsts::FRESH_TOKEN_NEEDED,
        refresh_token: Some(PresentedRefreshToken {
            id,
            parent: None,
            family: id,
            fingerprint: None,
            client_class: ClientClass::Public,
            password_based: true,
        }),
        correlation_id: Some(id),
        ..TokenRefused::example()
    };
    [line(refused), line(ConnectionBroken { correlation: Some(id), ..ConnectionBroken::example() })]
}

pub(super) fn password_refused() -> Line {
    line(TokenRefused {
        grant_type: Some("password".to_owned()),
        code: aadsts::WRONG_PASSWORD,
        refresh_token: None,
        ..TokenRefused::example()
    })
}

pub(super) fn finished() -> Line {
    line(RunFinished::example())
}

/// Each step in one line: `flow>hub GET /orders caller_token`.
pub(super) fn shown(lines: &[Line]) -> Vec<String> {
    without(lines, &[])
}

/// The steps without the events of services that do not answer.
pub(super) fn without(lines: &[Line], silent: &[Service]) -> Vec<String> {
    let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let steps = steps_of(lines, Some(Instant::from_seconds(1_767_603_000)), silent);
    let shown = steps.iter().map(|step| {
        let from = name(serde_json::to_value(step.from).expect("JSON"));
        let to = name(serde_json::to_value(step.to).expect("JSON"));
        let carries = step.carries.map(|carries| name(serde_json::to_value(carries).expect("JSON")));
        let between = if step.kind == StepKind::Note { format!("{from}:") } else { format!("{from}>{to}") };
        let refused = if step.is_refused { " (refused)" } else { "" };
        let carries = carries.map(|carries| format!(" {carries}")).unwrap_or_default();
        format!("{between} {}{carries}{refused}", step.label)
    });
    shown.collect()
}

pub(super) const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The refusal of a refresh during an outage.
pub(super) fn outage(correlation: u128) -> Line {
    line(TokenRefused {
        code: aadsts::SERVICE_UNAVAILABLE,
        error: "temporarily_unavailable".to_owned(),
        refresh_token: None,
        correlation_id: Some(Uuid::from_u128(correlation)),
        ..TokenRefused::example()
    })
}

pub(super) fn postponed(correlation: u128) -> Line {
    line(ConnectionRefreshPostponed {
        correlation: Some(Uuid::from_u128(correlation)),
        ..ConnectionRefreshPostponed::example()
    })
}

/// The same about another connection.
pub(super) fn of(connection: u128, mut line: Line) -> Line {
    line.line.subject = format!("connection:{connection}");
    line
}

pub(super) fn correlated(mut line: Line, correlation: u128) -> Line {
    if let JournalEvent::TokenIssued(issued) = &mut line.event {
        issued.correlation_id = Some(Uuid::from_u128(correlation));
    }
    line
}

pub(super) fn with_grant(mut line: Line, grant: &str) -> Line {
    if let JournalEvent::TokenRefused(refused) = &mut line.event {
        refused.grant_type = Some(grant.to_owned());
    }
    line
}

pub(super) fn unanswered(status: u16, access_token: Option<&str>) -> Line {
    line(RuntimeForwarded {
        status,
        access_token: access_token.map(str::to_owned),
        unanswered: Some("the back end did not respond in time".to_owned()),
        ..RuntimeForwarded::example()
    })
}

pub(super) fn forwarded_refused(status: u16) -> Line {
    line(RuntimeRefused { status, ..RuntimeRefused::example() })
}
