//! Policies that convert JSON content, take values from other requests, or concern links and
//! statuses of responses.

use serde_json::{Value, json};

use crate::parameters::{connect, required, write};
use crate::policies::{call, policy};
use crate::world::{HUB, World};

const SECRET: &str = "very-secret-key";

/// An API whose key is in the query, and whose POST the back end echoes.
fn api(mut policies: Vec<Value>) -> (Value, Value) {
    policies.push(policy("routerequesttoendpoint", &json!({"newPath": "/echo"}), &["CreateOrder"]));
    let parameters = json!({"code": required("securestring"), "site": {"type": "string"}});
    let definitions = json!({"code": {"type": "apiKey", "in": "query", "name": "code"}});
    (json!({"connectionParameters": parameters, "policyTemplateInstances": policies}), definitions)
}

async fn connection(world: &World, name: &str, policies: Vec<Value>) -> String {
    let values = json!({"parameterValues": {"code": SECRET, "site": "a/b"}});
    connect(world, name, api(policies), values).await
}

#[tokio::test]
async fn members_are_converted_in_requests_and_in_responses() {
    let world = World::new().await;
    let convert = |template: &str, section: &str, parameters: Value| {
        let mut all = json!({"policySection": section, "propertyParentPath": "@body()"});
        all.as_object_mut().expect("an object").extend(parameters.as_object().expect("one").clone());
        policy(template, &all, &[])
    };
    for (name, template, parameters, given, expected) in [
        (
            "a",
            "convertarraytoobject",
            json!({"propertySubPath": "items", "keyWithinCollectionPath": "id", "newPropertyPath": "byId"}),
            json!({"items": [{"id": "x", "n": 1}]}),
            json!({"items": [{"id": "x", "n": 1}], "byId": {"x": {"id": "x", "n": 1}}}),
        ),
        (
            "b",
            "convertobjecttoarray",
            json!({"propertySubPath": "map", "newPropertyPath": "map"}),
            json!({"map": {"x": 1}}),
            json!({"map": [{"key": "x", "value": 1}]}),
        ),
        (
            "c",
            "stringtoarray",
            json!({
                "propertyParentPath": "@body().items", "propertySubPath": "@item().tags", "delimiterList": ";",
                "childPropertyName": "tag", "newPropertyPath": "list",
            }),
            json!({"items": [{"tags": "a;b"}, {"tags": 1}]}),
            json!({"items": [{"tags": "a;b", "list": [{"tag": "a"}, {"tag": "b"}]}, {"tags": 1}]}),
        ),
        (
            "d",
            "stringreplace",
            json!({
                "propertySubPath": "text", "sourceString": "-", "replacementString": "+", "newPropertyPath": "new/text",
            }),
            json!({"text": "a-b"}),
            json!({"text": "a-b", "new": {"text": "a+b"}}),
        ),
        (
            "e",
            "encodepropertyvalue",
            json!({"propertySubPath": "path", "newPropertyPath": "path"}),
            json!({"path": "a b"}),
            json!({"path": "a%20b"}),
        ),
        (
            "f",
            "convertobjecttoarray",
            json!({"newPropertyPath": "all"}),
            json!({"x": 1}),
            json!({"x": 1, "all": [{"key": "x", "value": 1}]}),
        ),
    ] {
        for section in ["Request", "Response"] {
            let name = format!("{name}{section}");
            let runtime =
                connection(&world, &name, vec![convert(template, section, parameters.clone())]).await;
            let uri = format!("{runtime}/orders");
            let answer = call(&world, "POST", &uri, &[], &given.to_string()).await.expect(200);
            assert_eq!(answer.json(), expected, "{name}");
            let sent = serde_json::from_str::<Value>(&world.back_end.last().body).expect("JSON");
            assert_eq!(sent, if section == "Request" { expected.clone() } else { given.clone() }, "{name}");
        }
    }
    let grow = json!({
        "propertySubPath": "text", "sourceString": "a", "replacementString": "b".repeat(4_000), "newPropertyPath": "t",
    });
    let runtime = connection(&world, "grow", vec![convert("stringreplace", "Request", grow)]).await;
    let long = json!({"text": "a".repeat(100_000)}).to_string();
    let refused = call(&world, "POST", &format!("{runtime}/orders"), &[], &long).await.expect(400);
    assert!(refused.text.contains("copies of the content"), "{}", refused.text);
}

fn fetch(target: &str, url: &str) -> Value {
    let parameters = json!({
        "parameterTemplate": target, "parameterValueUrl": url, "parameterValuePathTemplate": "@body().data.value",
        "policySection": "Request", "httpMethod": "GET",
    });
    policy("setvaluefromurl", &parameters, &["GetOrder"])
}

#[tokio::test]
async fn a_value_of_another_request_is_set_and_only_the_own_host_gets_the_credential() {
    let world = World::new().await;
    let own = connection(
        &world,
        "own",
        vec![fetch("@headers('x-etag')", "/{id}/value?of=@{connectionParameters('site')}")],
    );
    let uri = format!("{}/orders/7?q=1", own.await);
    call(&world, "GET", &uri, &[], "").await.expect(200);
    let calls = world.back_end.calls();
    let [first, second] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(first.uri, format!("/v1/7/value?of=a/b&code={SECRET}"));
    assert_eq!(
        (second.uri.as_str(), second.headers["x-etag"].as_str()),
        ("/v1/orders/7?q=1&code=very-secret-key", "fetched")
    );
    assert_eq!(first.headers["accept"], "application/json");

    // Another host gets what the caller gave, and no secret.
    let foreign = fetch(
        "@queryParameters('v')",
        "https://eu.contoso.example/value?of=@queryParameters('q')&h=@headers('authorization','none')",
    );
    let runtime = connection(&world, "foreign", vec![foreign]).await;
    call(&world, "GET", &format!("{runtime}/orders/7?q=a%26b"), &[], "").await.expect(200);
    let calls = world.back_end.calls();
    assert_eq!(calls[2].uri, "/value?of=a%26b&h=none");
    assert!(!calls[2].headers.contains_key("authorization"), "{:?}", calls[2]);
    assert_eq!(calls[3].uri, format!("/v1/orders/7?q=a%26b&code={SECRET}&v=fetched"));

    let before = world.back_end.calls().len();
    for (name, url, status, message) in [
        (
            "secret",
            "https://eu.contoso.example/?k=@connectionParameters('code')",
            400,
            "a secret of the connection",
        ),
        ("host", "https://@queryParameters('q').contoso.example/", 400, "whose host is not written"),
        ("unmapped", "https://unknown.contoso.example/value", 502, "unknown.contoso.example"),
        ("gone", "https://gone.contoso.example/value", 502, ""),
        ("missing", "/orders/missing", 502, "responded 404"),
        ("none", "/orders", 502, "no text at 'data.value'"),
        ("outside", "/../admin/value", 404, ""),
    ] {
        let runtime = connection(&world, name, vec![fetch("@headers('x-a')", url)]).await;
        let refused = call(&world, "GET", &format!("{runtime}/orders/7?q=x"), &[], "").await.expect(status);
        assert!(refused.text.contains(message) && !refused.text.contains(SECRET), "{name}: {}", refused.text);
    }
    let sent = world.back_end.calls().split_off(before);
    assert!(sent.iter().all(|call| !call.uri.starts_with("/v1/orders/7")), "{sent:?}");
    let many: Vec<_> = (0..6).map(|n| fetch(&format!("@headers('x-{n}')"), "/value")).collect();
    let runtime = connection(&world, "many", many).await;
    let refused = call(&world, "GET", &format!("{runtime}/orders/7"), &[], "").await.expect(400);
    assert!(refused.text.contains("more than 5 other requests"), "{}", refused.text);
}

#[tokio::test]
async fn the_url_of_another_request_has_the_content_of_the_caller_and_no_secret_that_a_policy_put_there() {
    let world = World::new().await;
    let put = json!({
        "newPropertyParentPathTemplate": "@body()", "newPropertySubPathTemplate": "stolen",
        "propertyValuePathTemplate": "@connectionParameters('code')", "policySection": "Request",
    });
    let mut steal =
        fetch("@headers('x-a')", "https://eu.contoso.example/value?k=@{body().stolen}&own=@{body().own}");
    steal["parameters"]["x-ms-apimTemplate-operationName"] = json!(["CreateOrder"]);
    let policies = vec![policy("setproperty", &put, &["CreateOrder"]), steal];
    let runtime = connection(&world, "stolen", policies).await;
    let uri = format!("{runtime}/orders");
    let refused = call(&world, "POST", &uri, &[], &json!({"own": 1}).to_string()).await.expect(400);
    assert!(refused.text.contains("the member 'stolen' of the body, which is missing"), "{}", refused.text);
    assert!(world.back_end.calls().is_empty());
    call(&world, "POST", &uri, &[], &json!({"own": 1, "stolen": "x"}).to_string()).await.expect(200);
    let calls = world.back_end.calls();
    assert_eq!(calls[0].uri, "/value?k=x&own=1");
    assert!(calls[1].body.contains(SECRET), "the call itself has what the policy set: {:?}", calls[1]);
}

#[tokio::test]
async fn another_request_for_a_call_goes_to_the_host_that_a_later_policy_chooses() {
    let world = World::new().await;
    let host = |template: &str| policy("dynamichosturl", &json!({"urlTemplate": template}), &[]);
    let later = "https://eu.contoso.example/later";
    // The credential is for the host of the call: it is not sent to the one that the swagger names.
    let former = fetch("@headers('x-a')", "https://orders.contoso.example/v1/value");
    let runtime = connection(&world, "later", vec![fetch("@headers('x-a')", "/value"), host(later)]).await;
    call(&world, "GET", &format!("{runtime}/orders/7"), &[], "").await.expect(200);
    let runtime = connection(&world, "former", vec![former, host(later)]).await;
    call(&world, "GET", &format!("{runtime}/orders/7"), &[], "").await.expect(200);
    let uris: Vec<_> = world.back_end.calls().into_iter().map(|call| call.uri).collect();
    let [with, of_call] = ["/later/value", "/later/orders/7"].map(|path| format!("{path}?code={SECRET}"));
    assert_eq!(uris, [with, of_call.clone(), "/v1/value".to_owned(), of_call]);

    let unknown = vec![fetch("@headers('x-a')", "/value"), host("https://@{headers('x-a')}.contoso.example")];
    let runtime = connection(&world, "unknown", unknown).await;
    let refused = call(&world, "GET", &format!("{runtime}/orders/7"), &[], "").await.expect(400);
    assert!(refused.text.contains("chooses the host by what the call contains"), "{}", refused.text);
    assert_eq!(world.back_end.calls().len(), 4);
}

#[tokio::test]
async fn the_address_of_an_operation_in_progress_leads_through_the_hub_without_the_key_in_it() {
    let world = World::new().await;
    let runtime = connection(&world, "accepted", vec![]).await;
    for (query, repeated) in [("?t=2", "?t=2"), ("?bare", "")] {
        let uri = format!("{runtime}/orders/accepted");
        let answer = call(&world, "GET", &format!("{uri}{query}"), &[], "").await.expect(202);
        let found: Vec<_> = answer.headers.get_all("location").iter().collect();
        assert_eq!(found, [&format!("{uri}{repeated}")]);
    }
    assert!(world.back_end.last().uri.contains(SECRET));
}

#[tokio::test]
async fn links_to_the_next_page_lead_through_the_hub() {
    let world = World::new().await;
    let next = policy(
        "updatenextlink",
        &json!({"nextLinkPropertyName": "@odata.nextLink", "nextLinkParentPropertyPath": "paging"}),
        &[],
    );
    let runtime = connection(&world, "paged", vec![next]).await;
    let at = format!("{HUB}{runtime}");
    for (link, expected) in [
        (
            "https://orders.contoso.example/v1/orders?page=2&code=very-secret-key",
            format!("{at}/orders?page=2"),
        ),
        ("/v1/orders?page=2", format!("{at}/orders?page=2")),
        ("https://ORDERS.contoso.example:443/v1/orders", format!("{at}/orders")),
        ("https://elsewhere.example/v1/orders", "https://elsewhere.example/v1/orders".to_owned()),
        ("http://orders.contoso.example/v1/orders", "http://orders.contoso.example/v1/orders".to_owned()),
        ("https://orders.contoso.example/v2/orders", "https://orders.contoso.example/v2/orders".to_owned()),
        (
            "https://orders.contoso.example/v1/%2e%2e/x",
            "https://orders.contoso.example/v1/%2e%2e/x".to_owned(),
        ),
        ("no link", "no link".to_owned()),
    ] {
        let body = json!({"paging": {"@odata.nextLink": link}, "@odata.nextLink": link});
        let answer =
            call(&world, "POST", &format!("{runtime}/orders"), &[], &body.to_string()).await.expect(200);
        assert_eq!(answer.json(), json!({"paging": {"@odata.nextLink": expected}, "@odata.nextLink": link}));
    }
}

#[tokio::test]
async fn a_status_of_the_back_end_can_end_the_sign_in() {
    let world = World::new().await;
    let ends =
        policy("setconnectionstatustounauthenticated", &json!({"statusCode": "401"}), &["Unauthorized"]);
    let runtime = connection(&world, "ending", vec![ends]).await;
    let status = async || world.get("ending").await.at("/properties/overallStatus");
    call(&world, "GET", &format!("{runtime}/orders"), &[], "").await.expect(200);
    assert_eq!(status().await, "Connected");
    for _ in 0..2 {
        call(&world, "GET", &format!("{runtime}/unauthorized"), &[], "").await.expect(401);
        assert_eq!(status().await, "Error");
    }
    assert_eq!(world.journal("connection.broken").await.len(), 1);
    let again = json!({"parameterValues": {"code": "another"}});
    let repaired = write(&world, "PATCH", "ending", again).await.expect(200);
    assert_eq!(repaired.at("/properties/overallStatus"), "Connected", "{}", repaired.text);
    assert_eq!(status().await, "Connected");
}
