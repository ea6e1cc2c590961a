//! Connections that use the managed identity of the flow.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::CONNECTION;
use crate::fake_identities::READER;
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, Response, call, flow, manual};
use crate::run_only::run_with;

const RESOURCE: &str = "api://contoso-orders";

/// A lab whose connection uses a managed identity, for this resource if its connector names one.
fn lab(resource: Option<&'static str>) -> Lab {
    let lab = Lab::new();
    lab.hub.connection.lock().expect("lock").as_mut().expect("a connection").identity = Some(resource);
    lab
}

fn own() -> Value {
    json!({"type": "ManagedServiceIdentity"})
}

fn put(lab: &Lab, authentication: Value, identity: &Value) -> Response {
    let mut body = flow(manual(json!({"Call": call("ListOrders", json!({}))})));
    if !authentication.is_null() {
        let reference = &mut body["properties"]["connectionReferences"]["shared_contoso-orders"];
        reference["connectionProperties"] = json!({ "authentication": authentication });
    }
    body["identity"] = identity.clone();
    lab.owner("PUT", &format!("/{FLOW}"), Some(body))
}

fn run(lab: &Lab) -> Value {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
    lab.newest_run()["properties"]["actions"]["Call"].clone()
}

/// Runs the flow and returns the token that it gave for the data source.
fn source_authorization(lab: &Lab) -> String {
    let action = run(lab);
    assert_eq!(action["status"], "Succeeded", "{action}");
    let call = lab.hub.calls().pop().expect("a call");
    assert!(call.authorization.starts_with("Key "), "{call:?}");
    call.source_authorization
}

#[test]
fn a_flow_calls_with_a_token_of_its_identity_beside_the_key() {
    let mut lab = lab(Some(RESOURCE));
    let system_assigned = json!({"type": "SystemAssigned"});
    put(&lab, own(), &system_assigned).expect(201);
    let first = format!("Bearer identity-token-1-of-own-for-{RESOURCE}");
    assert_eq!(source_authorization(&lab), first);
    lab.advance(Span::from_hours(23));
    assert_eq!(source_authorization(&lab), first, "it is cached for its lifetime");
    lab.advance(Span::from_hours(1));
    lab.restart();
    assert_eq!(source_authorization(&lab), format!("Bearer identity-token-2-of-own-for-{RESOURCE}"));

    // A resource of the maker's choice, and a user-assigned identity.
    let reader =
        json!({"type": "ManagedServiceIdentity", "audience": "https://other.example/", "identity": READER});
    let assigned = json!({"type": "UserAssigned", "userAssignedIdentities": {READER: {}}});
    put(&lab, reader, &assigned).expect(200);
    assert_eq!(source_authorization(&lab), "Bearer identity-token-3-of-reader-for-https://other.example/");
}

/// The maker of the connector cannot choose for which API the flow gets a token.
#[test]
fn the_resource_is_the_one_that_the_connector_named_when_the_flow_was_saved() {
    let lab = lab(Some(RESOURCE));
    put(&lab, own(), &json!({"type": "SystemAssigned"})).expect(201);
    let other = Some(Some("https://graph.microsoft.com"));
    lab.hub.connection.lock().expect("lock").as_mut().expect("a connection").identity = other;
    assert_eq!(source_authorization(&lab), format!("Bearer identity-token-1-of-own-for-{RESOURCE}"));
    let text = lab.owner("GET", &format!("/{FLOW}"), None).expect(200).to_string();
    assert!(!text.contains("audiences"), "callers do not see what was looked up: {text}");
}

#[test]
fn a_connection_that_uses_no_identity_gets_no_token() {
    let lab = Lab::new();
    put(&lab, own(), &json!({"type": "SystemAssigned"})).expect(201);
    assert_eq!(source_authorization(&lab), "");
}

#[test]
fn a_reference_without_its_identity_is_rejected_when_the_flow_is_saved() {
    let system_assigned = json!({"type": "SystemAssigned"});
    let refused = |lab: &Lab, authentication: Value| {
        let refused = put(lab, authentication, &system_assigned).expect(400);
        assert_eq!(refused["error"]["code"], "WorkflowManagedIdentityConfigurationInvalid", "{refused}");
        refused["error"]["message"].as_str().expect("a text").to_owned()
    };
    let text = format!(
        "The workflow connection parameter '{CONNECTION}' is not valid. The API connection '{CONNECTION}' is configured to \
         support managed identity but the connection parameter is either missing 'authentication' property in connection \
         properties or authentication type is not 'ManagedServiceIdentity'. \
         (properties.connectionReferences.shared_contoso-orders.connection.name)"
    );
    assert_eq!(refused(&lab(Some(RESOURCE)), Value::Null), text);
    let without_resource = lab(None);
    let message = refused(&without_resource, own());
    assert!(message.contains("connectionProperties.authentication.audience"), "{message}");
    let audience = json!({"type": "ManagedServiceIdentity", "audience": RESOURCE});
    put(&without_resource, audience, &system_assigned).expect(201);

    let shared = lab(Some(RESOURCE));
    {
        let mut connection = shared.hub.connection.lock().expect("lock");
        let connection = connection.as_mut().expect("a connection");
        (connection.creator, connection.shared_with) = (COLLEAGUE, Some(OWNER));
    }
    let message = refused(&shared, own());
    assert!(message.contains("belongs to someone else"), "{message}");

    let other = put(&lab(Some(RESOURCE)), json!({"type": "Raw"}), &system_assigned).expect(400);
    let text = other["error"]["message"].as_str().expect("a text");
    assert!(text.contains("connectionProperties.authentication.type"), "{text}");
}

#[test]
fn without_the_identity_the_action_fails_and_nothing_is_called() {
    let lab = lab(Some(RESOURCE));
    put(&lab, own(), &json!({"type": "None"})).expect(201);
    let action = run(&lab);
    assert_eq!(action["code"], "ManagedServiceIdentityNotEnabled", "{action}");
    assert!(lab.hub.calls().is_empty());

    put(&lab, own(), &json!({"type": "SystemAssigned"})).expect(200);
    let refusal = json!({"statusCode": 400, "message": "AADSTS7000112: Application is disabled."});
    *lab.issuer.identities.refusal.lock().expect("lock") = Some((400, refusal));
    let action = run(&lab);
    assert!(
        action["error"]["message"].as_str().is_some_and(|text| text.contains("AADSTS7000112")),
        "{action}"
    );
    assert!(lab.hub.calls().is_empty());
}

/// A connection that a user provides for a run leads where that user likes.
#[test]
fn a_connection_of_the_invoker_gets_no_token_of_the_flow() {
    let lab = lab(Some(RESOURCE));
    let mut body = flow(manual(json!({"Call": call("ListOrders", json!({}))})));
    let reference = &mut body["properties"]["connectionReferences"]["shared_contoso-orders"];
    reference["runtimeSource"] = json!("invoker");
    reference["connectionProperties"] = json!({"authentication": {
        "type": "ManagedServiceIdentity", "audience": RESOURCE,
    }});
    body["identity"] = json!({"type": "SystemAssigned"});
    lab.owner("PUT", &format!("/{FLOW}"), Some(body)).expect(201);
    assert_eq!(source_authorization(&lab), format!("Bearer identity-token-1-of-own-for-{RESOURCE}"));
    let provided = json!({"$connections": {"shared_contoso-orders": {"connectionId": format!("/connections/{CONNECTION}")}}});
    run_with(&lab, OWNER, &provided).expect(202);
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    assert_eq!(lab.hub.calls().last().expect("a call").source_authorization, "");
}
