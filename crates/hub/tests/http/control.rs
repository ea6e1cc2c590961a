//! Connections, APIs and custom APIs as resources.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::world::{COLLEAGUE, CONNECTOR, FLOWS, OWNER, World, swagger};

#[tokio::test]
async fn a_connection_is_a_resource() {
    let mut world = World::new().await;
    let made = world.put_connection("Orders", CONNECTOR).await.expect(201).json();
    let id = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/connections/Orders",
        world.tenant
    );
    assert_eq!(
        (made["id"].clone(), made["name"].clone(), made["type"].clone()),
        (json!(id), json!("Orders"), json!("Microsoft.Web/connections"))
    );
    let properties = &made["properties"];
    assert_eq!(properties["api"]["id"], world.api(CONNECTOR)["id"]);
    assert_eq!(properties["api"]["displayName"], "Contoso Orders");
    assert_eq!(properties["createdTime"], "2026-01-05T09:00:00.0000000Z");
    assert_eq!(properties["createdBy"]["id"], json!(OWNER));
    assert_eq!(properties["connectionState"], "Enabled");
    assert_eq!(
        (&made["kind"], &properties["authenticatedUser"], &properties["overallStatus"]),
        (&json!("V2"), &json!({}), &json!("Error"))
    );
    assert_eq!(
        (&properties["statuses"][0]["target"], &properties["statuses"][0]["error"]["code"]),
        (&json!("token"), &json!("Unauthenticated"))
    );
    for links in ["testLinks", "testRequests"] {
        assert!(properties[links][0]["requestUri"].is_string(), "{links}");
    }
    let url = properties["connectionRuntimeUrl"].as_str().expect("a URL");
    let hex = url.strip_prefix(&format!("http://hub.test/apim/{CONNECTOR}/")).expect("documented");
    assert!(hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");

    assert_eq!(world.get("orders").await.json(), made, "names differ by more than case");
    world.advance(Span::from_hours(1)).await;
    let body = json!({"properties": {"displayName": "Renamed", "api": world.api(CONNECTOR)}});
    let changed = world.arm(&world.user(OWNER), "PUT", "ORDERS", &body).await.expect(200).json();
    assert_eq!(changed["properties"]["displayName"], "Renamed");
    assert_eq!(changed["properties"]["changedTime"], "2026-01-05T10:00:00.0000000Z");
    assert_eq!(changed["properties"]["connectionRuntimeUrl"], properties["connectionRuntimeUrl"]);
    let body = json!({"properties": {"api": world.api("shared_open")}});
    world.arm(&world.user(OWNER), "PUT", "orders", &body).await.expect(409);

    world.arm(&world.user(OWNER), "DELETE", "orders", &Value::Null).await.expect(200);
    world.arm(&world.user(OWNER), "DELETE", "orders", &Value::Null).await.expect(204);
    let missing = world.arm(&world.user(OWNER), "GET", "orders", &Value::Null).await.expect(404);
    assert_eq!(missing.at("/error/code"), "ResourceNotFound");
}

/// The original has older connections (`V1`) and the statuses `PendingConfirmation` and `Unknown`.
#[tokio::test]
async fn connections_are_of_one_kind_and_have_two_statuses() {
    let world = World::new().await;
    let owner = world.user(OWNER);
    let mut body = json!({"kind": "V1", "properties": {"api": world.api(CONNECTOR)}});
    let refused = world.arm(&owner, "PUT", "old", &body).await.expect(400);
    assert!(
        refused.at("/error/message").as_str().expect("text").contains("kind"),
        "{}",
        refused.at("/error")
    );
    body["kind"] = json!("V2");
    let made = world.arm(&owner, "PUT", "old", &body).await.expect(201).json();
    assert_eq!(made["kind"], "V2");
    // Before the sign-in, before its confirmation, after it.
    let status = async || world.get("old").await.at("/properties/overallStatus");
    let mut statuses = vec![status().await];
    let authorize = world.authorize(&world.link("old").await).await;
    let code = world.follow_redirect(&authorize).await;
    statuses.push(status().await);
    world.confirm("old", &code).await.expect(200);
    statuses.push(status().await);
    assert_eq!(statuses, ["Error", "Error", "Connected"]);
}

#[tokio::test]
async fn managed_apis_can_be_listed_and_read() {
    let world = World::new().await;
    let get = |rest: &str| {
        let uri = format!(
            "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis{rest}",
            world.tenant
        );
        let world = &world;
        async move { world.send("GET", &uri, &[("authorization", &world.user(COLLEAGUE))], "").await }
    };
    let all = get("?api-version=2016-06-01").await.expect(200);
    assert_eq!(all.at("/value").as_array().map(Vec::len), Some(6));
    let one = get(&format!("/{CONNECTOR}?api-version=2016-06-01")).await.expect(200);
    assert_eq!(one.at("/properties/swagger"), Value::Null);
    assert_eq!(one.at("/properties/backendService/serviceUrl"), "https://orders.contoso.example/v1");
    assert_eq!(one.at("/properties/connectionParameters/token/type"), "oauthSetting");
    assert_eq!(one.at("/properties/name"), CONNECTOR);
    assert_eq!(one.at("/properties/runtimeUrls/0"), format!("http://hub.test/apim/{CONNECTOR}"));
    assert_eq!(one.at("/properties/generalInformation/displayName"), "Contoso Orders");
    for (member, is_kind) in [
        ("/properties/capabilities", Value::is_array as fn(&Value) -> bool),
        ("/properties/metadata", Value::is_object),
    ] {
        assert!(is_kind(&one.at(member)), "{member}");
    }
    let exported = get(&format!("/{CONNECTOR}?export=true&api-version=2016-06-01")).await.expect(200);
    assert_eq!(exported.at("/properties/swagger"), swagger("/v1"));
    get("/nothing?api-version=2016-06-01").await.expect(404);
    get("/..%2f?api-version=2016-06-01").await.expect(404);
}

#[tokio::test]
async fn a_custom_api_can_be_created_and_updated_by_its_owner() {
    let world = World::new().await;
    let uri = |name: &str| {
        format!(
            "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/{name}?api-version=2016-06-01",
            world.tenant
        )
    };
    let put = |who, name: &str, body: Value| {
        let (uri, world) = (uri(name), &world);
        async move { world.send("PUT", &uri, &[("authorization", &world.user(who))], &body.to_string()).await }
    };
    let body = json!({"properties": {
        "displayName": "Mine", "swagger": swagger("/v2"), "iconBrandColor": "#111111",
        "connectionParameters": {"token": {"type": "oauthSetting", "oauthSettings": {
            "identityProvider": "aad", "clientId": "c", "clientSecret": "plain-and-secret",
            "customParameters": {"resourceUri": {"value": "api://x"}},
        }}},
    }});
    let made = put(OWNER, "mine", body.clone()).await.expect(201);
    assert!(!made.text.contains("plain-and-secret"));
    assert_eq!(made.at("/type"), "Microsoft.Web/customApis");
    let shown =
        world.send("GET", &uri("mine"), &[("authorization", &world.user(COLLEAGUE))], "").await.expect(200);
    assert_eq!(shown.json(), made.json());
    put(COLLEAGUE, "mine", body.clone()).await.expect(409);
    put(OWNER, CONNECTOR, body.clone()).await.expect(409);

    // Connections use the current version of the API. An update without a client secret keeps the
    // old one.
    let api = json!({"id": made.at("/id")});
    let create = json!({"properties": {"api": api}});
    world.arm(&world.user(OWNER), "PUT", "mine", &create).await.expect(201);
    let runtime = world.get("mine").await.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().expect("a URL").strip_prefix("http://hub.test").expect("here").to_owned();
    world.sign_in("mine").await;
    assert_eq!(world.issuer.last()["client_secret"], "plain-and-secret");
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v2/orders");
    let mut changed = body;
    changed["properties"]["swagger"] = swagger("/v3");
    let settings =
        changed.pointer_mut("/properties/connectionParameters/token/oauthSettings").expect("there");
    settings.as_object_mut().expect("an object").remove("clientSecret");
    put(OWNER, "mine", changed).await.expect(200);
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v3/orders");
    world.sign_in("mine").await;
    assert_eq!(world.issuer.last()["client_secret"], "plain-and-secret");

    let fault = put(OWNER, "broken", json!({"properties": {"swagger": {}}})).await.expect(400);
    assert!(
        fault.at("/error/message").as_str().is_some_and(|text| text.contains("swagger.swagger")),
        "{}",
        fault.text
    );
}

#[tokio::test]
async fn deleting_a_tenant_deletes_everything() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let link = world.link("orders").await;
    world.send("DELETE", &format!("/_lab/tenants/{}", world.tenant), &[], "").await.expect(204);
    world.call(&runtime).await.expect(401);
    world.arm(&world.user(OWNER), "GET", "orders", &Value::Null).await.expect(401);
    world.open(&link).await.expect(400);
    let spec = json!({"clock": {"now": world.now, "speed": 0}}).to_string();
    world.send("PUT", &format!("/_lab/tenants/{}", world.tenant), &[], &spec).await.expect(201);
    world.arm(&world.user(OWNER), "GET", "orders", &Value::Null).await.expect(404);
    world.open(&link).await.expect(400);
}

#[tokio::test]
async fn mistakes_in_a_tenant_description_name_their_place() {
    let world = World::new().await;
    let uri = format!("/_lab/tenants/{COLLEAGUE}");
    for (spec, text) in [
        (json!({"connectors": [{"name": "x"}]}), "api_properties"),
        (
            json!({"connectors": [{"name": "/", "api_properties": {}, "swagger": swagger("/")}]}),
            "/connectors/0/name",
        ),
        (
            json!({"connectors": [{"name": "x", "api_properties": {}, "swagger": {}}]}),
            "/connectors/0/swagger: swagger.swagger",
        ),
        (json!({"connector": []}), "connector"),
    ] {
        let answer = world.send("PUT", &uri, &[], &spec.to_string()).await.expect(400);
        assert!(answer.text.contains(text), "{}", answer.text);
    }
    let twice = json!({"name": "x", "api_properties": {}, "swagger": swagger("/")});
    let answer = world.send("PUT", &uri, &[], &json!({"connectors": [twice, twice]}).to_string()).await;
    assert!(answer.expect(400).text.contains("/connectors/1/name: the connector 'x' is given twice"));
}

#[tokio::test]
async fn concurrent_updates_are_not_lost() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    for round in 0..20 {
        let (name, state) = (format!("Name {round}"), if round % 2 == 0 { "Disabled" } else { "Enabled" });
        let one = json!({"properties": {"displayName": name}});
        let other = json!({"properties": {"connectionState": state}});
        let owner = world.user(OWNER);
        let (one, other) = tokio::join!(
            world.arm(&owner, "PUT", "orders", &one),
            world.arm(&owner, "PUT", "orders", &other)
        );
        let shown = world.get("orders").await;
        for (answer, is_there) in [
            (one, shown.at("/properties/displayName") == *name),
            (other, shown.at("/properties/connectionState") == state),
        ] {
            let status = answer.status.as_u16();
            assert!(status == 409 || (status == 200 && is_there), "{status} {}: {}", answer.text, shown.text);
        }
    }
}

#[tokio::test]
async fn an_update_is_one_commit() {
    let world = World::new().await;
    let commits = || *world.store.commits().borrow();
    let owner = world.user(OWNER);
    let create = json!({"properties": {"api": world.api(CONNECTOR), "displayName": "Orders"}});
    let principal = |id: uuid::Uuid| {
        json!({"properties": {"principal": {
            "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": id},
        }}})
    };
    for (method, name, body, status) in [
        ("PUT", "orders", create, 201),
        ("PUT", "orders", json!({"properties": {"displayName": "Name", "connectionState": "Disabled"}}), 200),
        ("PUT", "orders/accessPolicies/mine", principal(COLLEAGUE), 201),
        ("PUT", "orders/accessPolicies/mine", principal(FLOWS), 200),
        ("DELETE", "orders/accessPolicies/mine", Value::Null, 200),
        ("DELETE", "orders", Value::Null, 200),
    ] {
        let before = commits();
        world.arm(&owner, method, name, &body).await.expect(status);
        assert_eq!(commits() - before, 1, "{method} {name} {body}");
    }
    for (title, status) in [("One", 201), ("Two", 200)] {
        let token = json!({"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": "c", "customParameters": {"resourceUri": {"value": "api://x"}},
        }});
        let body = json!({"properties": {
            "displayName": title, "swagger": swagger("/v1"), "clientSecret": title,
            "connectionParameters": {"token": token},
        }});
        let uri = format!(
            "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/mine?api-version=2016-06-01",
            world.tenant
        );
        let before = commits();
        world.send("PUT", &uri, &[("authorization", &owner)], &body.to_string()).await.expect(status);
        assert_eq!(commits() - before, 1, "{title}");
    }
}
