//! What a hostile maker, owner or caller writes reaches nothing that it should not. Paths and hosts
//! of calls, and stolen consent codes, are tested where calls and consents are.

use outlive_hub::Unmapped;
use serde_json::{Value, json};

use crate::back_ends::{Names, elsewhere};
use crate::parameters::{create_api, write};
use crate::policies::policy;
use crate::world::{HUB, OWNER, Response, World};

/// Addresses of private networks, and a name that resolves to one.
const PRIVATE: [&str; 6] =
    ["127.0.0.1", "2130706433", "169.254.169.254", "[::1]", "[::ffff:7f00:1]", "rebinding.example"];

async fn call(world: &World, made: &Response, below: &str) -> Response {
    let url = made.at("/properties/connectionRuntimeUrl");
    let runtime = url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned();
    let caller = world.user(OWNER);
    world.send("GET", &format!("{runtime}{below}"), &[("authorization", &caller)], "").await
}

/// All hosts that files name, not only the one of the swagger: the host that a policy chooses, the
/// one of a value that a policy fetches, and the identity provider, which would get a secret.
#[tokio::test]
async fn no_host_of_a_connector_can_be_private() {
    let (other, url) = elsewhere().await;
    let port = url.port().expect("a port");
    let names = Names::answering(&["127.0.0.1"; 32]);
    let world = World::with_back_ends(|back_ends| {
        back_ends.with_unmapped(Unmapped::Public).with_names(names.clone())
    })
    .await;
    for (number, host) in PRIVATE.into_iter().enumerate() {
        let at = format!("http://{host}:{port}");
        let chosen = policy("dynamichosturl", &json!({"urlTemplate": "@connectionParameters('url')"}), &[]);
        let fetched = policy(
            "setvaluefromurl",
            &json!({
                "parameterTemplate": "@headers('x-region')", "parameterValueUrl": format!("{at}/value"),
                "parameterValuePathTemplate": "value",
            }),
            &[],
        );
        let provider = |grant: &str| {
            json!({"token": {"type": "oauthSetting", "oAuthSettings": {
                "identityProvider": "oauth2", "clientId": "c", "clientSecret": "very-secret-secret", "customParameters": {
                    "authorizationUrl": {"value": "https://id.example/authorize"}, "tokenUrl": {"value": format!("{at}/token")},
                    "refreshUrl": {"value": format!("{at}/token")}, "grantType": {"value": grant},
                },
            }}})
        };
        let parameters = json!({"url": {"type": "string"}});
        for (kind, properties, values) in [
            (
                "chosen",
                json!({"connectionParameters": parameters, "policyTemplateInstances": [chosen]}),
                json!({"parameterValues": {"url": at}}),
            ),
            ("fetched", json!({"policyTemplateInstances": [fetched]}), json!({})),
            ("provider", json!({"connectionParameters": provider("client_credentials")}), json!({})),
        ] {
            let name = format!("{kind}-{number}");
            let api = create_api(&world, &name, properties, json!({})).await;
            // A file that is rejected reaches nothing either.
            if api.status != 201 {
                assert_eq!(api.status, 400, "{kind} {host}: {}", api.text);
                continue;
            }
            let made = write(&world, "PUT", &name, values).await.expect(201);
            let refused = call(&world, &made, "/orders").await;
            assert!(matches!(refused.status.as_u16(), 400 | 502), "{kind} {host}: {}", refused.text);
            assert!(!refused.text.contains("very-secret"), "{}", refused.text);
        }
    }
    assert!(other.calls().is_empty(), "{:?}", other.calls());
    assert!(world.back_end.calls().is_empty());
}

/// A line break ends up in no header and no request line.
#[tokio::test]
async fn line_breaks_stay_within_values_or_stop_the_call() {
    let world = World::new().await;
    let value = "a\r\nX-Evil: 1";
    let key = |place: &str| json!({"k": {"type": "apiKey", "in": place, "name": "X-Key"}});
    let parameters =
        json!({"connectionParameters": {"api_key": {"type": "securestring"}, "user": {"type": "string"}}});
    let given = json!({"parameterValues": {"api_key": value}});
    create_api(&world, "header", parameters.clone(), key("header")).await.expect(201);
    let header = write(&world, "PUT", "header", given.clone()).await.expect(201);
    let refused = call(&world, &header, "/orders").await.expect(400);
    assert!(refused.text.contains("x-key") && !refused.text.contains("Evil"), "{}", refused.text);
    assert!(world.back_end.calls().is_empty());

    create_api(&world, "query", parameters, key("query")).await.expect(201);
    let query = write(&world, "PUT", "query", given).await.expect(201);
    call(&world, &query, "/orders").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders?X-Key=a%0D%0AX-Evil%3A%201");

    let pair = json!({"connectionParameters": {"username": {"type": "string"}, "password": {"type": "securestring"}}});
    create_api(&world, "basic", pair, json!({})).await.expect(201);
    let basic = json!({"parameterValues": {"username": value, "password": value}});
    let basic = write(&world, "PUT", "basic", basic).await.expect(201);
    call(&world, &basic, "/orders/a%0d%0aX-Evil:%201").await.expect(404);
    call(&world, &basic, "/orders?a=%0d%0aX-Evil:%201").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders?a=%0d%0aX-Evil:%201");
    assert!(world.back_end.calls().iter().all(|call| !call.headers.contains_key("x-evil")));

    let route =
        policy("routerequesttoendpoint", &json!({"newPath": "/x/@queryParameters('q','')"}), &["ListOrders"]);
    create_api(&world, "route", json!({"policyTemplateInstances": [route]}), json!({})).await.expect(201);
    let route = write(&world, "PUT", "route", json!({})).await.expect(201);
    let calls = world.back_end.calls().len();
    call(&world, &route, "/orders?q=a%0d%0aX-Evil:%201").await.expect(404);
    assert_eq!(world.back_end.calls().len(), calls);
}

/// Every bound is an error with its place, and the connection stays as it was.
#[tokio::test]
async fn oversized_parameters_are_refused_with_their_places() {
    let world = World::new().await;
    let parameters =
        json!({"connectionParameters": {"key": {"type": "securestring"}, "site": {"type": "string"}}});
    create_api(&world, "orders", parameters, json!({})).await.expect(201);
    write(&world, "PUT", "orders", json!({"parameterValues": {"site": "a"}})).await.expect(201);
    let many: serde_json::Map<_, _> = (0..70).map(|n| (format!("p{n}"), json!("x"))).collect();
    for (values, at) in [
        (
            json!({"parameterValues": {"site": "x".repeat(16_385)}}),
            "properties.parameterValues.site: it has more than",
        ),
        (
            json!({"parameterValues": {"key": "x".repeat(16_385)}}),
            "properties.parameterValues.key: it has more than",
        ),
        (json!({"parameterValues": {"x".repeat(1_000): 1}}), "the connector has no such parameter"),
        (json!({ "parameterValues": many }), "the connector has no such parameter"),
        (json!({"parameterValues": {"site": "a\u{0}b"}}), "it contains a NUL character"),
        (json!({"parameterValues": {"site": {"a": [1]}}}), "it must be a string"),
        (json!({"displayName": "x".repeat(1_000)}), "properties.displayName: it must have"),
    ] {
        let refused = write(&world, "PATCH", "orders", values).await.expect(400);
        assert!(refused.text.contains(at) && refused.text.len() < 10_000, "{at}: {}", refused.text);
    }
    let shown = world.get("orders").await;
    assert_eq!(shown.at("/properties/nonSecretParameterValues"), json!({"site": "a"}));

    let parameters = |number: usize| -> Value {
        let all: serde_json::Map<_, _> =
            (0..number).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
        json!({ "connectionParameters": all })
    };
    create_api(&world, "most", parameters(64), json!({})).await.expect(201);
    let refused = create_api(&world, "more", parameters(65), json!({})).await.expect(400);
    assert!(
        refused.text.contains("properties.connectionParameters: there are more than 64"),
        "{}",
        refused.text
    );
}
