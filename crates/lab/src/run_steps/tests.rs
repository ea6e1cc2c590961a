//! Events of runs, and the exchanges that they are the record of.

use outlive_clock::Instant;
use outlive_rules::aadsts;
use outlive_wire::events::{
    ConnectionBroken, ConnectionChallenged, ConnectionExchangePostponed, ConnectionRefreshPostponed,
    ConnectionRefreshed, ConnectionTokenExchanged, PresentedRefreshToken, RequestAccepted, RequestRefused,
    RunFinished, RunWaiting, RuntimeForwarded, RuntimeRefused, TokenIssued, TokenRefused,
};
use outlive_wire::run_steps::{Party, StepKind};
use outlive_wire::{ClientClass, EventPayload, JournalEvent, JournalLine};
use uuid::Uuid;

use super::steps::steps_of;
use crate::services::Service;
use crate::why::lines::Line;

const OLD: &str = "0000000000000001";
const NEW: &str = "0000000000000002";

fn line(event: impl Into<JournalEvent>) -> Line {
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

fn forwarded(status: u16, access_token: Option<&str>, challenged: Option<&str>) -> Line {
    line(RuntimeForwarded {
        status,
        access_token: access_token.map(str::to_owned),
        challenged: challenged.map(str::to_owned),
        ..RuntimeForwarded::example()
    })
}

fn accepted(token: Option<&str>) -> Line {
    line(RequestAccepted { token: token.map(str::to_owned), ..RequestAccepted::example() })
}

fn refused(token: Option<&str>, reason: &str) -> Line {
    line(RequestRefused {
        token: token.map(str::to_owned),
        reason: reason.to_owned(),
        ..RequestRefused::example()
    })
}

fn issued(grant: &str, fingerprint: &str) -> Line {
    let mut issued = TokenIssued { grant_type: grant.to_owned(), ..TokenIssued::example() };
    issued.access_token.fingerprint = fingerprint.to_owned();
    line(issued)
}

fn refreshed() -> Line {
    line(ConnectionRefreshed { access_token: NEW.to_owned(), ..ConnectionRefreshed::example() })
}

/// A refusal of the token of a public client, and the broken connection.
fn revoked() -> [Line; 2] {
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

fn password_refused() -> Line {
    line(TokenRefused {
        grant_type: Some("password".to_owned()),
        code: aadsts::WRONG_PASSWORD,
        refresh_token: None,
        ..TokenRefused::example()
    })
}

fn finished() -> Line {
    line(RunFinished::example())
}

/// Each step in one line: `flow>hub GET /orders caller_token`.
fn shown(lines: &[Line]) -> Vec<String> {
    without(lines, &[])
}

/// The steps without the events of services that do not answer.
fn without(lines: &[Line], silent: &[Service]) -> Vec<String> {
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

#[test]
fn events_are_the_exchanges_of_each_kind_of_run() {
    let revoked_at = [forwarded_refused(401)];
    let table: Vec<(&str, Vec<Line>, &[&str])> = vec![
        (
            "the stored access token is valid",
            vec![accepted(Some(OLD)), forwarded(200, Some(OLD), None), finished()],
            &[
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "the refresh token is revoked",
            revoked().into_iter().chain(revoked_at).chain([finished()]).collect(),
            &[
                "flow>hub GET /orders caller_token",
                "hub: at 08:50, so it refreshes",
                "hub>idp POST …/token refresh_token",
                "idp>hub 400 invalid_grant (refused)",
                "hub>flow failed to refresh (refused)",
            ],
        ),
        (
            "the API demands a newer token, and accepts it",
            vec![
                refused(Some(OLD), "revoked"),
                line(ConnectionChallenged {
                    access_token: OLD.to_owned(),
                    ..ConnectionChallenged::example()
                }),
                issued("refresh_token", NEW),
                refreshed(),
                accepted(Some(NEW)),
                forwarded(200, Some(NEW), Some(OLD)),
            ],
            &[
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 401 (refused)",
                "hub: needs a newer token",
                "hub>idp POST …/token refresh_token",
                "idp: nothing has ended it",
                "idp>hub new tokens access_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "a stored password, which the API checks",
            vec![password_refused(), refused(None, "wrong_password"), forwarded(401, None, None)],
            &[
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders password",
                "resource>idp POST …/token password",
                "idp>resource 400 invalid_grant (refused)",
                "resource>hub 401 (refused)",
                "hub>flow passed on (refused)",
            ],
        ),
        (
            "an action that calls the API itself, before one that uses a connection",
            vec![
                issued("client_credentials", NEW),
                accepted(Some(NEW)),
                accepted(Some(OLD)),
                forwarded(200, Some(OLD), None),
            ],
            &[
                "flow>idp POST …/token client_credential",
                "idp: nothing has ended it",
                "idp>flow new tokens access_token",
                "flow>resource GET /orders access_token",
                "resource>flow 200",
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "a back end that writes no journal",
            vec![forwarded(503, Some(OLD), None)],
            &[
                "flow>hub GET /orders caller_token",
                "hub>back_end GET /orders access_token",
                "back_end>hub 503 (refused)",
                "hub>flow passed on (refused)",
            ],
        ),
        (
            "an identity provider that does not answer, and a retry",
            vec![
                line(ConnectionRefreshPostponed::example()),
                forwarded_refused(502),
                line(RunWaiting::example()),
                accepted(Some(OLD)),
                forwarded(200, Some(OLD), None),
            ],
            &[
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token refresh_token",
                "idp>hub no usable answer (refused)",
                "hub>flow the connection is not authenticated (refused)",
                "flow: until 10:00",
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "an outage that the identity provider recorded",
            vec![outage(8), postponed(8), forwarded_refused(502)],
            &[
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token refresh_token",
                "idp>hub 503 temporarily_unavailable (refused)",
                "hub: keeps what it has (refused)",
                "hub>flow the connection is not authenticated (refused)",
            ],
        ),
        (
            "tokens that were issued, and did not arrive",
            vec![correlated(issued("client_credentials", NEW), 8), postponed(8), forwarded_refused(504)],
            &[
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token client_credential",
                "idp: nothing has ended it",
                "idp>hub new tokens access_token",
                "hub: keeps what it has (refused)",
                "hub>flow the connection is not authenticated (refused)",
            ],
        ),
        (
            "an exchange of the caller's token by two requests",
            vec![
                correlated(issued(ON_BEHALF_OF, "1"), 8),
                correlated(issued(ON_BEHALF_OF, NEW), 8),
                line(ConnectionTokenExchanged {
                    access_token: NEW.to_owned(),
                    correlation: Some(Uuid::from_u128(8)),
                    ..ConnectionTokenExchanged::example()
                }),
                accepted(Some(NEW)),
                forwarded(200, Some(NEW), None),
            ],
            &[
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token caller_token",
                "idp: nothing has ended it",
                "idp>hub new tokens access_token",
                "hub>idp POST …/token caller_token",
                "idp: nothing has ended it",
                "idp>hub new tokens access_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "an exchange during an outage",
            vec![
                with_grant(outage(8), ON_BEHALF_OF),
                line(ConnectionExchangePostponed {
                    correlation: Uuid::from_u128(8),
                    ..ConnectionExchangePostponed::example()
                }),
                forwarded_refused(502),
            ],
            &[
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token caller_token",
                "idp>hub 503 temporarily_unavailable (refused)",
                "hub: keeps what it has (refused)",
                "hub>flow the connection is not authenticated (refused)",
            ],
        ),
        (
            "two calls through two connections at once",
            vec![
                issued("refresh_token", NEW),
                of(2, refreshed()),
                accepted(Some(OLD)),
                forwarded(200, Some(OLD), None),
                accepted(Some(NEW)),
                of(2, forwarded(200, Some(NEW), None)),
            ],
            &[
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
                "flow>hub GET /orders caller_token",
                "hub>idp POST …/token refresh_token",
                "idp: nothing has ended it",
                "idp>hub new tokens access_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow passed on",
            ],
        ),
        (
            "a back end that does not respond",
            vec![unanswered(502, Some(OLD))],
            &[
                "flow>hub GET /orders caller_token",
                "hub>back_end GET /orders access_token",
                "back_end>hub no answer (refused)",
                "hub>flow no answer to pass on (refused)",
            ],
        ),
        (
            "an API whose response does not arrive in time",
            vec![accepted(Some(OLD)), unanswered(504, Some(OLD))],
            &[
                "flow>hub GET /orders caller_token",
                "hub>resource GET /orders access_token",
                "resource>hub 200",
                "hub>flow no answer to pass on (refused)",
            ],
        ),
        (
            "a back end that itself responds with 502",
            vec![forwarded(502, Some(OLD), None)],
            &[
                "flow>hub GET /orders caller_token",
                "hub>back_end GET /orders access_token",
                "back_end>hub 502 (refused)",
                "hub>flow passed on (refused)",
            ],
        ),
        ("a run without a request", vec![finished()], &[]),
    ];
    for (case, lines, expected) in table {
        assert_eq!(shown(&lines), expected, "{case}");
    }
}

/// A service that does not answer is missing: what it alone knows is not made up.
#[test]
fn the_part_of_a_silent_service_is_attributed_to_no_other() {
    let without_hub = [issued("refresh_token", NEW), issued("client_credentials", OLD), accepted(Some(NEW))];
    assert_eq!(
        without(&without_hub, &[Service::Hub]),
        [
            "hub>idp POST …/token refresh_token",
            "idp: nothing has ended it",
            "idp>hub new tokens access_token",
            "idp: new tokens",
            "resource: GET /orders",
        ]
    );
    assert_eq!(
        without(&[password_refused(), refused(None, "wrong_password")], &[Service::Hub]),
        [
            "resource>idp POST …/token password",
            "idp>resource 400 invalid_grant (refused)",
            "resource: GET /orders (refused)",
        ]
    );
    let [_, broken] = revoked();
    assert_eq!(
        without(&[refreshed(), accepted(Some(NEW)), forwarded(200, Some(NEW), None)], &[Service::Idp]),
        [
            "flow>hub GET /orders caller_token",
            "hub>idp POST …/token refresh_token",
            "idp>hub new tokens access_token",
            "hub>resource GET /orders access_token",
            "resource>hub 200",
            "hub>flow passed on",
        ]
    );
    assert_eq!(
        without(&[broken, forwarded_refused(401)], &[Service::Idp]),
        [
            "flow>hub GET /orders caller_token",
            "hub>idp POST …/token refresh_token",
            "idp>hub invalid grant (refused)",
            "hub>flow failed to refresh (refused)",
        ]
    );
    let lines = [password_refused(), forwarded(401, None, None)];
    assert_eq!(
        without(&lines, &[Service::Resource]),
        [
            "resource>idp POST …/token password",
            "idp>resource 400 invalid_grant (refused)",
            "flow>hub GET /orders caller_token",
            "hub>back_end GET /orders",
            "back_end>hub 401 (refused)",
            "hub>flow passed on (refused)",
        ]
    );
    let steps = steps_of(&lines, None, &[Service::Resource]);
    let asked = steps.iter().find(|step| step.to == Party::BackEnd).expect("a request");
    assert!(asked.detail.ends_with("the Orders API, which may have recorded it, does not answer now"));
}

const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The refusal of a refresh during an outage.
fn outage(correlation: u128) -> Line {
    line(TokenRefused {
        code: aadsts::SERVICE_UNAVAILABLE,
        error: "temporarily_unavailable".to_owned(),
        refresh_token: None,
        correlation_id: Some(Uuid::from_u128(correlation)),
        ..TokenRefused::example()
    })
}

fn postponed(correlation: u128) -> Line {
    line(ConnectionRefreshPostponed {
        correlation: Some(Uuid::from_u128(correlation)),
        ..ConnectionRefreshPostponed::example()
    })
}

/// The same about another connection.
fn of(connection: u128, mut line: Line) -> Line {
    line.line.subject = format!("connection:{connection}");
    line
}

fn correlated(mut line: Line, correlation: u128) -> Line {
    if let JournalEvent::TokenIssued(issued) = &mut line.event {
        issued.correlation_id = Some(Uuid::from_u128(correlation));
    }
    line
}

fn with_grant(mut line: Line, grant: &str) -> Line {
    if let JournalEvent::TokenRefused(refused) = &mut line.event {
        refused.grant_type = Some(grant.to_owned());
    }
    line
}

fn unanswered(status: u16, access_token: Option<&str>) -> Line {
    line(RuntimeForwarded {
        status,
        access_token: access_token.map(str::to_owned),
        unanswered: Some("the back end did not respond in time".to_owned()),
        ..RuntimeForwarded::example()
    })
}

fn forwarded_refused(status: u16) -> Line {
    line(RuntimeRefused { status, ..RuntimeRefused::example() })
}

#[test]
fn a_refusal_names_its_row_its_code_and_the_token() {
    let mut lines: Vec<Line> = revoked().into();
    let question = {
        let mut issued = TokenIssued::example();
        let mut question = issued.question.take().expect("a question");
        question.user.events.record(outlive_rules::Event::PasswordChangedByUser, question.at);
        question
    };
    if let JournalEvent::TokenRefused(refused) = &mut lines[0].event {
        refused.verdict = Some(question.decide());
    }
    lines.push(forwarded_refused(401));
    let steps = steps_of(&lines, None, &[]);
    let row = steps.iter().find_map(|step| step.row.clone());
    assert_eq!(row.as_deref(), Some("Password changed by user"), "{steps:#?}");
    let codes: Vec<_> = steps.iter().filter_map(|step| step.code.as_deref()).collect();
    assert_eq!(codes, ["AADSTS50173"]);
    let token = steps.iter().find_map(|step| step.credential.clone());
    assert_eq!(token, Some(Uuid::from_u128(7).to_string()));
    let decided = steps.iter().find(|step| step.row.is_some()).expect("a decision");
    assert!(decided.detail.starts_with("Refused: ") && !decided.detail.contains("Source:"), "{decided:?}");
    assert!(steps.last().expect("an answer").detail.ends_with("; the API was never called"), "{steps:#?}");
    // No time is invented: a request has none but that of the decision about it.
    assert!(steps.iter().all(|step| step.wall.is_none() == (step.kind == StepKind::Request)));
}
