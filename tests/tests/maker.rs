//! The first steps of a maker, with the real program: create a connection, consent, save a flow on
//! it, and it runs. No step writes an access policy.

use outlive_tests::{Maker, Service, System, Tenant, outlive_on_database};
use reqwest::Method;
use serde_json::{Value, json};

/// The consent is given in a browser, by the steps of a scenario.
#[tokio::test]
async fn a_makers_flow_runs_on_her_own_connection() {
    let file = tempfile::tempdir().expect("a directory");
    let file = file.path().join("first-flow.yaml");
    let scenario = "\
scenarios:
  - name: The first flow of a maker
    about: A connection, a consent, and an hourly flow.
    chapters:
      - title: 1. A flow
        steps:
          - create_connection: {name: mine, connector: shared_contoso-orders, owner: owner}
          - create_flow: {name: hourly, owner: owner, connection: mine, every: PT1H}
          - expect_journal: {service: hub, kind: access.granted, count: 1}
          - advance: {by: PT3H, runs: 4, failed: 0}
          - expect_runs: {flow: hourly, counts: {Succeeded: 4}}
";
    std::fs::write(&file, scenario).expect("is written");
    let ended = outlive_on_database(["run", file.to_str().expect("a path")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Returns status, code and message of the action of each run, in order.
async fn runs(system: &System, tenant: &Tenant, flow: &str) -> Vec<(String, String, String)> {
    let runs = system.journal(Service::Flow, tenant, "run.finished").await;
    let of_flow = runs.iter().filter(|run| run["data"]["flow"] == flow);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts = |action: &Value| (text(&action["status"]), text(&action["code"]), text(&action["message"]));
    of_flow.map(|run| parts(&run["data"]["actions"][0])).collect()
}

#[tokio::test]
async fn removed_access_fails_every_run_until_the_maker_saves_the_flow() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let owner = Maker::new(&system, &tenant, "owner");
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("a flow").to_owned();
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection").to_owned();
    let policies = format!("{connection}/accessPolicies");
    let listed = async || owner.connection(Method::GET, &policies, &Value::Null).await.1["value"].clone();
    let granted = listed().await;
    let identity = &granted[0]["properties"]["principal"];
    assert_eq!(*identity, json!({"type": "Workflow", "identity": {"workflowId": flow}}), "{granted}");
    tenant.advance("PT1H").await;
    let before = runs(&system, &tenant, &flow).await;
    assert!(before.iter().all(|(status, ..)| status == "Succeeded"), "{before:?}");

    let policy = format!("{policies}/{}", granted[0]["name"].as_str().expect("a name"));
    assert_eq!(owner.connection(Method::DELETE, &policy, &Value::Null).await.0, 200);
    tenant.advance("PT5H").await;
    let failed = runs(&system, &tenant, &flow).await.split_off(before.len());
    assert_eq!(failed.len(), 5, "{failed:?}");
    let documented = format!(
        "Error from token exchange: Permission denied due to missing connection ACL: Connection \
         unitedstates/logicflows/{flow} is not allowed to access connection connection=unitedstates/"
    );
    for (status, code, message) in &failed {
        assert_eq!((status.as_str(), code.as_str()), ("Failed", "Forbidden"), "{message}");
        assert!(message.starts_with(&documented), "{message}");
    }
    assert_eq!(listed().await, json!([]));

    // The maker saves the flow as it is.
    let (_, saved) = owner.flow(Method::GET, &flow, &Value::Null).await;
    assert_eq!(owner.flow(Method::PUT, &flow, &saved).await.0, 200);
    assert_eq!(listed().await, granted);
    tenant.advance("PT2H").await;
    let repaired = runs(&system, &tenant, &flow).await.split_off(before.len() + failed.len());
    assert!(
        !repaired.is_empty() && repaired.iter().all(|(status, ..)| status == "Succeeded"),
        "{repaired:?}"
    );
    system.stop().await;
}

/// A colleague has access by the owner's policy; the flow has it through the colleague.
#[tokio::test]
async fn a_flow_loses_its_access_with_its_maker() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let (owner, colleague) =
        (Maker::new(&system, &tenant, "owner"), Maker::new(&system, &tenant, "colleague"));
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("a flow");
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection");
    let (_, theirs) = owner.flow(Method::GET, flow, &Value::Null).await;
    let mine = "99999999-0000-4000-8000-000000000002";
    let (status, error) = colleague.flow(Method::PUT, mine, &theirs).await;
    assert_eq!((status, &error["error"]["code"]), (403, &json!("ConnectionAuthorizationFailed")), "{error}");

    let user = tenant.user("colleague")["id"].clone();
    let principal =
        json!({"type": "ActiveDirectory", "identity": {"tenantId": tenant.id(), "objectId": user}});
    let body = json!({"properties": {"principal": principal}});
    let policy = format!("{connection}/accessPolicies/colleague");
    assert_eq!(owner.connection(Method::PUT, &policy, &body).await.0, 201);
    let (status, answer) = colleague.flow(Method::PUT, mine, &theirs).await;
    assert_eq!(status, 201, "{answer}");
    tenant.advance("PT1H").await;
    let before = runs(&system, &tenant, mine).await;
    assert!(!before.is_empty() && before.iter().all(|(status, ..)| status == "Succeeded"), "{before:?}");

    assert_eq!(owner.connection(Method::DELETE, &policy, &Value::Null).await.0, 200);
    tenant.advance("PT3H").await;
    let failed = runs(&system, &tenant, mine).await.split_off(before.len());
    assert_eq!(failed.len(), 3, "{failed:?}");
    for (_, code, message) in &failed {
        assert!(code == "Forbidden" && message.contains("missing connection ACL"), "{code} {message}");
    }
    assert_eq!(colleague.flow(Method::PUT, mine, &theirs).await.0, 403);
    let others = runs(&system, &tenant, flow).await;
    assert!(others.iter().all(|(status, ..)| status == "Succeeded"), "the owner's flow still runs");
    system.stop().await;
}
