//! Calls that fail: which are tried again, when, and what the run says.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, by_hand, call, flow, hourly};

fn refresh_refused() -> Reply {
    let text = "Failed to refresh access token for service: aad. Correlation Id=g-1, UTC TimeStamp=1/5/2026 9:00:00 AM, Error: AADSTS50173";
    Reply::Answer(401, json!({"status": 401, "source": "hub", "message": text, "error": {"message": text}}))
}

#[test]
fn a_refused_refresh_fails_the_run_at_once_and_the_next_run_tries_anew() {
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
    let told = &lab.journal("run.finished")[0]["data"]["actions"][0];
    assert_eq!((&told["status"], &told["code"]), (&json!("Failed"), &json!("Unauthorized")));
    assert_eq!(lab.advance(Span::from_hours(1)), (1, 0));
    // The key was not to blame and is still used.
    assert_eq!(lab.hub.key_requests.lock().expect("lock").len(), 1);
}

#[test]
fn what_may_pass_is_retried_at_its_own_virtual_instant() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([
        Reply::Answer(429, json!({})),
        Reply::Answer(503, json!({"error": {"code": "ServiceUnavailable", "message": "later"}})),
    ]);
    assert_eq!(lab.due(), (1, 0));
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Waiting");
    assert_eq!(run["properties"]["actions"]["List_orders"]["status"], "Waiting");
    let first = lab.next_due().expect("a retry");
    let waited = first - lab.now();
    assert!(Span::from_seconds(5) <= waited && waited <= Span::from_millis(7_500), "{waited}");
    assert_eq!(run["properties"]["waitEndTime"], json!(first));
    // Before that instant nothing is due.
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
fn retries_end() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies(std::iter::repeat_n(Reply::Answer(500, json!({})), 5));
    assert_eq!(lab.advance(Span::from_minutes(10)), (5, 1));
    assert_eq!(lab.hub.calls().len(), 5);
    let run = lab.newest_run();
    assert_eq!(run["properties"]["status"], "Failed");
    assert_eq!(run["properties"]["actions"]["List_orders"]["code"], "InternalServerError");
}

#[test]
fn turning_off_lets_a_waiting_run_finish_and_deleting_cancels_it() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Answer(503, json!({}))]);
    lab.due();
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    assert_eq!(lab.advance(Span::from_hours(2)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.hub.replies([Reply::Answer(503, json!({}))]);
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
fn a_waiting_run_goes_on_with_the_definition_it_began_with() {
    let lab = Lab::with_flow(hourly());
    lab.hub.replies([Reply::Answer(503, json!({}))]);
    lab.due();
    let mut other = by_hand(json!({}));
    other["actions"] = json!({"Other": {"type": "Compose", "inputs": 1}});
    lab.put_flow(other).expect(200);
    assert_eq!(lab.advance(Span::from_hours(1)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["actions"]["List_orders"]["status"], "Succeeded");
}

#[test]
fn what_the_hub_refuses_is_told_in_its_own_words() {
    let acl = "Error from token exchange: Permission denied due to missing connection ACL: Connection unitedstates/logicflows/x";
    let lab = Lab::with_flow(by_hand(json!({"Get": call("ListOrders", json!({}))})));
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
    // The access list was changed after the key was made: the key is dropped, the next run asks for another.
    lab.hub.replies([Reply::Answer(403, json!({"status": 403, "message": acl, "error": {"message": acl}}))]);
    assert_eq!(run(), ("Forbidden".to_owned(), acl.to_owned()));
    lab.hub.replies([Reply::Answer(404, Value::Null)]);
    assert_eq!(run().0, "NotFound");
    assert_eq!(lab.hub.key_requests.lock().expect("lock").len(), 2);
    assert_eq!(lab.hub.calls().len(), 2);
}

#[test]
fn the_services_own_credential_can_fail_too() {
    let lab = Lab::new();
    let refusal = json!({"error": "invalid_client", "error_description": "AADSTS7000222: The provided client secret keys are expired."});
    *lab.issuer.refusal.lock().expect("lock") = Some((401, refusal));
    lab.put_flow(hourly()).expect(201);
    assert_eq!(lab.due(), (1, 1));
    let action = lab.newest_run()["properties"]["actions"]["List_orders"].clone();
    assert_eq!(action["code"], "Unauthorized");
    assert!(action["error"]["message"].as_str().expect("text").contains("AADSTS7000222"));
    // That the issuer is down may pass.
    *lab.issuer.refusal.lock().expect("lock") = Some((503, json!({})));
    lab.advance(Span::from_hours(1));
    assert_eq!(lab.newest_run()["properties"]["status"], "Waiting");
    *lab.issuer.refusal.lock().expect("lock") = None;
    assert_eq!(lab.advance(Span::from_minutes(5)), (1, 0));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
}

#[test]
fn references_operations_and_parameters_must_fit() {
    let lab = Lab::new();
    let unmapped = json!({"shared_contoso-orders": {"api": {"name": "shared_contoso-orders"}, "connection": {"connectionReferenceLogicalName": "x"}}});
    let gone = json!({"shared_contoso-orders": {"connectionName": "deleted", "source": "Embedded", "apiName": "shared_contoso-orders"}});
    let right = flow(Value::Null)["properties"]["connectionReferences"].clone();
    for (references, action, code) in [
        (json!({}), call("ListOrders", json!({})), "ConnectionNotConfigured"),
        (unmapped, call("ListOrders", json!({})), "ConnectionNotConfigured"),
        (gone, call("ListOrders", json!({})), "ConnectionNotFound"),
        (right.clone(), call("BurnOrders", json!({})), "ApiOperationNotFound"),
        (right.clone(), call("GetOrder", json!({})), "WorkflowOperationParametersRuntimeMissingValue"),
        (right, call("ListOrders", json!({"$skip": 1})), "WorkflowOperationParametersExtraParameter"),
    ] {
        let mut body = flow(by_hand(json!({"Get": action})));
        body["properties"]["connectionReferences"] = references;
        assert!(lab.owner("PUT", &format!("/{FLOW}"), Some(body)).status.is_success());
        lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
        assert_eq!(lab.newest_run()["properties"]["actions"]["Get"]["code"], code);
    }
    assert!(lab.hub.calls().is_empty());
}
