//! Connectors of `aadcertificate`: the hub has a key pair for each, whose certificate the maker
//! registers on the application.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use outlive_tokens::{Certificate, ClientAssertion};
use serde_json::{Value, json};

use crate::fakes::Behavior;
use crate::partner::{CLIENT, connector, message, world};
use crate::world::{HUB, ORIGIN, OWNER, Response, SECRET, World, swagger};

fn certificate(resource: &Response) -> Certificate {
    certificate_in(resource, "certificate")
}

fn certificate_in(resource: &Response, member: &str) -> Certificate {
    let key = resource.at(&format!("/properties/{member}/key"));
    let der = STANDARD.decode(key.as_str().expect("a certificate")).expect("base64");
    Certificate::from_der(&der).expect("a certificate")
}

/// Checks that a token request authenticates with the certificate, and with nothing else.
fn check(world: &World, form: &std::collections::HashMap<String, String>, certificate: &Certificate) {
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"), "{form:?}");
    let assertion = ClientAssertion::read(&form["client_assertion"]).expect("an assertion");
    assert!(assertion.names(certificate) && assertion.is_signed_by(certificate));
    let claims = assertion.claims();
    assert_eq!((claims.iss.as_str(), claims.sub.as_str()), (CLIENT, CLIENT));
    assert_eq!(claims.aud, [format!("{ORIGIN}/{}/oauth2/token", world.tenant)]);
    assert_eq!((claims.nbf, claims.exp), (Some(world.now), world.now + Span::from_minutes(10)));
}

fn document(secret: Option<&str>) -> Value {
    json!({"properties": {
        "displayName": "Mine", "swagger": swagger("/v1"), "clientSecret": secret,
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aadcertificate", "clientId": CLIENT, "properties": {"IsFirstParty": "True"},
            "customParameters": {"resourceUri": {"value": "api://contoso-orders"}},
        }}},
    }})
}

async fn api(world: &World, method: &str, body: &Value) -> Response {
    let uri = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/mine?api-version=2016-06-01",
        world.tenant
    );
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.send(method, &uri, &[("authorization", &world.user(OWNER))], &body).await
}

#[tokio::test]
async fn a_connector_authenticates_with_the_certificate_that_its_resource_shows() {
    let custom = json!({"resourceUri": "api://contoso-orders"});
    let (mut world, ..) =
        world(vec![connector("shared_certified", "aadcertificate", &custom, &json!([]))]).await;
    let path = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/shared_certified\
         ?api-version=2016-06-01",
        world.tenant
    );
    let shown = world.send("GET", &path, &[("authorization", &world.user(OWNER))], "").await.expect(200);
    let credential = shown.at("/properties/certificate");
    assert_eq!((&credential["type"], &credential["usage"]), (&json!("AsymmetricX509Cert"), &json!("Verify")));
    let registered = certificate(&shown);
    assert_eq!(registered.term(), (world.now, world.now + Span::from_days(730)));
    assert_eq!(registered.subject(), "CN=shared_certified");

    let runtime = world.connect("orders", "shared_certified").await;
    check(&world, &world.issuer.last(), &registered);
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["grant_type"], "refresh_token");
    check(&world, &world.issuer.last(), &registered);

    world.advance(Span::from_hours(2)).await;
    let unknown = json!({"error": "invalid_client", "error_description": "AADSTS700027: not registered"});
    world.issuer.set(Behavior::Refuse(401, unknown));
    world.call(&runtime).await.expect(401);
    let text = message(&world).await;
    assert!(text.starts_with("Failed to refresh access token for service: aadcertificate. "), "{text}");
    assert!(
        text.contains("Error: Failed to acquire token from AAD: {") && text.contains("AADSTS700027"),
        "{text}"
    );
}

#[tokio::test]
async fn a_custom_api_keeps_its_certificate_until_shortly_before_its_end() {
    let mut world = World::new().await;
    let made = api(&world, "PUT", &document(None)).await.expect(201);
    let first = certificate(&made);
    let again = api(&world, "PUT", &made.json()).await.expect(200);
    assert_eq!(certificate(&again).x5t(), first.x5t());
    for (method, body) in
        [("PUT", document(Some(SECRET))), ("PATCH", json!({"properties": {"clientSecret": SECRET}}))]
    {
        let refused = api(&world, method, &body).await.expect(400);
        assert_eq!(
            refused.at("/error/message"),
            "properties.clientSecret: the connector authenticates with its certificate, not with a client secret."
        );
    }
    let id = made.at("/id");
    let create = json!({"properties": {"api": {"id": id}}});
    let connection = world.arm(&world.user(OWNER), "PUT", "orders", &create).await.expect(201);
    world.sign_in("orders").await;
    check(&world, &world.issuer.last(), &first);

    world.at(first.term().1 - Span::from_days(30)).await;
    let patch = json!({"properties": {"displayName": "Yours"}});
    let kept = api(&world, "PATCH", &patch).await.expect(200);
    assert_eq!(certificate(&kept).x5t(), first.x5t());
    assert_eq!(kept.at("/properties/nextCertificate"), Value::Null);
    world.advance(Span::from_seconds(1)).await;
    let prepared = api(&world, "PATCH", &patch).await.expect(200);
    assert_eq!(certificate(&prepared).x5t(), first.x5t());
    let next = certificate_in(&prepared, "nextCertificate");
    assert_ne!(next.x5t(), first.x5t());
    assert_eq!(next.term().1, world.now + Span::from_days(730));
    // Both can be registered until the first one ends; until then it is the one in use.
    let url = connection.at("/properties/connectionRuntimeUrl");
    let url = url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    let again = api(&world, "PUT", &prepared.json()).await.expect(200);
    assert_eq!(certificate_in(&again, "nextCertificate").x5t(), next.x5t());
    world.at(first.term().1 - Span::from_seconds(1)).await;
    world.call(&url).await.expect(200);
    check(&world, &world.issuer.last(), &first);
    world.advance(Span::from_hours(2)).await;
    world.call(&url).await.expect(200);
    check(&world, &world.issuer.last(), &next);
    let promoted = api(&world, "PATCH", &patch).await.expect(200);
    assert_eq!(certificate(&promoted).x5t(), next.x5t());
    assert_eq!(promoted.at("/properties/nextCertificate"), Value::Null);
    // A certificate that ended without another is replaced at once.
    world.at(next.term().1).await;
    let late = api(&world, "PATCH", &patch).await.expect(200);
    assert_ne!(certificate(&late).x5t(), next.x5t());
    world.call(&url).await.expect(200);
    check(&world, &world.issuer.last(), &certificate(&late));
}

#[tokio::test]
async fn an_api_that_changes_to_certificates_gets_one() {
    let world = World::new().await;
    let mut plain = document(Some(SECRET));
    let provider = "/properties/connectionParameters/token/oAuthSettings/identityProvider";
    *plain.pointer_mut(provider).expect("there") = json!("aad");
    let made = api(&world, "PUT", &plain).await.expect(201);
    assert_eq!(made.at("/properties/certificate"), Value::Null);
    certificate(&api(&world, "PUT", &document(None)).await.expect(200));
}
