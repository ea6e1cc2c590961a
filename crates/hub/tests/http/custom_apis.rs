//! Custom APIs: list, change, delete.

use serde_json::{Value, json};

use crate::world::{COLLEAGUE, OWNER, Response, World, swagger};

pub(crate) async fn api(world: &World, who: uuid::Uuid, method: &str, rest: &str, body: &Value) -> Response {
    let uri = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis{rest}?api-version=2016-06-01",
        world.tenant
    );
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.send(method, &uri, &[("authorization", &world.user(who))], &body).await
}

fn with_secret(secret: &str) -> Value {
    json!({"properties": {
        "displayName": "Mine", "swagger": swagger("/v1"), "iconBrandColor": "#111111", "clientSecret": secret,
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": "c",
            "customParameters": {"resourceUri": {"value": "api://x"}},
        }}},
    }})
}

async fn connect(world: &World) -> String {
    let id = api(world, OWNER, "GET", "/mine", &Value::Null).await.expect(200).at("/id");
    let create = json!({"properties": {"api": {"id": id}}});
    let made = world.arm(&world.user(OWNER), "PUT", "mine", &create).await.expect(201);
    world.sign_in("mine").await;
    let url = made.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix("http://hub.test")).expect("a URL").to_owned()
}

#[tokio::test]
async fn a_patch_replaces_the_client_secret_and_keeps_the_rest() {
    let mut world = World::new().await;
    let made = api(&world, OWNER, "PUT", "/mine", &with_secret("first")).await.expect(201);
    let runtime = connect(&world).await;
    assert_eq!(world.issuer.last()["client_secret"], "first");
    let patch = json!({"properties": {"clientSecret": "second"}});
    let patched = api(&world, OWNER, "PATCH", "/mine", &patch).await.expect(200);
    assert_eq!(patched.json(), made.json());
    assert!(!patched.text.contains("second"), "the secret is in the response");
    world.advance(outlive_clock::Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["client_secret"], "second");
    let rename = json!({"properties": {"displayName": "Yours"}});
    let renamed = api(&world, OWNER, "PATCH", "/mine", &rename).await.expect(200);
    assert_eq!(renamed.at("/properties/displayName"), "Yours");
    assert_eq!(renamed.at("/properties/metadata/brandColor"), "#111111");
    api(&world, COLLEAGUE, "PATCH", "/mine", &rename).await.expect(403);
    api(&world, OWNER, "PATCH", "/nothing", &rename).await.expect(404);
}

#[tokio::test]
async fn a_deleted_api_takes_its_connections_with_it() {
    let world = World::new().await;
    api(&world, OWNER, "PUT", "/mine", &with_secret("first")).await.expect(201);
    let runtime = connect(&world).await;
    api(&world, COLLEAGUE, "DELETE", "/mine", &Value::Null).await.expect(403);
    api(&world, OWNER, "DELETE", "/mine", &Value::Null).await.expect(200);
    api(&world, OWNER, "DELETE", "/mine", &Value::Null).await.expect(204);
    api(&world, OWNER, "GET", "/mine", &Value::Null).await.expect(404);
    world.arm(&world.user(OWNER), "GET", "mine", &Value::Null).await.expect(404);
    world.call(&runtime).await.expect(404);
    assert_eq!(world.journal("connection.deleted").await.len(), 1);
    assert_eq!(world.journal("connector.deleted").await[0]["data"]["connections"], 1);

    // A new API of this name has no connection of the old one.
    api(&world, COLLEAGUE, "PUT", "/mine", &with_secret("other")).await.expect(201);
    world.arm(&world.user(OWNER), "GET", "mine", &Value::Null).await.expect(404);
    world.call(&runtime).await.expect(404);
}

#[tokio::test]
async fn custom_apis_are_listed_and_can_be_written_as_read() {
    let world = World::new().await;
    for name in ["/b", "/a", "/c"] {
        api(&world, OWNER, "PUT", name, &with_secret("s")).await.expect(201);
    }
    let all = format!("/subscriptions/{}/providers/Microsoft.Web/customApis", world.tenant);
    let group =
        format!("/subscriptions/{}/resourceGroups/LAB/providers/Microsoft.Web/customApis", world.tenant);
    for list in [all, group] {
        let mut uri = format!("{list}?api-version=2016-06-01&$top=2");
        let mut found = Vec::new();
        while !uri.is_empty() {
            let page =
                world.send("GET", &uri, &[("authorization", &world.user(COLLEAGUE))], "").await.expect(200);
            let value = page.at("/value");
            found.extend(value.as_array().expect("a list").iter().map(|api| api["name"].clone()));
            let next = page.at("/nextLink");
            uri = next.as_str().unwrap_or_default().replace("http://hub.test", "");
        }
        assert_eq!(json!(found), json!(["a", "b", "c"]), "{list}");
    }
    let read = api(&world, OWNER, "GET", "/a", &Value::Null).await.expect(200).json();
    let written = api(&world, OWNER, "PUT", "/a", &read).await.expect(200).json();
    assert_eq!(written, read);
}

#[tokio::test]
async fn every_mistake_of_a_custom_api_is_reported_with_its_path() {
    let world = World::new().await;
    let body = json!({"sku": 1, "location": "mars", "properties": {
        "displayName": 1, "swagger": {"swagger": "3.0"}, "apiType": "Soap", "secret": "s",
        "runtimeUrls": ["x"], "capabilities": 7, "metadata": {"source": "me"},
    }});
    let answer = api(&world, OWNER, "PUT", "/mine", &body).await.expect(400);
    for place in [
        "sku: there",
        "location: the only",
        "properties.displayName: it must",
        "properties.apiType: it must",
        "properties.secret: there",
        "properties.runtimeUrls: it is",
        "properties.capabilities: it is",
        "properties.metadata.source: it is",
        "swagger.swagger: it must",
    ] {
        assert!(answer.text.contains(place), "{place}: {}", answer.text);
    }
    let answer = api(&world, OWNER, "PUT", "/mine", &json!({})).await.expect(400);
    assert!(answer.text.contains("properties.swagger: it is required"), "{}", answer.text);
}
