//! Creating and deleting tenants.

use outlive_clock::Span;
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
