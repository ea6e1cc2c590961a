//! Owners, co-owners and administrators of flows.

use serde_json::{Value, json};

use crate::fake_hub::{FakeConnection, Reply};
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, Response, TENANT, flow, hourly, manual, path};

const ID: &str = "00112233445566778899aabbccddeeff";
const ADMINISTRATOR: &str = "bbbbbbbb-0000-4000-8000-000000000003";
const POWER_PLATFORM_ADMINISTRATOR: &str = "11648597-926c-4cf3-9c36-bcebb0ba8dcc";

fn send(lab: &Lab, user: &str, method: &str, below: &str, body: Option<Value>) -> Response {
    lab.send(method, &path(&below.replace(' ', "%20")), Some(&lab.token(user)), body)
}

fn put(user: &str, role: Option<&str>) -> Value {
    let principal = json!({
        "id": user, "type": "User", "email": format!("{user}@contoso.example"), "displayName": "Colleague",
    });
    json!({"put": [{"properties": {"principal": principal, "roleName": role}}]})
}

fn delete(user: &str) -> Value {
    json!({"delete": [{"id": user}]})
}

fn modify_owners(lab: &Lab, body: Value) -> Response {
    lab.owner("POST", &format!("/{FLOW}/modifyOwners"), Some(body))
}

/// The reports of connections since the last call.
fn reported(lab: &Lab) -> Vec<Value> {
    lab.hub.take_granted().into_iter().map(|(_, properties)| properties).collect()
}

fn names(listed: &Value) -> Vec<&str> {
    listed["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["name"].as_str().expect("a name"))
        .collect()
}

#[test]
fn a_co_owner_changes_a_flow_and_uses_its_connections_only_there() {
    let lab = Lab::with_flow(hourly());
    reported(&lab);
    let at = format!("/{FLOW}");
    send(&lab, COLLEAGUE, "GET", &at, None).expect(404);
    let owners = modify_owners(&lab, put(COLLEAGUE, None)).expect(200);
    assert_eq!(names(&owners), [OWNER, COLLEAGUE]);
    assert_eq!(
        owners["value"][1],
        json!({
            "name": COLLEAGUE,
            "id": format!("/providers/Microsoft.ProcessSimple/environments/Default-{TENANT}/flows/{FLOW}/owners/{COLLEAGUE}"),
            "type": "Microsoft.ProcessSimple/environments/flows/owners",
            "properties": {"roleName": "CanEdit", "permissionType": "Principal", "principal": {
                "id": COLLEAGUE, "type": "User", "tenantId": TENANT,
                "email": format!("{COLLEAGUE}@contoso.example"), "displayName": "Colleague",
            }},
        })
    );
    assert_eq!(owners["value"][0]["properties"]["roleName"], "Owner");
    let report = json!({
        "maker": OWNER, "connections": [ID], "coOwners": [{"id": COLLEAGUE, "connections": []}],
    });
    assert_eq!(reported(&lab), std::slice::from_ref(&report));
    // Added again, nothing changes.
    modify_owners(&lab, put(COLLEAGUE, Some("CanEdit"))).expect(200);
    assert!(reported(&lab).is_empty());
    assert_eq!(lab.journal("flow.shared").len(), 1);

    for (filter, user, expected) in [
        ("", COLLEAGUE, 1),
        ("?$filter=search('team')", COLLEAGUE, 1),
        ("?$filter=search('personal')", COLLEAGUE, 0),
        ("?$filter=search('team')", OWNER, 0),
        ("?$filter=search('personal')", OWNER, 1),
    ] {
        let listed = send(&lab, user, "GET", filter, None).expect(200);
        assert_eq!(names(&listed).len(), expected, "{filter} of {user}");
    }
    send(&lab, COLLEAGUE, "GET", "?$filter=state eq 'Started'", None).expect(400);

    // The connection belongs to the owner: it stays in this flow, and cannot be used in another
    // one.
    let mut changed = flow(hourly());
    changed["properties"]["displayName"] = json!("Orders of both");
    let saved = send(&lab, COLLEAGUE, "PUT", &at, Some(changed)).expect(200);
    assert_eq!(saved["properties"]["creator"]["objectId"], OWNER);
    assert_eq!(reported(&lab), [report]);
    let refused = send(&lab, COLLEAGUE, "POST", "", Some(flow(hourly()))).expect(403);
    assert_eq!(refused["error"]["code"], "ConnectionAuthorizationFailed");
    send(&lab, COLLEAGUE, "POST", &format!("{at}/stop"), None).expect(200);
    send(&lab, COLLEAGUE, "POST", &format!("{at}/start"), None).expect(200);
    assert_eq!(lab.due(), (1, 0));
    let runs = send(&lab, COLLEAGUE, "GET", &format!("{at}/runs"), None).expect(200);
    assert_eq!(names(&runs).len(), 1);

    // The creator remains an owner.
    for body in [delete(OWNER), put(OWNER, Some("CanView"))] {
        send(&lab, COLLEAGUE, "POST", &format!("{at}/modifyOwners"), Some(body)).expect(403);
    }
    reported(&lab);
    let owners = modify_owners(&lab, delete(COLLEAGUE)).expect(200);
    assert_eq!(names(&owners), [OWNER]);
    assert_eq!(reported(&lab), [json!({"maker": OWNER, "connections": [ID]})]);
    send(&lab, COLLEAGUE, "GET", &at, None).expect(404);
    assert_eq!(lab.journal("flow.unshared")[0]["data"]["principal"], COLLEAGUE);
}

#[test]
fn the_connection_of_a_removed_co_owner_is_withdrawn() {
    let lab = Lab::new();
    *lab.hub.connection.lock().expect("lock") =
        Some(FakeConnection { id: ID, creator: COLLEAGUE, shared_with: None, identity: None });
    let at = format!("/{FLOW}");
    let mut plain = flow(manual(json!({"Note": {"type": "Compose", "inputs": 1}})));
    plain["properties"]["connectionReferences"] = json!({});
    lab.owner("PUT", &at, Some(plain)).expect(201);
    let body = flow(hourly());
    lab.owner("PUT", &at, Some(body.clone())).expect(403);
    modify_owners(&lab, put(COLLEAGUE, None)).expect(200);
    reported(&lab);
    send(&lab, COLLEAGUE, "PUT", &at, Some(body.clone())).expect(200);
    let of_both = json!({
        "maker": OWNER, "connections": [], "coOwners": [{"id": COLLEAGUE, "connections": [ID]}],
    });
    assert_eq!(reported(&lab), std::slice::from_ref(&of_both));
    // The other owner saves the flow without taking the connection over.
    lab.owner("PUT", &at, Some(body.clone())).expect(200);
    assert_eq!(reported(&lab), [of_both]);

    modify_owners(&lab, delete(COLLEAGUE)).expect(200);
    assert_eq!(reported(&lab), [json!({"maker": OWNER, "connections": []})]);
    let refused = lab.owner("PUT", &at, Some(body)).expect(403);
    assert_eq!(refused["error"]["code"], "ConnectionAuthorizationFailed");
    // Added again, the co-owner brings the connection back.
    modify_owners(&lab, put(COLLEAGUE, None)).expect(200);
    assert_eq!(
        reported(&lab),
        [json!({"maker": OWNER, "connections": [], "coOwners": [{"id": COLLEAGUE, "connections": [ID]}]})]
    );
}

#[test]
fn an_administrator_shares_a_flow_that_lost_its_owner() {
    let lab = Lab::with_flow(hourly());
    let all = |below: &str| {
        format!(
            "/providers/Microsoft.ProcessSimple/scopes/admin/environments/Default-{TENANT}{below}?api-version=2016-11-01"
        )
    };
    let administrator =
        lab.token_with(ADMINISTRATOR, |claims| claims["wids"] = json!([POWER_PLATFORM_ADMINISTRATOR]));
    let one = format!("/flows/{FLOW}");
    for below in ["/flows", "/v2/flows", &one, &format!("{one}/owners"), &format!("{one}/permissions")] {
        lab.send("GET", &all(below), Some(&lab.token(COLLEAGUE)), None).expect(403);
        lab.send("GET", &all(below), Some(&administrator), None).expect(200);
    }
    let listed = lab.send("GET", &all("/v2/flows"), Some(&administrator), None).expect(200);
    assert_eq!(names(&listed), [FLOW]);
    // It is no flow of the administrator's.
    lab.send("GET", &path(&format!("/{FLOW}")), Some(&administrator), None).expect(404);
    for name in ["modifyowners", "modifyOwners", "modifyPermissions"] {
        let at = all(&format!("{one}/{name}"));
        lab.send("POST", &at, Some(&lab.token(COLLEAGUE)), Some(put(COLLEAGUE, Some("CanEdit")))).expect(403);
        let body = put(COLLEAGUE, Some("CanEdit"));
        lab.send("POST", &at, Some(&administrator), Some(body)).expect(200);
        send(&lab, COLLEAGUE, "GET", &format!("/{FLOW}"), None).expect(200);
        lab.send("POST", &at, Some(&administrator), Some(delete(COLLEAGUE))).expect(200);
        send(&lab, COLLEAGUE, "GET", &format!("/{FLOW}"), None).expect(404);
    }
    let unknown = all("/flows/cccccccc-0000-4000-8000-000000000009/modifyowners");
    lab.send("POST", &unknown, Some(&administrator), Some(delete(COLLEAGUE))).expect(404);
}

#[test]
fn a_flow_has_at_most_100_users_and_all_owners_get_its_mails() {
    let lab = Lab::with_flow(hourly());
    let user = |n: usize| format!("bbbbbbbb-0000-4000-8000-{n:012}");
    let entries = |range: std::ops::Range<usize>, role: &str| {
        let put: Vec<_> = range
            .map(|n| json!({"properties": {"principal": {"id": user(n), "type": "User"}, "roleName": role}}))
            .collect();
        json!({ "put": put })
    };
    modify_owners(&lab, entries(100..101, "CanEdit")).expect(200);
    modify_owners(&lab, entries(101..199, "CanView")).expect(200);
    modify_owners(&lab, entries(199..200, "CanEdit")).expect(409);
    let permissions = lab.owner("GET", &format!("/{FLOW}/permissions"), None).expect(200);
    assert_eq!(names(&permissions).len(), 100);
    assert_eq!(names(&lab.owner("GET", &format!("/{FLOW}/owners"), None).expect(200)).len(), 2);

    let refused = || Reply::Respond(401, json!({}));
    lab.hub.replies(std::iter::repeat_with(refused).take(400));
    lab.advance_to_day(15);
    let mut to: Vec<_> =
        lab.mails().iter().map(|mail| mail["to"].as_str().expect("a name").to_owned()).collect();
    to.sort();
    assert_eq!(to, [format!("{OWNER}@contoso.example"), user(100)]);
}
