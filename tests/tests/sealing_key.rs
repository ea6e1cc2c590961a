//! The hub's sealing key is replaced while connections are used: no call fails, and what is stored
//! opens after the old key is gone.

use outlive_tests::{Maker, Service, System, Tenant};
use reqwest::Method;
use serde_json::{Value, json};

/// A flow with these actions that starts when it is called.
fn requested(actions: &Value) -> Value {
    json!({"properties": {"displayName": "Called", "state": "Started", "definition": {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0", "triggers": {"manual": {"type": "Request"}}, "actions": actions,
    }}})
}

/// The resource id of the identity that flows can be assigned.
fn identity(tenant: &Tenant) -> &str {
    let identities = tenant.facts["managed_identities"].as_array().expect("a list");
    let found = identities.iter().find(|identity| identity["user_assigned"] == true).expect("an identity");
    found["resource_id"].as_str().expect("a text")
}

async fn rotate(system: &System, service: Service) -> (u16, Value) {
    let url = format!("{}/_lab/sealing-key", system.url(service));
    let answer = system.lab_surface(Method::POST, &url).send().await.expect("it answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_hubs_sealing_key_is_replaced_under_load_without_a_failed_run() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let file = system.data().join("hub.key");
    let keys =
        || std::fs::read_to_string(&file).expect("a file").lines().map(str::to_owned).collect::<Vec<_>>();
    let first = keys();
    assert_eq!(first.len(), 1);

    let (advanced, replaced) = tokio::join!(tenant.advance("P2D"), async {
        let mut resealed = Vec::new();
        for _ in 0..4 {
            let (status, answer) = rotate(&system, Service::Hub).await;
            assert_eq!(status, 200, "{answer}");
            resealed.push(answer["resealed"].as_u64().expect("a number"));
        }
        resealed
    });
    assert_eq!((&advanced["failed"], advanced["done"].as_u64() >= Some(48)), (&0.into(), true), "{advanced}");
    // The connection's key and tokens, and the secrets of confidential connectors, of two tenants.
    assert!(replaced.iter().all(|resealed| *resealed >= 4), "{replaced:?}");
    let last = keys();
    assert_eq!(last.len(), 2, "the last key is kept, too");
    assert!(!last.contains(&first[0]), "the first key is gone");

    // What is stored opens without the first key.
    system.kill();
    system.restart().await;
    let after = tenant.advance("PT5H").await;
    assert_eq!((&after["failed"], &after["done"]), (&0.into(), &5.into()), "{after}");
    system.stop().await;
}

/// The keys of a service, in its data directory.
fn replace_key_file(system: &System, service: &str) {
    std::fs::write(system.data().join(format!("{service}.key")), "0f".repeat(32)).expect("is written");
}

#[tokio::test]
async fn what_a_lost_key_sealed_is_counted_and_does_not_stop_the_rest() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    system.kill();
    replace_key_file(&system, "hub");
    system.restart().await;
    let owner = Maker::new(&system, &tenant, "owner");
    let connection = tenant.facts["connections"][0]["name"].as_str().expect("a connection").to_owned();
    let (status, shown) = owner.connection(Method::GET, "", &Value::Null).await;
    let text = shown.to_string();
    assert!(
        status == 200 && text.contains("sealed with a key that the hub no longer has"),
        "{status} {text}"
    );
    assert_eq!(owner.managed_api(Method::GET, "", &Value::Null).await.0, 200);
    let (status, answer) = rotate(&system, Service::Hub).await;
    assert_eq!(status, 200, "{answer}");
    let before = answer["unreadable"].as_u64().expect("a number");
    assert!(before >= 4, "{answer}");

    // Everything is repaired by replacing it: the client secret, then the tokens by a sign-in.
    let admin = Maker::new(&system, &tenant, "admin");
    let secret = &tenant.application("Contoso Orders Connector")["secret"];
    let replacement = json!({"properties": {"clientSecret": secret}});
    let (status, answer) = admin.managed_api(Method::PATCH, "shared_contoso-orders", &replacement).await;
    assert_eq!(status, 200, "{answer}");
    owner.consent(&connection).await;
    let (_, shown) = owner.connection(Method::GET, &connection, &Value::Null).await;
    let url = format!("{}/orders", shown["properties"]["connectionRuntimeUrl"].as_str().expect("a URL"));
    assert_eq!(owner.call(Method::GET, &url, &Value::Null).await.0, 200);
    let (_, answer) = rotate(&system, Service::Hub).await;
    assert!(answer["unreadable"].as_u64().expect("a number") < before, "{answer}");
    system.stop().await;
}

#[tokio::test]
async fn the_keys_of_the_flow_service_and_the_orders_api_are_replaced() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let owner = Maker::new(&system, &tenant, "owner");
    let (with_address, with_identity) =
        ("99999999-0000-4000-8000-000000000011", "99999999-0000-4000-8000-000000000012");
    let respond = json!({"Respond": {"type": "Response", "inputs": {"statusCode": 200}}});
    assert_eq!(owner.flow(Method::PUT, with_address, &requested(&respond)).await.0, 201);
    let (_, url) = owner.flow(Method::POST, &format!("{with_address}/listCallbackUrl"), &json!({})).await;
    let url = url["value"].as_str().expect("an address").to_owned();
    let mut as_itself = requested(&json!({"Call": {"type": "Http", "inputs": {
        "method": "GET", "uri": "https://orders.contoso.example/orders",
        "authentication": {"type": "ManagedServiceIdentity", "audience": "api://contoso-orders", "identity": identity(&tenant)},
    }}}));
    as_itself["identity"] =
        json!({"type": "UserAssigned", "userAssignedIdentities": {identity(&tenant): {}}});
    let (status, saved) = owner.flow(Method::PUT, with_identity, &as_itself).await;
    assert_eq!(status, 201, "{saved}");
    for (service, name, sealed) in [(Service::Flow, "flow", 4), (Service::Resource, "resource", 0)] {
        let keys = || std::fs::read_to_string(system.data().join(format!("{name}.key"))).expect("a file");
        let first = keys();
        for _ in 0..2 {
            let (status, answer) = rotate(&system, service).await;
            assert_eq!((status, &answer["unreadable"]), (200, &0.into()), "{name}: {answer}");
            // The credential of the flow service in two tenants, the keys of an address, and the
            // document with an identity.
            assert!(answer["resealed"].as_u64().is_some_and(|count| count >= sealed), "{name}: {answer}");
        }
        assert!(!keys().contains(first.trim()), "{name}: the first key is gone");
    }
    system.kill();
    system.restart().await;
    let after = tenant.advance("PT3H").await;
    assert_eq!((&after["failed"], after["done"].as_u64() >= Some(3)), (&0.into(), true), "{after}");
    // Callers of the address need no token.
    assert_eq!(system.http().post(url).send().await.expect("it answers").status(), 200);
    let owner = Maker::new(&system, &tenant, "owner");
    let run = owner.flow(Method::POST, &format!("{with_identity}/triggers/manual/run"), &Value::Null).await;
    assert_eq!(run.0, 202, "{}", run.1);
    let runs = system.journal(Service::Flow, &tenant, "run.finished").await;
    let of_identity: Vec<_> = runs.iter().filter(|run| run["data"]["flow"] == with_identity).collect();
    assert_eq!(of_identity.len(), 1, "{runs:?}");
    assert_eq!(of_identity[0]["data"]["status"], "Succeeded", "{of_identity:?}");
    system.stop().await;
}

#[tokio::test]
async fn a_service_whose_clients_hold_sealed_tokens_keeps_its_key() {
    let system = System::start().await;
    let (status, answer) = rotate(&system, Service::Idp).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &"SealingKeyInUse".into()), "{answer}");
    system.stop().await;
}
