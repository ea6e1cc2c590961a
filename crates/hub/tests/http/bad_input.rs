//! Invalid requests are rejected with an error that says why.

use outlive_tokens::{TokenVersion, issuer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{CONNECTOR, ORIGIN, OWNER, World};

#[tokio::test]
async fn tokens_for_another_purpose_are_rejected_by_the_control_plane() {
    let world = World::new().await;
    let with = |name: &str, value: Value| {
        let mut claims = world.claims(OWNER);
        claims[name] = value;
        world.sign(&claims)
    };
    let other = Uuid::from_u128(0x99);
    let uri = world.connection_path("orders");
    for (token, status) in [
        (String::new(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer garbage".to_owned(), 401),
        ("Basic YTpi".to_owned(), 401),
        (with("aud", json!("https://graph.microsoft.com")), 401),
        (with("exp", json!(world.now.as_seconds())), 401),
        (with("iss", json!("https://evil.example/")), 401),
        (with("tid", json!(other)), 401),
        (with("scp", json!("Something.Else")), 403),
        (world.user(OWNER), 404),
        (world.user(OWNER).replacen("Bearer", "bearer", 1), 404),
    ] {
        let answer = world.send("GET", &uri, &[("authorization", &token)], "").await;
        assert_eq!(answer.status.as_u16(), status, "{token:.60}: {}", answer.text);
        assert_ne!(answer.at("/error/code"), Value::Null);
        assert_eq!(answer.header("www-authenticate").starts_with("Bearer "), status == 401);
    }
}

#[tokio::test]
async fn token_and_subscription_must_match() {
    let world = World::new().await;
    let other = Uuid::from_u128(0x22);
    let spec = json!({"clock": {"now": world.now, "speed": 0}}).to_string();
    world.send("PUT", &format!("/_lab/tenants/{other}"), &[], &spec).await.expect(201);
    let uri = world.connection_path("orders").replace(&world.tenant.to_string(), &other.to_string());
    let answer = world.send("GET", &uri, &[("authorization", &world.user(OWNER))], "").await.expect(401);
    assert_eq!(answer.at("/error/code"), "InvalidAuthenticationTokenTenant");
    let mut claims = world.claims(OWNER);
    claims["tid"] = json!(other);
    claims["iss"] = json!(issuer(ORIGIN, outlive_clock::TenantId::from_uuid(other), TokenVersion::V1));
    world.send("GET", &uri, &[("authorization", &world.sign(&claims))], "").await.expect(404);

    // A user of the other tenant cannot use this tenant's connection by its runtime URL either.
    let runtime = world.connect("orders", CONNECTOR).await;
    let uri = format!("{runtime}/orders");
    world.send("GET", &uri, &[("authorization", &world.sign(&claims))], "").await.expect(404);
}

#[tokio::test]
async fn invalid_versions_methods_paths_and_bodies_get_an_error() {
    let world = World::new().await;
    let token = world.user(OWNER);
    let auth = [("authorization", token.as_str())];
    let path = world.connection_path("orders");
    let bare = path.split('?').next().expect("a path").to_owned();
    let answer = world.send("GET", &bare, &auth, "").await.expect(400);
    assert_eq!(answer.at("/error/code"), "MissingApiVersionParameter");
    let answer = world.send("GET", &format!("{bare}?api-version=2020-01-01"), &auth, "").await.expect(400);
    assert_eq!(answer.at("/error/code"), "InvalidApiVersionParameter");
    for (method, uri) in [
        ("POST", path.as_str()),
        ("GET", &world.connection_path("orders/listConsentLinks")),
        ("POST", "/login"),
        ("DELETE", "/redirect"),
    ] {
        let answer = world.send(method, uri, &auth, "").await.expect(405);
        assert_eq!(answer.at("/error/code"), "MethodNotAllowed", "{method} {uri}");
        assert!(!answer.header("allow").is_empty(), "{method} {uri}");
    }
    world.send("GET", "/nowhere", &auth, "").await.expect(404);
    for name in ["a%2Fb", "a%00", "..", "a.", &"a".repeat(91), "%FF"] {
        let answer = world.send("GET", &world.connection_path(name), &auth, "").await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{name}: {}", answer.status);
        assert!(answer.at("/error/message").is_string(), "{name}: {}", answer.text);
    }
    let answer = world.send("GET", &world.connection_path("a%20b"), &auth, "").await.expect(400);
    assert_eq!(answer.at("/error/code"), "InvalidRequestContent");
    let message = answer.at("/error/message").to_string();
    assert!(message.contains("a name has 1 to 90 letters"), "{message}");
    let api = world.api(CONNECTOR);
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"properties":{}}"#,
        r#"{"properties":{"api":{}}}"#,
        r#"{"properties":{"api":{"id":"/subscriptions/x"}}}"#,
        &json!({"properties": {"api": api, "displayName": ""}}).to_string(),
        &json!({"properties": {"api": api, "displayName": 7}}).to_string(),
        &json!({"properties": {"api": api, "connectionState": "Maybe"}}).to_string(),
        &json!({"properties": {"api": api, "parameterValues": {"password": "p"}}}).to_string(),
        &json!({"properties": {"api": {"id": api["id"].as_str().expect("an id").replace(&world.tenant.to_string(), &OWNER.to_string())}}}).to_string(),
        &"[".repeat(100_000),
    ] {
        let answer = world.send("PUT", &path, &auth, body).await;
        assert_eq!(answer.status, 400, "{body:.80}: {}", answer.text);
        assert_eq!(answer.at("/error/code"), "InvalidRequestContent", "{body:.80}");
    }
    world
        .send("PUT", &path, &auth, &json!({"properties": {"api": world.api("nothing")}}).to_string())
        .await
        .expect(404);
    world.send("PUT", &path, &auth, &" ".repeat(2 << 20)).await.expect(413);
    world.send("GET", &path, &auth, "").await.expect(404);
}

#[tokio::test]
async fn access_policies_have_a_valid_form_and_a_maximum_number() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let put = |name: String, principal: Value| {
        let world = &world;
        async move {
            let body = json!({"properties": {"principal": principal}});
            world.arm(&world.user(OWNER), "PUT", &format!("orders/accessPolicies/{name}"), &body).await
        }
    };
    for principal in [
        json!(null),
        json!({}),
        json!({"type": "Group", "identity": {}}),
        json!({"type": "ActiveDirectory", "identity": {"tenantId": world.tenant}}),
        json!({"type": "ActiveDirectory", "identity": {"tenantId": OWNER, "objectId": OWNER}}),
        json!({"type": "Workflow", "identity": {"workflowId": "a/b"}}),
        json!({"type": "Workflow", "identity": {"workflowId": ""}}),
    ] {
        let answer = put("p".to_owned(), principal.clone()).await;
        assert_eq!(answer.status, 400, "{principal}");
    }
    for n in 0..100 {
        put(format!("p{n}"), json!({"type": "Workflow", "identity": {"workflowId": format!("f{n}")}}))
            .await
            .expect(201);
    }
    let one_more = json!({"type": "Workflow", "identity": {"workflowId": "one-more"}});
    put("one-more".to_owned(), one_more.clone()).await.expect(409);
    put("p7".to_owned(), one_more).await.expect(200);
}

#[tokio::test]
async fn a_runtime_call_requires_a_valid_caller() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let uri = format!("{runtime}/orders");
    for (header, status) in
        [("", 401), ("Bearer x", 401), ("Key", 401), ("Basic YTpi", 401), ("Negotiate x", 401)]
    {
        let answer = world.send("GET", &uri, &[("authorization", header)], "").await.expect(status);
        assert_eq!(answer.at("/status"), 401, "{header}");
        let is_challenged = answer.header("www-authenticate").starts_with("Bearer ");
        assert_eq!(is_challenged, header != "Key", "{header}");
        assert!(
            answer
                .at("/message")
                .as_str()
                .is_some_and(|text| text.starts_with("Error from token exchange: "))
        );
    }
    let token = world.user(OWNER);
    for uri in ["/apim/x/y/orders", "/apim/x", &format!("/apim/{CONNECTOR}/{OWNER}/orders")] {
        world.send("GET", uri, &[("authorization", &token)], "").await.expect(404);
    }
    let big = "x".repeat(2 << 20);
    world.send("POST", &uri, &[("authorization", &token)], &big).await.expect(413);
    assert!(world.back_end.calls().is_empty());
}

/// Members that nothing reads, wrong types and wrong values, all at once, in every body.
#[tokio::test]
async fn every_mistake_of_an_action_is_reported_with_its_path() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let owner = world.user(OWNER);
    let unknown = "there is no such member";
    for (method, rest, body, paths) in [
        (
            "POST",
            "listConsentLinks",
            json!({"extra": 1, "parameters": [{
                "parameterName": "other", "redirectUrl": "https://evil.example/", "objectId": "x", "tenantId": OWNER, "more": 1,
            }]}),
            vec![
                "extra",
                "parameters[0].parameterName",
                "parameters[0].redirectUrl",
                "parameters[0].objectId",
                "parameters[0].tenantId",
                "parameters[0].more",
            ],
        ),
        ("POST", "listConsentLinks", json!({}), vec!["parameters"]),
        (
            "POST",
            "listConsentLinks",
            json!({"parameters": [1, {}]}),
            vec!["parameters[0]", "parameters[1].redirectUrl"],
        ),
        ("POST", "listConsentLinks", json!({"parameters": {}}), vec!["parameters"]),
        (
            "POST",
            "confirmConsentCode",
            json!({"code": 7, "tenantId": "x", "more": {}}),
            vec!["code", "tenantId", "objectId", "more"],
        ),
        (
            "POST",
            "listConnectionKeys",
            json!({"validityTimeSpan": 366, "more": 1, "properties": {"validityTimeSpan": true, "extra": 1, "workflowId": 7}}),
            vec![
                "validityTimeSpan",
                "more",
                "properties.validityTimeSpan",
                "properties.extra",
                "properties.workflowId",
            ],
        ),
        (
            "POST",
            "listConnectionKeys",
            json!({"validityTimeSpan": 7, "properties": {"validityTimeSpan": 8}}),
            vec!["properties.validityTimeSpan"],
        ),
        (
            "PUT",
            "accessPolicies/mine",
            json!({"name": "other", "etag": 1, "properties": {"extra": 1, "principal": {
                "type": "ActiveDirectory", "more": 1, "identity": {"tenantId": OWNER, "objectId": 7, "appId": "x"},
            }}}),
            vec![
                "name",
                "etag",
                "properties.extra",
                "properties.principal.more",
                "properties.principal.identity.tenantId",
                "properties.principal.identity.objectId",
                "properties.principal.identity.appId",
            ],
        ),
        (
            "PUT",
            "accessPolicies/mine",
            json!({"properties": {"principal": {"type": "Group", "identity": {}}}}),
            vec!["properties.principal.type"],
        ),
        ("PUT", "accessPolicies/mine", json!({}), vec!["properties"]),
    ] {
        let refused = world.arm(&owner, method, &format!("orders/{rest}"), &body).await.expect(400);
        let message = refused.at("/error/message").as_str().expect("a text").to_owned();
        for path in &paths {
            assert!(format!(" {message}").contains(&format!(" {path}: ")), "{path} is not in: {message}");
        }
        let stray = ["extra", "more", "etag", "appId"]
            .iter()
            .filter(|name| body.to_string().contains(**name))
            .count();
        assert_eq!(message.matches(unknown).count(), stray, "{message}");
    }
    // A policy can be written as it is read.
    let body = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": OWNER},
    }}});
    let made = world.arm(&owner, "PUT", "orders/accessPolicies/mine", &body).await.expect(201).json();
    world.arm(&owner, "PUT", "orders/accessPolicies/mine", &made).await.expect(200);
}

/// The page about parity lists these as missing.
#[tokio::test]
async fn surfaces_that_are_not_there_are_not_found() {
    let world = World::new().await;
    let user = world.user(OWNER);
    let group = format!("/subscriptions/{}/resourceGroups/lab/providers", world.tenant);
    let locations = format!("/subscriptions/{}/providers/Microsoft.Web/locations", world.tenant);
    for (method, path) in [
        ("POST", format!("{group}/Microsoft.Web/customApis/orders/move")),
        ("POST", format!("{locations}/unitedstates/extractApiDefinitionFromWsdl")),
        ("POST", format!("{locations}/unitedstates/listWsdlInterfaces")),
        ("GET", "/providers/Microsoft.PowerApps/apis".to_owned()),
        ("GET", "/providers/Microsoft.PowerApps/apis/shared_contoso-orders/connections".to_owned()),
        ("GET", format!("{group}/Microsoft.ApiManagement/service/contoso/authorizationProviders/aad")),
    ] {
        let uri = format!("{path}?api-version=2016-06-01");
        let answer = world.send(method, &uri, &[("authorization", &user)], "{}").await.expect(404);
        assert_eq!(answer.at("/error/code"), "NotFound", "{path}");
    }
}

#[tokio::test]
async fn a_connection_can_be_called_any_number_of_times_a_minute() {
    // A limit of the original is 500.
    const CALLS: usize = 501;
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    for _ in 0..CALLS {
        world.call(&runtime).await.expect(200);
    }
    assert_eq!(world.journal("runtime.forwarded").await.len(), CALLS);
}
