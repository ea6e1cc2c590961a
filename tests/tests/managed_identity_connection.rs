//! A connection that uses the managed identity of the flow, with the real program: nothing that a
//! user does breaks it, and what happens to the identity does.

use outlive_tests::{Maker, Service, System, Tenant, free_base};
use reqwest::Method;
use serde_json::{Value, json};

const FLOW_ID: &str = "99999999-0000-4000-8000-00000000a1d0";

fn connector() -> Value {
    let identity = json!({"type": "managedIdentity", "managedIdentitySettings": {"resourceUri": "api://contoso-orders"}});
    json!({"properties": {
        "displayName": "My orders", "iconBrandColor": "#007ee5",
        "connectionParameterSets": {"uiDefinition": {"displayName": "Authentication", "description": "How to sign in"}, "values": [
            {"name": "managedIdentityAuth", "uiDefinition": {"displayName": "Managed identity"}, "parameters": {"token": identity}},
        ]},
        "swagger": {
            "swagger": "2.0", "info": {"title": "My orders", "version": "1"}, "host": "my-orders.example",
            "basePath": "/", "schemes": ["https"],
            "paths": {"/orders": {"get": {"operationId": "ListOrders", "responses": {"200": {"description": "OK"}}}}},
        },
    }})
}

fn flow(identity: &Value, authentication: &Value) -> Value {
    json!({"identity": identity, "properties": {
        "displayName": "My hourly flow", "state": "Started",
        "definition": {
            "contentVersion": "1.0.0.0",
            "triggers": {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}},
            "actions": {"Orders": {"type": "OpenApiConnection", "runAfter": {}, "inputs": {
                "host": {"apiId": "/providers/Microsoft.PowerApps/apis/my-orders", "connectionName": "my-orders", "operationId": "ListOrders"},
                "parameters": {}, "authentication": "@parameters('$authentication')",
            }}},
        },
        "connectionReferences": {"my-orders": {
            "runtimeSource": "embedded", "connection": {"name": "my-orders"}, "api": {"name": "my-orders"},
            "connectionProperties": authentication,
        }},
    }})
}

/// Returns how many runs have finished and what the failed ones say.
async fn runs(system: &System, tenant: &Tenant) -> (usize, Vec<Value>) {
    let runs = system.journal(Service::Flow, tenant, "run.finished").await;
    let runs: Vec<_> = runs.into_iter().filter(|run| run["data"]["flow"] == FLOW_ID).collect();
    let failed = runs.iter().filter(|run| run["data"]["status"] != "Succeeded").cloned().collect();
    (runs.len(), failed)
}

#[tokio::test]
async fn an_hourly_flow_with_its_identity_survives_its_owner_and_not_its_identity() {
    let base = free_base();
    let api = format!("my-orders.example=http://127.0.0.1:{}", base + 3);
    let system = System::start_at(base, &["--back-end", &api]).await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let maker = Maker::new(&system, &tenant, "owner");
    let admin = Maker::new(&system, &tenant, "admin");

    let (status, created) = maker.hub(Method::PUT, "customApis/my-orders", &connector()).await;
    assert_eq!(status, 201, "{created}");
    let connection = json!({"properties": {
        "displayName": "My orders", "api": {"id": created["id"]},
        "parameterValueSet": {"name": "managedIdentityAuth", "values": {}},
    }});
    let (status, connected) = maker.hub(Method::PUT, "connections/my-orders", &connection).await;
    assert_eq!((status, &connected["properties"]["overallStatus"]), (201, &json!("Ready")), "{connected}");

    // Without its authentication the reference is rejected.
    let own = json!({"type": "SystemAssigned"});
    let (status, rejected) = maker.flow(Method::PUT, FLOW_ID, &flow(&own, &Value::Null)).await;
    let code = &rejected["error"]["code"];
    assert_eq!((status, code), (400, &json!("WorkflowManagedIdentityConfigurationInvalid")), "{rejected}");

    // An identity without an app role of the API is refused by the API.
    let authentication = json!({"authentication": {"type": "ManagedServiceIdentity"}});
    let (status, saved) = maker.flow(Method::PUT, FLOW_ID, &flow(&own, &authentication)).await;
    assert_eq!(status, 201, "{saved}");
    tenant.advance("PT2H").await;
    let (refused, failed) = runs(&system, &tenant).await;
    assert!(refused >= 2 && failed.len() == refused, "{refused} {failed:?}");
    assert!(
        failed.iter().all(|run| run.to_string().contains("lacks the role Orders.Read.All")),
        "{failed:?}"
    );

    // One with the role is not.
    let identities = tenant.facts["managed_identities"].as_array().expect("a list");
    let reader = identities.iter().find(|identity| identity["user_assigned"] == true).expect("an identity");
    let id = reader["resource_id"].as_str().expect("a text");
    let assigned = json!({"type": "UserAssigned", "userAssignedIdentities": {id: {}}});
    let authentication = json!({"authentication": {"type": "ManagedServiceIdentity", "identity": id}});
    let (status, saved) = maker.flow(Method::PUT, FLOW_ID, &flow(&assigned, &authentication)).await;
    assert_eq!(status, 200, "{saved}");
    tenant.advance("PT3H").await;
    let (count, failed) = runs(&system, &tenant).await;
    assert!(count >= refused + 3 && failed.len() == refused, "{count} {failed:?}");

    // The owner's password and sessions have nothing to do with it.
    tenant.change_password("owner", "Other-9876-password").await;
    tenant.revoke_sessions("owner").await;
    tenant.advance("P3D").await;
    let (later, failed) = runs(&system, &tenant).await;
    assert!(later >= count + 71 && failed.len() == refused, "{later} {failed:?}");
    let url = connected["properties"]["connectionRuntimeUrl"].as_str().expect("a URL");
    let key = url.rsplit('/').next().expect("an id");
    let forwarded = system.journal(Service::Hub, &tenant, "runtime.forwarded").await;
    let ours = |call: &&Value| call["subject"].as_str().is_some_and(|of| of.replace('-', "").ends_with(key));
    let calls: Vec<_> = forwarded.iter().filter(ours).collect();
    assert!(
        !calls.is_empty() && calls.iter().all(|call| call["data"]["access_token"].is_string()),
        "{calls:?}"
    );

    // A disabled identity gets no next token; the last one is used for a day.
    let identity = &saved["identity"]["userAssignedIdentities"][id]["principalId"];
    let disable = json!({"accountEnabled": false});
    let path = format!("servicePrincipals/{}", identity.as_str().expect("an id"));
    admin.graph(Method::PATCH, &path, &disable).await;
    tenant.advance("P2D").await;
    let (_, failed) = runs(&system, &tenant).await;
    let last = failed.last().expect("it fails");
    assert!(failed.len() > refused && last.to_string().contains("AADSTS7000112"), "{last}");
    let log = system.log();
    assert!(!log.contains("eyJ"), "a token is in the log");
    system.stop().await;
}
