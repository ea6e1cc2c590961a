//! `POST /$batch` of Microsoft Graph ("Combine multiple HTTP requests using JSON batching").

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::graph_directory::{Graph, id};
use crate::tenant::{Tenant, send};

const ALL: &str = "https://graph.microsoft.com/.default";

async fn batch(graph: &Graph<'_>, requests: Value) -> Vec<Value> {
    let answer = graph.call(Method::POST, "/$batch", json!({"requests": requests})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["responses"].as_array().expect("a list").clone()
}

fn statuses(responses: &[Value]) -> Vec<(&str, u64)> {
    responses.iter().map(|response| (id(response), response["status"].as_u64().expect("a number"))).collect()
}

#[tokio::test]
async fn each_request_of_a_batch_has_its_own_response() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let write = json!({"Content-Type": "application/json"});
    let responses = batch(
        &admin,
        json!([
            {"id": "me", "method": "GET", "url": "/me?$select=id"},
            {"id": "nobody", "method": "GET", "url": "/users/nobody"},
            {"id": "named", "method": "GET", "url": "users?$filter=displayName eq 'The owner'&$select=id"},
            {"id": "count", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
            {"id": "patch", "method": "PATCH", "url": format!("/users/{}", tenant.id_of(1)), "headers": write,
             "body": {"jobTitle": "Buyer"}},
            {"id": "nowhere", "method": "GET", "url": "/nowhere"},
        ]),
    )
    .await;
    assert_eq!(
        statuses(&responses),
        [("me", 200), ("nobody", 404), ("named", 200), ("count", 200), ("patch", 204), ("nowhere", 404)]
    );
    assert_eq!(responses[0]["body"]["id"], tenant.id_of(3));
    assert_eq!(responses[0]["headers"]["Content-Type"], "application/json; charset=utf-8");
    assert_eq!(responses[1]["body"]["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(responses[2]["body"]["value"], json!([{"id": tenant.id_of(1)}]));
    assert_eq!(responses[3]["body"], "3");
    assert_eq!(responses[4].get("body"), None);
    let ids: BTreeSet<&str> =
        responses.iter().map(|response| response["headers"]["Request-Id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), responses.len());
    assert_eq!(admin.get(&format!("/users/{}", tenant.id_of(1))).await.json()["jobTitle"], "Buyer");
    let beta = tenant.url("/beta/$batch");
    let sent = json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}]});
    let answer = send(tenant.http.post(beta).bearer_auth(&admin.token).json(&sent)).await;
    assert_eq!(answer.json()["responses"][0]["status"], 200);
    // A caller's permissions are those of the token.
    let narrow = Graph::narrow(&tenant, "owner").await;
    let users = batch(&narrow, json!([{"id": "1", "method": "GET", "url": "/users"}])).await;
    assert_eq!(statuses(&users), [("1", 403)]);
    let requests = json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}]});
    denied(
        &call(&tenant, "none", Method::POST, "/$batch", requests).await,
        401,
        "InvalidAuthenticationToken",
    );
}

#[tokio::test]
async fn requests_wait_for_those_they_depend_on() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let group = |name: &str| json!({"displayName": name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true});
    let write = json!({"Content-Type": "application/json"});
    let responses = batch(
        &admin,
        json!([
            {"id": "found", "method": "GET", "url": "/groups?$filter=displayName eq 'Made'", "dependsOn": ["made"]},
            {"id": "made", "method": "POST", "url": "/groups", "headers": write, "body": group("Made")},
            {"id": "fails", "method": "DELETE", "url": "/groups/nowhere", "dependsOn": ["found"]},
            {"id": "left out", "method": "POST", "url": "/groups", "headers": write, "body": group("Other"),
             "dependsOn": ["fails"]},
            {"id": "left out too", "method": "GET", "url": "/me", "dependsOn": ["made", "left out"]},
        ]),
    )
    .await;
    assert_eq!(
        statuses(&responses),
        [("found", 200), ("made", 201), ("fails", 404), ("left out", 424), ("left out too", 424)]
    );
    assert_eq!(responses[0]["body"]["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(admin.value("/groups?$filter=displayName eq 'Other'").await.len(), 0);
}

/// A batch that is wrong in one place is refused as a whole: msgraph-sdk-dotnet#1038, #2628 for writes
/// without a body or its type.
#[tokio::test]
async fn an_invalid_batch_is_rejected_as_a_whole() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let group = json!({
        "id": "1", "method": "POST", "url": "/groups", "headers": {"content-type": "application/json"},
        "body": {"displayName": "Made", "mailEnabled": false, "mailNickname": "made", "securityEnabled": true},
    });
    let get = |id: &str, more: Value| {
        let mut step = json!({"id": id, "method": "GET", "url": "/me"});
        step.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        step
    };
    let many: Vec<_> = (2..=21).map(|n| get(&n.to_string(), json!({}))).collect();
    for wrong in [
        vec![get("1", json!({}))],
        vec![get("", json!({}))],
        vec![get("2", json!({"dependsOn": ["3"]}))],
        vec![get("2", json!({"dependsOn": ["3"]})), get("3", json!({"dependsOn": ["2"]}))],
        vec![get("2", json!({"dependsOn": ["2"]}))],
        vec![get("2", json!({"method": "OPTIONS"}))],
        vec![get("2", json!({"url": "https://graph.microsoft.com/v1.0/me"}))],
        vec![get(
            "2",
            json!({"url": "/$batch", "method": "POST", "headers": {"Content-Type": "application/json"}, "body": {}}),
        )],
        vec![get("2", json!({"method": "PATCH", "body": {"jobTitle": "x"}}))],
        vec![get("2", json!({"method": "POST", "url": "/me/revokeSignInSessions"}))],
        vec![get("2", json!({"headers": {"a b": "c"}}))],
        vec![json!({"id": 2, "method": "GET", "url": "/me"})],
        vec![json!({"id": "2", "url": "/me"})],
        many,
    ] {
        let mut requests = vec![group.clone()];
        requests.extend(wrong);
        let answer = admin.call(Method::POST, "/$batch", json!({"requests": requests})).await;
        denied(&answer, 400, "BadRequest");
    }
    for body in [json!({}), json!({"requests": []}), json!([]), json!({"requests": {}})] {
        denied(&admin.call(Method::POST, "/$batch", body).await, 400, "BadRequest");
    }
    assert_eq!(admin.value("/groups?$filter=displayName eq 'Made'").await.len(), 0);
    denied(&admin.get("/$batch").await, 405, "Request_BadRequest");
}
