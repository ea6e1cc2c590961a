//! Connector files with any mistakes in them: each is accepted or rejected with the places of its
//! mistakes, and what is accepted can be listed, connected to and called.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::custom_apis::api;
use crate::policies::policy;
use crate::world::{HUB, OWNER, World, swagger};

/// How many files are tried.
const FILES: usize = 200;

/// Files with every kind of sign-in, parameter and policy.
fn files() -> Vec<Value> {
    let token = |provider: &str, custom: Value| {
        json!({"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": provider, "clientId": "c", "scopes": ["a", "b"], "redirectMode": "GlobalPerConnector",
            "customParameters": custom, "properties": {"IsFirstParty": "False"},
        }})
    };
    let urls = json!({
        "authorizationUrlTemplate": {"value": "https://id.example/{region}/authorize"},
        "tokenUrlTemplate": {"value": "https://id.example/token?c={ClientId}"},
        "refreshUrlTemplate": {"value": "https://id.example/token"},
        "tokenBodyTemplate": {"value": "{\"code\": \"{Code}\", \"secret\": \"{ClientSecret}\"}"},
    });
    let ui = json!({"constraints": {"required": "true", "allowedValues": [{"text": "A", "value": "a"}], "hidden": "false"}});
    let policies = json!([
        policy(
            "dynamichosturl",
            &json!({"urlTemplate": "https://@{connectionParameters('site','orders')}.contoso.example/x"}),
            &[]
        ),
        policy(
            "setheader",
            &json!({"name": "x-a", "value": "@headers('accept','b')", "existsAction": "skip"}),
            &[]
        ),
        policy("setqueryparameter", &json!({"name": "q", "value": "@body().a[0]['b']"}), &["CreateOrder"]),
        policy(
            "routerequesttoendpoint",
            &json!({"newPath": "/x/{id}", "httpMethod": "@Request.OriginalHTTPMethod"}),
            &["GetOrder"]
        ),
        policy(
            "convertarraytoobject",
            &json!({"propertyParentPath": "@body()", "propertySubPath": "a", "keyWithinCollectionPath": "b", "newPropertyPath": "c"}),
            &[]
        ),
        policy(
            "setvaluefromurl",
            &json!({"parameterTemplate": "@headers('x-b')", "parameterValueUrl": "/value", "parameterValuePathTemplate": "data.value"}),
            &["ListOrders"]
        ),
        policy("updatenextlink", &json!({"nextLinkPropertyName": "next"}), &[]),
        policy(
            "setproperty",
            &json!({"newPropertyParentPathTemplate": "@body().a", "newPropertySubPathTemplate": "b.c", "propertyValuePathTemplate": "d", "policySection": "Response"}),
            &[]
        ),
    ]);
    let mut secured = swagger("/v1");
    secured["securityDefinitions"] = json!({"k": {"type": "apiKey", "in": "query", "name": "code"}});
    vec![
        json!({"properties": {"swagger": swagger("/v1"), "policyTemplateInstances": policies, "connectionParameters": {
            "site": {"type": "string", "uiDefinition": ui, "defaultValue": "a"}, "n": {"type": "int", "default": 7},
        }}}),
        json!({"properties": {"swagger": secured, "connectionParameters": {"code": {"type": "securestring", "uiDefinition": ui}}}}),
        json!({"properties": {"swagger": swagger("/v1"), "clientSecret": "s", "connectionParameters": {
            "token": token("oauth2generic", urls), "token:region": {"type": "string"},
        }}}),
        json!({"properties": {"swagger": swagger("/v1"), "connectionParameterSets": {"uiDefinition": {}, "values": [
            {"name": "a", "parameters": {"token": token("aad", json!({"resourceUri": {"value": "api://x"}}))}},
            {"name": "b", "parameters": {"key": {"type": "securestring", "uiDefinition": ui}}},
        ]}}}),
    ]
}

/// Returns the pointers to all values.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut below = |name: &str, value: &Value| {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers(value, &at, found);
        found.push(at);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value))
        }
        _ => {}
    }
}

/// What a value is replaced by.
fn replacement() -> impl Strategy<Value = Value> {
    let long = || "a".repeat(5_000);
    let nested = (0..200).fold(json!("x"), |inner, _| json!([inner]));
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!({})),
        Just(json!([])),
        Just(json!([null, 1, "a", {}])),
        Just(nested),
        Just(json!(long())),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Value::from),
        "[@{}()'/.:\\\\%a-c\\[\\]\u{0}\r\n]{0,16}".prop_map(Value::from),
        prop_oneof![
            Just("@{connectionParameters('"),
            Just("@body()[[["),
            Just("https://@{body()}/"),
            Just("{"),
            Just("//[::1"),
            Just("../.."),
            Just("@@@"),
            Just("@headers()"),
            Just("\u{1F600}@{queryParameters('é')}"),
            Just("https://a:b@c"),
        ]
        .prop_map(Value::from),
    ]
}

/// A change: which value, whether it is removed or renamed, and what replaces it.
fn change() -> impl Strategy<Value = (prop::sample::Index, u8, Value, String)> {
    (any::<prop::sample::Index>(), any::<u8>(), replacement(), "\\PC{0,8}")
}

fn mutate(file: &mut Value, (index, how, new, name): &(prop::sample::Index, u8, Value, String)) {
    let mut all = Vec::new();
    pointers(file, "", &mut all);
    let pointer = &all[index.index(all.len())];
    let (parent, last) = pointer.rsplit_once('/').expect("below the root");
    if how % 4 == 0
        && let Some(Value::Object(members)) = file.pointer_mut(parent)
    {
        let removed = members.remove(&last.replace("~1", "/").replace("~0", "~"));
        if how % 8 == 0 {
            members.insert(name.clone(), removed.unwrap_or_default());
        }
    } else if let Some(value) = file.pointer_mut(pointer) {
        *value = new.clone();
    }
}

#[tokio::test]
async fn no_file_is_a_server_error_and_what_is_accepted_can_be_used() {
    let world = World::new().await;
    let mut runner = TestRunner::deterministic();
    let strategy = (any::<prop::sample::Index>(), prop::collection::vec(change(), 1..4));
    let (files, owner) = (files(), world.user(OWNER));
    for file in &files {
        api(&world, OWNER, "PUT", "/valid", file).await.expect(if file == &files[0] { 201 } else { 200 });
    }
    let (mut accepted, mut rejected) = (0, 0);
    for n in 0..FILES {
        let (index, changes) = strategy.new_tree(&mut runner).expect("a value").current();
        let mut file = files[index.index(files.len())].clone();
        changes.iter().for_each(|change| mutate(&mut file, change));
        let name = format!("m{n}");
        let answer = api(&world, OWNER, "PUT", &format!("/{name}"), &file).await;
        match answer.status.as_u16() {
            201 => accepted += 1,
            400 => {
                rejected += 1;
                let message = answer.at("/error/message");
                assert!(message.as_str().is_some_and(|text| text.contains(':')), "{message} of {file}");
                continue;
            }
            status => panic!("{status} {} of {file}", answer.text),
        }
        let again = api(&world, OWNER, "PUT", &format!("/{name}"), &answer.json()).await;
        assert_eq!(again.status, 200, "as read: {} of {file}", again.text);
        let mut body = json!({"properties": {"api": {"id": answer.at("/id")}}});
        for values in [json!({}), json!({"code": "k", "site": "a"})] {
            body["properties"]["parameterValues"] = values;
            let made = world.arm(&owner, "PUT", &name, &body).await;
            assert!(made.status.as_u16() < 500, "{} of {file}", made.text);
            let url = made.at("/properties/connectionRuntimeUrl");
            let Some(runtime) = url.as_str().and_then(|url| url.strip_prefix(HUB)) else { continue };
            for (method, path, body) in
                [("GET", "orders?q=1", ""), ("POST", "orders", r#"{"a":[{"b":1}]}"#), ("GET", "orders/7", "")]
            {
                let uri = format!("{runtime}/{path}");
                let called = world.send(method, &uri, &[("authorization", &owner)], body).await;
                assert!(called.status != 500 && called.status != 503, "{} of {file}", called.text);
            }
            let links =
                json!({"parameters": [{"parameterName": "token", "redirectUrl": "http://127.0.0.1/"}]});
            let linked = world.arm(&owner, "POST", &format!("{name}/listConsentLinks"), &links).await;
            assert!(linked.status.as_u16() < 500, "{} of {file}", linked.text);
        }
    }
    assert!(accepted > FILES / 10 && rejected > FILES / 10, "{accepted} accepted, {rejected} rejected");
    let uri = world.connection_path("").replace("connections/?", "connections?");
    world.send("GET", &uri, &[("authorization", &owner)], "").await.expect(200);
    api(&world, OWNER, "GET", "", &Value::Null).await.expect(200);
}
