//! Ids of flows and selected connections never change their meaning.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::fake_hub::FakeConnection;
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, call, flow, hourly, manual, path};

fn calling() -> serde_json::Value {
    manual(json!({"Get": call("ListOrders", json!({}))}))
}

/// Runs the flow. Returns status and code of its action.
fn run(lab: &Lab) -> (String, String) {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
    let action = lab.newest_run()["properties"]["actions"]["Get"].clone();
    let text = |name: &str| action[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("code"))
}

fn succeeded() -> (String, String) {
    ("Succeeded".to_owned(), "OK".to_owned())
}

fn not_found() -> (String, String) {
    ("Failed".to_owned(), "ConnectionNotFound".to_owned())
}

#[test]
fn the_id_of_a_deleted_flow_is_never_reused() {
    let mut lab = Lab::with_flow(hourly());
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    let put = |lab: &Lab, user: &str| {
        lab.send("PUT", &path(&format!("/{FLOW}")), Some(&lab.token(user)), Some(flow(hourly())))
    };
    for user in [COLLEAGUE, OWNER] {
        assert_eq!(put(&lab, user).expect(409)["error"]["code"], "Conflict");
    }
    lab.restart();
    put(&lab, COLLEAGUE).expect(409);
    lab.send("GET", &path(&format!("/{FLOW}")), Some(&lab.token(COLLEAGUE)), None).expect(404);
    // Another id, chosen or generated, is free.
    let other = FLOW.replace("cccc", "dddd");
    lab.owner("PUT", &format!("/{other}"), Some(flow(hourly()))).expect(201);
    lab.owner("POST", "", Some(flow(hourly()))).expect(201);
    // The ids of a tenant are deleted with it.
    lab.send("DELETE", &format!("/_lab/tenants/{}", crate::lab::TENANT), None, None).expect(204);
    let lab = lab.with_tenant();
    put(&lab, OWNER).expect(201);
}

#[test]
fn a_deleted_flow_is_reported_to_the_hub_as_soon_as_possible() {
    let mut lab = Lab::with_flow(hourly());
    let other = FLOW.replace("cccc", "dddd");
    lab.owner("PUT", &format!("/{other}"), Some(flow(hourly()))).expect(201);
    let withdrawn = |lab: &Lab| lab.hub.withdrawn.lock().expect("lock").clone();
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(withdrawn(&lab), [FLOW]);
    lab.hub.is_down.store(true, Ordering::SeqCst);
    lab.owner("DELETE", &format!("/{other}"), None).expect(204);
    lab.restart();
    lab.due();
    assert_eq!(withdrawn(&lab), [FLOW]);
    lab.hub.is_down.store(false, Ordering::SeqCst);
    lab.due();
    lab.due();
    assert_eq!(withdrawn(&lab), [FLOW, &other], "once");
}

#[test]
fn the_connection_of_a_colleague_with_the_same_name_is_not_used() {
    let lab = Lab::with_flow(calling());
    assert_eq!(run(&lab), succeeded());
    let taken = |creator, shared_with| {
        let id = "ffffffffffffffffffffffffffffffff";
        *lab.hub.connection.lock().expect("lock") =
            Some(FakeConnection { id, creator, shared_with, identity: None });
        // The hub rejects the key of a deleted connection; the flow service then requests another.
        let gone = json!({"error": {"message": "Error from token exchange: Bad Key authorization token."}});
        lab.hub.replies([crate::fake_hub::Reply::Respond(401, gone)]);
        assert_eq!(run(&lab).0, "Failed");
    };
    taken(COLLEAGUE, None);
    let calls = lab.hub.calls().len();
    assert_eq!(run(&lab), not_found());
    let message = lab.newest_run()["properties"]["actions"]["Get"]["error"]["message"].clone();
    assert_eq!(message, "The connection 'orders-of-owner' could not be found.");
    // Saving the flow again does not select the new connection, even if the colleague shares it
    // with the maker.
    for (shared_with, status) in [(None, 403), (Some(OWNER), 400)] {
        let connection = FakeConnection {
            id: "ffffffffffffffffffffffffffffffff",
            creator: COLLEAGUE,
            shared_with,
            identity: None,
        };
        *lab.hub.connection.lock().expect("lock") = Some(connection);
        lab.put_flow(calling()).expect(status);
        let renamed = json!({"properties": {"displayName": format!("{shared_with:?}")}});
        lab.owner("PATCH", &format!("/{FLOW}"), Some(renamed)).expect(200);
        assert_eq!(run(&lab), not_found());
    }
    assert_eq!(lab.hub.calls().len(), calls, "the colleague's connection was never called");
    // A connection that the maker created is used after the maker has selected it.
    let own = FakeConnection {
        id: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
        creator: OWNER,
        shared_with: None,
        identity: None,
    };
    *lab.hub.connection.lock().expect("lock") = Some(own);
    assert_eq!(run(&lab), not_found());
    lab.put_flow(calling()).expect(200);
    assert_eq!(run(&lab), succeeded());
}

#[test]
fn a_shared_connection_can_be_selected_and_a_deleted_one_replaced_by_the_makers_own() {
    let connection = |lab: &Lab, creator, shared_with| {
        let id = "ffffffffffffffffffffffffffffffff";
        *lab.hub.connection.lock().expect("lock") =
            Some(FakeConnection { id, creator, shared_with, identity: None });
    };
    let lab = Lab::new();
    connection(&lab, COLLEAGUE, Some(OWNER));
    lab.put_flow(calling()).expect(201);
    assert_eq!(run(&lab), succeeded());

    let lab = Lab::new();
    *lab.hub.connection.lock().expect("lock") = None;
    lab.hub.is_down.store(true, Ordering::SeqCst);
    lab.put_flow(calling()).expect(201);
    lab.hub.is_down.store(false, Ordering::SeqCst);
    assert_eq!(run(&lab), not_found());
    connection(&lab, COLLEAGUE, None);
    assert_eq!(run(&lab), not_found());
    connection(&lab, OWNER, None);
    lab.hub.take_granted();
    assert_eq!(run(&lab), succeeded());
    let id = "ffffffffffffffffffffffffffffffff";
    let granted = (FLOW.to_owned(), json!({"maker": OWNER, "connections": [id]}));
    assert_eq!(lab.hub.take_granted(), [granted]);
    assert_eq!(run(&lab), succeeded());
    assert!(lab.hub.take_granted().is_empty(), "it is granted once");
}

#[test]
fn selections_are_not_part_of_responses() {
    let lab = Lab::with_flow(calling());
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    assert!(!shown.to_string().contains("00112233445566778899aabbccddeeff"), "{shown}");
}
