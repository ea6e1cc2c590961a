//! Connections with values of parameters: passwords, keys, parameter sets.

use serde_json::{Value, json};

use crate::custom_apis::api;
use crate::world::{COLLEAGUE, HUB, OWNER, Response, World, swagger};

pub(crate) const PASSWORD: &str = "p4ss:w0rd/very-secret";
pub(crate) const KEY: &str = "k3y/very+secret=value";

/// Creates a custom API with these properties besides the swagger, and these security definitions.
pub(crate) async fn create_api(world: &World, name: &str, properties: Value, definitions: Value) -> Response {
    let mut body = json!({ "properties": properties });
    let mut document = swagger("/v1");
    document["securityDefinitions"] = definitions;
    document["paths"]["/unauthorized"] = json!({"get": {"operationId": "Unauthorized"}});
    let header = json!({"name": "X-Key", "in": "header", "type": "string"});
    document["paths"]["/orders"]["get"]["parameters"].as_array_mut().expect("a list").push(header);
    body["properties"]["swagger"] = document;
    api(world, OWNER, "PUT", &format!("/{name}"), &body).await
}

/// Sends the body of a connection to a custom API.
pub(crate) async fn write(world: &World, method: &str, name: &str, mut properties: Value) -> Response {
    let id = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/{name}",
        world.tenant
    );
    properties["api"] = json!({ "id": id });
    world.arm(&world.user(OWNER), method, name, &json!({ "properties": properties })).await
}

/// Creates an API and a connection of the same name. Returns the connection's runtime path.
pub(crate) async fn connect(world: &World, name: &str, api: (Value, Value), connection: Value) -> String {
    create_api(world, name, api.0, api.1).await.expect(201);
    let made = write(world, "PUT", name, connection).await.expect(201);
    assert_eq!(made.at("/properties/overallStatus"), "Connected");
    let url = made.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

pub(crate) fn required(kind: &str) -> Value {
    json!({"type": kind, "uiDefinition": {"constraints": {"required": "true"}}})
}

fn basic() -> (Value, Value) {
    let parameters = json!({"username": required("string"), "password": required("securestring")});
    (json!({ "connectionParameters": parameters }), json!({"basic": {"type": "basic"}}))
}

fn key(place: &str, name: &str) -> (Value, Value) {
    let definitions = json!({"API Key": {"type": "apiKey", "in": place, "name": name}});
    (json!({"connectionParameters": {"api_key": required("securestring")}}), definitions)
}

#[tokio::test]
async fn a_stored_password_is_sent_with_every_call() {
    let world = World::new().await;
    let values = json!({"parameterValues": {"username": "owner", "password": PASSWORD}});
    let (mut without, _) = basic();
    without["displayName"] = json!("Without definitions");
    for (name, api) in [("basic", basic()), ("conventional", (without, json!({})))] {
        let runtime = connect(&world, name, api, values.clone()).await;
        let answer = world.call(&runtime).await.expect(200);
        // owner:p4ss:w0rd/very-secret
        let expected = "Basic b3duZXI6cDRzczp3MHJkL3Zlcnktc2VjcmV0";
        assert_eq!(world.back_end.last().headers["authorization"], expected, "{name}");
        assert!(!answer.headers.contains_key("x-echo"), "the credential is in a header of the response");
        let event = &world.journal("runtime.forwarded").await[0]["data"];
        assert_eq!((&event["operation"], &event["access_token"]), (&json!("ListOrders"), &Value::Null));
    }
    let auth = world.user(OWNER);
    let runtime = world.get("basic").await.at("/properties/connectionRuntimeUrl");
    let uri = format!("{}/unauthorized", runtime.as_str().expect("a URL").strip_prefix(HUB).expect("ours"));
    let answer = world.send("GET", &uri, &[("authorization", &auth)], "").await.expect(401);
    assert_eq!(
        (answer.text.as_str(), answer.header("www-authenticate")),
        ("wrong", "Basic realm=\"orders\"")
    );
    assert_eq!(world.get("basic").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test]
async fn a_key_is_sent_in_a_header_or_the_query_and_a_caller_cannot_replace_it() {
    let world = World::new().await;
    let values = json!({"parameterValues": {"api_key": KEY}});
    let auth = world.user(OWNER);
    let theirs = [("authorization", auth.as_str()), ("x-key", "theirs")];

    let runtime = connect(&world, "header", key("header", "X-Key"), values.clone()).await;
    let answer = world.send("GET", &format!("{runtime}/orders?a=b"), &theirs, "").await.expect(200);
    let seen = world.back_end.last();
    assert_eq!((seen.headers["x-key"].as_str(), seen.uri.as_str()), (KEY, "/v1/orders?a=b"));
    assert!(!seen.headers.contains_key("authorization"));
    assert!(!answer.text.contains(KEY));

    let runtime = connect(&world, "authorization", key("header", "Authorization"), values.clone()).await;
    world.send("GET", &format!("{runtime}/orders"), &theirs, "").await.expect(200);
    assert_eq!(world.back_end.last().headers["authorization"], KEY);

    let runtime = connect(&world, "query", key("query", "code"), values).await;
    let uri = format!("{runtime}/orders?code=theirs&a=b&CODE=theirs&%63ode=theirs");
    let answer = world.send("GET", &uri, &theirs, "").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders?a=b&code=k3y%2Fvery%2Bsecret%3Dvalue");
    assert!(!answer.headers.contains_key("x-query"), "the key is in a header of the response");
    assert_eq!(world.journal("runtime.forwarded").await[0]["data"]["path"], "/orders");
}

#[tokio::test]
async fn a_connection_has_the_sign_in_of_its_parameter_set() {
    let world = World::new().await;
    let token = json!({"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "clientSecret": "a-secret-in-a-set",
        "customParameters": {"resourceUri": {"value": "api://x"}},
    }});
    let sets = json!({"connectionParameterSets": {"uiDefinition": {"displayName": "Type"}, "values": [
        {"name": "basic", "parameters": {"username": required("string"), "password": required("securestring")}},
        {"name": "key", "parameters": {"api_key": required("securestring")}},
        {"name": "delegated", "parameters": {"token": token}},
        {"name": "open", "parameters": {}},
    ]}});
    let definitions =
        json!({"b": {"type": "basic"}, "k": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    let made = create_api(&world, "sets", sets, definitions).await.expect(201);
    assert!(!made.text.contains("a-secret-in-a-set"));
    let redirect = "/properties/connectionParameterSets/values/2/parameters/token/oAuthSettings/redirectUrl";
    assert_eq!(made.at(redirect), format!("{HUB}/redirect"));

    let answer = write(&world, "PUT", "sets", json!({})).await.expect(400);
    assert!(answer.text.contains("properties.parameterValueSet: it is required"), "{}", answer.text);
    let set = |name: &str, values: Value| json!({"parameterValueSet": {"name": name, "values": values}});
    let password = json!({"username": {"value": "u"}, "password": {"value": PASSWORD}});
    let made = write(&world, "PUT", "sets", set("basic", password)).await.expect(201);
    assert_eq!(
        made.at("/properties/parameterValueSet"),
        json!({"name": "basic", "values": {"username": {"value": "u"}}})
    );
    let runtime = made.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL");
    let answer = world.call(runtime).await.expect(200);
    assert_eq!(answer.header("x-ms-connection-parameter-set-name"), "basic");
    assert!(world.back_end.last().headers["authorization"].starts_with("Basic "));

    // Another set replaces the values, and what follows from them.
    write(&world, "PATCH", "sets", set("key", json!({}))).await.expect(400);
    write(&world, "PATCH", "sets", set("key", json!({"api_key": {"value": KEY}}))).await.expect(200);
    world.call(runtime).await.expect(200);
    let seen = world.back_end.last().headers;
    assert_eq!((seen.get("authorization"), seen["x-key"].as_str()), (None, KEY));
    let changed = write(&world, "PATCH", "sets", set("delegated", json!({}))).await.expect(200);
    assert_eq!(changed.at("/properties/overallStatus"), "Error");
    world.call(runtime).await.expect(401);
    world.sign_in("sets").await;
    world.call(runtime).await.expect(200);
    assert!(world.back_end.last().headers["authorization"].starts_with("Bearer "));
    assert_eq!(world.issuer.last()["client_secret"], "a-secret-in-a-set");
    let changed = write(&world, "PATCH", "sets", set("open", json!({}))).await.expect(200);
    assert_eq!(changed.at("/properties/overallStatus"), "Connected");
    world.call(runtime).await.expect(200);
    assert!(!world.back_end.last().headers.contains_key("authorization"));
}

#[tokio::test]
async fn values_are_checked_replaced_and_returned_without_secrets() {
    let world = World::new().await;
    let parameters = json!({"connectionParameters": {
        "api_key": required("securestring"), "count": {"type": "int"}, "site": required("string"),
        "region": {"type": "string", "uiDefinition": {"constraints": {"allowedValues": [{"value": "eu"}, {"value": "us"}]}}},
    }});
    let made = create_api(&world, "mine", parameters, key("header", "X-Key").1).await.expect(201);
    let wrong = json!({
        "displayName": 1, "parameterValues": {"count": "many", "region": "mars", "other": KEY},
    });
    let answer = write(&world, "PUT", "mine", wrong).await.expect(400);
    for place in [
        "properties.displayName: it must be a string",
        "properties.parameterValues.count: it must be an integer",
        "properties.parameterValues.region: it must be one of eu, us",
        "properties.parameterValues.other: the connector has no such parameter",
        "properties.parameterValues.api_key: it is required",
        "properties.parameterValues.site: it is required",
    ] {
        assert!(answer.text.contains(place), "{place}: {}", answer.text);
    }
    assert!(!answer.text.contains(KEY));

    let values = json!({"parameterValues": {"api_key": KEY, "site": "a", "count": "7", "region": "eu"}});
    let made_connection = write(&world, "PUT", "mine", values).await.expect(201);
    let readable = json!({"count": 7, "region": "eu", "site": "a"});
    assert_eq!(made_connection.at("/properties/nonSecretParameterValues"), readable);
    assert_eq!(made_connection.at("/properties/parameterValues"), json!({}));
    // What was read can be written, and keeps the secret.
    let mut read = world.get("mine").await.json();
    read["properties"]["nonSecretParameterValues"] = json!({"site": "b"});
    let put = world.arm(&world.user(OWNER), "PUT", "mine", &read).await.expect(200);
    assert_eq!(put.at("/properties/nonSecretParameterValues"), json!({"site": "b"}));
    let runtime = put.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned();
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["x-key"], KEY);
    let patch = json!({"parameterValues": {"api_key": "another-secret", "count": 8}});
    let patched = write(&world, "PATCH", "mine", patch).await.expect(200);
    assert_eq!(patched.at("/properties/nonSecretParameterValues"), json!({"count": 8, "site": "b"}));
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["x-key"], "another-secret");
    world.arm(&world.user(COLLEAGUE), "PATCH", "mine", &json!({})).await.expect(403);

    // A parameter that the connector requires since then has to be given first.
    let mut changed = made.json();
    changed["properties"]["connectionParameters"]["tenant"] = required("string");
    api(&world, OWNER, "PUT", "/mine", &changed).await.expect(200);
    let answer = world.call(&runtime).await.expect(401);
    assert_eq!(
        answer.at("/message"),
        "The connection does not contain a value for the parameter 'tenant'. Please edit the connection."
    );
    write(&world, "PATCH", "mine", json!({"displayName": "Renamed"})).await.expect(200);
    write(&world, "PATCH", "mine", json!({"parameterValues": {"tenant": "t"}})).await.expect(200);
    world.call(&runtime).await.expect(200);
    // The journal tells which changes gave a secret.
    let changes = world.journal("connection.changed").await;
    let given: Vec<_> = changes.iter().map(|event| event["data"]["secret"].clone()).collect();
    assert_eq!(given, [json!(false), json!(true), Value::Null, json!(false)], "{changes:?}");
}

#[tokio::test]
async fn no_value_is_in_a_response_the_journal_or_the_database() {
    let world = World::new().await;
    let values = json!({"parameterValues": {"username": "owner", "password": PASSWORD}});
    let runtime = connect(&world, "basic", basic(), values.clone()).await;
    let mut answers = write(&world, "PUT", "basic", values).await.expect(200).text;
    let runtime_key =
        connect(&world, "query", key("query", "code"), json!({"parameterValues": {"api_key": KEY}})).await;
    for runtime in [&runtime, &runtime_key] {
        let answer = world.call(runtime).await.expect(200);
        answers.push_str(&format!("{:?}{}", answer.headers, answer.text));
    }
    for rest in ["basic", "query", "basic/extensions/proxy/testconnection", "basic/accessPolicies"] {
        answers.push_str(&world.arm(&world.user(OWNER), "GET", rest, &Value::Null).await.text);
    }
    let body = json!({"request": {"method": "get", "path": "/orders"}});
    answers.push_str(
        &world.arm(&world.user(OWNER), "POST", "query/dynamicInvoke", &body).await.expect(200).text,
    );
    let journal =
        world.send("GET", &format!("/_lab/tenants/{}/journal", world.tenant), &[], "").await.expect(200).text;
    assert!(journal.contains("runtime.forwarded"), "the journal was read");
    let database = world.database.content();
    let found = |secret: &str| database.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(found("\"username\":\"owner\""), "the database was read");
    for secret in [PASSWORD, KEY, "k3y%2Fvery%2Bsecret%3Dvalue", "b3duZXI6cDRzczp3MHJkL3Zlcnktc2VjcmV0"] {
        assert!(!answers.contains(secret), "in an answer: {secret}: {answers}");
        assert!(!journal.contains(secret), "in the journal: {secret}");
        assert!(!found(secret), "in the database: {secret}");
    }
}

#[tokio::test]
async fn sealed_values_belong_to_one_connection() {
    let world = World::new().await;
    let values = |key: &str| json!({"parameterValues": {"api_key": key}});
    let one = connect(&world, "one", key("header", "X-Key"), values("first-secret")).await;
    connect(&world, "two", key("header", "X-Key"), values("second-secret")).await;
    let copy = outlive_store::sql!(
        "UPDATE connections SET data_key_sealed = (SELECT data_key_sealed FROM connections WHERE name = 'two'), \
         secrets_sealed = (SELECT secrets_sealed FROM connections WHERE name = 'two') WHERE name = 'one'"
    );
    world.store.commit(copy).await.expect("copied");
    world.call(&one).await.expect(401);
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn a_connection_through_a_gateway_answers_that_no_gateway_is_there() {
    let world = World::new().await;
    let gateway = json!({"type": "gatewaySetting", "gatewaySettings": {"dataSourceType": "CustomConnector"},
        "uiDefinition": {"constraints": {"required": "true", "capability": ["gateway"]}}});
    let properties = json!({"capabilities": ["gateway"], "connectionParameters": {"gateway": gateway}});
    create_api(&world, "gateway", properties.clone(), json!({})).await.expect(201);
    write(&world, "PUT", "gateway", json!({})).await.expect(400);
    let values = json!({"parameterValues": {"gateway": {"id": "g"}}});
    let runtime = connect(&world, "gateway2", (properties, json!({})), values).await;
    let answer = world.call(&runtime).await.expect(502);
    assert!(answer.text.contains("no gateway is installed"), "{}", answer.text);
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn no_gateway_is_listed() {
    let world = World::new().await;
    let user = world.user(OWNER);
    let get = async |path: &str| {
        let uri = format!("/subscriptions/{}/{path}?api-version=2016-06-01", world.tenant);
        world.send("GET", &uri, &[("authorization", &user)], "").await
    };
    let gateways = "resourceGroups/lab/providers/Microsoft.Web/connectionGateways";
    let installations = "providers/Microsoft.Web/locations/unitedstates/connectionGatewayInstallations";
    for path in [gateways, installations] {
        assert_eq!(get(path).await.expect(200).json(), json!({"value": []}), "{path}");
    }
    let missing = get(&format!("{gateways}/office")).await.expect(404);
    assert_eq!(missing.at("/error/code"), "ResourceNotFound");
}

#[tokio::test]
async fn the_default_of_a_secret_parameter_is_used_and_never_shown() {
    let world = World::new().await;
    let (mut api_properties, definitions) = key("header", "X-Key");
    api_properties["connectionParameters"]["api_key"]["defaultValue"] = json!(KEY);
    let made = create_api(&world, "default", api_properties, definitions).await.expect(201);
    let runtime = write(&world, "PUT", "default", json!({})).await.expect(201);
    let runtime = runtime.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned();
    let read = api(&world, OWNER, "GET", "/default", &Value::Null).await.expect(200);
    let all = api(&world, OWNER, "GET", "", &Value::Null).await.expect(200);
    // As read, it keeps the default.
    let again = api(&world, OWNER, "PUT", "/default", &read.json()).await.expect(200);
    let patch = json!({"properties": {"displayName": "Other"}});
    let patched = api(&world, OWNER, "PATCH", "/default", &patch).await.expect(200);
    for answer in [&made, &read, &all, &again, &patched] {
        assert!(!answer.text.contains(KEY) && !answer.text.contains("defaultValue"), "{}", answer.text);
    }
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["x-key"], KEY);
    let mut without = patched.json();
    without["properties"]["connectionParameters"]["api_key"]["defaultValue"] = Value::Null;
    api(&world, OWNER, "PUT", "/default", &without).await.expect(200);
    let refused = world.call(&runtime).await.expect(401);
    assert!(refused.text.contains("a value for the parameter 'api_key'"), "{}", refused.text);
}
