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

fn flow(authentication: &Value) -> Value {
    json!({"identity": {"type": "SystemAssigned"}, "properties": {
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
    let (status, rejected) = maker.flow(Method::PUT, FLOW_ID, &flow(&Value::Null)).await;
    let code = &rejected["error"]["code"];
    assert_eq!((status, code), (400, &json!("WorkflowManagedIdentityConfigurationInvalid")), "{rejected}");
    let authentication = json!({"authentication": {"type": "ManagedServiceIdentity"}});
    let (status, saved) = maker.flow(Method::PUT, FLOW_ID, &flow(&authentication)).await;
    assert_eq!(status, 201, "{saved}");

    // An administrator assigns the API's role to the identity.
    let orders = tenant.application("Contoso Orders API")["client_id"].clone();
    let filter = format!("servicePrincipals?$filter=appId eq '{}'", orders.as_str().expect("an id"));
    let orders_api = admin.graph(Method::GET, &filter, &Value::Null).await["value"][0].clone();
    let roles = orders_api["appRoles"].as_array().expect("roles");
    let read = roles.iter().find(|role| role["value"] == "Orders.Read.All").expect("a role")["id"].clone();
    let principal = saved["identity"]["principalId"].as_str().expect("an id").to_owned();
    let assigned_to =
        format!("servicePrincipals/{}/appRoleAssignedTo", orders_api["id"].as_str().expect("an id"));
    let assignment = json!({"principalId": principal, "resourceId": orders_api["id"], "appRoleId": read});
    let assigned = admin.graph(Method::POST, &assigned_to, &assignment).await;
    tenant.advance("PT3H").await;
    let (count, failed) = runs(&system, &tenant).await;
    assert!(count >= 3 && failed.is_empty(), "{count} {failed:?}");

    // The owner's password and sessions have nothing to do with it.
    tenant.change_password("owner", "Other-9876-password").await;
    tenant.revoke_sessions("owner").await;
    tenant.advance("P3D").await;
    let (later, failed) = runs(&system, &tenant).await;
    assert!(later >= count + 71 && failed.is_empty(), "{later} {failed:?}");
    let url = connected["properties"]["connectionRuntimeUrl"].as_str().expect("a URL");
    let id = url.rsplit('/').next().expect("an id");
    let forwarded = system.journal(Service::Hub, &tenant, "runtime.forwarded").await;
    let ours = |call: &&Value| call["subject"].as_str().is_some_and(|of| of.replace('-', "").ends_with(id));
    let calls: Vec<_> = forwarded.iter().filter(ours).collect();
    assert!(
        !calls.is_empty() && calls.iter().all(|call| call["data"]["access_token"].is_string()),
        "{calls:?}"
    );

    // A removed role is absent from the next token, at most a day later.
    let id = assigned["id"].as_str().expect("an id");
    admin.graph(Method::DELETE, &format!("{assigned_to}/{id}"), &Value::Null).await;
    tenant.advance("P2D").await;
    let (_, failed) = runs(&system, &tenant).await;
    let last = failed.last().expect("it fails");
    assert!(last.to_string().contains("Forbidden"), "{last}");
    admin.graph(Method::POST, &assigned_to, &assignment).await;
    tenant.advance("P2D").await;
    let (_, repaired) = runs(&system, &tenant).await;
    assert!((24..failed.len() + 25).contains(&repaired.len()), "{} {}", failed.len(), repaired.len());

    // Without the identity there is no token.
    let disable = json!({"accountEnabled": false});
    admin.graph(Method::PATCH, &format!("servicePrincipals/{principal}"), &disable).await;
    tenant.advance("P2D").await;
    let (_, failed) = runs(&system, &tenant).await;
    let last = failed.last().expect("it fails");
    assert!(last.to_string().contains("AADSTS7000112"), "{last}");
    let log = system.log();
    assert!(!log.contains("eyJ"), "a token is in the log");
    system.stop().await;
}
