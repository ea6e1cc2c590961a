//! Connections: change, list, filter; versions and callers of the control plane.

use outlive_clock::TenantId;
use outlive_tokens::{TokenVersion, issuer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{COLLEAGUE, CONNECTOR, HUB, ORIGIN, OWNER, Response, World};

async fn at(world: &World, uri: &str) -> Response {
    world.send("GET", uri, &[("authorization", &world.user(OWNER))], "").await
}

fn names(page: &Response) -> Vec<String> {
    let name = |item: &Value| item["name"].as_str().expect("a name").to_owned();
    page.at("/value").as_array().expect("a list").iter().map(name).collect()
}

#[tokio::test]
async fn a_patch_changes_only_what_it_names() {
    let world = World::new().await;
    let owner = world.user(OWNER);
    let patch = json!({"properties": {"displayName": "Renamed"}});
    world.arm(&owner, "PATCH", "orders", &patch).await.expect(404);
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let disable = json!({"properties": {"connectionState": "Disabled"}});
    world.arm(&owner, "PATCH", "orders", &disable).await.expect(200);
    let changed = world.arm(&owner, "PATCH", "orders", &patch).await.expect(200);
    assert_eq!(changed.at("/properties/displayName"), "Renamed");
    assert_eq!(changed.at("/properties/connectionState"), "Disabled");
    world.arm(&owner, "PATCH", "orders", &json!({})).await.expect(200);
    world.arm(&world.user(COLLEAGUE), "PATCH", "orders", &patch).await.expect(403);
}

#[tokio::test]
async fn a_connection_as_read_can_be_written() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let mut read = world.get("orders").await.json();
    for method in ["PUT", "PATCH"] {
        let written = world.arm(&world.user(OWNER), method, "orders", &read).await.expect(200).json();
        assert_eq!(written, read);
    }
    read["properties"]["displayName"] = json!("Renamed");
    let written = world.arm(&world.user(OWNER), "PUT", "orders", &read).await.expect(200).json();
    assert_eq!(written, read);
}

#[tokio::test]
async fn every_mistake_of_a_connection_is_reported_with_its_path() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let mut body = json!({
        "id": "/x", "name": "other", "type": "Microsoft.Web/sites", "kind": "V1", "location": "mars",
        "tags": {"a": "b"}, "sku": {}, "managedBy": 1,
        "properties": {
            "displayName": "", "connectionState": "Maybe", "connectionRuntimeUrl": "http://evil.example",
            "parameterValues": {"password": "p"}, "nonSecretParameterValues": {"server": "s"},
            "parameterValueType": "Other", "overallStatus": "Fine", "testLinks": [1],
            "api": {"id": world.api(CONNECTOR)["id"], "displayName": "Other", "swagger": {}},
        },
    });
    let places = [
        "id: it is",
        "name: it is",
        "type: it is",
        "kind: it is",
        "location: the only",
        "tags: res",
        "sku: there",
        "managedBy: there",
        "properties.displayName: it must",
        "properties.connectionState: it must",
        "properties.connectionRuntimeUrl: it is",
        "properties.parameterValues.password: the",
        "properties.nonSecretParameterValues.server: the",
        "properties.parameterValueType: it must be Alternative",
        "properties.overallStatus: it is",
        "properties.testLinks: it is",
        "properties.api.displayName: it is",
        "properties.api.swagger: there",
    ];
    for (method, name) in [("PUT", "new"), ("PUT", "orders"), ("PATCH", "orders")] {
        let answer = world.arm(&world.user(OWNER), method, name, &body).await.expect(400);
        assert_eq!(answer.at("/error/code"), "InvalidRequestContent");
        for place in places {
            assert!(answer.text.contains(place), "{method} {name} {place}: {}", answer.text);
        }
    }
    body["properties"]["api"] = json!({"id": "/nonsense"});
    let answer = world.arm(&world.user(OWNER), "PUT", "new", &body).await.expect(400);
    assert!(answer.text.contains("properties.api.id: an API's id is"), "{}", answer.text);
    assert!(answer.text.contains("sku: there"), "{}", answer.text);
    for body in [json!({"properties": 1}), json!({"properties": {"api": 1}}), json!({"location": 1})] {
        world.arm(&world.user(OWNER), "PATCH", "orders", &body).await.expect(400);
    }
}

#[tokio::test]
async fn connections_are_listed_by_group_and_subscription_in_pages_and_by_filter() {
    let world = World::new().await;
    for name in ["c", "A", "b"] {
        world.put_connection(name, CONNECTOR).await.expect(201);
    }
    let create = json!({"properties": {"api": world.api("shared_open")}});
    let elsewhere = world.connection_path("d").replace("/lab/", "/Elsewhere/");
    world
        .send("PUT", &elsewhere, &[("authorization", &world.user(OWNER))], &create.to_string())
        .await
        .expect(201);
    let all = format!("/subscriptions/{}/providers/Microsoft.Web/connections", world.tenant);
    let group =
        format!("/subscriptions/{}/resourceGroups/LAB/providers/Microsoft.Web/connections", world.tenant);
    for (list, query, expected) in [
        (&all, "", &["d", "A", "b", "c"][..]),
        (&group, "", &["A", "b", "c"]),
        (&all, "&$filter=ManagedApiName%20eq%20'shared_open'", &["d"]),
        (&all, "&$filter=Location+eq+'unitedstates'+and+Kind+eq+'V2'", &["d", "A", "b", "c"]),
        (&all, "&$filter=properties/overallStatus+eq+'Error'+and+not+(name+eq+'a')", &["b", "c"]),
        (&group, "&$filter=ManagedApiName%20eq%20'shared_open'", &[]),
    ] {
        for version in ["2016-06-01", "2018-07-01-preview"] {
            for top in [1, 2, 100] {
                let mut uri = format!("{list}?api-version={version}&$top={top}{query}");
                let mut found = Vec::new();
                for _ in 0..10 {
                    let page = at(&world, &uri).await.expect(200);
                    let of_page = names(&page);
                    assert!(of_page.len() <= top, "{uri}");
                    found.extend(of_page);
                    match page.at("/nextLink") {
                        Value::String(next) => {
                            assert!(next.contains(version), "{next}");
                            next.strip_prefix(HUB).expect("of the hub").clone_into(&mut uri);
                        }
                        _ => break,
                    }
                }
                assert_eq!(found, expected, "{list} {query} {top}");
            }
        }
    }
    let uri = format!("{all}?api-version=2016-06-01");
    let of_colleague = world.send("GET", &uri, &[("authorization", &world.user(COLLEAGUE))], "").await;
    assert_eq!(names(&of_colleague.expect(200)), Vec::<String>::new());
    for query in ["$top=0", "$top=x", "$top=101", "$filter=name", "$filter=", "$skiptoken=x", "$orderby=name"]
    {
        let answer = at(&world, &format!("{all}?api-version=2016-06-01&{query}")).await.expect(400);
        assert_eq!(answer.at("/error/code"), "InvalidRequestContent", "{query}");
    }
}

#[tokio::test]
async fn both_versions_of_the_api_are_accepted_and_others_named() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let path = world.connection_path("orders");
    let other = path.replace("2016-06-01", "2018-07-01-Preview");
    assert_eq!(at(&world, &other).await.expect(200).json(), world.get("orders").await.json());
    for (version, code, text) in [
        (
            "",
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ),
        (
            "2020-01-01",
            "InvalidApiVersionParameter",
            "The api-version '2020-01-01' is invalid. The supported versions are '2018-07-01-preview,2016-06-01'.",
        ),
    ] {
        let answer = at(&world, &path.replace("2016-06-01", version)).await.expect(400);
        assert_eq!((answer.at("/error/code"), answer.at("/error/message")), (json!(code), json!(text)));
    }
}

#[tokio::test]
async fn a_caller_with_a_wrong_token_gets_the_documented_code_and_text() {
    let world = World::new().await;
    let with = |name: &str, value: Value| {
        let mut claims = world.claims(OWNER);
        claims[name] = value;
        world.sign(&claims)
    };
    let other = TenantId::from_uuid(Uuid::from_u128(0x22));
    let spec = json!({"clock": {"now": world.now, "speed": 0}}).to_string();
    world.send("PUT", &format!("/_lab/tenants/{other}"), &[], &spec).await.expect(201);
    let mut foreign = world.claims(OWNER);
    foreign["tid"] = json!(other);
    foreign["iss"] = json!(issuer(ORIGIN, other, TokenVersion::V1));
    let uri = world.connection_path("orders");
    let broken = world.user(OWNER).replace("eyJ", "eyK");
    for (token, code, text) in [
        (None, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.".to_owned()),
        (
            Some("Basic YTpi".to_owned()),
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.".to_owned(),
        ),
        (Some("Bearer x".to_owned()), "InvalidAuthenticationToken", "The access token is invalid: ".to_owned()),
        (Some(broken), "InvalidAuthenticationToken", "The access token is invalid: ".to_owned()),
        (
            Some(with("exp", json!(world.now.as_seconds()))),
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time '1/5/2026 9:00:00 AM' is earlier than current UTC time '1/5/2026 9:00:00 AM'."
                .to_owned(),
        ),
        (
            Some(with("aud", json!("https://graph.microsoft.com"))),
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource 'https://graph.microsoft.com'. It should \
             exactly match with one of the allowed audiences 'https://apihub.azure.com','"
                .to_owned(),
        ),
        (
            Some(world.sign(&foreign)),
            "InvalidAuthenticationTokenTenant",
            format!(
                "The access token is from the wrong issuer 'https://sts.windows.net/{other}/'. It must match the tenant \
                 'https://sts.windows.net/{}/' associated with this subscription.",
                world.tenant
            ),
        ),
    ] {
        let header = token.as_ref().map(|token| ("authorization", token.as_str()));
        let answer = world.send("GET", &uri, header.as_slice(), "").await.expect(401);
        assert_eq!(answer.at("/error/code"), code);
        let message = answer.at("/error/message");
        assert!(message.as_str().is_some_and(|message| message.starts_with(&text)), "{code}: {message}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer ") && challenge.contains("authorization_uri="), "{challenge}");
    }
}
