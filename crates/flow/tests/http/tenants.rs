//! Creating and deleting tenants.

use outlive_clock::Span;
use outlive_store::sql;
use serde_json::json;

use crate::fake_issuer::{CLIENT_ID, CLIENT_SECRET};
use crate::lab::{FLOW, Lab, START, TENANT, hourly};

#[test]
fn deleting_a_tenant_deletes_everything() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_hours(2));
    let tenant = format!("/_lab/tenants/{TENANT}");
    let spec =
        json!({"clock": {"now": START, "speed": 0}, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
    lab.send("PUT", &tenant, None, Some(spec.clone())).expect(409);
    lab.send("DELETE", &tenant, None, None).expect(204);
    lab.owner("GET", "", None).expect(401);
    lab.send("PUT", &tenant, None, Some(spec)).expect(201);
    assert_eq!((lab.owner("GET", "", None).expect(200), lab.next_due()), (json!({"value": []}), None));
    lab.put_flow(hourly()).expect(201);
    assert_eq!((lab.due(), lab.runs("").len()), ((1, 0), 1));
    assert_eq!(
        lab.owner("GET", &format!("/{FLOW}/runs"), None).expect(200)["value"][0]["properties"]["startTime"],
        START
    );
}

#[test]
fn a_tenant_with_an_invalid_description_is_not_created() {
    let lab = Lab::empty();
    let tenant = format!("/_lab/tenants/{TENANT}");
    for spec in [
        json!({}),
        json!({"client_id": CLIENT_ID}),
        json!({"client_id": "no uuid", "client_secret": "x"}),
        json!({"client_id": CLIENT_ID, "client_secret": "x", "more": 1}),
    ] {
        lab.send("PUT", &tenant, None, Some(spec)).expect(400);
    }
    assert_eq!(lab.send("GET", "/_lab/tenants", None, None).expect(200), json!({"tenants": []}));
    assert_eq!(
        lab.send("GET", "/healthz", None, None).expect(200),
        json!({"service": "flow", "status": "ok"})
    );
}

#[test]
fn a_lost_credential_of_the_service_is_replaced() {
    let mut lab = Lab::with_flow(hourly());
    lab.change(sql!(
        "UPDATE flow_credentials SET sealed_secret = $1 WHERE client_id = $2",
        "lost",
        CLIENT_ID
    ));
    lab.restart();
    let run = || {
        lab.advance(Span::from_hours(1));
        lab.newest_run()["properties"]["actions"]["List_orders"].clone()
    };
    let path = format!("/_lab/tenants/{TENANT}/service-client");
    let failed = run();
    let text = failed["error"]["message"].as_str().expect("a text");
    assert!(text.contains("sealed with another key; give it again") && text.contains(&path), "{failed}");
    for (path, body, expected) in [
        (path.as_str(), json!({"client_id": CLIENT_ID, "client_secret": ""}), 400),
        (&path, json!({"client_id": CLIENT_ID, "client_secret": "x".repeat(1_025)}), 400),
        (&path, json!({"client_id": CLIENT_ID}), 400),
        (
            "/_lab/tenants/x/service-client",
            json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}),
            404,
        ),
        (&path, json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}), 200),
    ] {
        let answer = lab.send("PUT", path, None, Some(body)).expect(expected);
        assert!(!answer.to_string().contains(CLIENT_SECRET), "{answer}");
    }
    let repaired = run();
    assert_eq!(repaired["status"], "Succeeded", "{repaired}");
    let [event] = lab.journal("service_client.replaced").try_into().expect("one event");
    assert_eq!(event["data"], json!({"client_id": CLIENT_ID}));
}
