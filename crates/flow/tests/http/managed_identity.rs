//! Managed identities of flows, and the tokens that `Http` actions get for them.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_identities::READER;
use crate::lab::{FLOW, Lab, flow, manual};

const AUDIENCE: &str = "api://contoso-orders";

fn calling(authentication: Value) -> Value {
    let inputs = json!({
        "method": "GET", "uri": "https://api.contoso.example/apim/x/y/orders", "authentication": authentication,
    });
    manual(json!({"Call": {"type": "Http", "inputs": inputs, "runAfter": {}}}))
}

fn own() -> Value {
    json!({"type": "ManagedServiceIdentity", "audience": AUDIENCE})
}

fn user_assigned() -> Value {
    json!({"type": "ManagedServiceIdentity", "audience": AUDIENCE, "identity": READER.to_uppercase()})
}

fn both() -> Value {
    json!({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {READER: {}}})
}

fn put(lab: &Lab, definition: Value, identity: Option<Value>) -> crate::lab::Response {
    let mut body = flow(definition);
    if let Some(identity) = identity {
        body["identity"] = identity;
    }
    lab.owner("PUT", &format!("/{FLOW}"), Some(body))
}

fn run(lab: &Lab) -> Value {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
    lab.newest_run()["properties"]["actions"]["Call"].clone()
}

/// Runs the flow and returns the `Authorization` of its call.
fn authorization(lab: &Lab) -> String {
    let action = run(lab);
    assert_eq!(action["status"], "Succeeded", "{action}");
    assert_eq!(action["inputs"]["authentication"], "*sanitized*");
    lab.hub.calls().last().expect("a call").authorization.clone()
}

#[test]
fn an_action_sends_a_token_of_the_flows_identity_and_gets_another_a_day_later() {
    let mut lab = Lab::new();
    let saved = put(&lab, calling(own()), Some(json!({"type": "SystemAssigned"}))).expect(201);
    let identity = json!({
        "type": "SystemAssigned", "tenantId": crate::lab::TENANT,
        "principalId": "eeeeeeee-0000-4000-8004-000000000001",
    });
    assert_eq!(saved["identity"], identity);
    let first = format!("Bearer identity-token-1-of-own-for-{AUDIENCE}");
    assert_eq!(authorization(&lab), first);
    lab.advance(Span::from_hours(23));
    assert_eq!(authorization(&lab), first, "it is cached for its lifetime");
    lab.advance(Span::from_minutes(56));
    assert_eq!(authorization(&lab), format!("Bearer identity-token-2-of-own-for-{AUDIENCE}"));
    lab.restart();
    assert_eq!(authorization(&lab), format!("Bearer identity-token-3-of-own-for-{AUDIENCE}"));
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    assert_eq!(shown["identity"], identity);
}

#[test]
fn an_action_can_use_a_user_assigned_identity() {
    let lab = Lab::new();
    let saved = put(&lab, calling(user_assigned()), Some(both())).expect(201);
    let reader = &saved["identity"]["userAssignedIdentities"][READER];
    assert_eq!(reader["clientId"], "eeeeeeee-0000-4000-8002-000000000002");
    assert_eq!(authorization(&lab), format!("Bearer identity-token-1-of-reader-for-{AUDIENCE}"));
    put(&lab, calling(json!({"type": "ManagedServiceIdentity", "identity": "SystemAssigned"})), None)
        .expect(200);
    assert_eq!(authorization(&lab), "Bearer identity-token-2-of-own-for-https://management.azure.com/");
}

#[test]
fn a_flow_without_the_identity_fails_and_is_not_retried() {
    let lab = Lab::new();
    for (definition, identity, text) in [
        (calling(own()), None, "does not have managed identity enabled"),
        (
            calling(user_assigned()),
            Some(json!({"type": "SystemAssigned"})),
            "is not assigned to the workflow",
        ),
        (
            calling(own()),
            Some(json!({"type": "UserAssigned", "userAssignedIdentities": {READER: {}}})),
            "does not have managed identity enabled",
        ),
        (calling(own()), Some(json!({"type": "None"})), "does not have managed identity enabled"),
    ] {
        put(&lab, definition, identity);
        let action = run(&lab);
        assert_eq!(action["code"], "ManagedServiceIdentityNotEnabled", "{action}");
        assert!(action["error"]["message"].as_str().is_some_and(|shown| shown.contains(text)), "{action}");
    }
    assert!(lab.hub.calls().is_empty());
}

/// A token that was cached is used until it expires; then the flow fails with the issuer's reason.
#[test]
fn a_disabled_identity_breaks_the_flow_when_its_token_expires() {
    let lab = Lab::new();
    put(&lab, calling(own()), Some(json!({"type": "SystemAssigned"}))).expect(201);
    authorization(&lab);
    let refusal = json!({"statusCode": 400, "message": "AADSTS7000112: Application is disabled."});
    *lab.issuer.identities.refusal.lock().expect("lock") = Some((400, refusal));
    authorization(&lab);
    lab.advance(Span::from_days(1));
    let action = run(&lab);
    let text = "Http request failed as there is an error getting a token for the managed identity: \
                'AADSTS7000112: Application is disabled.'.";
    assert_eq!((&action["code"], &action["error"]["message"]), (&json!("BadRequest"), &json!(text)));
    assert_eq!(lab.hub.calls().len(), 2);
}

#[test]
fn the_identity_of_a_flow_is_deleted_with_the_flow() {
    let lab = Lab::new();
    put(&lab, calling(own()), Some(both())).expect(201);
    let before = lab.issuer.identities.endpoint(FLOW).expect("an endpoint");
    assert_eq!(before["name"], "Hourly orders");
    // Saved without identity, it keeps it; saved with one, its secret stays.
    put(&lab, calling(own()), None).expect(200);
    put(&lab, calling(own()), Some(both())).expect(200);
    assert_eq!(lab.issuer.identities.endpoint(FLOW), Some(before.clone()));
    let shown = put(&lab, calling(own()), Some(json!({"type": "None"}))).expect(200);
    assert_eq!((shown.get("identity"), lab.issuer.identities.endpoint(FLOW)), (None, None));

    put(&lab, calling(own()), Some(both())).expect(200);
    assert_ne!(lab.issuer.identities.endpoint(FLOW).expect("an endpoint")["header"], before["header"]);
    *lab.issuer.identities.refusal.lock().expect("lock") = Some((503, json!({})));
    let kept = lab.owner("DELETE", &format!("/{FLOW}"), None).expect(502);
    assert_eq!(kept["error"]["code"], "FailedIdentityOperation");
    *lab.issuer.identities.refusal.lock().expect("lock") = None;
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(lab.issuer.identities.endpoint(FLOW), None);
}

#[test]
fn an_identity_that_cannot_be_had_is_rejected_when_the_flow_is_saved() {
    let lab = Lab::new();
    let unknown = json!({"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/unknown": {}}});
    for (identity, target) in [
        (unknown, "identity"),
        (json!({"type": "UserAssigned"}), "identity.userAssignedIdentities"),
        (json!({"type": "Mine"}), "identity.type"),
        (json!("SystemAssigned"), "identity"),
    ] {
        let error = put(&lab, calling(own()), Some(identity)).expect(400);
        assert_eq!(error["error"]["details"][0]["target"], target, "{error}");
    }
    *lab.issuer.identities.refusal.lock().expect("lock") = Some((503, json!({})));
    put(&lab, calling(own()), Some(both())).expect(502);
    lab.owner("GET", &format!("/{FLOW}"), None).expect(404);
}

#[test]
fn neither_header_nor_token_is_stored_or_shown() {
    let mut lab = Lab::on_files();
    let saved = put(&lab, calling(own()), Some(both())).expect(201);
    let header = lab.issuer.identities.endpoint(FLOW).expect("an endpoint")["header"].clone();
    let header = header.as_str().expect("a header");
    let token = authorization(&lab);
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    let shown = format!("{saved} {shown} {:?} {:?} {:?}", lab.runs(""), lab.newest_run(), lab.journal(""));
    lab.restart();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(lab.data.path()).expect("a directory") {
        files.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let holds = |needle: &str| files.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds("flow.created"), "the files are those of the database");
    for secret in [header, token.trim_start_matches("Bearer ")] {
        assert!(!holds(secret) && !shown.contains(secret), "{secret}");
    }
}
