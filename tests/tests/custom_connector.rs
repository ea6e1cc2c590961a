//! The tutorial of docs/connectors.md: a maker registers an application and a connector of her own,
//! consents, runs an hourly flow, and replaces the client secret without a failed run.

use outlive_tests::{Maker, Service, System, Tenant, free_base};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns status of every finished run and the text of the first that failed.
async fn runs(system: &System, tenant: &Tenant) -> (usize, Vec<Value>) {
    let runs = system.journal(Service::Flow, tenant, "run.finished").await;
    let runs: Vec<_> = runs.into_iter().filter(|run| run["data"]["flow"] == FLOW_ID).collect();
    let failed = runs.iter().filter(|run| run["data"]["status"] != "Succeeded").cloned().collect();
    (runs.len(), failed)
}

const FLOW_ID: &str = "99999999-0000-4000-8000-00000000c0de";

fn flow(operation: &str) -> Value {
    json!({"properties": {
        "displayName": "My hourly flow", "state": "Started",
        "definition": {
            "contentVersion": "1.0.0.0",
            "parameters": {"$connections": {"defaultValue": {}, "type": "Object"}, "$authentication": {"defaultValue": {}, "type": "SecureObject"}},
            "triggers": {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}},
            "actions": {"Orders": {"type": "OpenApiConnection", "runAfter": {}, "inputs": {
                "host": {"apiId": "/providers/Microsoft.PowerApps/apis/my-orders", "connectionName": "my-orders", "operationId": operation},
                "parameters": {}, "authentication": "@parameters('$authentication')",
            }}},
        },
        "connectionReferences": {"my-orders": {
            "runtimeSource": "embedded", "connection": {"name": "my-orders"}, "api": {"name": "my-orders"},
        }},
    }})
}

#[tokio::test]
async fn a_custom_connector_with_entra_id_works_before_and_after_a_new_secret() {
    let base = free_base();
    let api = format!("my-orders.example=http://127.0.0.1:{}", base + 3);
    let system = System::start_at(base, &["--back-end", &api]).await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let maker = Maker::new(&system, &tenant, "owner");
    let admin = Maker::new(&system, &tenant, "admin");

    // An administrator registers the application, with a delegated permission and a client secret.
    let orders = tenant.application("Contoso Orders API")["client_id"].clone();
    let filter = format!("servicePrincipals?$filter=appId eq '{}'", orders.as_str().expect("an id"));
    let orders_api = admin.graph(Method::GET, &filter, &Value::Null).await["value"][0].clone();
    let scopes = orders_api["oauth2PermissionScopes"].as_array().expect("scopes");
    let read = scopes.iter().find(|scope| scope["value"] == "Orders.Read").expect("a scope")["id"].clone();
    let registration = json!({
        "displayName": "My orders connector",
        "requiredResourceAccess": [{"resourceAppId": orders, "resourceAccess": [{"id": read, "type": "Scope"}]}],
    });
    let application = admin.graph(Method::POST, "applications", &registration).await;
    let id = application["id"].as_str().expect("an id").to_owned();
    admin.graph(Method::POST, "servicePrincipals", &json!({"appId": application["appId"]})).await;
    let add_password = format!("applications/{id}/addPassword");
    let first = admin.graph(Method::POST, &add_password, &json!({})).await;

    // The connector. Its redirect URL is registered on the application.
    let connector = json!({"properties": {
        "displayName": "My orders", "iconBrandColor": "#007ee5", "clientSecret": first["secretText"],
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": application["appId"], "scopes": [], "redirectMode": "GlobalPerConnector",
            "customParameters": {
                "loginUri": {"value": "https://login.microsoftonline.com"}, "tenantId": {"value": "common"},
                "resourceUri": {"value": "api://contoso-orders"},
            },
        }}},
        "swagger": {
            "swagger": "2.0", "info": {"title": "My orders", "version": "1"}, "host": "my-orders.example",
            "basePath": "/", "schemes": ["https"],
            "paths": {"/orders": {"get": {"operationId": "ListOrders", "responses": {"200": {"description": "OK"}}}}},
        },
    }});
    let (status, created) = maker.hub(Method::PUT, "customApis/my-orders", &connector).await;
    assert_eq!(status, 201, "{created}");
    let settings = &created["properties"]["connectionParameters"]["token"]["oAuthSettings"];
    let redirect = json!({"web": {"redirectUris": [settings["redirectUrl"]]}});
    admin.graph(Method::PATCH, &format!("applications/{id}"), &redirect).await;

    // The connection, the consent and the flow.
    let connection = json!({"properties": {"displayName": "My orders", "api": {"id": created["id"]}}});
    assert_eq!(maker.hub(Method::PUT, "connections/my-orders", &connection).await.0, 201);
    maker.consent("my-orders").await;
    let (status, rejected) = maker.flow(Method::PUT, FLOW_ID, &flow("BurnOrders")).await;
    assert_eq!((status, &rejected["error"]["code"]), (400, &json!("InvalidOpenApiFlow")), "{rejected}");
    let target = &rejected["error"]["details"][0]["target"];
    assert_eq!(target, "properties.definition.actions.Orders.inputs.host.operationId");
    let (status, saved) = maker.flow(Method::PUT, FLOW_ID, &flow("ListOrders")).await;
    assert_eq!(status, 201, "{saved}");
    tenant.advance("PT5H").await;
    let (count, failed) = runs(&system, &tenant).await;
    assert!(count >= 5 && failed.is_empty(), "{count} {failed:?}");

    // The rollover: a second secret, the connector gets it, the first one is removed.
    let second = admin.graph(Method::POST, &add_password, &json!({})).await;
    tenant.advance("PT3H").await;
    let replace = json!({"properties": {"clientSecret": second["secretText"]}});
    assert_eq!(maker.hub(Method::PATCH, "customApis/my-orders", &replace).await.0, 200);
    let remove = json!({"keyId": first["keyId"]});
    admin.graph(Method::POST, &format!("applications/{id}/removePassword"), &remove).await;
    tenant.advance("P1D").await;
    let (later, failed) = runs(&system, &tenant).await;
    assert!(later >= count + 27 && failed.is_empty(), "{later} {failed:?}");
    assert!(system.journal(Service::Hub, &tenant, "connection.refreshed").await.len() > 10);
    system.stop().await;
}

#[tokio::test]
async fn the_administrator_of_a_tenant_replaces_the_secret_of_a_managed_connector() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let admin = Maker::new(&system, &tenant, "admin");
    let owner = Maker::new(&system, &tenant, "owner");
    let rotation = json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "PT5H"});
    tenant.happen(rotation).await;
    let credentials = tenant.look().await;
    let applications = credentials["applications"].as_array().expect("applications");
    let application = applications.iter().find(|app| app["name"] == "Contoso Orders Connector").expect("one");
    let secret = application["secret"].as_str().expect("the generated secret");
    assert_ne!(tenant.application("Contoso Orders Connector")["secret"], secret);
    let replacement = json!({"properties": {"clientSecret": secret}});
    let (status, refused) = owner.managed_api(Method::PATCH, "shared_contoso-orders", &replacement).await;
    assert_eq!((status, &refused["error"]["code"]), (403, &json!("AuthorizationFailed")));
    let (status, replaced) = admin.managed_api(Method::PATCH, "shared_contoso-orders", &replacement).await;
    assert_eq!(status, 200, "{replaced}");
    tenant.advance("P1D").await;
    let finished = system.journal(Service::Flow, &tenant, "run.finished").await;
    assert!(finished.len() >= 24 && finished.iter().all(|run| run["data"]["status"] == "Succeeded"));

    // The lab does the same with the present secret of an application.
    tenant.happen(json!({"type": "rotate_secret", "app": "Contoso Orders Connector"})).await;
    let replacement = json!({
        "type": "replace_connector_secret", "connector": "shared_contoso-orders", "app": "Contoso Orders Connector",
    });
    tenant.happen(replacement).await;
    tenant.advance("P1D").await;
    let finished = system.journal(Service::Flow, &tenant, "run.finished").await;
    assert!(finished.len() >= 48 && finished.iter().all(|run| run["data"]["status"] == "Succeeded"));
    let url = format!("{}/lab/tenants/{}/events", system.url(Service::Console), tenant.id());
    for (event, status) in [
        (json!({"type": "replace_connector_secret"}), 400),
        (json!({"type": "replace_connector_secret", "connector": "shared_contoso-orders"}), 400),
        (
            json!({"type": "replace_connector_secret", "connector": "shared_contoso-orders", "app": "Nothing"}),
            400,
        ),
        (json!({"type": "replace_connector_secret", "connector": "../clock", "new_secret": "x"}), 404),
        (json!({"type": "replace_connector_secret", "connector": "shared_nothing", "new_secret": "x"}), 404),
        (json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "-PT1S"}), 400),
        (json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "soon"}), 400),
    ] {
        let answer = system.http().post(&url).json(&event).send().await.expect("it answers");
        assert_eq!(answer.status().as_u16(), status, "{event}: {}", answer.text().await.expect("a body"));
    }
    system.stop().await;
}
