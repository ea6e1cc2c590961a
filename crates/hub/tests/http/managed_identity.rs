//! Connections that call with a token of their caller's managed identity, and store none.

use outlive_clock::Span;
use outlive_tokens::{TokenVersion, issuer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::custom_apis::api;
use crate::parameters::{create_api, required, write};
use crate::world::{COLLEAGUE, HUB, ORIGIN, OWNER, RETURN, Response, World};

const RESOURCE: &str = "api://contoso-orders";
const IDENTITY: &str = "/subscriptions/s/resourcegroups/lab/providers/Microsoft.Logic/workflows/w";
const HEADER: &str = "outlive-source-authorization";

fn parameter(resource: &str) -> Value {
    json!({"type": "managedIdentity", "managedIdentitySettings": {"resourceUri": resource}, "uiDefinition": {
        "displayName": "Managed identity", "constraints": {"required": "false"},
    }})
}

/// Properties of a connector with both forms of the sign-in, and one with a key.
fn properties(resource: &str) -> Value {
    json!({
        "connectionParameterSets": {"uiDefinition": {}, "values": [
            {"name": "keyBasedAuth", "parameters": {"api_key": required("securestring")}},
            {"name": "managedIdentityAuth", "parameters": {"token": parameter(resource), "site": {"type": "string"}}},
            {"name": "oauthMI", "parameters": {"token": required("managedIdentity")}},
        ]},
        "connectionAlternativeParameters": {"authentication": parameter(resource), "site": {"type": "string"}},
    })
}

fn set(name: &str) -> Value {
    json!({"parameterValueSet": {"name": name, "values": {}}})
}

async fn world() -> World {
    let world = World::new().await;
    let definitions = json!({"key": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    create_api(&world, "orders", properties(RESOURCE), definitions).await.expect(201);
    world
}

fn runtime(connection: &Response) -> String {
    let url = connection.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

/// A token of a managed identity for the data source, changed as a test requires.
fn identity_token(world: &World, change: impl FnOnce(&mut Value)) -> String {
    let oid = Uuid::from_u128(0x1d);
    let mut claims = json!({
        "aud": RESOURCE, "iss": issuer(ORIGIN, world.tenant, TokenVersion::V1), "tid": world.tenant,
        "iat": world.now.as_seconds() - 300, "nbf": world.now.as_seconds() - 300,
        "exp": world.now.as_seconds() + 86_400, "oid": oid, "sub": oid, "appid": Uuid::from_u128(5),
        "appidacr": "2", "idtyp": "app", "xms_mirid": IDENTITY, "roles": ["Orders.Read.All"], "uti": "u", "ver": "1.0",
    });
    change(&mut claims);
    world.sign(&claims)
}

async fn call(world: &World, runtime: &str, given: &[&str]) -> Response {
    let caller = world.user(OWNER);
    let mut headers = vec![("authorization", caller.as_str())];
    headers.extend(given.iter().map(|value| (HEADER, *value)));
    world.send("GET", &format!("{runtime}/orders"), &headers, "").await
}

#[tokio::test]
async fn a_call_has_the_token_of_its_callers_identity_and_nothing_else_is_needed() {
    let mut world = world().await;
    for (name, values) in [
        ("a", set("managedIdentityAuth")),
        ("b", set("oauthMI")),
        (
            "c",
            json!({"parameterValueType": "Alternative", "parameterValueSet": {}, "alternativeParameterValues": {}}),
        ),
    ] {
        let mut body = values;
        body["api"] = api(&world, OWNER, "GET", "/orders", &Value::Null).await.expect(200).at("/id");
        body["api"] = json!({"id": body["api"]});
        let path = world.connection_path(name);
        let auth = world.user(OWNER);
        let body = json!({ "properties": body }).to_string();
        let made = world.send("PUT", &path, &[("authorization", &auth)], &body).await.expect(201);
        assert_eq!(
            (made.at("/properties/overallStatus"), made.at("/properties/statuses")),
            (json!("Ready"), json!([{"status": "Ready"}])),
            "{name}"
        );
        let token = identity_token(&world, |_| {});
        let answer = call(&world, &runtime(&made), &[&token]).await.expect(200);
        let seen = world.back_end.last().headers;
        assert_eq!(seen["authorization"], token, "{name}");
        assert!(!seen.contains_key(HEADER) && !seen.contains_key("x-key"));
        let shown = answer.header("x-ms-connection-parameter-set-name");
        assert_eq!(shown, ["managedIdentityAuth", "oauthMI", ""][usize::from(name.as_bytes()[0] - b'a')]);
        let event = &world.journal("runtime.forwarded").await[0]["data"];
        assert!(event["access_token"].is_string(), "{event}");
    }
    assert!(world.issuer.token_requests().is_empty(), "the hub requests no token");
    world.advance(Span::from_days(400)).await;
    let shown = world.get("a").await;
    call(&world, &runtime(&shown), &[&identity_token(&world, |_| {})]).await.expect(200);
}

#[tokio::test]
async fn a_call_without_a_token_of_a_managed_identity_is_refused_and_reaches_nothing() {
    let world = world().await;
    let made = write(&world, "PUT", "orders", set("managedIdentityAuth")).await.expect(201);
    let runtime = runtime(&made);
    let valid = identity_token(&world, |_| {});
    let expired = identity_token(&world, |claims| claims["exp"] = json!(world.now.as_seconds() - 1));
    let elsewhere = identity_token(&world, |claims| claims["iss"] = json!("https://sts.example/"));
    let no_identity = identity_token(&world, |claims| claims["xms_mirid"] = Value::Null);
    let (user, forged) = (world.user(OWNER), format!("{valid}x"));
    for (given, text) in [
        (vec![], "the call has no token of one. Call it from a flow with an identity"),
        (vec!["Basic x"], "the call has no token of one"),
        (vec!["Bearer"], "the call has no token of one"),
        (vec![user.as_str()], "is not one of a managed identity"),
        (vec![no_identity.as_str()], "is not one of a managed identity"),
        (vec![expired.as_str()], "The token of the managed identity is invalid"),
        (vec![elsewhere.as_str()], "The token of the managed identity is invalid"),
        (vec![forged.as_str()], "The token of the managed identity is invalid"),
        (vec!["Bearer e30.e30.e30"], "The token of the managed identity is invalid"),
        (vec![valid.as_str(), valid.as_str()], "The token of the managed identity is invalid"),
    ] {
        let refused = call(&world, &runtime, &given).await.expect(401);
        assert!(refused.text.contains(text), "{given:?}: {}", refused.text);
        assert!(!refused.text.contains("eyJ"), "{}", refused.text);
    }
    let test = json!({"request": {"method": "get", "path": "/orders"}});
    let tested = world.arm(&world.user(OWNER), "POST", "orders/dynamicInvoke", &test).await;
    assert!(tested.text.contains("the call has no token of one"), "{}", tested.text);
    assert!(world.back_end.calls().is_empty());
    let shown = world.get("orders").await;
    assert_eq!(shown.at("/properties/overallStatus"), "Ready", "what one caller lacks says nothing about it");
    let body = json!({"parameters": [{"redirectUrl": RETURN, "objectId": OWNER}]});
    let links = world.arm(&world.user(OWNER), "POST", "orders/listConsentLinks", &body).await.expect(200);
    assert_eq!(links.at("/value"), json!([]));
}

#[tokio::test]
async fn a_connection_of_a_managed_identity_can_be_written_as_it_was_read() {
    let world = world().await;
    let alternative =
        json!({"parameterValueType": "Alternative", "alternativeParameterValues": {"site": "eu"}});
    for (name, values, member) in [
        ("set", set("managedIdentityAuth"), json!({"name": "managedIdentityAuth", "values": {}})),
        ("alternative", alternative, Value::Null),
    ] {
        create_api(&world, name, properties(RESOURCE), json!({})).await.expect(201);
        let made = write(&world, "PUT", name, values).await.expect(201);
        let resource = json!({"resourceUri": RESOURCE});
        assert_eq!(made.at("/properties/managedIdentitySettings"), resource);
        assert_eq!(made.at("/properties/parameterValueSet"), member);
        let again = world.arm(&world.user(OWNER), "PUT", name, &made.json()).await.expect(200);
        let same = |answer: &Response| {
            let mut shown = answer.json();
            shown["properties"]["changedTime"] = Value::Null;
            shown
        };
        assert_eq!(same(&again), same(&made));
    }
    let shown = world.get("alternative").await;
    assert_eq!(shown.at("/properties/parameterValueType"), "Alternative");
    assert_eq!(shown.at("/properties/alternativeParameterValues"), json!({"site": "eu"}));
}

#[tokio::test]
async fn mistakes_are_named_with_their_places() {
    let world = world().await;
    create_api(&world, "open", json!({}), json!({})).await.expect(201);
    let with_value =
        json!({"parameterValueSet": {"name": "managedIdentityAuth", "values": {"token": {"value": "x"}}}});
    for (api, values, at) in [
        ("orders", with_value, "properties.parameterValueSet.values.token: it has no value"),
        (
            "orders",
            json!({"parameterValueType": "Other"}),
            "properties.parameterValueType: it must be Alternative",
        ),
        (
            "orders",
            json!({"parameterValueType": "Alternative", "parameterValueSet": {"name": "oauthMI"}}),
            "properties.parameterValueType: a connection with a parameterValueSet has no other type",
        ),
        (
            "open",
            json!({"parameterValueType": "Alternative"}),
            "properties.parameterValueType: the connector has no connectionAlternativeParameters",
        ),
    ] {
        let refused = write(&world, "PUT", api, values).await.expect(400);
        assert!(refused.text.contains(at), "{}", refused.text);
    }
    let two = json!({"a": parameter(RESOURCE), "b": parameter(RESOURCE)});
    let secret = json!({"a": parameter(RESOURCE), "b": {"type": "securestring"}});
    for (properties, at) in [
        (json!({"connectionParameters": two}), "connectionParameters.b: there is a second parameter"),
        (json!({"connectionParameters": {"a": parameter("")}}), "a.managedIdentitySettings.resourceUri: "),
        (
            json!({"connectionAlternativeParameters": {"a": {"type": "string"}}}),
            "connectionAlternativeParameters: it has no parameter of type managedIdentity",
        ),
        (json!({"connectionAlternativeParameters": secret}), "connectionAlternativeParameters.b: a secret"),
        (
            json!({"connectionAlternativeParameters": 7}),
            "connectionAlternativeParameters: it is not an object",
        ),
    ] {
        let refused = create_api(&world, "wrong", properties, json!({})).await.expect(400);
        assert!(refused.text.contains(at), "{}", refused.text);
    }
}

#[tokio::test]
async fn another_resource_needs_the_consent_of_the_connections_owner() {
    let world = world().await;
    let id = api(&world, OWNER, "GET", "/orders", &Value::Null).await.expect(200).at("/id");
    let mut body = set("managedIdentityAuth");
    body["api"] = json!({ "id": id });
    let theirs = world.user(COLLEAGUE);
    let made = world.arm(&theirs, "PUT", "theirs", &json!({ "properties": body })).await.expect(201);
    let change = json!({"properties": properties("https://graph.microsoft.com")});
    api(&world, OWNER, "PATCH", "/orders", &change).await.expect(200);
    let token = identity_token(&world, |_| {});
    let uri = format!("{}/orders", runtime(&made));
    let headers = [("authorization", theirs.as_str()), (HEADER, token.as_str())];
    let refused = world.send("GET", &uri, &headers, "").await.expect(401);
    assert!(refused.text.contains("was changed to sign in elsewhere"), "{}", refused.text);
    assert!(world.back_end.calls().is_empty());
    let shown = world.arm(&theirs, "GET", "theirs", &Value::Null).await.expect(200);
    assert_eq!(shown.at("/properties/overallStatus"), "Error");
    let agreed = json!({"properties": set("managedIdentityAuth")});
    world.arm(&theirs, "PATCH", "theirs", &agreed).await.expect(200);
    world.send("GET", &uri, &headers, "").await.expect(200);
}
