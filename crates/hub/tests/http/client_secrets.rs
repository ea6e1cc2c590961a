//! Replaces the client secret of a managed API.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::world::{COLLEAGUE, CONNECTOR, HUB, OWNER, PUBLIC, Response, SECRET, World, swagger};

const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

pub(crate) async fn managed(world: &World, token: &str, method: &str, api: &str, body: &Value) -> Response {
    let uri = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis{}{api}?api-version=2016-06-01",
        world.tenant,
        if api.is_empty() { "" } else { "/" }
    );
    world.send(method, &uri, &[("authorization", token)], &body.to_string()).await
}

pub(crate) fn admin(world: &World) -> String {
    let mut claims = world.claims(COLLEAGUE);
    claims["wids"] = json!([GLOBAL_ADMINISTRATOR, "b79fbf4d-3ef9-4689-8143-76b194e85509"]);
    world.sign(&claims)
}

pub(crate) fn secret(text: &str) -> Value {
    json!({"properties": {"clientSecret": text}})
}

#[tokio::test]
async fn an_administrator_replaces_the_secret_of_a_managed_api() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    assert_eq!(world.issuer.last()["client_secret"], SECRET);
    let shown = managed(&world, &admin(&world), "GET", CONNECTOR, &Value::Null).await;
    let patched =
        managed(&world, &admin(&world), "PATCH", CONNECTOR, &secret("the-second-one")).await.expect(200);
    assert_eq!(patched.json(), shown.json());
    assert!(!patched.text.contains("the-second-one"));
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["client_secret"], "the-second-one");
    let changed = world.journal("connector.changed").await;
    assert_eq!(changed[0]["data"], json!({"confidential": true, "caller": COLLEAGUE}));
    assert!(!changed[0].to_string().contains("second"));

    // A resource as read can be sent back with the secret.
    let mut whole = shown.json();
    whole["properties"]["clientSecret"] = json!("the-third-one");
    managed(&world, &admin(&world), "PATCH", CONNECTOR, &whole).await.expect(200);
}

#[tokio::test]
async fn an_administrator_manages_custom_apis_of_former_users() {
    let mut world = World::new().await;
    let uri = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/theirs?api-version=2016-06-01",
        world.tenant
    );
    let api = json!({"properties": {
        "swagger": swagger("/v1"), "iconBrandColor": "#111111", "clientSecret": "first",
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": "c", "customParameters": {"resourceUri": {"value": "api://x"}},
        }}},
    }});
    let (owner, admin) = (world.user(OWNER), admin(&world));
    let made = world.send("PUT", &uri, &[("authorization", &owner)], &api.to_string()).await.expect(201);
    let body = json!({"properties": {"api": {"id": made.at("/id")}}});
    let connection = world.arm(&owner, "PUT", "theirs", &body).await.expect(201);
    world.sign_in("theirs").await;
    let runtime = connection.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    let second = secret("second").to_string();
    world.send("PATCH", &uri, &[("authorization", &world.user(COLLEAGUE))], &second).await.expect(403);
    world.send("PATCH", &uri, &[("authorization", &admin)], &second).await.expect(200);
    // The maker stays its maker.
    world.send("PATCH", &uri, &[("authorization", &owner)], &json!({}).to_string()).await.expect(200);
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["client_secret"], "second");
    world.send("DELETE", &uri, &[("authorization", &self::admin(&world))], "").await.expect(200);
}

#[tokio::test]
async fn others_cannot_and_the_response_has_every_mistake() {
    let world = World::new().await;
    let application = world.app_token(OWNER, &["Flows.Act"]);
    for token in [world.user(OWNER), application] {
        let refused = managed(&world, &token, "PATCH", CONNECTOR, &secret("x")).await.expect(403);
        assert_eq!(refused.at("/error/code"), "AuthorizationFailed", "{}", refused.text);
    }
    let admin = admin(&world);
    managed(&world, &admin, "PATCH", "shared_nothing", &secret("x")).await.expect(404);
    for (api, body, message) in [
        (CONNECTOR, json!({}), "properties: it is required."),
        (CONNECTOR, secret(""), "properties.clientSecret: a client secret has 1 to 1024 characters."),
        (
            CONNECTOR,
            secret(&"x".repeat(2_000)),
            "properties.clientSecret: a client secret has 1 to 1024 characters.",
        ),
        (
            PUBLIC,
            secret("x"),
            "properties.clientSecret: the connector is a public client, which has no client secret to replace.",
        ),
        (
            "shared_open",
            secret("x"),
            "properties.clientSecret: the connector does not sign in at an identity provider.",
        ),
        (
            CONNECTOR,
            json!({"properties": {"clientSecret": 7, "displayName": "Other", "extra": 1}, "kind": "V2"}),
            "properties.clientSecret: it must be a string. properties.displayName: it is read-only and has another value. \
             properties.extra: there is no such member. kind: there is no such member.",
        ),
    ] {
        let refused = managed(&world, &admin, "PATCH", api, &body).await.expect(400);
        assert_eq!(refused.at("/error/message"), message, "{body}");
    }
    assert!(world.journal("connector.changed").await.is_empty());
}

#[tokio::test]
async fn the_lab_replaces_the_secret_of_any_connector() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let put = async |world: &World, name: &str, body: Value| {
        let uri = format!("/_lab/tenants/{}/connectors/{name}/client-secret", world.tenant);
        world.send("PUT", &uri, &[], &body.to_string()).await
    };
    put(&world, CONNECTOR, json!({"client_secret": "from-the-lab"})).await.expect(200);
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["client_secret"], "from-the-lab");
    put(&world, "shared_nothing", json!({"client_secret": "x"})).await.expect(404);
    put(&world, "%2e%2e", json!({"client_secret": "x"})).await.expect(404);
    for body in [json!({}), json!({"client_secret": ""}), json!({"client_secret": "x", "more": 1})] {
        put(&world, CONNECTOR, body).await.expect(400);
    }
    let elsewhere = "/_lab/tenants/99999999-0000-4000-8000-000000000000/connectors/x/client-secret";
    world.send("PUT", elsewhere, &[], r#"{"client_secret":"x"}"#).await.expect(404);
}
