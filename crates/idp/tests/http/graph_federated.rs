//! `federatedIdentityCredentials` of applications in Microsoft Graph ("federatedIdentityCredential
//! resource type").

use reqwest::Method;
use serde_json::{Value, json};

use crate::certificate::JWT_BEARER;
use crate::graph::{call, denied};
use crate::tenant::{Answer, ORDERS, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

fn credential(more: Value) -> Value {
    let mut body = json!({
        "name": "deployments", "issuer": "https://token.example", "subject": "repo:contoso/orders:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

async fn admin(tenant: &Tenant) -> String {
    tenant.admin_tool().sign_in(tenant, "admin", ALL).await.access().to_owned()
}

#[tokio::test]
async fn credential_crud() {
    let tenant = Tenant::new().await;
    let token = admin(&tenant).await;
    let graph =
        async |method: Method, path: &str, body: Value| call(&tenant, &token, method, path, body).await;
    let path = format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(115));
    let made = graph(Method::POST, &path, credential(json!({"description": "From the pipeline"}))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(made["description"], "From the pipeline");
    let one = format!("{path}/{}", made["id"].as_str().expect("an id"));
    let named =
        format!("/applications(appId='{}')/federatedIdentityCredentials/deployments", tenant.id_of(15));
    for path in [&one, &named] {
        assert_eq!(graph(Method::GET, path, Value::Null).await.json()["id"], made["id"], "{path}");
    }
    let all = graph(Method::GET, &path, Value::Null).await.json();
    assert_eq!(all["value"].as_array().map(Vec::len), Some(1), "{all}");
    let filtered = graph(Method::GET, &format!("{path}?$filter=name eq 'other'"), Value::Null).await.json();
    assert_eq!(filtered["value"], json!([]));

    let change = json!({"subject": "repo:contoso/orders:environment:production", "description": null});
    assert_eq!(graph(Method::PATCH, &one, change).await.status, 204);
    let shown = graph(Method::GET, &one, Value::Null).await.json();
    assert_eq!(shown["subject"], "repo:contoso/orders:environment:production");
    assert_eq!((&shown["description"], &shown["issuer"]), (&Value::Null, &json!("https://token.example")));
    denied(&graph(Method::PATCH, &one, json!({"name": "another"})).await, 400, "Request_BadRequest");

    assert_eq!(graph(Method::DELETE, &named, Value::Null).await.status, 204);
    for method in [Method::GET, Method::DELETE] {
        denied(&graph(method, &one, Value::Null).await, 404, "Request_ResourceNotFound");
    }
}

#[tokio::test]
async fn malformed_and_duplicate_credentials() {
    let tenant = Tenant::new().await;
    let token = admin(&tenant).await;
    let path = format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(115));
    let post = async |body: Value| call(&tenant, &token, Method::POST, &path, body).await;
    let long = "x".repeat(601);
    for more in [
        json!({"name": null}),
        json!({"name": "ab"}),
        json!({"name": "with blanks"}),
        json!({"name": "-first"}),
        json!({"name": "_first"}),
        json!({"issuer": null}),
        json!({"issuer": "no address"}),
        json!({"issuer": format!("https://token.example/{long}")}),
        json!({"subject": ""}),
        json!({"subject": long}),
        json!({"audiences": []}),
        json!({"audiences": ["a", "b"]}),
        json!({"description": long}),
        json!({"nonsense": 1}),
    ] {
        denied(&post(credential(more)).await, 400, "Request_BadRequest");
    }
    assert_eq!(post(credential(json!({}))).await.status, 201);
    denied(&post(credential(json!({"subject": "s"}))).await, 409, "Request_MultipleObjectsWithSameKeyValue");
    denied(
        &post(credential(json!({"name": "same-subject"}))).await,
        409,
        "Request_MultipleObjectsWithSameKeyValue",
    );
    for n in 1..20 {
        let more = json!({"name": format!("number-{n}"), "subject": format!("s{n}")});
        assert_eq!(post(credential(more)).await.status, 201);
    }
    denied(&post(credential(json!({"name": "too-many", "subject": "x"}))).await, 400, "Request_BadRequest");

    let public = format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(113));
    denied(
        &call(&tenant, &token, Method::POST, &public, credential(json!({}))).await,
        400,
        "Request_BadRequest",
    );
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let refused = call(&tenant, owner.access(), Method::POST, &path, credential(json!({}))).await;
    denied(&refused, 403, "Authorization_RequestDenied");
}

/// The name is an alternate key, and issuer, subject and audiences are not nullable
/// ("federatedIdentityCredential resource type").
#[tokio::test]
async fn names_ignore_case_and_required_members_are_not_nullable() {
    let tenant = Tenant::new().await;
    let token = admin(&tenant).await;
    let path = format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(115));
    let graph =
        async |method: Method, path: &str, body: Value| call(&tenant, &token, method, path, body).await;
    let made = graph(Method::POST, &path, credential(json!({}))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let same = credential(json!({"name": "DEPLOYMENTS", "subject": "another"}));
    denied(&graph(Method::POST, &path, same).await, 409, "Request_MultipleObjectsWithSameKeyValue");
    let one = format!("{path}/Deployments");
    let before = graph(Method::GET, &one, Value::Null).await.json();
    assert_eq!(before["id"], made.json()["id"]);
    for name in ["name", "issuer", "subject", "audiences"] {
        denied(&graph(Method::PATCH, &one, json!({name: null})).await, 400, "Request_BadRequest");
    }
    assert_eq!(graph(Method::GET, &one, Value::Null).await.json(), before);
    assert_eq!(graph(Method::PATCH, &one, json!({"name": "Deployments", "subject": "s"})).await.status, 204);
}

#[tokio::test]
async fn credentials_registered_through_graph_authenticate() {
    let (issuing, tenant) = (Tenant::new().await, Tenant::new().await);
    let token = admin(&tenant).await;
    let scope = format!("{ORDERS}/.default");
    let foreign = Tokens::of(issuing.nightly().client_credentials(&scope).await).access().to_owned();
    let nightly = tenant.nightly().without_secret();
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", &scope),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", &foreign),
    ];
    let present = async || -> Answer { nightly.ask(&form, &[]).await };
    assert_eq!(present().await.status, 401);
    let registered = credential(json!({
        "issuer": format!("{}/{}/v2.0", issuing.installation.url, issuing.id()),
        "subject": issuing.id_of(215),
        "audiences": [issuing.id_of(10)],
    }));
    let path = format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(115));
    assert_eq!(call(&tenant, &token, Method::POST, &path, registered).await.status, 201);
    Tokens::of(present().await);
    assert_eq!(
        call(&tenant, &token, Method::DELETE, &format!("{path}/deployments"), Value::Null).await.status,
        204
    );
    assert_eq!(present().await.status, 401);
}
