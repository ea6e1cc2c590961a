//! The types of the lab API.

use outlive_wire::lab_api::{Service, TenantCredentials};
use serde_json::json;

#[test]
fn services_have_their_names_and_places() {
    for (index, (service, name, has_schedule)) in [
        (Service::Idp, "idp", true),
        (Service::Hub, "hub", false),
        (Service::Resource, "resource", false),
        (Service::Flow, "flow", true),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!((service.name(), service.to_string().as_str()), (name, name));
        assert_eq!((service.index(), Service::ALL[index]), (index, service));
        assert_eq!(service.has_schedule(), has_schedule, "{name}");
    }
}

#[test]
fn users_and_applications_are_found_by_each_of_their_names() {
    let user =
        |role: &str, upn: &str, id: &str| json!({"role": role, "upn": upn, "id": id, "password": "P-1!"});
    let application =
        |name: &str, id: &str| json!({"name": name, "client_id": id, "kind": "public", "redirect_uris": []});
    let credentials: TenantCredentials = serde_json::from_value(json!({
        "tenant_id": "c0470500-0000-4000-8000-000000000001",
        "domain": "contoso.example",
        "name": "Contoso",
        "rules": "2025-11",
        "users": [user("owner", "owner@contoso.example", "u-1"), user("admin", "admin@contoso.example", "u-2")],
        "applications": [application("Orders Desktop", "a-1"), application("Maker Portal", "a-2")],
        "maker_portal": "a-2",
        "connectors": [],
        "connections": [],
        "flows": [],
        "urls": {"idp": "", "graph": "", "hub": "", "resource": "", "flow": ""},
    }))
    .expect("the members of a response");
    for (id, found) in [
        ("owner", Some("u-1")),
        ("owner@contoso.example", Some("u-1")),
        ("u-1", Some("u-1")),
        ("admin", Some("u-2")),
        ("admin@contoso.example", Some("u-2")),
        ("u-2", Some("u-2")),
        ("colleague", None),
    ] {
        assert_eq!(credentials.user(id).map(|user| user.id.as_str()), found, "{id}");
    }
    for (id, found) in [
        ("Orders Desktop", Some("a-1")),
        ("a-1", Some("a-1")),
        ("Maker Portal", Some("a-2")),
        ("a-2", Some("a-2")),
        ("Nightly Job", None),
    ] {
        let application = credentials.application(id).map(|application| application.client_id.as_str());
        assert_eq!(application, found, "{id}");
    }
}
