//! On-behalf-of connections: the caller's token is exchanged at the time of the call, and no
//! refresh token is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::{Span, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fakes::{Behavior, token};
use crate::partner::{CLIENT, HOST, connector};
use crate::world::{
    COLLEAGUE, CONNECTOR, HUB, HUB_CLIENT, HUB_SECRET, OWNER, RETURN, Response, SECRET, World,
};

pub(crate) const SINGLE_SIGN_ON: &str = "shared_single-sign-on";

fn settings(more: &[(&str, &str)]) -> Value {
    let mut custom = json!({"resourceUri": "api://contoso-orders", "enableOnbehalfOfLogin": "true"});
    for (name, value) in more {
        custom[*name] = json!(value);
    }
    custom
}

pub(crate) async fn world() -> World {
    let mut declined = connector("shared_declined", "aad", &settings(&[]), &json!([]));
    let flags = "/api_properties/properties/connectionParameters/token/oAuthSettings";
    declined.pointer_mut(flags).expect("there")["properties"] =
        json!({"IsOnbehalfofLoginSupported": "False"});
    let elsewhere = settings(&[("loginUri", &format!("https://{HOST}"))]);
    let generic = json!({
        "authorizationUrl": format!("https://{HOST}/authorize"), "tokenUrl": format!("https://{HOST}/token"),
        "enableOnbehalfOfLogin": "true",
    });
    World::with(
        vec![],
        vec![
            connector(SINGLE_SIGN_ON, "aad", &settings(&[]), &json!(["Orders.Read"])),
            connector("shared_capable", "aad", &settings(&[("clientCapabilities", "cp1")]), &json!([])),
            connector("shared_elsewhere", "aad", &elsewhere, &json!([])),
            connector("shared_generic", "oauth2", &generic, &json!([])),
            declined,
        ],
    )
    .await
}

/// Requests the links of a connection as its owner.
async fn links(world: &World, name: &str) -> Response {
    links_for(world, name, OWNER).await
}

async fn links_for(world: &World, name: &str, user: Uuid) -> Response {
    let body = json!({"parameters": [{"redirectUrl": RETURN, "objectId": user}]});
    world.arm(&world.user(OWNER), "POST", &format!("{name}/listConsentLinks"), &body).await.expect(200)
}

async fn first_party_uri(world: &World, name: &str) -> String {
    let uri = links(world, name).await.at("/value/0/firstPartyLoginUri");
    uri.as_str().and_then(|uri| uri.strip_prefix(HUB)).expect("a URI").to_owned()
}

/// Signs a user in by a link that the owner requested for them.
pub(crate) async fn sign_in(world: &World, name: &str, user: Uuid) {
    let uri = links_for(world, name, user).await.at("/value/0/firstPartyLoginUri");
    let uri = uri.as_str().and_then(|uri| uri.strip_prefix(HUB)).expect("a URI");
    post(world, uri, &bare(&world.user(user))).await.expect(200);
}

fn bare(authorization: &str) -> String {
    authorization.strip_prefix("Bearer ").expect("a bearer token").to_owned()
}

async fn post(world: &World, uri: &str, token: &str) -> Response {
    world.send("POST", uri, &[], &json!({"accessToken": token}).to_string()).await
}

/// Creates a connection and signs in for it with a token for the hub. Returns its runtime path.
pub(crate) async fn connect(world: &World, name: &str, connector: &str) -> String {
    let created = world.put_connection(name, connector).await.expect(201);
    let uri = first_party_uri(world, name).await;
    post(world, &uri, &bare(&world.user(OWNER))).await.expect(200);
    let url = created.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned()
}

pub(crate) async fn call_as(world: &World, runtime: &str, authorization: &str) -> Response {
    world.send("GET", &format!("{runtime}/orders"), &[("authorization", authorization)], "").await
}

/// Returns a key for the connection `orders`: a call with it has no user.
async fn key(world: &World) -> String {
    let key =
        world.arm(&world.user(OWNER), "POST", "orders/listConnectionKeys", &json!({})).await.expect(200);
    format!("Key {}", key.at("/connectionKey").as_str().expect("a key"))
}

async fn status(world: &World) -> Value {
    world.get("orders").await.at("/properties/overallStatus")
}

#[tokio::test]
async fn a_user_signs_in_with_a_token_for_the_hub_and_no_refresh_token_is_stored() {
    let world = world().await;
    world.put_connection("orders", SINGLE_SIGN_ON).await.expect(201);
    let uri = first_party_uri(&world, "orders").await;
    let shown = world.send("GET", &uri, &[], "").await.expect(200);
    assert_eq!((shown.at("/status"), shown.header("cache-control")), (json!("Unauthenticated"), "no-store"));
    let assertion = bare(&world.user(OWNER));
    let answer = post(&world, &uri, &assertion).await.expect(200);
    assert_eq!(answer.json(), json!({"status": "Authenticated"}));

    let [application, data_source] = world.issuer.token_requests().try_into().expect("two requests");
    let jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for (form, expected) in [
        (
            &application,
            [
                ("grant_type", jwt_bearer),
                ("requested_token_use", "on_behalf_of"),
                ("assertion", &*assertion),
                ("client_id", &*HUB_CLIENT.to_string()),
                ("client_secret", HUB_SECRET),
                ("resource", CLIENT),
            ],
        ),
        (
            &data_source,
            [
                ("grant_type", jwt_bearer),
                ("requested_token_use", "on_behalf_of"),
                ("assertion", &*token("access", 1)),
                ("client_id", CLIENT),
                ("client_secret", SECRET),
                ("resource", "api://contoso-orders"),
            ],
        ),
    ] {
        for (name, value) in expected {
            assert_eq!(form[name], value, "{name}");
        }
    }
    assert_eq!(data_source["scope"], "openid", "whatever the connector's scopes are");
    let connection = world.get("orders").await;
    assert_eq!(connection.at("/properties/overallStatus"), "Connected");
    assert_eq!(connection.at("/properties/authenticatedUser/name"), "owner@contoso.example");
    let again = post(&world, &uri, &assertion).await.expect(400);
    assert_eq!(again.at("/error/code"), "InvalidLoginLink");
    let events = world.journal("connection.connected").await;
    assert_eq!(events[0]["data"]["account"], "owner@contoso.example");
    assert_eq!(world.journal("connection.token_exchanged").await.len(), 1);
}

#[tokio::test]
async fn every_caller_has_a_token_of_their_own_until_it_expires() {
    let mut world = world().await;
    let runtime = connect(&world, "orders", SINGLE_SIGN_ON).await;
    let policy = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE},
    }}});
    world.arm(&world.user(OWNER), "PUT", "orders/accessPolicies/c", &policy).await.expect(201);

    for (caller, number) in [(OWNER, 4), (OWNER, 4), (COLLEAGUE, 6), (OWNER, 4), (COLLEAGUE, 6)] {
        let answer = call_as(&world, &runtime, &world.user(caller)).await.expect(200);
        assert_eq!(answer.header("x-ms-apihub-obo"), "true");
        let sent = &world.back_end.last().headers["authorization"];
        assert_eq!(*sent, format!("Bearer {}", token("access", number)), "{caller}");
    }
    let assertion = world.user(OWNER);
    world.advance(Span::from_minutes(57)).await;
    call_as(&world, &runtime, &assertion).await.expect(200);
    assert_eq!(world.issuer.token_requests().len(), 6, "the token has three minutes left");
    world.advance(Span::from_seconds(1)).await;
    call_as(&world, &runtime, &assertion).await.expect(200);
    assert_eq!(world.issuer.token_requests().len(), 8, "it has less");
    let body = json!({"request": {"method": "get", "path": "/orders"}});
    let invoked = world.arm(&assertion, "POST", "orders/dynamicInvoke", &body).await.expect(200);
    assert_eq!(invoked.at("/response/headers/x-ms-apihub-obo"), "true");
    assert_eq!(world.issuer.token_requests().len(), 8, "the control plane's calls share it");
    assert_eq!(world.journal("connection.token_exchanged").await.len(), 4);
}

#[tokio::test]
async fn a_call_without_a_user_has_the_token_of_the_sign_in_until_it_expires() {
    let mut world = world().await;
    let runtime = connect(&world, "orders", SINGLE_SIGN_ON).await;
    let key = key(&world).await;
    world.advance(Span::from_minutes(59)).await;
    let answer = call_as(&world, &runtime, &key).await.expect(200);
    assert_eq!(answer.header("x-ms-apihub-obo"), "false");
    assert_eq!(world.back_end.last().headers["authorization"], format!("Bearer {}", token("access", 2)));
    world.advance(Span::from_minutes(1)).await;
    let text = call_as(&world, &runtime, &key).await.expect(401).at("/message").to_string();
    assert!(text.contains("for service: aad. ") && text.contains("Error: Missing refresh token."), "{text}");
    assert_eq!((status(&world).await, world.issuer.token_requests().len()), (json!("Error"), 2));

    call_as(&world, &runtime, &world.user(OWNER)).await.expect(200);
    assert_eq!(status(&world).await, "Connected", "the owner's own calls are exchanged");
    call_as(&world, &runtime, &key).await.expect(401);
    let uri = first_party_uri(&world, "orders").await;
    post(&world, &uri, &bare(&world.user(OWNER))).await.expect(200);
    call_as(&world, &runtime, &key).await.expect(200);
}

#[tokio::test]
async fn a_rejected_exchange_is_the_callers_own_and_ends_with_the_next_that_succeeds() {
    let world = world().await;
    let runtime = connect(&world, "orders", SINGLE_SIGN_ON).await;
    let policy = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE},
    }}});
    world.arm(&world.user(OWNER), "PUT", "orders/accessPolicies/c", &policy).await.expect(201);
    let revoked = json!({"error": "invalid_grant", "error_description": "AADSTS50173: revoked", "error_codes": [50173]});
    world.issuer.set(Behavior::Refuse(400, revoked.clone()));
    let text = call_as(&world, &runtime, &world.user(COLLEAGUE)).await.expect(401).at("/message").to_string();
    assert!(
        text.contains("on behalf of the user for service: aad. ") && text.contains("AADSTS50173"),
        "{text}"
    );
    assert_eq!(status(&world).await, "Connected", "another caller's sign-in says nothing about the owner's");
    let answer = call_as(&world, &runtime, &world.user(OWNER)).await.expect(401);
    let message = world.get("orders").await.at("/properties/statuses/0/error/message");
    assert_eq!((status(&world).await, message), (json!("Error"), answer.at("/message")));
    let events = world.journal("connection.exchange_refused").await;
    let facts: Vec<_> =
        events.iter().map(|event| (&event["data"]["caller"], &event["data"]["answer"])).collect();
    assert_eq!(facts, [(&json!(COLLEAGUE), &revoked), (&json!(OWNER), &revoked)]);

    world.issuer.set(Behavior::Broken(503));
    call_as(&world, &runtime, &world.user(OWNER)).await.expect(502);
    let postponed = world.journal("connection.exchange_postponed").await;
    assert_eq!(postponed[0]["data"]["caller"], json!(OWNER));
    assert!(postponed[0]["data"]["correlation"].is_string(), "{postponed:?}");
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    call_as(&world, &runtime, &world.user(OWNER)).await.expect(200);
    assert_eq!(status(&world).await, "Connected");
}

#[tokio::test]
async fn a_challenge_is_answered_by_another_exchange() {
    let world = world().await;
    let runtime = connect(&world, "orders", "shared_capable").await;
    let nbf = r#"{"access_token":{"nbf":{"essential":true,"value":"1767603600"}}}"#;
    let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(nbf));
    world.back_end.challenge(4, &challenge);
    for _ in 0..2 {
        call_as(&world, &runtime, &world.user(OWNER)).await.expect(200);
        let sent = &world.back_end.last().headers["authorization"];
        assert_eq!(*sent, format!("Bearer {}", token("access", 6)));
    }
    let form = world.issuer.last();
    let claims: Value = serde_json::from_str(&form["claims"]).expect("JSON");
    assert_eq!(claims["access_token"]["nbf"]["value"], "1767603600");
    assert_eq!((&*form["requested_token_use"], &*form["assertion"]), ("on_behalf_of", &*token("access", 5)));
}

#[tokio::test]
async fn only_the_user_of_the_link_signs_in_and_only_with_a_token_for_the_hub() {
    let mut world = world().await;
    world.put_connection("orders", SINGLE_SIGN_ON).await.expect(201);
    let uri = first_party_uri(&world, "orders").await;
    let mut foreign = world.claims(OWNER);
    foreign["aud"] = json!("api://contoso-orders");
    for (token, expected) in [
        (bare(&world.user(COLLEAGUE)), 403),
        (bare(&world.app_token(OWNER, &["Flows.Act"])), 403),
        (bare(&world.sign(&foreign)), 401),
        ("garbage".to_owned(), 401),
        ("line\nbreak".to_owned(), 400),
        (String::new(), 400),
    ] {
        post(&world, &uri, &token).await.expect(expected);
    }
    for body in ["", "[]", "{\"token\": \"x\"}", "{\"accessToken\": 5}"] {
        world.send("POST", &uri, &[], body).await.expect(400);
    }
    let (place, data) = uri.split_once("?data=").expect("data");
    for uri in [place.to_owned(), format!("{place}?data="), format!("{place}?data=x{data}")] {
        world.send("GET", &uri, &[], "").await.expect(400);
        post(&world, &uri, &bare(&world.user(OWNER))).await.expect(400);
    }
    assert!(world.issuer.token_requests().is_empty());
    let denied = json!({"error": "invalid_grant", "error_description": "AADSTS65001: no consent"});
    world.issuer.set(Behavior::Refuse(400, denied));
    let answer = post(&world, &uri, &bare(&world.user(OWNER))).await.expect(400);
    assert_eq!(answer.at("/error/code"), "FirstPartyLoginFailed");
    let text = answer.at("/error/message").to_string();
    assert!(
        text.contains("failed for service 'Azure Active Directory'") && text.contains("AADSTS65001"),
        "{text}"
    );
    let message = world.get("orders").await.at("/properties/statuses/0/error/message");
    assert_eq!(message, answer.at("/error/message"));
    world.advance(Span::from_minutes(10)).await;
    post(&world, &uri, &bare(&world.user(OWNER))).await.expect(400);
    assert_eq!(status(&world).await, "Error");
}

#[tokio::test]
async fn connectors_that_cannot_exchange_offer_the_consent_link_only() {
    let world = world().await;
    for (name, connector) in [
        ("plain", CONNECTOR),
        ("declined", "shared_declined"),
        ("elsewhere", "shared_elsewhere"),
        ("generic", "shared_generic"),
    ] {
        world.put_connection(name, connector).await.expect(201);
        let answer = links(&world, name).await;
        assert_eq!(answer.at("/value/0/firstPartyLoginUri"), Value::Null, "{name}");
        let link = answer.at("/value/0/link");
        let uri = link.as_str().and_then(|link| link.strip_prefix(HUB)).expect("a link");
        let uri = uri.replace("/login?", "/firstPartyLogin?");
        post(&world, &uri, &bare(&world.user(OWNER))).await.expect(400);
    }
    assert!(world.issuer.token_requests().is_empty());
}

#[tokio::test]
async fn an_interactive_sign_in_stores_a_refresh_token_as_ever() {
    let mut world = world().await;
    let runtime = world.connect("orders", SINGLE_SIGN_ON).await;
    let answer = world.call(&runtime).await.expect(200);
    assert_eq!(answer.header("x-ms-apihub-obo"), "false");
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["grant_type"], "refresh_token");
}

#[tokio::test]
async fn a_tenant_without_an_application_of_the_hub_offers_the_consent_link_only() {
    let mut world = world().await;
    world.tenant = TenantId::from_uuid(Uuid::from_u128(0x12));
    let spec = json!({
        "clock": {"now": world.now, "speed": 0},
        "connectors": [connector(SINGLE_SIGN_ON, "aad", &settings(&[]), &json!([]))],
    });
    let path = format!("/_lab/tenants/{}", world.tenant);
    world.send("PUT", &path, &[], &spec.to_string()).await.expect(201);
    world.put_connection("orders", SINGLE_SIGN_ON).await.expect(201);
    let answer = links(&world, "orders").await;
    assert_eq!(answer.at("/value/0/firstPartyLoginUri"), Value::Null);
    let link = answer.at("/value/0/link");
    let uri = link.as_str().and_then(|link| link.strip_prefix(HUB)).expect("a link");
    let uri = uri.replace("/login?", "/firstPartyLogin?");
    let refused = post(&world, &uri, &bare(&world.user(OWNER))).await.expect(400);
    assert!(refused.at("/error/message").to_string().contains("hub_service"), "{}", refused.text);
}
