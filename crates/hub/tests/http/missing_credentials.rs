//! Connections that were not given the credential with which their calls authenticate.

use serde_json::{Value, json};

use crate::parameters::{KEY, PASSWORD, create_api, write};
use crate::policies::policy;
use crate::world::{HUB, OWNER, Response, World};

fn optional(kind: &str) -> Value {
    json!({"type": kind, "uiDefinition": {"constraints": {"required": "false"}}})
}

fn in_set(parameters: Value) -> Value {
    json!({"connectionParameterSets": {"values": [{"name": "s", "parameters": parameters}]}})
}

fn principal(own_secret: bool) -> Value {
    let mut parameters = json!({
        "token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "scopes": [], "customParameters": {"resourceUri": {"value": "api://x"}},
        }},
        "token:grantType": {"type": "string", "defaultValue": "client_credentials"},
        "token:clientId": {"type": "string"},
    });
    if own_secret {
        parameters["token:clientSecret"] = json!({"type": "securestring"});
    }
    parameters
}

fn runtime(connection: &Response) -> String {
    let url = connection.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

/// For every kind of sign-in without a user: the status names what is missing, nothing is called,
/// and values that are given later are enough.
#[tokio::test]
async fn a_connection_without_its_credential_is_not_connected_and_calls_nothing() {
    let world = World::new().await;
    let keyed = json!({"k": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    let in_query = json!({"k": {"type": "apiKey", "in": "query", "name": "code"}});
    let either = json!({"k": {"type": "apiKey", "in": "header", "name": "X-Key"}, "b": {"type": "basic"}});
    let pair = json!({"username": optional("string"), "password": optional("securestring")});
    let both = json!({"username": optional("string"), "password": optional("securestring"), "api_key": optional("securestring")});
    let set_header = policy(
        "setheader",
        &json!({"name": "X-Api-Token", "value": "@connectionParameters('secret')", "existsAction": "override"}),
        &[],
    );
    let by_policy = json!({
        "connectionParameters": {"secret": optional("securestring")}, "policyTemplateInstances": [set_header],
    });
    let top = |parameters: &Value| json!({ "connectionParameters": parameters });
    for (name, properties, definitions, values, missing) in [
        (
            "key",
            top(&json!({"api_key": optional("securestring")})),
            keyed.clone(),
            json!({"api_key": KEY}),
            "'api_key'",
        ),
        (
            "key-in-set",
            in_set(json!({"api_key": optional("securestring")})),
            in_query,
            json!({"api_key": KEY}),
            "'api_key'",
        ),
        (
            "password",
            top(&pair),
            json!({}),
            json!({"username": "owner", "password": PASSWORD}),
            "'username' and 'password'",
        ),
        (
            "password-in-set",
            in_set(pair.clone()),
            json!({"b": {"type": "basic"}}),
            json!({"username": "owner", "password": PASSWORD}),
            "'username' and 'password'",
        ),
        ("either", top(&both), either, json!({"api_key": KEY}), "'username' and 'password' or 'api_key'"),
        ("policy", by_policy, json!({}), json!({"secret": KEY}), "'secret'"),
        (
            "principal",
            in_set(principal(true)),
            json!({}),
            json!({"token:clientId": "c", "token:clientSecret": "s3cret-of-c"}),
            "clientId is missing",
        ),
    ] {
        create_api(&world, name, properties.clone(), definitions).await.expect(201);
        let is_set = properties.get("connectionParameterSets").is_some();
        let body = |values: &Value| {
            if !is_set {
                return json!({ "parameterValues": values });
            }
            let values: serde_json::Map<_, _> = values
                .as_object()
                .expect("an object")
                .iter()
                .map(|(name, value)| (name.clone(), json!({ "value": value })))
                .collect();
            json!({"parameterValueSet": {"name": "s", "values": values}})
        };
        let calls = world.back_end.calls().len();
        let made = write(&world, "PUT", name, body(&json!({}))).await.expect(201);
        assert_eq!(made.at("/properties/overallStatus"), "Error", "{name}");
        let text = made.at("/properties/statuses/0/error/message");
        assert!(text.as_str().is_some_and(|text| text.contains(missing)), "{name}: {text}");
        let refused = world.call(&runtime(&made)).await.expect(401);
        assert!(refused.text.contains(missing), "{name}: {}", refused.text);
        assert_eq!((world.back_end.calls().len(), world.issuer.token_requests().len()), (calls, 0), "{name}");

        let given = write(&world, "PATCH", name, body(&values)).await.expect(200);
        assert_eq!(given.at("/properties/overallStatus"), "Connected", "{name}");
        world.call(&runtime(&made)).await.expect(200);
        assert_eq!(world.back_end.calls().len(), calls + 1, "{name}");

        // What is removed is missing again.
        let (first, _) = values.as_object().and_then(|values| values.iter().next_back()).expect("a value");
        if name != "password" && name != "password-in-set" && name != "principal" {
            let mut removed = body(&json!({}));
            match is_set {
                true => removed["parameterValueSet"]["values"][first] = Value::Null,
                false => removed["parameterValues"][first] = Value::Null,
            }
            let removed = write(&world, "PATCH", name, removed).await.expect(200);
            assert_eq!(removed.at("/properties/overallStatus"), "Error", "{name}");
            world.call(&runtime(&made)).await.expect(401);
        }
        if name == "principal" {
            world.issuer.0.lock().expect("lock").token_requests.clear();
        }
    }
}

#[tokio::test]
async fn an_application_without_a_secret_requests_no_token() {
    let world = World::new().await;
    create_api(&world, "principal", in_set(principal(true)), json!({})).await.expect(201);
    let set = |values: Value| json!({"parameterValueSet": {"name": "s", "values": values}});
    let id = json!({"token:clientId": {"value": "c"}});
    let made = write(&world, "PUT", "principal", set(id)).await.expect(201);
    let text = made.at("/properties/statuses/0/error/message");
    assert!(text.as_str().is_some_and(|text| text.contains("'token:clientSecret'")), "{text}");
    let refused = world.call(&runtime(&made)).await.expect(401);
    assert!(refused.text.contains("'token:clientSecret'"), "{}", refused.text);
    assert!(world.issuer.token_requests().is_empty() && world.back_end.calls().is_empty());
}

/// Also a connection that was complete before its connector's maker asked for a credential.
#[tokio::test]
async fn a_connector_that_begins_to_ask_for_a_key_breaks_connections_without_one() {
    let world = World::new().await;
    let definitions = json!({"k": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    create_api(&world, "orders", json!({}), json!({})).await.expect(201);
    let made = write(&world, "PUT", "orders", json!({})).await.expect(201);
    assert_eq!(made.at("/properties/overallStatus"), "Connected", "it needs none");
    world.call(&runtime(&made)).await.expect(200);
    let parameters = json!({"connectionParameters": {"api_key": optional("securestring")}});
    create_api(&world, "orders", parameters, definitions).await.expect(200);
    let shown = world.arm(&world.user(OWNER), "GET", "orders", &Value::Null).await.expect(200);
    assert_eq!(shown.at("/properties/overallStatus"), "Error");
    world.call(&runtime(&made)).await.expect(401);
    assert_eq!(world.back_end.calls().len(), 1);
}
