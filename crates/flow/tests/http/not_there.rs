//! What other products have and this service does not: requests for it are rejected, or nothing of
//! it happens.

use outlive_clock::Span;
use serde_json::json;

use crate::lab::{FLOW, Lab, OWNER, flow, hourly, manual};

#[test]
fn other_forms_of_connections_are_rejected_with_their_path() {
    let lab = Lab::new();
    let mut body = flow(hourly());
    body["managedApiConnections"] = json!({"orders": {"connection": {"id": "x"}}});
    let rejected = lab.owner("PUT", &format!("/{FLOW}"), Some(body)).expect(400);
    assert_eq!(rejected["error"]["details"][0]["target"], "managedApiConnections");
}

#[test]
fn rows_of_runs_are_in_no_other_product() {
    let lab = Lab::with_flow(hourly());
    let token = lab.token(OWNER);
    let response = lab.send("GET", "/api/data/v9.2/flowruns", Some(&token), None);
    assert_eq!(response.status, 404, "{}", response.body);
}

#[test]
fn a_response_after_a_pause_reaches_no_caller_and_no_time_is_out() {
    let lab = Lab::with_flow(manual(json!({
        "Pause": {"type": "Wait", "inputs": {"interval": {"count": 3, "unit": "Minute"}}},
        "Answer": {"type": "Response", "inputs": {"statusCode": 200}, "runAfter": {"Pause": ["Succeeded"]}},
    })));
    let called = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({})));
    assert_eq!(called.status, 202, "{}", called.body);
    lab.advance(Span::from_minutes(3));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
}
