//! Policies of a connector, which rewrite its calls.

use serde_json::{Map, Value, json};

use crate::fakes::ReceivedCall;
use crate::parameters::{connect, create_api, required, write};
use crate::world::{OWNER, Response, World};

pub(crate) fn policy(template: &str, parameters: &Value, operations: &[&str]) -> Value {
    let mut named = Map::new();
    for (name, value) in parameters.as_object().expect("an object") {
        let prefix = if name == "policySection" { "-" } else { "Parameter." };
        named.insert(format!("x-ms-apimTemplate{prefix}{name}"), value.clone());
    }
    if !operations.is_empty() {
        named.insert("x-ms-apimTemplate-operationName".to_owned(), json!(operations));
    }
    json!({"templateId": template, "title": "A policy", "parameters": named})
}

/// An API with parameters for a URL, a site and a key, and these policies.
fn with(policies: Value) -> (Value, Value) {
    let parameters = json!({
        "url": {"type": "string"}, "site": {"type": "string"}, "api_key": required("securestring"),
        "region": {"type": "string", "defaultValue": "eu"},
    });
    (json!({"connectionParameters": parameters, "policyTemplateInstances": policies}), json!({}))
}

async fn connection(world: &World, name: &str, policies: Value, values: Value) -> String {
    let mut all = json!({"api_key": "very-secret-key"});
    all.as_object_mut().expect("an object").extend(values.as_object().expect("an object").clone());
    connect(world, name, with(policies), json!({ "parameterValues": all })).await
}

pub(crate) async fn call(
    world: &World,
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let auth = world.user(OWNER);
    let mut all = vec![("authorization", auth.as_str())];
    all.extend(headers);
    world.send(method, uri, &all, body).await
}

async fn sent(world: &World, method: &str, uri: &str, headers: &[(&str, &str)]) -> ReceivedCall {
    call(world, method, uri, headers, "").await.expect(200);
    world.back_end.last()
}

#[tokio::test]
async fn the_host_and_base_path_come_from_the_connection() {
    let world = World::new().await;
    for (name, template, values, expected) in [
        (
            "a",
            "@connectionParameters('url')/v2/",
            json!({"url": "https://Orders.contoso.example"}),
            "/v2/orders?a=b",
        ),
        (
            "b",
            "https://@connectionParameters('site').contoso.example/up",
            json!({"site": "eu"}),
            "/up/orders?a=b",
        ),
        ("c", "https://@connectionParameters('site', 'orders').contoso.example", json!({}), "/orders?a=b"),
        ("d", "@ConnectionParameters('region').contoso.example/x", json!({}), "/x/orders?a=b"),
    ] {
        let policies = json!([policy("dynamichosturl", &json!({"urlTemplate": template}), &[])]);
        let runtime = connection(&world, name, policies, values).await;
        assert_eq!(
            sent(&world, "GET", &format!("{runtime}/orders?a=b"), &[]).await.uri,
            expected,
            "{template}"
        );
    }
}

#[tokio::test]
async fn a_call_to_an_unreachable_host_fails() {
    let world = World::new().await;
    let dynamic = |template: &str| json!([policy("dynamichosturl", &json!({"urlTemplate": template}), &[])]);
    for (name, template, url, status, message) in [
        ("a", "@connectionParameters('url')", "http://127.0.0.1:1/", 502, "127.0.0.1"),
        ("b", "@connectionParameters('url')", "http://169.254.169.254", 502, "is not configured"),
        ("c", "@connectionParameters('url')", "https://user:pw@orders.contoso.example", 400, "valid URL"),
        ("d", "@connectionParameters('url')", "https://orders.contoso.example/a/../b", 400, "valid URL"),
        ("e", "@connectionParameters('url')", "https://orders.contoso.example?x=", 400, "valid URL"),
        ("f", "@connectionParameters('url')", "file:///etc/passwd", 400, "valid URL"),
        ("g", "@connectionParameters('url')", "https://orders.contoso.example/_lab", 404, "not found"),
        ("h", "@connectionParameters('site')", "x", 400, "needs the connection parameter 'site'"),
        ("i", "https://@{queryParameters('x')}.contoso.example", "x", 400, "needs the query parameter 'x'"),
        ("k", "@queryParameters('host')", "x", 400, "lets callers choose the host"),
        ("l", "https://@{headers('accept')}", "x", 400, "lets callers choose the host"),
        ("j", "https://@connectionParameters('api_key').example", "x", 502, "The back end of this connector"),
    ] {
        let runtime = connection(&world, name, dynamic(template), json!({"url": url})).await;
        let answer = call(&world, "GET", &format!("{runtime}/orders"), &[], "").await.expect(status);
        assert!(answer.text.contains(message), "{name}: {}", answer.text);
        assert!(!answer.text.contains("very-secret-key"));
    }
    assert!(world.back_end.calls().is_empty());
    assert!(
        !world.journal("runtime.refused").await.iter().any(|it| it.to_string().contains("very-secret-key"))
    );
}

#[tokio::test]
async fn a_caller_chooses_no_host_and_leaves_no_path() {
    let world = World::new().await;
    let dynamic = |template: &str| json!([policy("dynamichosturl", &json!({"urlTemplate": template}), &[])]);
    let host =
        connection(&world, "a", dynamic("https://@{queryParameters('r')}.contoso.example/fixed"), json!({}))
            .await;
    assert_eq!(sent(&world, "GET", &format!("{host}/orders?r=eu"), &[]).await.uri, "/fixed/orders?r=eu");
    for given in ["orders.contoso.example/", "x%23", "u@x", "x:1", "x%5C", "", "https://x"] {
        let answer = call(&world, "GET", &format!("{host}/orders?r={given}"), &[], "").await.expect(400);
        assert!(answer.text.contains("cannot be part of a host name"), "{given}: {}", answer.text);
    }
    let path = connection(
        &world,
        "b",
        dynamic("https://orders.contoso.example/f/@{queryParameters('r')}"),
        json!({}),
    );
    let path = path.await;
    let seen = sent(&world, "GET", &format!("{path}/orders?r=a/b"), &[]).await;
    assert_eq!(seen.uri, "/f/a%2Fb/orders?r=a/b");
    for given in ["..", "%252e%252e", "a/../.."] {
        call(&world, "GET", &format!("{path}/orders?r={given}"), &[], "").await.expect(400);
    }
    for (name, site) in [("c", "../admin"), ("d", "%2e%2e/admin")] {
        let template = "https://orders.contoso.example/f/@{connectionParameters('site')}";
        let runtime = connection(&world, name, dynamic(template), json!({"site": site})).await;
        call(&world, "GET", &format!("{runtime}/orders"), &[], "").await.expect(400);
    }
    assert_eq!(world.back_end.calls().len(), 2);
    // The value of a parameter or header may be a key, so no message contains the host.
    let hidden =
        connection(&world, "e", dynamic("https://@{queryParameters('r')}.nowhere.example"), json!({})).await;
    let answer =
        call(&world, "GET", &format!("{hidden}/orders?r=very-secret-key"), &[], "").await.expect(502);
    assert!(!answer.text.contains("very-secret-key"), "{}", answer.text);
}

#[tokio::test]
async fn a_route_replaces_path_and_method_for_its_operations() {
    let world = World::new().await;
    let route = json!({"newPath": "/shops/{shop}/items({id})?full=1", "httpMethod": "PUT"});
    let runtime =
        connection(&world, "a", json!([policy("routerequesttoendpoint", &route, &["GetOrder"])]), json!({}))
            .await;
    let seen = sent(&world, "GET", &format!("{runtime}/orders/4%202?shop=a%2Fb&x=y"), &[]).await;
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("PUT", "/v1/shops/a%2Fb/items(4%202)?x=y&full=1"));
    let seen = sent(&world, "GET", &format!("{runtime}/orders"), &[]).await;
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("GET", "/v1/orders"));
    let answer = call(&world, "GET", &format!("{runtime}/orders/4"), &[], "").await.expect(400);
    assert!(answer.text.contains("needs the parameter 'shop'"), "{}", answer.text);
    let method = json!({"newPath": "/x", "httpMethod": "@queryParameters('m')"});
    let any =
        connection(&world, "m", json!([policy("routerequesttoendpoint", &method, &[])]), json!({})).await;
    assert_eq!(sent(&world, "GET", &format!("{any}/orders?m=put"), &[]).await.method, "PUT");
    for method in ["CONNECT", "trace", "a b", ""] {
        let uri = format!("{any}/orders?m={}", method.replace(' ', "%20"));
        let answer = call(&world, "GET", &uri, &[], "").await.expect(400);
        assert!(answer.text.contains("does not give an HTTP method"), "{}", answer.text);
    }
    let long = format!("{any}/orders?m=get&x={}", "x".repeat(9_000));
    let answer = call(&world, "GET", &long, &[], "").await.expect(400);
    assert!(answer.text.contains("too long"), "{}", answer.text);
    // What the caller gives cannot leave the base path.
    let answer = call(&world, "GET", &format!("{runtime}/orders/4?shop=.."), &[], "").await.expect(404);
    assert!(answer.text.contains("not found"), "{}", answer.text);
}

#[tokio::test]
async fn headers_and_parameters_are_set_as_the_policy_says() {
    let world = World::new().await;
    let set = |template: &str, name: &str, value: &str, exists: &str| {
        policy(template, &json!({"name": name, "value": value, "existsAction": exists}), &["ListOrders"])
    };
    let policies = json!([
        set("setheader", "Authorization", "Bearer @connectionParameters('api_key')", "override"),
        set("setheader", "X-Region", "theirs-wins", "skip"),
        set("setheader", "X-Copy", "@headers('x-region')", "override"),
        set("setheader", "X-Empty", "@connectionParameters('site','')", "override"),
        set("setqueryparameter", "a", "ours", "override"),
        set("setqueryparameter", "b", "ours", "skip"),
        set("setqueryparameter", "c", "@queryParameters('b')", "append"),
        set("setqueryparameter", "d", "", "delete"),
    ]);
    let runtime = connection(&world, "a", policies, json!({})).await;
    let uri = format!("{runtime}/orders?a=1&b=2&c=3&d=4");
    let answer = call(&world, "GET", &uri, &[("x-region", "north")], "").await.expect(200);
    let seen = world.back_end.last();
    assert_eq!(seen.uri, "/v1/orders?b=2&c=3&a=ours&c=2");
    let header = |name: &str| seen.headers.get(name).map(String::as_str);
    assert_eq!(header("authorization"), Some("Bearer very-secret-key"));
    assert_eq!(
        (header("x-region"), header("x-copy"), header("x-empty")),
        (Some("north"), Some("north"), None)
    );
    assert!(!answer.headers.contains_key("x-echo"), "the key is in a header of the response");
    let seen = sent(&world, "GET", &format!("{runtime}/orders/4"), &[]).await;
    assert!(!seen.headers.contains_key("authorization"), "another operation");
}

#[tokio::test]
async fn a_value_with_a_line_break_stops_the_call() {
    let world = World::new().await;
    let key = json!({"name": "X-Api", "value": "@connectionParameters('site')"});
    let runtime =
        connection(&world, "a", json!([policy("setheader", &key, &[])]), json!({"site": "a\r\nX-Evil: 1"}))
            .await;
    let answer = call(&world, "GET", &format!("{runtime}/orders"), &[], "").await.expect(400);
    assert!(answer.text.contains("the header 'x-api'") && !answer.text.contains("Evil"), "{}", answer.text);
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn policies_change_json_bodies_and_responses() {
    let world = World::new().await;
    let property = |section: &str, parent: &str, name: &str, value: &str| {
        let parameters = json!({
            "newPropertyParentPathTemplate": parent, "newPropertySubPathTemplate": name,
            "propertyValuePathTemplate": value, "policySection": section,
        });
        policy("setproperty", &parameters, &["CreateOrder"])
    };
    let header =
        json!({"name": "X-Shop", "value": "@connectionParameters('region')", "policySection": "Response"});
    let policies = json!([
        property("Request", "@body()", "meta/region", "@connectionParameters('region')"),
        property("Request", "@body().item", "copy", "@body().count"),
        property("Response", "@body()", "value", "@body().orders"),
        property("Response", "@body()", "absent", "@body().none"),
        policy("setheader", &header, &["CreateOrder"]),
    ]);
    let runtime = connection(&world, "a", policies, json!({})).await;
    let body = json!({"count": 7, "item": {"name": "tea"}}).to_string();
    let answer = call(&world, "POST", &format!("{runtime}/orders"), &[], &body).await.expect(200);
    let seen: Value = serde_json::from_str(&world.back_end.last().body).expect("JSON");
    assert_eq!(seen, json!({"count": 7, "item": {"name": "tea", "copy": 7}, "meta": {"region": "eu"}}));
    assert_eq!(answer.json(), json!({"orders": [], "value": []}));
    assert_eq!(answer.header("x-shop"), "eu");
    let answer = call(&world, "POST", &format!("{runtime}/orders"), &[], "tea").await.expect(400);
    assert!(answer.text.contains("not JSON"), "{}", answer.text);
    call(&world, "POST", &format!("{runtime}/orders"), &[], "").await.expect(200);
    assert_eq!(world.back_end.last().body, "", "without content");
}

#[tokio::test]
async fn what_policies_make_of_a_call_has_limits() {
    let world = World::new().await;
    let property = |section: &str, name: &str| {
        let parameters = json!({
            "newPropertyParentPathTemplate": "@body()", "newPropertySubPathTemplate": name,
            "propertyValuePathTemplate": "@body()", "policySection": section,
        });
        policy("setproperty", &parameters, &[])
    };
    let doubled = "@{queryParameters('a')}@{queryParameters('a')}";
    let query = json!({"name": "a", "value": doubled});
    let header = json!({"name": "X-A", "value": doubled, "existsAction": "append"});
    let route = json!({"newPath": "/x/{a}/{a}/{a}", "httpMethod": "GET"});
    let response =
        json!({"name": "X-A", "value": "@headers('x-a')@headers('x-a')", "policySection": "Response"});
    let first = json!({"name": "X-A", "value": "aaaa", "policySection": "Response"});
    let mut doubled_response = vec![policy("setheader", &first, &[])];
    doubled_response.extend(vec![policy("setheader", &response, &[]); 20]);
    let members = |section: &str| (0..100).map(|n| property(section, &format!("m{n}"))).collect::<Vec<_>>();
    let long = "x".repeat(6_000);
    for (name, policies, status, message) in [
        ("a", vec![policy("setqueryparameter", &query, &[]); 100], 400, "query of more than"),
        ("b", vec![policy("setheader", &header, &[]); 100], 400, "headers of more than 64 KiB"),
        ("c", members("Request"), 400, "content of more than"),
        ("d", members("Response"), 502, "content of more than"),
        ("e", doubled_response, 502, "gives more than 16384 bytes"),
        ("f", vec![policy("routerequesttoendpoint", &route, &[])], 400, "missing"),
    ] {
        let runtime = connection(&world, name, json!(policies), json!({})).await;
        let body = json!({"k": "y".repeat(100)}).to_string();
        let answer =
            call(&world, "POST", &format!("{runtime}/orders?a={long}"), &[], &body).await.expect(status);
        assert!(answer.text.contains(message) && answer.text.len() < 1_000, "{name}: {}", answer.text);
    }
    let parameters = json!({
        "newPropertyParentPathTemplate": "@body()", "newPropertySubPathTemplate": "a/".repeat(12_000),
        "propertyValuePathTemplate": "v",
    });
    let (properties, definitions) = with(json!([policy("setproperty", &parameters, &[])]));
    let answer = create_api(&world, "deep", properties, definitions).await.expect(400);
    assert!(answer.text.contains("newPropertySubPathTemplate"), "{}", answer.text);
}

#[tokio::test]
async fn what_the_hub_does_not_run_is_rejected_and_the_rest_works() {
    let world = World::new().await;
    let (mut properties, _) = with(json!([
        policy("setarrayitem", &json!({"index": "1"}), &["CreateOrder"]),
        policy("pollingtrigger", &json!({"triggerConfig": {"after": "@{triggerBody().x}"}}), &["ListOrders"]),
    ]));
    properties["scriptOperations"] = json!(["GetOrder"]);
    let values = json!({"parameterValues": {"api_key": "very-secret-key"}});
    let runtime = connect(&world, "a", (properties, json!({})), values).await;
    let answer = call(&world, "GET", &format!("{runtime}/orders/4"), &[], "").await.expect(400);
    assert!(answer.text.contains("'GetOrder' runs custom code (scriptOperations)"), "{}", answer.text);
    let answer = call(&world, "POST", &format!("{runtime}/orders"), &[], "{}").await.expect(400);
    let place = "properties.policyTemplateInstances[0] of the operation 'CreateOrder' has the template 'setarrayitem'";
    assert!(answer.text.contains(place), "{}", answer.text);
    assert!(world.back_end.calls().is_empty());
    call(&world, "GET", &format!("{runtime}/orders"), &[], "").await.expect(200);
}

#[tokio::test]
async fn a_connector_with_policies_can_be_written_as_read_or_lists_its_mistakes() {
    let world = World::new().await;
    let good = json!([policy(
        "dynamichosturl",
        &json!({"urlTemplate": "https://@connectionParameters('site')"}),
        &[]
    )]);
    let (mut properties, definitions) = with(good);
    properties["publisher"] = json!("Contoso");
    let made = create_api(&world, "a", properties, definitions).await.expect(201);
    let again = crate::custom_apis::api(&world, OWNER, "PUT", "/a", &made.json()).await.expect(200);
    assert_eq!(again.json(), made.json());
    assert!(again.text.contains("dynamichosturl") && again.text.contains("Contoso"));

    let (mut properties, _) = with(json!([policy("dynamichosturl", &json!({}), &[]), {}]));
    properties["connectionParameters"]["bad"] = json!({"type": "date"});
    let answer = create_api(&world, "b", properties, json!({"k": {"type": "digest"}})).await.expect(400);
    for place in [
        "properties.connectionParameters.bad",
        "properties.policyTemplateInstances[0].parameters.x-ms-apimTemplateParameter.urlTemplate",
        "properties.policyTemplateInstances[1].templateId",
        "swagger.securityDefinitions.k.type",
    ] {
        assert!(answer.text.contains(place), "{place}: {}", answer.text);
    }
    let answer = write(&world, "PUT", "b", json!({"parameterValues": {"x": 1}})).await.expect(404);
    assert!(answer.text.contains("ApiNotFound"), "{}", answer.text);
}
