//! Expectations that are not met fail, also where time stands still or something is missing.

use outlive_tests::outlive_on_database;

const SIGN_IN: &str = "sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access \
                       api://contoso-orders/Orders.Read, keep: t}";
const CONNECTION: &str = "create_connection: {name: orders, connector: shared_contoso-orders, owner: owner}";
const MANUAL: &str = "create_flow: {name: f, owner: owner, connection: orders, definition: {triggers: {manual: {type: \
                      Request, kind: Button}}, actions: {Orders: {type: ApiConnection, inputs: {host: {connection: \
                      {name: \"@parameters('$connections')['shared_contoso-orders']['connectionId']\"}}, method: get, \
                      path: /orders}}}}}";

/// Runs one scenario with these steps; returns its output and exit code.
async fn run(steps: &[&str]) -> (String, Option<i32>) {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let path = home.path().join("s.yaml");
    let mut text = "scenarios:\n  - name: S\n    chapters:\n      - title: T\n        steps:\n".to_owned();
    steps.iter().for_each(|step| text.push_str(&format!("          - {step}\n")));
    std::fs::write(&path, text).expect("it is writable");
    let ended = outlive_on_database(["run".to_owned(), path.display().to_string()]).await;
    (ended.stdout + &ended.stderr, ended.code)
}

#[tokio::test]
async fn what_does_not_hold_fails() {
    let forged = "forge: {like: t, claims: {exp: null}, keep: f}";
    let down = "fault: {service: resource, endpoint: orders, do: {status: 403}}";
    let hourly = "create_flow: {name: f, owner: owner, connection: orders, every: PT1H}";
    for (steps, because) in [
        // Of two runs at one instant, the last one failed.
        (
            vec![
                CONNECTION,
                MANUAL,
                "run_flow: {flow: f}",
                down,
                "run_flow: {flow: f}",
                "expect_runs: {flow: f, last: {status: Succeeded}}",
            ],
            "last run",
        ),
        // Tokens were issued at the instant of the mark, after it.
        (
            vec![
                "{mark: m, client_credentials: {app: Nightly Job, scope: api://contoso-orders/.default}}",
                SIGN_IN,
                "expect_journal: {kind: token.issued, since: m, count: 0}",
            ],
            "time since the mark 'm'",
        ),
        // The newest run succeeded, an older one failed.
        (
            vec![
                CONNECTION,
                hourly,
                "fault: {service: resource, endpoint: orders, do: {status: 403}, for: PT90M}",
                "advance: {by: PT3H}",
                "expect_runs: {flow: f, last: {status: Failed, failed_action: {code: Forbidden}}}",
            ],
            "last run",
        ),
        (vec![SIGN_IN, forged, "expect_token: {tokens: f, at_most: PT1H}"], "lifetime"),
        (vec![SIGN_IN, forged, "expect_token: {tokens: f, at_least: P3650D}"], "lifetime"),
    ] {
        let (output, code) = run(&steps).await;
        assert_eq!(code, Some(1), "{steps:?}\n{output}");
        assert!(output.contains(because), "{steps:?}\n{output}");
    }
}

#[tokio::test]
async fn what_can_only_pass_is_a_mistake() {
    for (steps, because) in [
        (vec!["http: {to: resource, path: /orders, status: 401, body_has: [\"\"]}"], "an empty text"),
        (
            vec!["client_credentials: {app: Nightly Job, scope: nothing, refused: {}}"],
            "nothing is expected of the refusal",
        ),
        (
            vec!["client_credentials: {app: Nightly Job, scope: \"${tenant.id}\", refused: {aadsts: 70011}}"],
            "placeholders are not replaced here",
        ),
        (vec![SIGN_IN, "expect_token: {tokens: t, absent: [\"${captured.x}\"]}"], "placeholders are not"),
        (
            vec![
                CONNECTION,
                MANUAL,
                "run_flow: {flow: f}",
                "expect_runs: {flow: f, last: {status: Succeeded, failed_action: {code: Nonsense}}}",
            ],
            "has no failed action",
        ),
        (
            vec![
                "parallel: [{event: {type: revoke_sessions, user: owner}}, {change_password: {user: colleague}}]",
            ],
            "cannot run at the same time",
        ),
        (vec!["parallel: [{parallel: [{parallel: [{advance: {by: PT1H}}]}]}]"], "parallel within parallel"),
    ] {
        let (output, code) = run(&steps).await;
        assert_eq!(code, Some(2), "{steps:?}\n{output}");
        assert!(output.contains(because), "{steps:?}\n{output}");
    }
}

#[tokio::test]
async fn what_stands_for_a_list_is_expanded() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let path = home.path().join("s.yaml");
    let text = "vars:\n  steps: [{repeat: 3, http: {to: resource, path: /orders, status: 401}}]\n  \
                rows: [{status: 401}, {status: 401}]\nsetup: \"${var.steps}\"\nscenarios:\n  - name: S\n    examples: \
                \"${var.rows}\"\n    chapters:\n      - title: T\n        steps:\n          - steps: \
                \"${var.steps}\"\n          - parallel: \"${var.steps}\"\n";
    std::fs::write(&path, text).expect("it is writable");
    let ended = outlive_on_database(["run".to_owned(), path.display().to_string()]).await;
    // Two rows, each with three steps in the setup, in the block, and at the same time.
    assert!(ended.stdout.contains("2 passed; 18 steps"), "{}{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn an_explanation_that_cannot_be_given_yet_is_waited_for() {
    // The flow first runs at noon; the scenario begins at nine.
    let flow = "create_flow: {name: f, owner: owner, definition: {triggers: {noon: {type: Recurrence, recurrence: \
                {frequency: Hour, interval: 1, startTime: \"2026-01-05T12:00:00Z\"}}}, actions: {One: {type: Compose, \
                inputs: 1}}}}";
    let steps = [flow, "{why: {flow: f, verdict_has: [verdict]}, eventually: {within: PT6H, every: PT1H}}"];
    let (output, code) = run(&steps).await;
    assert_eq!(code, Some(0), "{output}");
}
