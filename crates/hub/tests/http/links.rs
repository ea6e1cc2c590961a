//! Every link in a response of the control plane leads somewhere.

use std::collections::BTreeSet;

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fakes::Behavior;
use crate::world::{COLLEAGUE, CONNECTOR, HUB, OWNER, PUBLIC, World, swagger};

const VERSION: &str = "api-version=2016-06-01";

/// A link in a response, with what to send there.
#[derive(Debug)]
struct Link {
    /// Where it was found.
    at: String,
    method: String,
    uri: String,
    body: Value,
}

/// Collects the links in a response: resource ids, URLs of the hub, and objects with `requestUri`.
fn collect(at: &str, value: &Value, links: &mut Vec<Link>) {
    let mut link = |at: &str, method: &str, uri: String, body: Value| {
        links.push(Link { at: at.to_owned(), method: method.to_owned(), uri, body });
    };
    match value {
        Value::Object(members) => {
            if let Some(uri) = value["requestUri"].as_str() {
                let method = value["method"].as_str().expect("a method").to_ascii_uppercase();
                return link(at, &method, uri.to_owned(), value["body"].clone());
            }
            for (name, member) in members {
                collect(&format!("{at}/{name}"), member, links);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, item)| collect(&format!("{at}/{n}"), item, links));
        }
        Value::String(text) if text.starts_with("/subscriptions/") => {
            link(at, "GET", format!("{text}?{VERSION}"), Value::Null);
        }
        // A prefix of the runtime URLs of all connections.
        Value::String(_) if at.contains("/runtimeUrls/") => {}
        Value::String(text) if at.ends_with("/connectionRuntimeUrl") || at.ends_with("/runtimeUrl") => {
            link(at, "GET", format!("{text}/orders"), Value::Null);
        }
        Value::String(text) if text.starts_with(HUB) => link(at, "GET", text.clone(), Value::Null),
        _ => {}
    }
}

/// The maximum number of links that are followed from a state.
const FOLLOWED_MAX: usize = 500;

/// Requests the resources of a connection, and then every link in the responses, and in theirs.
async fn crawl(world: &World, state: &str, resources: &[(&str, String, Value)]) -> usize {
    let token = world.user(OWNER);
    let mut links = Vec::new();
    for (method, uri, body) in resources {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = world.send(method, uri, &[("authorization", &token)], &body).await.expect(200);
        collect(&format!("{method} {uri}"), &answer.json(), &mut links);
    }
    let mut followed = BTreeSet::new();
    while let Some(link) = links.pop() {
        // Links to a sign-in differ in their sealed data.
        let place = link.uri.split("?data=").next().unwrap_or_default().to_owned();
        if !followed.insert((link.method.clone(), place)) {
            continue;
        }
        assert!(followed.len() < FOLLOWED_MAX, "{state}: the links do not end: {link:?}");
        let body = if link.body.is_null() { String::new() } else { link.body.to_string() };
        let uri = link.uri.strip_prefix(HUB).unwrap_or(&link.uri);
        let answer = world.send(&link.method, uri, &[("authorization", &token)], &body).await;
        let status = answer.status.as_u16();
        assert!(
            !matches!(status, 404 | 405 | 410 | 500..),
            "{state}, {}: {link:?}: {status} {}",
            link.at,
            answer.text
        );
        if link.uri.contains("/dynamicInvoke") {
            let status = answer.at("/response/statusCode");
            assert!(status.is_string() && status != "NotFound", "{state}: {link:?}: {}", answer.text);
        } else if !link.uri.contains("/apim/")
            && let Ok(json) = serde_json::from_str(&answer.text)
        {
            collect(&format!("{} {}", link.method, link.uri), &json, &mut links);
        }
    }
    followed.len()
}

#[tokio::test]
async fn no_link_of_a_connection_in_any_state_is_dead() {
    let mut world = World::new().await;
    let subscription = format!("/subscriptions/{}", world.tenant);
    let managed = format!("{subscription}/providers/Microsoft.Web/locations/unitedstates/managedApis");
    let custom = format!("{subscription}/resourceGroups/lab/providers/Microsoft.Web/customApis/mine");
    let token = world.user(OWNER);
    let api = json!({"properties": {"swagger": swagger("/v1"), "iconBrandColor": "#000000"}}).to_string();
    world.send("PUT", &format!("{custom}?{VERSION}"), &[("authorization", &token)], &api).await.expect(201);

    world.connect("broken", CONNECTOR).await;
    world.issuer.set(Behavior::Refuse(400, json!({"error": "invalid_grant"})));
    world.advance(Span::from_hours(2)).await;
    let runtime = world.get("broken").await.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().expect("a URL").strip_prefix(HUB).expect("of the hub").to_owned();
    world.call(&runtime).await.expect(401);
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.put_connection("unauthenticated", CONNECTOR).await.expect(201);
    world.connect("connected", PUBLIC).await;
    world.connect("disabled", CONNECTOR).await;
    let disable = json!({"properties": {"connectionState": "Disabled"}});
    world.arm(&world.user(OWNER), "PUT", "disabled", &disable).await.expect(200);
    world.put_connection("open", "shared_open").await.expect(201);
    let create = json!({"properties": {"api": {"id": custom}}});
    world.arm(&world.user(OWNER), "PUT", "custom", &create).await.expect(201);

    for (name, status) in [
        ("broken", "Error"),
        ("unauthenticated", "Error"),
        ("connected", "Connected"),
        ("disabled", "Connected"),
        ("open", "Connected"),
        ("custom", "Connected"),
    ] {
        assert_eq!(world.get(name).await.at("/properties/overallStatus"), status, "{name}");
        let policy = json!({"properties": {"principal": {
            "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE},
        }}});
        world
            .arm(&world.user(OWNER), "PUT", &format!("{name}/accessPolicies/one"), &policy)
            .await
            .expect(201);
        let consent = json!({"parameters": [{"redirectUrl": "http://127.0.0.1:5000/"}]});
        let of = |rest: &str| world.connection_path(&format!("{name}{rest}"));
        let resources = [
            ("GET", of(""), Value::Null),
            ("GET", of("/accessPolicies"), Value::Null),
            ("POST", of("/listConsentLinks"), consent),
            ("POST", of("/listConnectionKeys"), Value::Null),
            ("GET", world.connection_path("?$top=2").replace("/?", "?"), Value::Null),
            ("GET", format!("{managed}?{VERSION}"), Value::Null),
            ("GET", format!("{custom}?{VERSION}"), Value::Null),
            ("PATCH", format!("{custom}?{VERSION}"), json!({"properties": {"displayName": "Mine"}})),
            ("PATCH", of(""), json!({"properties": {"displayName": name}})),
            ("GET", format!("{managed}/{CONNECTOR}?export=true&{VERSION}"), Value::Null),
            (
                "GET",
                format!("{subscription}/providers/Microsoft.Web/customApis?$top=1&{VERSION}"),
                Value::Null,
            ),
            ("GET", format!("{subscription}/providers/Microsoft.Web/customApis/mine?{VERSION}"), Value::Null),
            (
                "GET",
                format!("{subscription}/providers/Microsoft.Web/connections?$top=2&{VERSION}"),
                Value::Null,
            ),
        ];
        let links = crawl(&world, name, &resources).await;
        assert!(links > 10, "{name}: only {links} links were found");
    }
}
