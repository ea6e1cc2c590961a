//! What one user, page or neighbor may not do to another: against the whole system, as an attacker
//! would.

use outlive_tests::{Maker, Service, System};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The owner's flow is deleted; a colleague creates one under its id, to read the owner's orders
/// with what was granted to it.
#[tokio::test]
async fn a_colleague_does_not_inherit_the_access_of_a_deleted_flow() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let (owner, colleague) =
        (Maker::new(&system, &tenant, "owner"), Maker::new(&system, &tenant, "colleague"));
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("a flow").to_owned();
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection").to_owned();
    let policies = format!("{connection}/accessPolicies");
    let (_, before) = owner.connection(Method::GET, &policies, &Value::Null).await;
    assert!(before.to_string().contains(&flow), "{before}");
    let (_, definition) = owner.flow(Method::GET, &flow, &Value::Null).await;
    let body = json!({"properties": {
        "displayName": "Mine", "definition": definition["properties"]["definition"],
        "connectionReferences": definition["properties"]["connectionReferences"],
    }});

    let forwarded = system.journal(Service::Hub, &tenant, "runtime.forwarded").await.len();
    assert_eq!(owner.flow(Method::DELETE, &flow, &Value::Null).await.0, 204);
    let (_, after) = owner.connection(Method::GET, &policies, &Value::Null).await;
    assert_eq!(after["value"], json!([]), "the access policy ended with the flow");
    assert_eq!(colleague.flow(Method::PUT, &flow, &body).await.0, 409);
    assert_eq!(owner.flow(Method::PUT, &flow, &body).await.0, 409);
    // Under another id it cannot be saved either.
    let other = "99999999-0000-4000-8000-000000000001";
    let (status, error) = colleague.flow(Method::PUT, other, &body).await;
    assert_eq!((status, &error["error"]["code"]), (403, &json!("ConnectionAuthorizationFailed")), "{error}");
    tenant.advance("PT2H").await;
    assert_eq!(system.journal(Service::Hub, &tenant, "runtime.forwarded").await.len(), forwarded);
    system.stop().await;
}

/// The owner deletes the connection; a colleague takes its name, signs in, and lets the owner's
/// flow use it.
#[tokio::test]
async fn a_flow_does_not_run_under_the_account_of_a_colleague_who_takes_its_connections_name() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let (owner, colleague) =
        (Maker::new(&system, &tenant, "owner"), Maker::new(&system, &tenant, "colleague"));
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("a flow").to_owned();
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection").to_owned();
    tenant.advance("PT1H").await;
    let forwarded = system.journal(Service::Hub, &tenant, "runtime.forwarded").await.len();
    assert!(forwarded > 0, "the owner's flow runs");

    let (_, shown) = owner.connection(Method::GET, &connection, &Value::Null).await;
    let api = shown["properties"]["api"]["id"].clone();
    assert_eq!(owner.connection(Method::DELETE, &connection, &Value::Null).await.0, 200);
    let body = json!({"properties": {"displayName": "Orders", "api": {"id": api}}});
    assert_eq!(colleague.connection(Method::PUT, &connection, &body).await.0, 201);
    let policy = json!({"properties": {"principal": {"type": "Workflow", "identity": {"workflowId": flow}}}});
    let (status, _) =
        colleague.connection(Method::PUT, &format!("{connection}/accessPolicies/flow"), &policy).await;
    assert_eq!(status, 201);
    tenant.advance("PT3H").await;
    let runs = system.journal(Service::Flow, &tenant, "run.finished").await;
    let last = runs.last().expect("it ran");
    assert_eq!(last["data"]["actions"][0]["code"], "ConnectionNotFound", "{last}");
    assert_eq!(system.journal(Service::Hub, &tenant, "runtime.forwarded").await.len(), forwarded);
    system.stop().await;
}

/// The lab surface is the lab's: neither a neighbor without the key nor the hub's proxy reaches it.
#[tokio::test]
async fn nothing_but_the_lab_reaches_the_lab_surface() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    let owner = Maker::new(&system, &tenant, "owner");
    for service in Service::ALL {
        let url = format!("{}/_lab/tenants", system.url(service));
        let answer = system.http().get(&url).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{service:?}");
        let with_key = system.lab_surface(Method::GET, &url).send().await.expect("it answers");
        assert_eq!(with_key.status(), StatusCode::OK, "{service:?}");
        let from_page =
            system.lab_surface(Method::GET, &url).header("sec-fetch-site", "cross-site").send().await;
        assert_eq!(from_page.expect("it answers").status(), StatusCode::FORBIDDEN, "{service:?}");
    }
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection");
    let (_, shown) = owner.connection(Method::GET, connection, &Value::Null).await;
    let runtime = shown["properties"]["connectionRuntimeUrl"].as_str().expect("a URL").to_owned();
    let (status, _) = owner.call(Method::GET, &format!("{runtime}/orders"), &Value::Null).await;
    assert_eq!(status, 200);
    let (status, body) = owner.call(Method::GET, &format!("{runtime}/_lab/tenants"), &Value::Null).await;
    assert_eq!((status, body), (404, json!({"statusCode": 404, "message": "Resource not found"})));
    let wipe = format!("{runtime}/_lab/tenants/{}", tenant.id());
    assert_eq!(owner.call(Method::DELETE, &wipe, &Value::Null).await.0, 404);
    assert!(tenant.look().await["tenant_id"].is_string(), "the tenant is still there");
    system.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn data_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut system = System::start().await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let readable = |system: &System| -> Vec<String> {
        let entries = std::fs::read_dir(system.data()).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").path());
        let open = names.filter(|path| mode(path) & 0o077 != 0);
        open.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
    };
    assert_eq!(mode(&system.data()), 0o700);
    assert_eq!(readable(&system), ["ca.pem"], "which clients have to read");
    system.terminate().await;
    // As an earlier version left it.
    for entry in std::fs::read_dir(system.data()).expect("a directory") {
        let path = entry.expect("an entry").path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    }
    std::fs::set_permissions(system.data(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    system.restart().await;
    assert_eq!(mode(&system.data()), 0o700);
    assert_eq!(readable(&system), ["ca.pem"], "which clients have to read");
    system.stop().await;
}
