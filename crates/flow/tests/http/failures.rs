//! Failed calls: which are retried, when, and what the run records.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, OWNER, call, flow, hourly, manual};

fn refresh_refused() -> Reply {
    let text = "Failed to refresh access token for service: aad. Correlation Id=g-1, UTC TimeStamp=1/5/2026 9:00:00 AM, Error: AADSTS50173";
    Reply::Respond(401, json!({"status": 401, "source": "hub", "message": text, "error": {"message": text}}))
}

#[test]
fn a_rejected_refresh_fails_the_run_and_the_next_run_tries_again() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([refresh_refused()]);
    assert_eq!(lab.due(), (1, 1));
    assert_eq!(lab.hub.calls().len(), 1, "401 is not retried");
    let run = lab.newest_run();
    assert_eq!(
        (&run["properties"]["status"], &run["properties"]["code"]),
        (&json!("Failed"), &json!("ActionFailed"))
    );
    assert_eq!(run["properties"]["error"]["message"], "An action failed. No dependent actions succeeded.");
    let action = &run["properties"]["actions"]["List_orders"];
    assert_eq!(
        (&action["status"], &action["code"], &action["outputs"]["statusCode"]),
        (&json!("Failed"), &json!("Unauthorized"), &json!(401))
    );
    assert!(action["error"]["message"].as_str().expect("text").contains("AADSTS50173"));
    let recorded = &lab.journal("run.finished")[0]["data"]["actions"][0];
    assert_eq!((&recorded["status"], &recorded["code"]), (&json!("Failed"), &json!("Unauthorized")));
    assert_eq!(lab.advance(Span::from_hours(1)), (1, 0));
    // The key is still used: the 401 did not concern it.
    assert_eq!(lab.hub.key_requests.lock().expect("lock").len(), 1);
}

#[test]
fn a_transient_failure_is_retried_at_its_virtual_instant() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([
        Reply::Respond(429, json!({})),
        Reply::Respond(503, json!({"error": {"code": "ServiceUnavailable", "message": "later"}})),
    ]);
    assert_eq!(lab.due(), (1, 0));
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Waiting");
    assert_eq!(run["properties"]["actions"]["List_orders"]["status"], "Waiting");
    let first = lab.next_due().expect("a retry");
    let waited = first - lab.now();
    assert!(Span::from_seconds(5) <= waited && waited <= Span::from_millis(7_500), "{waited}");
    assert_eq!(run["properties"]["waitEndTime"], json!(first));
    // Nothing is due before that instant.
    assert_eq!((lab.due(), lab.hub.calls().len()), ((0, 0), 1));
    lab.set_clock(first);
    assert_eq!(lab.due(), (1, 0));
    let second = lab.next_due().expect("a second retry");
    assert!(Span::from_millis(7_500) <= second - first && second - first <= Span::from_seconds(15));
    lab.set_clock(second);
    assert_eq!(lab.due(), (1, 0));
    let run = lab.newest_run();
    let action = &run["properties"]["actions"]["List_orders"];
    assert_eq!(
        (&run["properties"]["status"], &action["retryCount"], &action["code"]),
        (&json!("Succeeded"), &json!(2), &json!("OK"))
    );
    assert_eq!((&run["properties"]["endTime"], lab.runs("").len()), (&json!(second), 1));
    let traces: std::collections::BTreeSet<_> =
        lab.hub.calls().iter().map(|call| call.traceparent[..35].to_owned()).collect();
    assert_eq!(traces.len(), 1, "all attempts of a run are one trace");
    assert_eq!((lab.journal("run.waiting").len(), lab.journal("run.finished").len()), (2, 1));
}

#[test]
fn the_plan_of_the_owner_decides_how_often_an_action_is_retried() {
    for (plan, calls) in [("microsoft365", 3), ("premium", 9)] {
        let lab = Lab::empty().with_plans(json!([{"user": OWNER, "plan": plan}]));
        lab.put_flow(hourly()).expect(201);
        lab.hub.replies(std::iter::repeat_n(Reply::Respond(503, json!({})), calls));
        lab.advance(Span::from_minutes(59));
        assert_eq!((lab.hub.calls().len(), lab.runs("").len()), (calls, 1), "{plan}");
        let run = lab.newest_run();
        let action = &run["properties"]["actions"]["List_orders"];
        assert_eq!(
            (&run["properties"]["status"], &action["retryCount"]),
            (&json!("Failed"), &json!(calls - 1)),
            "{plan}"
        );
    }
}

#[test]
fn retries_are_limited() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies(std::iter::repeat_n(Reply::Respond(500, json!({})), 5));
    assert_eq!(lab.advance(Span::from_minutes(10)), (5, 1));
    assert_eq!(lab.hub.calls().len(), 5);
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Failed");
    assert_eq!(run["properties"]["actions"]["List_orders"]["code"], "InternalServerError");
}

#[test]
fn turning_off_keeps_a_waiting_run_and_deleting_cancels_it() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    lab.due();
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    assert_eq!(lab.advance(Span::from_hours(2)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    lab.due();
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    lab.owner("GET", &format!("/{FLOW}"), None).expect(404);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(404);
    assert_eq!(lab.next_due(), None);
    let last = lab.journal("run.finished").pop().expect("a line");
    assert_eq!(
        (&last["data"]["status"], &last["data"]["code"]),
        (&json!("Cancelled"), &json!("FlowDeleted"))
    );
}

#[test]
fn a_waiting_run_keeps_the_definition_of_its_start() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Respond(503, json!({}))]);
    lab.due();
    let mut other = manual(json!({}));
    other["actions"] = json!({"Other": {"type": "Compose", "inputs": 1}});
    lab.put_flow(other).expect(200);
    assert_eq!(lab.advance(Span::from_hours(1)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["actions"]["List_orders"]["status"], "Succeeded");
}

#[test]
fn an_error_of_the_hub_keeps_its_message() {
    let acl = "Error from token exchange: Permission denied due to missing connection ACL: Connection unitedstates/logicflows/x";
    let lab = Lab::with_flow(manual(json!({"Get": call("ListOrders", json!({}))})));
    let run = || {
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        let run = lab.newest_run();
        assert_eq!(run["properties"]["status"], "Failed");
        let error = run["properties"]["actions"]["Get"]["error"].clone();
        (
            error["code"].as_str().expect("code").to_owned(),
            error["message"].as_str().expect("message").to_owned(),
        )
    };
    *lab.hub.key_refusal.lock().expect("lock") =
        Some((403, json!({"error": {"code": "Forbidden", "message": acl}})));
    assert_eq!(run(), ("Forbidden".to_owned(), acl.to_owned()));
    *lab.hub.key_refusal.lock().expect("lock") = None;
    // The access list changed after the key was issued: every run gets the same response, with the
    // same key.
    for _ in 0..3 {
        lab.hub.replies([Reply::Respond(
            403,
            json!({"status": 403, "message": acl, "error": {"message": acl}}),
        )]);
        assert_eq!(run(), ("Forbidden".to_owned(), acl.to_owned()));
    }
    lab.hub.replies([Reply::Respond(404, Value::Null)]);
    assert_eq!(run().0, "NotFound");
    assert_eq!(lab.hub.key_requests.lock().expect("lock").len(), 1);
    assert_eq!(lab.hub.calls().len(), 4);
}

#[test]
fn the_credential_of_the_service_can_be_rejected() {
    let lab = Lab::new();
    let refusal = json!({"error": "invalid_client", "error_description": "AADSTS7000222: The provided client secret keys are expired."});
    *lab.issuer.refusal.lock().expect("lock") = Some((401, refusal));
    lab.put_flow(hourly()).expect(201);
    assert_eq!(lab.due(), (1, 1));
    let action = lab.newest_run()["properties"]["actions"]["List_orders"].clone();
    assert_eq!(action["code"], "Unauthorized");
    assert!(action["error"]["message"].as_str().expect("text").contains("AADSTS7000222"));
    // An outage of the issuer may be transient.
    *lab.issuer.refusal.lock().expect("lock") = Some((503, json!({})));
    lab.advance(Span::from_hours(1));
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    *lab.issuer.refusal.lock().expect("lock") = None;
    assert_eq!(lab.advance(Span::from_minutes(5)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
}

#[test]
fn references_operations_and_parameters_must_be_valid() {
    let lab = Lab::new();
    let unmapped = json!({"shared_contoso-orders": {"api": {"name": "shared_contoso-orders"}, "connection": {"connectionReferenceLogicalName": "x"}}});
    let right = flow(Value::Null)["properties"]["connectionReferences"].clone();
    let mut foreign = right.clone();
    foreign["shared_contoso-orders"]["api"]["name"] = json!("shared_contoso-orders-public");
    for (references, action, code) in [
        (json!({}), call("ListOrders", json!({})), "MissingConnectionReference"),
        (foreign, call("ListOrders", json!({})), "NotAllowedConnectionReference"),
        (unmapped, call("ListOrders", json!({})), "ConnectionNotConfigured"),
        (right.clone(), call("GetOrder", json!({})), "WorkflowOperationParametersRuntimeMissingValue"),
        (right, call("ListOrders", json!({"$skip": 1})), "WorkflowOperationParametersExtraParameter"),
    ] {
        let mut body = flow(manual(json!({"Get": action})));
        body["properties"]["connectionReferences"] = references;
        assert!(lab.owner("PUT", &format!("/{FLOW}"), Some(body)).status.is_success());
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        assert_eq!(lab.newest_run()["properties"]["actions"]["Get"]["code"], code);
    }
    assert!(lab.hub.calls().is_empty());
}

#[test]
fn an_operation_that_was_removed_after_the_flow_was_saved_fails_the_action() {
    let lab = Lab::new();
    lab.hub.is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    lab.put_flow(manual(json!({"Get": call("BurnOrders", json!({}))}))).expect(201);
    lab.hub.is_down.store(false, std::sync::atomic::Ordering::SeqCst);
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
    assert_eq!(lab.newest_run()["properties"]["actions"]["Get"]["code"], "ApiOperationNotFound");
    assert!(lab.hub.calls().is_empty());
}
