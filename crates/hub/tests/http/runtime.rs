//! Calls through a connection.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fakes::token;
use crate::world::{CONNECTOR, OWNER, World, swagger};

#[tokio::test]
async fn method_path_query_listed_headers_and_body_are_forwarded_and_nothing_else() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let caller = world.user(OWNER);
    let headers = [
        ("authorization", caller.as_str()),
        ("x-region", "north"),
        ("x-other", "no"),
        ("cookie", "a=b"),
        ("prefer", "return=minimal"),
        ("x-forwarded-for", "1.2.3.4"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    let answer =
        world.send("POST", &format!("{runtime}/orders?$top=5&q=a%20b"), &headers, r#"{"item":"tea"}"#).await;
    let answer = answer.expect(200);
    let seen = world.back_end.last();
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v1/orders?$top=5&q=a%20b"));
    assert_eq!(seen.body, r#"{"item":"tea"}"#);
    assert_eq!(seen.headers["authorization"], format!("Bearer {}", token("access", 1)));
    assert_eq!(
        (seen.headers["x-region"].as_str(), seen.headers["prefer"].as_str()),
        ("north", "return=minimal")
    );
    assert!(seen.headers["traceparent"].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "one trace");
    for name in ["x-other", "cookie", "x-forwarded-for"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }

    assert_eq!(answer.json(), json!({"orders": []}));
    assert_eq!(answer.header("x-orders"), "yes");
    for name in ["set-cookie", "keep-alive", "x-echo"] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    let tenant = world.tenant.to_string();
    for (name, value) in [
        ("x-ms-apihub-cached-response", "false"),
        ("x-ms-apihub-obo", "false"),
        ("x-ms-tenant-id", &tenant),
        ("x-ms-subscription-id", &tenant),
        ("x-ms-environment-id", &format!("Default-{tenant}")),
        ("x-ms-dlp-re", "-|-"),
        ("x-ms-mip-sl", "-|-"),
        ("x-ms-au-creator-id", &OWNER.to_string()),
        ("x-ms-au-caller-id", &OWNER.to_string()),
        ("timing-allow-origin", "*"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("x-ms-request-id").parse::<uuid::Uuid>().is_ok());
    let line = &world.journal("runtime.forwarded").await[0];
    assert_eq!(line["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (line["data"]["operation"].clone(), line["data"]["status"].clone(), line["data"]["path"].clone()),
        (json!("CreateOrder"), json!(200), json!("/orders"))
    );
}

#[tokio::test]
async fn the_hub_does_not_change_error_responses_of_the_back_end() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let caller = world.user(OWNER);
    world
        .send("GET", &format!("{runtime}/orders/missing"), &[("authorization", &caller)], "")
        .await
        .expect(404);
    assert_eq!(world.back_end.last().uri, "/v1/orders/missing");
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

/// API Management returns 404 "Resource not found" if no operation has this path and method (Azure
/// PaaS blog, "API Management limitation workaround: return 404 instead of 405").
#[tokio::test]
async fn calls_of_undeclared_operations_are_not_forwarded_to_the_back_end() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let caller = world.user(OWNER);
    let key = world.arm(&caller, "POST", "orders/listConnectionKeys", &json!({})).await.expect(200);
    let key = format!("Key {}", key.at("/connectionKey").as_str().expect("a key"));
    let undeclared = [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/_lab/tenants"),
        ("DELETE", "/_lab/tenants/11111111-1111-4111-8111-111111111111"),
        ("GET", "/../_lab/tenants"),
        ("GET", "/orders/../../_lab/tenants"),
        ("GET", "/orders/..%2f..%2f_lab%2ftenants"),
        ("GET", "/orders/%2e%2e"),
        ("GET", "/orders/%252e%252e"),
        ("GET", "/orders/."),
        ("GET", "/orders/a%2Fb"),
        ("GET", "/orders/a%5c..%5cb"),
        ("GET", "/orders/a%00b"),
        ("GET", "/%5flab/tenants"),
        ("GET", "/orders/"),
        ("GET", "//orders"),
        ("GET", "/orders//1"),
        ("GET", "/ORDERS"),
        ("GET", "/%6frders"),
        ("GET", "/orders/1/lines"),
        ("GET", "/healthz"),
        ("GET", "/http://127.0.0.1:8703/_lab/tenants"),
        ("HEAD", "/orders"),
        ("OPTIONS", "/orders"),
        ("PUT", "/orders"),
        ("PATCH", "/orders/1"),
        ("DELETE", "/orders/1"),
        ("get", "/orders"),
        ("TRACE", "/orders"),
    ];
    for authorization in [&caller, &key] {
        for (method, path) in undeclared {
            let uri = format!("{runtime}{path}");
            let answer = world.send(method, &uri, &[("authorization", authorization)], "").await.expect(404);
            if method != "HEAD" {
                let expected = json!({"statusCode": 404, "message": "Resource not found"});
                assert_eq!(answer.json(), expected, "{method} {path}");
            }
        }
    }
    assert!(world.back_end.calls().is_empty(), "nothing was forwarded");
    let line = &world.journal("runtime.refused").await[2];
    assert_eq!(
        (line["data"]["status"].clone(), line["data"]["path"].clone(), line["data"].get("operation")),
        (json!(404), json!("/_lab/tenants"), None)
    );
    // The absolute form names the same path (RFC 9112, section 3.2.2).
    let absolute = format!("http://hub.test{runtime}");
    world.send("GET", &format!("{absolute}/orders/7"), &[("authorization", &caller)], "").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders/7");
    world
        .send("GET", &format!("{absolute}/_lab/tenants"), &[("authorization", &caller)], "")
        .await
        .expect(404);
}

/// The maker of a custom connector chooses its paths; the lab surface of a back end must not be
/// reachable.
#[tokio::test]
async fn a_connector_cannot_reach_the_lab_surface() {
    let world = World::new().await;
    for (name, base_path, path) in [
        ("shared_mine", "/", "/_lab/tenants"),
        ("shared_any", "/", "/{any}/{thing}"),
        ("shared_base", "/_lab", "/tenants"),
    ] {
        let mut swagger = swagger(base_path);
        swagger["paths"] = json!({path: {"get": {"operationId": "Tenants"}}});
        swagger["x-ms-capabilities"] = json!({});
        let uri = format!(
            "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/{name}?api-version=2016-06-01",
            world.tenant
        );
        let body = json!({"properties": {
            "displayName": name, "iconBrandColor": "#000000", "swagger": swagger,
        }});
        let user = world.user(OWNER);
        world.send("PUT", &uri, &[("authorization", &user)], &body.to_string()).await.expect(201);
        let api = uri.split('?').next().expect("a path");
        let body = json!({"properties": {"displayName": name, "api": {"id": api}}});
        let made = world.arm(&user, "PUT", name, &body).await.expect(201);
        let url = made.at("/properties/connectionRuntimeUrl");
        let runtime =
            url.as_str().expect("a URL").strip_prefix("http://hub.test").expect("the hub's").to_owned();
        let path = if base_path == "/" { "/_lab/tenants" } else { "/tenants" };
        world.send("GET", &format!("{runtime}{path}"), &[("authorization", &user)], "").await.expect(404);
    }
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn path_and_query_together_have_a_longest_length() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let caller = world.user(OWNER);
    for (query, status) in [(8_192 - "orders".len(), 200), (8_193 - "orders".len(), 400)] {
        let uri = format!("{runtime}/orders?{}", "q".repeat(query));
        world.send("GET", &uri, &[("authorization", &caller)], "").await.expect(status);
    }
    assert_eq!(world.back_end.calls().len(), 1);
}

#[tokio::test]
async fn an_unauthenticated_connection_has_no_token() {
    let world = World::new().await;
    let made = world.put_connection("orders", CONNECTOR).await;
    let url = made.at("/properties/connectionRuntimeUrl");
    let runtime = url.as_str().expect("a URL").strip_prefix("http://hub.test").expect("the hub's").to_owned();
    let answer = world.call(&runtime).await.expect(401);
    let text = "The connection does not contain an access token. Please edit the connection and login.";
    assert_eq!(
        answer.json(),
        json!({"status": 401, "source": "hub.test", "message": text, "error": {"message": text}})
    );
    assert_eq!(world.journal("runtime.refused").await[0]["data"]["why"], text);
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn an_api_without_sign_in_is_called_without_a_token() {
    let world = World::new().await;
    let made = world.put_connection("open", "shared_open").await.expect(201);
    assert_eq!(made.at("/properties/overallStatus"), "Connected");
    let url = made.at("/properties/connectionRuntimeUrl");
    let runtime = url.as_str().expect("a URL").strip_prefix("http://hub.test").expect("the hub's").to_owned();
    world.call(&runtime).await.expect(200);
    assert!(!world.back_end.last().headers.contains_key("authorization"));
}

#[tokio::test]
async fn unreachable_and_unknown_back_ends_are_bad_gateways() {
    let world = World::new().await;
    for (connector, message) in [("shared_gone", "/error/message"), ("shared_lost", "/message")] {
        let made = world.put_connection(connector, connector).await.expect(201);
        let url = made.at("/properties/connectionRuntimeUrl");
        let runtime =
            url.as_str().expect("a URL").strip_prefix("http://hub.test").expect("the hub's").to_owned();
        let answer = world.call(&runtime).await.expect(502);
        assert_ne!(answer.at(message), Value::Null, "{}", answer.text);
        if connector == "shared_gone" {
            assert_eq!(
                (answer.at("/error/code"), answer.at("/error/source"), answer.at(message)),
                (json!(502), json!("hub.test"), json!("BadGateway"))
            );
            assert!(answer.at("/error/innerError").is_string(), "{}", answer.text);
            let event = &world.journal("runtime.forwarded").await[0]["data"];
            assert_eq!(event["unanswered"], "the back end could not be reached", "{event}");
        } else {
            assert_eq!(
                (answer.at("/status"), answer.at("/source"), answer.at("/error/message")),
                (json!(502), json!("hub.test"), answer.at(message))
            );
        }
    }
}

#[tokio::test]
async fn calls_through_a_disabled_connection_are_errors() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let state = |state: &str| json!({"properties": {"connectionState": state}});
    let shown = world.arm(&world.user(OWNER), "PUT", "orders", &state("Disabled")).await.expect(200);
    assert_eq!(
        (shown.at("/properties/connectionState"), shown.at("/properties/overallStatus")),
        (json!("Disabled"), json!("Connected"))
    );
    let answer = world.call(&runtime).await.expect(403);
    assert_eq!(
        answer.at("/message"),
        "Error from token exchange: The connection is disabled so it cannot be used."
    );
    world.arm(&world.user(OWNER), "PUT", "orders", &state("Enabled")).await.expect(200);
    world.call(&runtime).await.expect(200);
}

#[tokio::test]
async fn the_test_operation_checks_a_connection() {
    let mut world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let link = world.get("orders").await.at("/properties/testLinks/0/requestUri");
    let link = link.as_str().expect("a URL").strip_prefix("http://hub.test").expect("the hub's").to_owned();
    world.send("GET", &link, &[("authorization", &world.user(OWNER))], "").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders");
    world.advance(Span::from_hours(2)).await;
    world.issuer.set(crate::fakes::Behavior::Refuse(400, json!({"error": "invalid_grant"})));
    world.send("GET", &link, &[("authorization", &world.user(OWNER))], "").await.expect(401);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
}

#[tokio::test]
async fn a_test_operation_can_have_fixed_parameters() {
    let world = World::new().await;
    let user = world.user(OWNER);
    let mut swagger = swagger("/v1");
    swagger["paths"]["/orders/{id}"]["get"]["parameters"] = json!([{"name": "view", "in": "query"}]);
    swagger["x-ms-capabilities"]["testConnection"] =
        json!({"operationId": "GetOrder", "parameters": {"id": "a b", "view": "short"}});
    let api = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/shared_tested",
        world.tenant
    );
    let body =
        json!({"properties": {"displayName": "Tested", "iconBrandColor": "#000000", "swagger": swagger}});
    let auth = [("authorization", user.as_str())];
    let uri = format!("{api}?api-version=2016-06-01");
    world.send("PUT", &uri, &auth, &body.to_string()).await.expect(201);
    let body = json!({"properties": {"displayName": "tested", "api": {"id": api}}});
    let made = world.arm(&user, "PUT", "tested", &body).await.expect(201);
    assert_eq!(
        made.at("/properties/testRequests/0/body/request"),
        json!({"method": "get", "path": "/orders/a%20b?view=short"})
    );
    let local = |url: Value| url.as_str().expect("a URL").replace("http://hub.test", "");
    world.send("GET", &local(made.at("/properties/testLinks/0/requestUri")), &auth, "").await.expect(200);
    assert_eq!(world.back_end.last().uri, "/v1/orders/a%20b?view=short");
    let request = made.at("/properties/testRequests/0/body").to_string();
    let uri = local(made.at("/properties/testRequests/0/requestUri"));
    let answer = world.send("POST", &uri, &auth, &request).await.expect(200);
    assert_eq!(answer.at("/response/statusCode"), "OK");
    assert_eq!(world.back_end.last().uri, "/v1/orders/a%20b?view=short");
}
