//! What the load generator knows of a tenant: its token requests and its calls.

use outlive_tests::{Service, System, Tenant};
use serde_json::{Value, json};

use crate::load::{Connection, Target};

const SCOPE: &str = "api://contoso-orders/Orders.Read offline_access";

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Creates a tenant whose clock stands still.
pub(crate) async fn create(system: &System) -> Tenant {
    system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await
}

/// Requests a token.
///
/// # Panics
/// When it is refused.
async fn request_token(system: &System, url: &str, form: &[(&str, &str)]) -> Value {
    let answer = system.http().post(url).form(form).send().await.expect("the issuer responds");
    let status = answer.status();
    let body = answer.text().await.expect("with text");
    assert!(status.is_success(), "a token request was refused with {status}: {body}");
    serde_json::from_str(&body).expect("in JSON")
}

fn token_endpoint(system: &System, tenant: &Tenant) -> String {
    format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id())
}

/// Signs the owner in and returns the tokens.
async fn sign_in(system: &System, tenant: &Tenant, client: &[(&str, &str)], scope: &str) -> Value {
    let owner = tenant.user("owner");
    let mut form = vec![
        ("grant_type", "password"),
        ("username", text(owner, "upn")),
        ("password", text(owner, "password")),
        ("scope", scope),
    ];
    form.extend_from_slice(client);
    request_token(system, &token_endpoint(system, tenant), &form).await
}

fn credentials(application: &Value) -> Vec<(&str, &str)> {
    let secret = application["secret"].as_str().map(|secret| ("client_secret", secret));
    std::iter::once(("client_id", text(application, "client_id"))).chain(secret).collect()
}

/// The refresh grant of a confidential client.
pub(crate) async fn refresh(system: &System, tenant: &Tenant) -> Target {
    let client = credentials(tenant.application("Contoso Orders Connector"));
    let tokens = sign_in(system, tenant, &client, SCOPE).await;
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("scope", SCOPE),
    ];
    form.extend(client);
    Target::post_form(&token_endpoint(system, tenant), &form)
}

/// Sends the refresh grant once more. Returns the response, and what the journal has of the grant.
pub(crate) async fn last_refresh(system: &System, tenant: &Tenant, refresh: &Target) -> (Value, Value) {
    let mut connection = Connection::open(&refresh.address).await;
    let response = connection.exchange(&refresh.request).await;
    let tokens: Value = serde_json::from_slice(response).expect("in JSON");
    let events = events(system, tenant, "token.issued").await;
    let is_refresh = |event: &&Value| event["grant_type"] == "refresh_token";
    let event = events.iter().rev().find(is_refresh).expect("the grant was recorded");
    (tokens, event.clone())
}

/// The kinds of events of a run: of flow service, hub, resource, and hub.
const EVENTS_OF_RUN: [&str; 4] =
    ["run.finished", "runtime.forwarded", "request.accepted", "connection.refreshed"];

/// Lets the flow of a new tenant run, until a token is refreshed. Returns what the journals have of
/// it.
pub(crate) async fn events_of_run(system: &System) -> [Value; 4] {
    let tenant = create(system).await;
    tenant.advance("PT4H").await;
    let mut found = [const { Value::Null }; 4];
    for (event, kind) in found.iter_mut().zip(EVENTS_OF_RUN) {
        *event = events(system, &tenant, kind).await.pop().expect("it was recorded");
    }
    tenant.delete().await;
    found
}

/// What the tenant's journal has of the events of a kind, oldest first.
async fn events(system: &System, tenant: &Tenant, kind: &str) -> Vec<Value> {
    let url = format!("{}/lab/tenants/{}/journal?kind={kind}", system.url(Service::Console), tenant.id());
    let journal: Value =
        system.http().get(url).send().await.expect("the lab responds").json().await.expect("in JSON");
    let lines = journal["lines"].as_array().expect("a list");
    lines.iter().map(|line| line["data"].clone()).collect()
}

/// The client credentials grant of a daemon.
pub(crate) fn client_credentials(system: &System, tenant: &Tenant) -> Target {
    let mut form = vec![("grant_type", "client_credentials"), ("scope", "api://contoso-orders/.default")];
    form.extend(credentials(tenant.application("Nightly Job")));
    Target::post_form(&token_endpoint(system, tenant), &form)
}

/// The owner's access token for the orders API.
pub(crate) async fn orders_token(system: &System, tenant: &Tenant) -> String {
    let client = credentials(tenant.application("Contoso Orders Connector"));
    let tokens = sign_in(system, tenant, &client, SCOPE).await;
    text(&tokens, "access_token").to_owned()
}

/// A call of the orders API with such a token.
pub(crate) fn direct_call(system: &System, token: &str) -> Target {
    Target::get(&format!("{}/orders?$top=10", system.url(Service::Resource)), "Bearer", token)
}

/// The orders that the API returns.
pub(crate) async fn orders(direct: &Target) -> Value {
    let mut connection = Connection::open(&direct.address).await;
    serde_json::from_slice(connection.exchange(&direct.request).await).expect("in JSON")
}

/// The same call through the owner's connection, with a connection key, as flows call; and the key.
pub(crate) async fn proxied_call(system: &System, tenant: &Tenant) -> (Target, String) {
    let portal = [("client_id", text(&tenant.facts, "maker_portal"))];
    let tokens = sign_in(system, tenant, &portal, "https://apihub.azure.com/user_impersonation").await;
    let connection = text(&tenant.facts["connections"][0], "name");
    let url = format!(
        "{}/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/connections/{connection}/listConnectionKeys\
         ?api-version=2016-06-01",
        system.url(Service::Hub),
        tenant.id()
    );
    let request = system.http().post(&url).bearer_auth(text(&tokens, "access_token")).json(&json!({}));
    let answer = request.send().await.expect("the hub responds");
    assert!(answer.status().is_success(), "{url} was refused: {}", answer.status());
    let key: Value = answer.json().await.expect("in JSON");
    let url = format!("{}/orders?$top=10", text(&key, "runtimeUrl"));
    let key = text(&key, "connectionKey");
    (Target::get(&url, "Key", key), key.to_owned())
}
