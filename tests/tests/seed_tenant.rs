//! The seed tenant contains the contrast: one owner, three flows, one password change.

use outlive_tests::{Service, System};
use serde_json::Value;

/// Each flow of the owner, how many of its runs fail in the three hours after the password change,
/// and a part of the error.
const FLOWS: &[(&str, &str, Failures, &str)] = &[
    ("c0470500-0000-4000-8006-000000000001", "a confidential client", Failures::None, ""),
    ("c0470500-0000-4000-8006-000000000002", "a public client", Failures::AfterRefresh, "AADSTS50173"),
    ("c0470500-0000-4000-8006-000000000003", "a stored password", Failures::All, "AADSTS50126"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failures {
    None,
    /// From the first refresh, which is due within an hour and a half.
    AfterRefresh,
    All,
}

fn of_flow<'a>(runs: &'a [Value], flow: &str) -> Vec<&'a Value> {
    runs.iter().filter(|run| run["data"]["flow"] == flow).collect()
}

#[tokio::test]
async fn one_password_change_breaks_the_flows_by_what_their_connections_store() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT1H").await;
    let before = system.journal(Service::Flow, &tenant, "run.finished").await;
    for (flow, stores, ..) in FLOWS {
        let runs = of_flow(&before, flow);
        assert!(!runs.is_empty(), "the flow with {stores} has not run");
        assert!(runs.iter().all(|run| run["data"]["status"] == "Succeeded"), "{stores}: {runs:?}");
    }

    tenant.change_password("owner", "a new password, 2 words").await;
    tenant.advance("PT3H").await;
    let all = system.journal(Service::Flow, &tenant, "run.finished").await;
    for (flow, stores, failures, error) in FLOWS {
        let runs = of_flow(&all, flow).split_off(of_flow(&before, flow).len());
        let statuses: Vec<_> =
            runs.iter().map(|run| run["data"]["status"].as_str().unwrap_or_default()).collect();
        assert_eq!(statuses.len(), 3, "{stores}");
        let failed = statuses.iter().filter(|status| **status == "Failed").count();
        match failures {
            Failures::None => assert_eq!(failed, 0, "{stores}: {statuses:?}"),
            Failures::All => assert_eq!(failed, 3, "{stores}: {statuses:?}"),
            Failures::AfterRefresh => {
                assert!(
                    statuses.is_sorted_by(|one, two| (*two, *one) != ("Succeeded", "Failed")),
                    "{statuses:?}"
                );
                assert!((2..=3).contains(&failed) && statuses[2] == "Failed", "{stores}: {statuses:?}");
            }
        }
        let message = runs[2]["data"]["actions"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(error), "{stores}: {message}");
    }
    system.stop().await;
}
