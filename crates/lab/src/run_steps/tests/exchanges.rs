//! Each kind of run, and the exchanges that its events are the record of.

use outlive_wire::EventPayload;
use outlive_wire::events::{
    ConnectionChallenged, ConnectionExchangePostponed, ConnectionRefreshPostponed, ConnectionTokenExchanged,
    RunWaiting,
};
use uuid::Uuid;

use super::lines::{
    NEW, OLD, ON_BEHALF_OF, accepted, correlated, finished, forwarded, forwarded_refused, issued, line, of,
    outage, password_refused, postponed, refreshed, refused, revoked, shown, unanswered, with_grant,
};
use crate::why::lines::Line;

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
