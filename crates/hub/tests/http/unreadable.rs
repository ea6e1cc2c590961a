//! What does not open any more, because it was sealed with a key that is lost, is reported in its
//! place and replaced there. Everything else works.

use outlive_clock::{Randomness, Span, Stream};
use outlive_store::sql;
use outlive_tokens::{Sealer, SigningKey};
use serde_json::{Value, json};

use crate::client_secrets::{admin, managed, secret};
use crate::on_behalf_of;
use crate::partner::{connector, message, world};
use crate::world::{CAPABLE, CONNECTOR, HUB, HUB_CLIENT, OWNER, PUBLIC, RETURN, Response, World, swagger};

const LOST: &str = "sealed with a key that the hub no longer has";

fn stream() -> Stream {
    Randomness::from_seed(1).stream("lost")
}

/// A text that was sealed with a lost key.
fn lost() -> String {
    Sealer::new(&[9; 32]).seal("any", b"{}", &mut stream())
}

fn runtime(connection: &Response) -> String {
    let url = connection.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

/// A custom API whose connections have a key.
async fn keyed(world: &World) -> Value {
    let uri = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/keyed?api-version=2016-06-01",
        world.tenant
    );
    let mut document = swagger("/v1");
    document["securityDefinitions"] = json!({"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}});
    let required = json!({"constraints": {"required": "true"}});
    let api = json!({"properties": {"swagger": document, "connectionParameters": {
        "key": {"type": "securestring", "uiDefinition": required}, "other": {"type": "securestring"},
        "note": {"type": "string"},
    }}});
    let made = world.send("PUT", &uri, &[("authorization", &world.user(OWNER))], &api.to_string()).await;
    made.expect(201).at("/id")
}

#[tokio::test]
async fn a_lost_client_secret_is_reported_and_replaced() {
    let mut world = World::new().await;
    let orders = world.connect("orders", CONNECTOR).await;
    let public = world.connect("public", PUBLIC).await;
    let change = sql!("UPDATE connectors SET client_secret_sealed = $1 WHERE name = $2", lost(), CONNECTOR);
    world.store.commit(change).await.expect("changed");
    // The version tells replicas of a change.
    let change = sql!("UPDATE connectors SET version = 'other' WHERE name = $1", CONNECTOR);
    world.store.commit(change).await.expect("changed");

    let all = managed(&world, &world.user(OWNER), "GET", "", &Value::Null).await.expect(200);
    for api in all.json()["value"].as_array().expect("a list") {
        let is_it = api["name"] == CONNECTOR;
        assert_eq!(api["properties"]["error"]["code"] == "ApiSecretUnreadable", is_it, "{api}");
    }
    let uri = world.connection_path("").replace("connections/?", "connections?");
    let listed = world.send("GET", &uri, &[("authorization", &world.user(OWNER))], "").await.expect(200);
    let status = |name: &str| {
        let all = listed.json()["value"].as_array().cloned().unwrap_or_default();
        let one = all.into_iter().find(|one| one["name"] == name).expect("listed");
        one["properties"]["statuses"].to_string()
    };
    assert!(status("orders").contains(LOST), "{}", status("orders"));
    assert!(status("public").contains("Connected"));
    world.advance(Span::from_hours(2)).await;
    world.call(&public).await.expect(200);
    let refused = world.call(&orders).await.expect(400);
    assert!(refused.text.contains(LOST), "{}", refused.text);
    world.put_connection("second", CONNECTOR).await.expect(201);

    let repaired = managed(&world, &admin(&world), "PATCH", CONNECTOR, &secret("again")).await.expect(200);
    assert_eq!(repaired.at("/properties/error"), Value::Null);
    world.call(&orders).await.expect(200);
    assert_eq!(world.issuer.last()["client_secret"], "again");
}

#[tokio::test]
async fn lost_values_are_reported_and_replaced() {
    let world = World::new().await;
    let api = keyed(&world).await;
    let owner = world.user(OWNER);
    let body = |values: Value| json!({"properties": {"api": {"id": api}, "parameterValues": values}});
    let made =
        world.arm(&owner, "PUT", "keyed", &body(json!({"key": "first", "other": "o", "note": "n"}))).await;
    let path = runtime(&made.expect(201));
    world.call(&path).await.expect(200);
    for column in ["data_key_sealed", "secrets_sealed"] {
        let change = match column {
            "data_key_sealed" => sql!("UPDATE connections SET data_key_sealed = $1", lost()),
            _ => sql!("UPDATE connections SET secrets_sealed = $1", lost()),
        };
        world.store.commit(change).await.expect("changed");
        assert!(message_of(&world, "keyed").await.contains(LOST));
        let refused = world.call(&path).await.expect(401);
        assert!(refused.text.contains(LOST), "{}", refused.text);
        // What has nothing to do with the secrets can be changed.
        let patch = |properties: Value| json!({ "properties": properties });
        world.arm(&owner, "PATCH", "keyed", &patch(json!({"displayName": "Renamed"}))).await.expect(200);
        let partly = patch(json!({"parameterValues": {"key": "second"}}));
        let refused = world.arm(&owner, "PATCH", "keyed", &partly).await.expect(400);
        assert_eq!(
            refused.at("/error/message"),
            "properties.parameterValues.other: its value cannot be opened any more; give it again, or null to remove it."
        );
        let whole = patch(json!({"parameterValues": {"key": "second", "other": null}}));
        let repaired = world.arm(&owner, "PATCH", "keyed", &whole).await.expect(200);
        assert_eq!(repaired.at("/properties/overallStatus"), "Connected", "{}", repaired.text);
        assert_eq!(repaired.at("/properties/nonSecretParameterValues"), json!({"note": "n"}));
        world.call(&path).await.expect(200);
        assert_eq!(world.back_end.calls().last().expect("a call").headers["x-api-key"], "second");
    }
}

async fn message_of(world: &World, name: &str) -> String {
    world.get(name).await.at("/properties/statuses/0/error/message").as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn lost_tokens_are_reported_and_replaced_by_a_sign_in() {
    let mut world = World::new().await;
    let path = world.connect("orders", CAPABLE).await;
    let change = sql!("UPDATE credentials SET sealed = $1", lost());
    world.store.commit(change).await.expect("changed");
    assert!(message_of(&world, "orders").await.contains(LOST));
    let issued = world.issuer.token_requests().len();
    let refused = world.call(&path).await.expect(401);
    assert!(refused.text.contains(LOST), "{}", refused.text);
    assert_eq!(world.issuer.token_requests().len(), issued);
    let broken = world.journal("connection.broken").await;
    assert_eq!(broken[0]["data"]["error"], "unreadable_tokens");
    world.sign_in("orders").await;
    world.call(&path).await.expect(200);
    world.advance(Span::from_hours(2)).await;
    world.call(&path).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test]
async fn an_application_gets_other_tokens_by_itself() {
    let custom = json!({"resourceUri": "api://contoso-orders", "grantType": "client_credentials"});
    let (world, ..) = world(vec![connector("shared_daemon", "aad", &custom, &json!([]))]).await;
    let path = runtime(&world.put_connection("orders", "shared_daemon").await.expect(201));
    world.call(&path).await.expect(200);
    let change = sql!("UPDATE credentials SET sealed = $1", lost());
    world.store.commit(change).await.expect("changed");
    assert_eq!(message_of(&world, "orders").await, "");
    world.call(&path).await.expect(200);
}

#[tokio::test]
async fn a_lost_connection_key_is_replaced_with_the_next_token() {
    let world = World::new().await;
    let path = world.connect("orders", CONNECTOR).await;
    let key = async || {
        let issued = world.arm(&world.user(OWNER), "POST", "orders/listConnectionKeys", &json!({})).await;
        format!("Key {}", issued.expect(200).at("/connectionKey").as_str().expect("a key"))
    };
    let uri = format!("{path}/orders");
    let before = key().await;
    world.send("GET", &uri, &[("authorization", &before)], "").await.expect(200);
    world.store.commit(sql!("UPDATE connections SET key_sealed = $1", lost())).await.expect("changed");
    let refused = world.send("GET", &uri, &[("authorization", &before)], "").await.expect(401);
    assert!(refused.text.contains("Request another token"), "{}", refused.text);
    let after = key().await;
    world.send("GET", &uri, &[("authorization", &after)], "").await.expect(200);
    world.send("GET", &uri, &[("authorization", &before)], "").await.expect(401);
}

#[tokio::test]
async fn a_lost_key_pair_is_replaced_by_a_write() {
    let custom = json!({"resourceUri": "api://contoso-orders"});
    let (mut world, ..) =
        world(vec![connector("shared_certified", "aadcertificate", &custom, &json!([]))]).await;
    let path = world.connect("orders", "shared_certified").await;
    let mut stream = stream();
    let from = world.now;
    let key = SigningKey::generate_for("x", &mut stream, from, from + Span::from_days(730)).expect("a key");
    let sealed = key.sealed(&Sealer::new(&[9; 32]), &mut stream);
    let change = sql!(
        "UPDATE connectors SET version = 'o', client_key_sealed = $1 WHERE name = 'shared_certified'",
        sealed
    );
    world.store.commit(change).await.expect("changed");
    assert!(message(&world).await.contains(LOST));
    world.advance(Span::from_hours(2)).await;
    assert!(world.call(&path).await.expect(400).text.contains(LOST));
    let nothing = json!({"properties": {}});
    let repaired = managed(&world, &admin(&world), "PATCH", "shared_certified", &nothing).await.expect(200);
    assert_eq!(repaired.at("/properties/error"), Value::Null);
    assert!(repaired.at("/properties/certificate/key").is_string());
    world.call(&path).await.expect(200);
}

#[tokio::test]
async fn the_lost_secret_of_the_hub_itself_is_reported_and_given_again() {
    let world = on_behalf_of::world().await;
    let runtime = on_behalf_of::connect(&world, "orders", on_behalf_of::SINGLE_SIGN_ON).await;
    let change = sql!(
        "UPDATE hub_clients SET secret_sealed = $1 WHERE client_id = $2",
        lost(),
        HUB_CLIENT.to_string()
    );
    world.store.commit(change).await.expect("changed");

    let links = json!({"parameters": [{"redirectUrl": RETURN}]});
    let issued = world.arm(&world.user(OWNER), "POST", "orders/listConsentLinks", &links).await.expect(200);
    let uri = issued.at("/value/0/firstPartyLoginUri");
    let uri = uri.as_str().and_then(|uri| uri.strip_prefix(HUB)).expect("a URI");
    let token = world.user(OWNER).replace("Bearer ", "");
    let refused =
        world.send("POST", uri, &[], &json!({ "accessToken": token }).to_string()).await.expect(400);
    assert!(refused.text.contains(LOST) && refused.text.contains("/service-client"), "{}", refused.text);
    let refused = on_behalf_of::call_as(&world, &runtime, &world.user(OWNER)).await.expect(400);
    assert!(refused.text.contains(LOST), "{}", refused.text);

    let uri = format!("/_lab/tenants/{}/service-client", world.tenant);
    for (uri, body, expected) in [
        (uri.as_str(), json!({"client_id": HUB_CLIENT, "client_secret": ""}), 400),
        (&uri, json!({"client_id": HUB_CLIENT}), 400),
        ("/_lab/tenants/x/service-client", json!({"client_id": HUB_CLIENT, "client_secret": "new"}), 404),
        (&uri, json!({"client_id": HUB_CLIENT, "client_secret": "another-secret"}), 200),
    ] {
        let answer = world.send("PUT", uri, &[], &body.to_string()).await.expect(expected);
        assert!(!answer.text.contains("another-secret"), "{}", answer.text);
    }
    on_behalf_of::sign_in(&world, "orders", OWNER).await;
    on_behalf_of::call_as(&world, &runtime, &world.user(OWNER)).await.expect(200);
    let sent = world.issuer.token_requests();
    assert!(sent.iter().any(|form| form["client_secret"] == "another-secret"), "{sent:?}");
}
