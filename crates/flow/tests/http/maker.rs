//! What saving and starting a flow checks, and the access that it grants.

use std::sync::atomic::Ordering;

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::{CONNECTION, FakeConnection, Reply};
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, call, flow, hourly, manual};

const ID: &str = "00112233445566778899aabbccddeeff";

fn granted(connections: &[&str]) -> Vec<(String, Value)> {
    vec![(FLOW.to_owned(), json!({"maker": OWNER, "connections": connections}))]
}

fn connection(lab: &Lab, creator: &'static str, shared_with: Option<&'static str>) {
    *lab.hub.connection.lock().expect("lock") =
        Some(FakeConnection { id: ID, creator, shared_with, identity: None });
}

#[test]
fn saving_and_starting_grant_access_and_other_changes_do_not() {
    let lab = Lab::new();
    let at = format!("/{FLOW}");
    lab.put_flow(hourly()).expect(201);
    assert_eq!(lab.hub.take_granted(), granted(&[ID]));
    // Saved again without a change, it is granted again: someone may have removed the access.
    lab.put_flow(hourly()).expect(200);
    assert_eq!(lab.hub.take_granted(), granted(&[ID]));
    lab.owner("PATCH", &at, Some(json!({"properties": {"displayName": "Orders"}}))).expect(200);
    lab.owner("POST", &format!("{at}/stop"), None).expect(200);
    assert!(lab.hub.take_granted().is_empty());
    lab.owner("POST", &format!("{at}/start"), None).expect(200);
    assert_eq!(lab.hub.take_granted(), granted(&[ID]));
    assert_eq!(lab.advance(Span::from_hours(2)), (3, 0));
    assert!(lab.hub.take_granted().is_empty(), "runs need no further grant");
    // Without references, the flow has access to nothing.
    let plain = json!({"properties": {
        "definition": manual(json!({"A": {"type": "Compose", "inputs": 1}})), "connectionReferences": {},
    }});
    lab.owner("PATCH", &at, Some(plain)).expect(200);
    assert_eq!(lab.hub.take_granted(), granted(&[]));
    // A shared connection is granted through the maker's access.
    connection(&lab, COLLEAGUE, Some(OWNER));
    lab.put_flow(hourly()).expect(200);
    assert_eq!(lab.hub.take_granted(), granted(&[ID]));
}

#[test]
fn a_grant_that_failed_is_made_before_the_next_run() {
    let mut lab = Lab::new();
    lab.hub.is_down.store(true, Ordering::SeqCst);
    lab.put_flow(hourly()).expect(201);
    // The service ends before it could report the connections.
    lab.restart();
    lab.hub.is_down.store(false, Ordering::SeqCst);
    assert_eq!(lab.due(), (1, 0));
    assert_eq!(lab.hub.take_granted(), granted(&[ID]));
    assert_eq!(lab.advance(Span::from_hours(1)), (1, 0));
    assert!(lab.hub.take_granted().is_empty(), "it is granted once");

    // A manual run makes it, too, and so does a run after one that was refused.
    for is_manual in [true, false] {
        lab.hub.is_down.store(true, Ordering::SeqCst);
        let definition =
            if is_manual { manual(json!({"Get": call("ListOrders", json!({}))})) } else { hourly() };
        lab.put_flow(definition).expect(200);
        lab.hub.is_down.store(false, Ordering::SeqCst);
        if is_manual {
            lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        } else {
            lab.due();
        }
        assert_eq!(lab.hub.take_granted(), granted(&[ID]), "{is_manual}");
    }
    // A deleted flow is granted nothing any more.
    lab.hub.is_down.store(true, Ordering::SeqCst);
    lab.put_flow(hourly()).expect(200);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    lab.hub.is_down.store(false, Ordering::SeqCst);
    lab.due();
    assert!(lab.hub.take_granted().is_empty());
    assert_eq!(*lab.hub.withdrawn.lock().expect("lock"), [FLOW]);
}

#[test]
fn a_run_without_access_does_not_restore_it() {
    let lab = Lab::with_flow(manual(json!({"Get": call("ListOrders", json!({}))})));
    lab.hub.take_granted();
    let acl = "Error from token exchange: Permission denied due to missing connection ACL";
    for _ in 0..3 {
        lab.hub.replies([Reply::Respond(403, json!({"status": 403, "message": acl}))]);
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        let error = lab.newest_run()["properties"]["actions"]["Get"]["error"].clone();
        assert_eq!(error, json!({"code": "Forbidden", "message": acl}));
        lab.due();
    }
    assert!(lab.hub.take_granted().is_empty());
}

/// Saves a flow that must be rejected. Returns status, code, and the details as (code, path).
fn rejected(lab: &Lab, body: Value) -> (u16, String, Vec<(String, String)>, String) {
    let answer = lab.owner("PUT", &format!("/{FLOW}"), Some(body));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let error = &answer.body["error"];
    let details = error["details"].as_array().expect("details");
    let details: Vec<_> =
        details.iter().map(|detail| (text(&detail["code"]), text(&detail["target"]))).collect();
    let message = text(&error["message"]);
    assert!(details.iter().all(|(_, path)| message.contains(path)), "{message}");
    (answer.status.as_u16(), text(&error["code"]), details, message)
}

fn pair(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), format!("properties.{path}"))
}

#[test]
fn connections_and_operations_are_checked() {
    let lab = Lab::new();
    let reference = "connectionReferences.shared_contoso-orders.connection.name";
    // Someone else's connection.
    connection(&lab, COLLEAGUE, None);
    let (status, code, details, message) = rejected(&lab, flow(hourly()));
    assert_eq!((status, code.as_str()), (403, "ConnectionAuthorizationFailed"));
    assert_eq!(details, [pair("ConnectionAuthorizationFailed", reference)]);
    // Support article 4477072 has this text.
    let documented = format!(
        "The caller with object id '{OWNER}' does not have the minimum required permission to perform the requested \
         operation on connection '{CONNECTION}' under API 'shared_contoso-orders'."
    );
    assert!(message.starts_with(&documented), "{message}");

    // A connection that does not exist, in both forms of references.
    *lab.hub.connection.lock().expect("lock") = None;
    let (status, code, details, _) = rejected(&lab, flow(hourly()));
    assert_eq!((status, code.as_str()), (400, "InvalidConnection"));
    assert_eq!(details, [pair("InvalidConnection", reference)]);
    let mut legacy = flow(hourly());
    legacy["properties"]["connectionReferences"] =
        json!({"a": {"connectionName": "gone", "source": "Embedded", "apiName": "shared_contoso-orders"}});
    let (_, _, details, message) = rejected(&lab, legacy);
    assert_eq!(details, [pair("InvalidConnection", "connectionReferences.a.connectionName")]);
    assert!(message.contains("'gone'"), "{message}");

    // Operations that the connector does not declare. A connector that does not exist is not
    // checked.
    connection(&lab, OWNER, None);
    let mut elsewhere = call("ListOrders", json!({}));
    elsewhere["inputs"]["host"]["apiId"] = json!("/providers/Microsoft.PowerApps/apis/shared_gone");
    let actions = json!({
        "Burn": call("BurnOrders", json!({})), "Else": elsewhere, "Right": call("ListOrders", json!({})),
        "If": {"type": "If", "expression": true, "actions": {"Inner": call("EatOrders", json!({}))}},
    });
    let (status, code, details, message) = rejected(&lab, flow(manual(actions)));
    assert_eq!((status, code.as_str()), (400, "InvalidOpenApiFlow"));
    let unknown = |path: &str| {
        let path = format!("definition.actions.{path}.inputs.host.operationId");
        pair("WorkflowOperationInputsApiOperationNotFound", &path)
    };
    assert_eq!(details, [unknown("Burn"), unknown("If.actions.Inner")]);
    // A recorded response has this text.
    let recorded = "Flow save failed with code 'WorkflowOperationInputsApiOperationNotFound' and message 'The 'inputs' of \
                    workflow operation 'Burn' of type 'OpenApiConnection' are not valid. The API operation \
                    'BurnOrders' could not be found in API 'shared_contoso-orders'.'.";
    assert!(message.contains(recorded), "{message}");

    lab.owner("GET", &format!("/{FLOW}"), None).expect(404);
    assert!(lab.hub.take_granted().is_empty() && lab.journal("flow.").is_empty());
}

#[test]
fn operations_of_custom_apis_are_checked_and_called() {
    let lab = Lab::new();
    let tenant = "11111111-2222-3333-4444-555555555555";
    for id in [
        "/providers/Microsoft.PowerApps/apis/mine".to_owned(),
        format!("/subscriptions/{tenant}/resourceGroups/other/providers/Microsoft.Web/customApis/mine"),
    ] {
        let calls = |operation: &str| {
            let mut call = call(operation, json!({}));
            call["inputs"]["host"]["apiId"] = json!(id);
            let mut body = flow(manual(json!({"Call": call})));
            body["properties"]["connectionReferences"]["shared_contoso-orders"]["api"]["name"] =
                json!("Mine");
            body
        };
        let (status, code, details, message) = rejected(&lab, calls("ListOrders"));
        assert_eq!((status, code.as_str()), (400, "InvalidOpenApiFlow"));
        let path = "definition.actions.Call.inputs.host.operationId";
        assert_eq!(details, [pair("WorkflowOperationInputsApiOperationNotFound", path)]);
        assert!(message.contains("'ListOrders' could not be found in API 'mine'"), "{message}");
        let saved = lab.owner("PUT", &format!("/{FLOW}"), Some(calls("ListThings")));
        assert!(matches!(saved.status.as_u16(), 200 | 201), "{:?}", saved.body);
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        let call = lab.newest_run()["properties"]["actions"]["Call"].clone();
        assert_eq!(call["status"], "Succeeded", "{call}");
    }
}

#[test]
fn all_mistakes_of_a_flow_are_reported_at_once() {
    let lab = Lab::new();
    connection(&lab, COLLEAGUE, None);
    let mut definition = hourly();
    definition["triggers"]["Recurrence"]["recurrence"]["interval"] = json!(0);
    definition["actions"]["Burn"] = call("BurnOrders", json!({}));
    definition["actions"]["Loop"] = json!({"type": "Nothing"});
    let mut body = flow(definition);
    body["properties"]["connectionReferences"]["gone"] = json!({"connectionName": "gone"});
    body["properties"]["connectionReferences"]["odd"] = json!({"runtimeSource": "stranger"});
    let named = |mut body: Value| {
        body["properties"]["displayName"] = json!(7);
        body["properties"]["state"] = json!("Suspended");
        body
    };
    let (status, code, details, _) = rejected(&lab, named(body.clone()));
    assert_eq!((status, code.as_str()), (400, "BadRequest"));
    assert_eq!(details[..2], [pair("BadRequest", "displayName"), pair("BadRequest", "state")]);
    assert_eq!(details.len(), 8);
    assert_eq!(rejected(&lab, named(flow(manual(json!({}))))).2.len(), 3);
    let (status, code, details, _) = rejected(&lab, body);
    assert_eq!((status, code.as_str()), (400, "InvalidTemplate"));
    assert_eq!(
        details,
        [
            pair("InvalidTemplate", "definition.triggers.Recurrence.recurrence.interval"),
            pair("InvalidTemplate", "definition.actions.Loop.type"),
            pair("InvalidTemplate", "connectionReferences.odd.runtimeSource"),
            pair("InvalidConnection", "connectionReferences.gone.connectionName"),
            pair(
                "ConnectionAuthorizationFailed",
                "connectionReferences.shared_contoso-orders.connection.name"
            ),
            pair(
                "WorkflowOperationInputsApiOperationNotFound",
                "definition.actions.Burn.inputs.host.operationId"
            ),
        ]
    );
    let many: serde_json::Map<_, _> = (0..300).map(|n| (format!("a{n}"), json!({"type": "x"}))).collect();
    let (_, _, details, message) = rejected(&lab, flow(manual(Value::Object(many))));
    assert_eq!(details.len(), 100);
    assert!(message.contains("There are 201 more mistakes."), "{message}");
}

#[test]
fn a_flow_cannot_be_turned_on_without_access_and_can_be_turned_off() {
    let lab = Lab::with_flow(hourly());
    let at = format!("/{FLOW}");
    connection(&lab, COLLEAGUE, None);
    lab.owner("POST", &format!("{at}/stop"), None).expect(200);
    let error = lab.owner("POST", &format!("{at}/start"), None).expect(403);
    assert_eq!(error["error"]["code"], "ConnectionAuthorizationFailed");
    *lab.hub.connection.lock().expect("lock") = None;
    let started = json!({"properties": {"state": "Started"}});
    let error = lab.owner("PATCH", &at, Some(started.clone())).expect(400);
    assert_eq!(error["error"]["code"], "InvalidConnection");
    lab.owner("PATCH", &at, Some(json!({"properties": {"displayName": "Later"}}))).expect(200);
    assert_eq!(lab.owner("GET", &at, None).expect(200)["properties"]["state"], "Stopped");
    // The maker created another connection of this name.
    *lab.hub.connection.lock().expect("lock") = Some(FakeConnection {
        id: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
        creator: OWNER,
        shared_with: None,
        identity: None,
    });
    lab.hub.take_granted();
    lab.owner("PATCH", &at, Some(started)).expect(200);
    assert_eq!(lab.hub.take_granted(), granted(&["eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"]));
}
