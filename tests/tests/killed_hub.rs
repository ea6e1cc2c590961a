//! The hub is killed while it refreshes the tokens of connections, where each refresh token can be
//! used once: every connection works afterwards.
//!
//! `OUTLIVE_TEST_HUB_KILLS=50 cargo test --workspace --test killed_hub` kills it as often.

use std::time::Duration;

use futures::future::join_all;
use outlive_clock::wall_now;
use outlive_tests::{Deployment, Layout, Maker, Service, Signal, Tenant, pause};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How often the hub is killed by default. On a database that replicas share, a killed one holds
/// its leases for 40 seconds.
const KILLS: u32 = 5;
const KILLS_OF_A_REPLICA: u32 = 1;
/// The kills are spread over this many moments of a refresh.
const MOMENTS: u32 = 17;

fn kills(deployment: &Deployment) -> u32 {
    let default = if deployment.has_shared_database() { KILLS_OF_A_REPLICA } else { KILLS };
    std::env::var("OUTLIVE_TEST_HUB_KILLS").ok().map_or(default, |text| text.parse().expect("a number"))
}

fn custom(parameters: &Value) -> Value {
    let parameters = parameters.as_object().expect("an object").iter();
    parameters
        .map(|(name, value)| (name.clone(), json!({ "value": value })))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Every kind of sign-in that stores a refresh token, as `connectionParameters` or parameter sets.
fn kinds(client_id: &Value) -> Vec<(&'static str, Value)> {
    let token = |provider: &str, scopes: &[&str], parameters: Value| {
        json!({"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": provider, "clientId": client_id, "scopes": scopes, "redirectMode": "Global",
            "customParameters": custom(&parameters),
        }}})
    };
    let resource = || json!({"resourceUri": "api://contoso-orders"});
    let scopes = ["openid offline_access api://contoso-orders/Orders.Read"];
    let at = |name: &str| format!("https://login.microsoftonline.com/common/oauth2/v2.0/{name}");
    let oauth2 =
        json!({"authorizationUrl": at("authorize"), "tokenUrl": at("token"), "refreshUrl": at("token")});
    let generic = json!({
        "authorizationUrlTemplate": at("authorize"), "tokenUrlTemplate": at("token"), "refreshUrlTemplate": at("token"),
        "authorizationUrlQueryStringTemplate":
            "?response_type=code&client_id={ClientId}&redirect_uri={RedirectUrl}&scope={Scopes}&state={State}\
             &code_challenge={CodeChallenge}&code_challenge_method=S256",
        "tokenBodyTemplate":
            "grant_type=authorization_code&code={Code}&redirect_uri={RedirectUrl}&client_id={ClientId}\
             &client_secret={ClientSecret}&code_verifier={CodeVerifier}",
        "refreshBodyTemplate":
            "grant_type=refresh_token&refresh_token={RefreshToken}&client_id={ClientId}&client_secret={ClientSecret}",
    });
    let capable = json!({"resourceUri": "api://contoso-orders", "clientCapabilities": "cp1"});
    let single = |parameters: Value| json!({"connectionParameters": parameters});
    vec![
        ("aad", single(token("aad", &[], resource()))),
        ("aad-capable", single(token("aad", &[], capable))),
        ("aadcertificate", single(token("aadcertificate", &[], resource()))),
        ("oauth2", single(token("oauth2", &scopes, oauth2))),
        ("oauth2generic", single(token("oauth2generic", &scopes, generic))),
        (
            "set",
            json!({"connectionParameterSets": {"values": [
                {"name": "key", "parameters": {"key": {"type": "securestring"}}},
                {"name": "delegated", "parameters": token("aad", &[], resource())},
            ]}}),
        ),
    ]
}

/// Registers an application with a client secret. Returns it with the secret.
async fn register(deployment: &Deployment, tenant: &Tenant) -> (Value, Value) {
    let admin = Maker::new(deployment, tenant, "admin");
    let orders = tenant.application("Contoso Orders API")["client_id"].clone();
    let filter = format!("servicePrincipals?$filter=appId eq '{}'", orders.as_str().expect("an id"));
    let api = admin.graph(Method::GET, &filter, &Value::Null).await["value"][0].clone();
    let scopes = api["oauth2PermissionScopes"].as_array().expect("scopes");
    let read = scopes.iter().find(|scope| scope["value"] == "Orders.Read").expect("a scope")["id"].clone();
    let registration = json!({
        "displayName": "Every kind", "web": {"redirectUris": [format!("{}/redirect", deployment.url(Service::Hub))]},
        "requiredResourceAccess": [{"resourceAppId": orders, "resourceAccess": [{"id": read, "type": "Scope"}]}],
    });
    let application = admin.graph(Method::POST, "applications", &registration).await;
    admin.graph(Method::POST, "servicePrincipals", &json!({"appId": application["appId"]})).await;
    let id = application["id"].as_str().expect("an id");
    let secret = admin.graph(Method::POST, &format!("applications/{id}/addPassword"), &json!({})).await;
    (application, secret["secretText"].clone())
}

/// Creates a connection of each kind and signs in. Returns their names and runtime URLs.
async fn connect(deployment: &Deployment, tenant: &Tenant) -> Vec<(String, String)> {
    let (owner, admin) = (Maker::new(deployment, tenant, "owner"), Maker::new(deployment, tenant, "admin"));
    let (application, secret) = register(deployment, tenant).await;
    let swagger = json!({
        "swagger": "2.0", "info": {"title": "Orders", "version": "1"}, "host": "orders.contoso.example",
        "basePath": "/", "schemes": ["https"], "paths": {"/orders": {"get": {"operationId": "ListOrders"}}},
    });
    let mut all = Vec::new();
    for (name, parameters) in kinds(&application["appId"]) {
        let mut properties = json!({"displayName": name, "swagger": swagger});
        if name != "aadcertificate" {
            properties["clientSecret"] = secret.clone();
        }
        properties.as_object_mut().expect("an object").extend(parameters.as_object().expect("one").clone());
        let api = json!({ "properties": properties });
        let (status, made) = owner.hub(Method::PUT, &format!("customApis/{name}"), &api).await;
        assert_eq!(status, 201, "{made}");
        let certificate = &made["properties"]["certificate"];
        if !certificate.is_null() {
            let path = format!("applications/{}", application["id"].as_str().expect("an id"));
            admin.graph(Method::PATCH, &path, &json!({"keyCredentials": [certificate]})).await;
        }
        let mut connection = json!({"properties": {"api": {"id": made["id"]}}});
        if name == "set" {
            connection["properties"]["parameterValueSet"] = json!({"name": "delegated"});
        }
        all.push((name.to_owned(), connection));
    }
    // The seed's connector without a client secret.
    let api = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/shared_contoso-orders-public",
        tenant.id()
    );
    all.push(("aad-public".to_owned(), json!({"properties": {"api": {"id": api}}})));
    let mut connected = Vec::new();
    for (name, connection) in all {
        let (status, made) = owner.connection(Method::PUT, &name, &connection).await;
        assert_eq!(status, 201, "{made}");
        owner.consent(&name).await;
        let url = made["properties"]["connectionRuntimeUrl"].as_str().expect("a URL").to_owned();
        connected.push((name, url));
    }
    connected
}

/// Calls through all connections at once. Returns the status of each call, if it was answered.
async fn call_all(http: Client, token: String, connections: Vec<(String, String)>) -> Vec<Option<u16>> {
    join_all(connections.iter().map(async |(_, url)| {
        let answer = http.get(format!("{url}/orders")).bearer_auth(&token).send().await.ok()?;
        Some(answer.status().as_u16())
    }))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_during_refreshes_loses_no_connection_of_any_kind() {
    let mut deployment = Deployment::start(Layout::Separate).await;
    let tenant = deployment.new_tenant_like(json!({"rules": "2025-11+rotation=strict"})).await;
    tenant.freeze().await;
    let connections = connect(&deployment, &tenant).await;
    let http = deployment.http().clone();
    let works = vec![Some(200); connections.len()];
    let token = async |deployment: &Deployment| Maker::new(deployment, &tenant, "owner").hub_token().await;

    // How long refreshes take without a kill, at least.
    let mut duration = Duration::MAX;
    for _ in 0..3 {
        tenant.advance("PT2H").await;
        let owner = token(&deployment).await;
        let started = wall_now();
        assert_eq!(call_all(http.clone(), owner, connections.clone()).await, works);
        let taken = u64::try_from((wall_now() - started).as_micros()).unwrap_or_default();
        duration = duration.min(Duration::from_micros(taken));
    }

    let (kills, mut interrupted) = (kills(&deployment), 0);
    for kill in 0..kills {
        // The token of a CAE-capable connection is valid for a day.
        tenant.advance(if kill % 5 == 4 { "P1DT2H" } else { "PT2H" }).await;
        let owner = token(&deployment).await;
        let moment = duration * (kill * 7 % MOMENTS) / MOMENTS;
        let hub = deployment.process_of(Service::Hub);
        let calls = tokio::spawn(call_all(http.clone(), owner.clone(), connections.clone()));
        pause(moment).await;
        deployment.end(&[hub], Signal::Kill).await;
        let answers = calls.await.expect("calls end when the hub has");
        interrupted += u32::from(answers != works);
        deployment.start_missing().await.expect("the hub starts again");
        let after = call_all(http.clone(), owner, connections.clone()).await;
        assert_eq!(after, works, "kill {kill}: {connections:?}\n{}", deployment.log());
    }
    assert!(interrupted * 4 >= kills, "{interrupted} of {kills} kills came during calls");
    // Token responses that the hub did not live to store: their refresh tokens were used up.
    let issued = deployment.journal(Service::Idp, tenant.id()).await;
    let is_refresh =
        |event: &&Value| event["kind"] == "token.issued" && event["data"]["grant_type"] == "refresh_token";
    let issued = issued.iter().filter(is_refresh).count();
    let stored = deployment.journal(Service::Hub, tenant.id()).await;
    let stored = stored.iter().filter(|event| event["kind"] == "connection.refreshed").count();
    assert!(issued > stored || kills < 50, "no response was lost: {issued} issued, {stored} stored");
    let maker = Maker::new(&deployment, &tenant, "owner");
    for (name, _) in &connections {
        let (_, shown) = maker.connection(Method::GET, name, &Value::Null).await;
        assert_eq!(shown["properties"]["overallStatus"], "Connected", "{shown}");
    }
    deployment.end_remaining().await;
}
