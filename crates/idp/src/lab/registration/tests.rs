use serde_json::{Value, json};

use super::spec_mistakes;

fn sound() -> Value {
    let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let application = |n: u32, kind: &str| {
        json!({
            "client_id": id(n), "object_id": id(n + 1), "service_principal_id": id(n + 2),
            "name": format!("Application {n}"), "kind": kind,
        })
    };
    let mut api = application(10, "resource");
    api["identifier_uris"] = json!(["api://orders"]);
    api["scopes"] = json!([{"id": id(1), "value": "Orders.Read"}, {"id": id(2), "value": "Orders.Write"}]);
    api["app_roles"] = json!([{"id": id(3), "value": "Orders.Read.All"}]);
    let mut client = application(20, "confidential");
    client["redirect_uris"] = json!([{"uri": "https://a.example/cb", "type": "web"}]);
    client["required"] =
        json!([{"resource": id(10), "scopes": ["orders.read"], "roles": ["Orders.Read.All"]}]);
    client["federated_credentials"] =
        json!([{"name": "github", "issuer": "https://issuer.example", "subject": "repo"}]);
    client["logout_url"] = json!("https://a.example/out");
    client["event_stream"] = json!({"endpoint": "https://a.example/events"});
    let user = |n: u32, name: &str| {
        json!({
            "id": id(n), "upn": format!("{name}@contoso.example"), "display_name": name, "role": name,
            "password": "Correct-Horse-1", "directory_roles": ["Global Reader"],
        })
    };
    json!({
        "domain": "contoso.example", "display_name": "Contoso", "users": [user(30, "owner"), user(31, "admin")],
        "policies": [{"id": id(41), "policy": {
            "displayName": "MFA", "state": "enabled",
            "conditions": {"users": {"includeUsers": [id(30)], "excludeGroups": [id(40)]}, "applications": {"includeApplications": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        }}],
        "groups": [{"id": id(40), "display_name": "Clerks", "members": [id(30)]}],
        "applications": [api, client, application(50, "public")],
        "managed_identities": [
            {
                "client_id": id(60), "service_principal_id": id(61), "name": "Function", "resource_id": "/s/function",
                "roles": [{"resource": id(10), "roles": ["Orders.Read.All"]}],
            },
            {
                "client_id": id(62), "service_principal_id": id(63), "name": "Reader", "resource_id": "/s/reader",
                "user_assigned": true,
            },
        ],
        "identity_endpoints": [{
            "id": id(64), "resource_id": "/s/function", "header": "h".repeat(48), "system_assigned": id(60),
            "user_assigned": [id(62)],
        }],
    })
}

fn places(spec: &Value) -> Vec<String> {
    let spec = serde_json::from_value(spec.clone()).unwrap_or_else(|error| panic!("{error}: {spec}"));
    let mistakes = spec_mistakes(&spec);
    assert!(mistakes.iter().all(|m| !m.message.is_empty() && !m.remedy.is_empty()), "{mistakes:?}");
    mistakes.into_iter().map(|mistake| mistake.at).collect()
}

#[test]
fn a_sound_description_has_no_mistakes() {
    assert_eq!(places(&sound()), [""; 0]);
}

/// The limits are those of "user resource type", "application resource type",
/// "federatedIdentityCredential resource type" (Microsoft Graph), "Password policies and account
/// restrictions" and "Redirect URI (reply URL) outline and restrictions" (Microsoft Entra).
#[test]
fn each_mistake_is_found_where_it_is() {
    let long = "x".repeat(257);
    let (api, client) = ("/applications/0", "/applications/1");
    let at_pointer = [
        ("/domain", json!("contoso")),
        ("/domain", json!("con_toso.example")),
        ("/domain", json!("-a.example")),
        ("/domain", json!("a..example")),
        ("/display_name", json!("")),
        ("/banned_passwords", json!(["abc"])),
        ("/password_validity_days", json!(0)),
        ("/users/0/upn", json!("flow owner@contoso.example")),
        ("/users/0/upn", json!("@contoso.example")),
        ("/users/0/upn", json!("owner@fabrikam.example")),
        ("/users/1/id", json!("00000000-0000-4000-8000-000000000030")),
        ("/users/0/display_name", json!(long)),
        ("/users/0/mail", json!("")),
        ("/users/0/mail", json!("a@contoso.example\r\nBcc: b")),
        ("/users/0/display_name", json!("Flow\u{7}Owner")),
        ("/users/0/surname", json!("Ow\u{85}ner")),
        ("/groups/0/display_name", json!("Cle\nrks")),
        ("/applications/0/name", json!("Ord\u{1b}ers")),
        ("/applications/0/name", json!("Microsoft Graph")),
        ("/applications/0/name", json!("microsoft GRAPH")),
        ("/users/0/directory_roles/0", json!("Global Adminstrator")),
        ("/users/0/authenticator_secret", json!("AB1")),
        ("/groups/0/display_name", json!("")),
        ("/groups/0/members/0", json!("00000000-0000-4000-8000-000000000099")),
        ("/applications/0/name", json!(long)),
        ("/applications/0/token_version", json!(3)),
        ("/applications/0/identifier_uris/0", json!("orders")),
        ("/applications/0/identifier_uris/0", json!("https://graph.microsoft.com")),
        ("/applications/0/identifier_uris/0", json!("HTTPS://Management.Azure.com")),
        ("/applications/2/client_id", json!("04b07795-8ddb-461a-bbee-02f9e1bf7b46")),
        ("/applications/0/scopes/0/value", json!("Orders Read")),
        ("/applications/0/scopes/1/value", json!("Orders.Read")),
        ("/applications/0/scopes/1/id", json!("00000000-0000-4000-8000-000000000001")),
        ("/applications/0/app_roles/0/value", json!(".x")),
        ("/applications/1/client_id", json!("00000000-0000-4000-8000-000000000010")),
        ("/applications/1/object_id", json!("00000000-0000-4000-8000-000000000011")),
        ("/applications/1/logout_url", json!("http://a.example/out")),
        ("/applications/1/required/0/scopes/0", json!("Mail.Eat")),
        ("/applications/1/required/0/roles/0", json!("Orders.Read")),
        ("/applications/1/required/0/resource", json!("00000000-0000-4000-8000-000000000098")),
        ("/applications/1/federated_credentials/0/name", json!("git hub")),
        ("/applications/1/federated_credentials/0/issuer", json!("issuer")),
        ("/applications/1/federated_credentials/0/audiences", json!(["a", "b"])),
        ("/applications/1/event_stream/endpoint", json!("ftp://a")),
        ("/applications/1/event_stream/delay", json!("P2D")),
        ("/applications/2/secrets", json!(["secret"])),
        ("/applications/2/certificates", json!(["a certificate"])),
        ("/managed_identities/0/client_id", json!("00000000-0000-4000-8000-000000000010")),
        ("/managed_identities/1/client_id", json!("00000000-0000-4000-8000-000000000060")),
        ("/managed_identities/1/service_principal_id", json!("00000000-0000-4000-8000-000000000012")),
        ("/managed_identities/1/resource_id", json!("/S/Function")),
        ("/managed_identities/0/resource_id", json!("function")),
        ("/managed_identities/0/name", json!("")),
        ("/managed_identities/0/roles/0/roles/0", json!("Orders.Read")),
        ("/identity_endpoints/0/resource_id", json!("/a b")),
        ("/identity_endpoints/0/header", json!("x".repeat(40))),
        ("/identity_endpoints/0/header", json!("h h".repeat(20))),
        ("/identity_endpoints/0/system_assigned", json!("00000000-0000-4000-8000-000000000062")),
        ("/identity_endpoints/0/user_assigned/0", json!("00000000-0000-4000-8000-000000000060")),
    ];
    let elsewhere = [
        ("/users/0/upn", json!("ADMIN@contoso.example"), "/users/1/upn"),
        ("/applications/1/identifier_uris", json!(["api://orders"]), "/applications/1/identifier_uris/0"),
        ("/applications/1/identifier_uris", json!(["API://Orders/"]), "/applications/1/identifier_uris/0"),
        ("/applications/1/redirect_uris/0/uri", json!("javascript:x"), "/applications/1/redirect_uris/0"),
        (
            "/applications/1/redirect_uris/0/uri",
            json!("https://a.example/#f"),
            "/applications/1/redirect_uris/0",
        ),
        (
            "/applications/1/required/0/scopes",
            json!(["Orders.Read", "orders.read"]),
            "/applications/1/required/0/scopes/1",
        ),
        ("/applications/1/certificates", json!(["no certificate"]), "/applications/1/certificates/0"),
    ];
    let at_pointer = at_pointer.into_iter().map(|(pointer, value)| (pointer, value, pointer));
    for (pointer, value, at) in at_pointer.chain(elsewhere) {
        let mut spec = sound();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
        let parent = if parent.is_empty() { Some(&mut spec) } else { spec.pointer_mut(parent) };
        match parent.unwrap_or_else(|| panic!("{pointer}")) {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[name] = value.clone(),
        }
        let found = places(&spec);
        assert!(found.contains(&at.to_owned()), "{pointer} = {value}: {found:?}");
    }
    let mut both = sound();
    both.pointer_mut(api).expect("an application")["token_version"] = json!(0);
    both.pointer_mut(client).expect("an application")["token_version"] = json!(9);
    assert_eq!(places(&both), ["/applications/0/token_version", "/applications/1/token_version"]);
}
