//! Creates what the cells of a row are about, as an admin, a maker and an owner would.

use outlive_clock::Instant;
use serde_json::{Map, Value, json};

use super::columns::{Client, Column, Kind};
use super::subject::{Caller, Subject};
use super::workshop::Workshop;
use crate::matrix::MatrixError;

/// The minutes between the runs of the flows.
pub(super) const EVERY_MINUTES: i64 = 30;
/// The orders API, as connectors and flows name it.
const HOST: &str = "orders.contoso.example";
const RESOURCE: &str = "api://contoso-orders";

/// Registers the application and the connector of a column.
pub(super) async fn register(
    workshop: &mut Workshop<'_>,
    column: &'static Column,
) -> Result<Subject, MatrixError> {
    let flow = workshop.random.stream("matrix-flow-id").uuid().to_string();
    let mut subject = Subject { column, application: None, secret: None, connection: None, flow };
    match column.kind {
        Kind::OnBehalfOf => {
            let api = workshop.api_of_connector()?;
            let application = register_application(workshop, &mut subject, Some(&api), true).await?;
            workshop.grant_consent(&application).await?;
            subject.application = Some(application);
            register_connector(workshop, &subject).await?;
        }
        Kind::Delegated(client) => {
            let has_secret = client.has_secret();
            let application = register_application(workshop, &mut subject, None, has_secret).await?;
            subject.application = Some(application);
            let certificate = register_connector(workshop, &subject).await?;
            if client == Client::Certificate {
                let application = subject.client_id().to_owned();
                workshop.register_certificate(&application, &certificate).await?;
            }
        }
        Kind::ServicePrincipal | Kind::Http => {
            let daemon = workshop.daemon()?.client_id.clone();
            subject.secret = Some(workshop.add_secret(&daemon).await?);
            subject.application = Some(daemon);
            if column.kind == Kind::ServicePrincipal {
                register_connector(workshop, &subject).await?;
            }
        }
        Kind::ManagedIdentity | Kind::Password | Kind::ApiKey => {}
    }
    Ok(subject)
}

/// Creates the connection of a column, signs in to it, and saves the flow, which runs at once.
pub(super) async fn connect(workshop: &mut Workshop<'_>, subject: &mut Subject) -> Result<(), MatrixError> {
    Box::pin(create_connection(workshop, subject)).await?;
    save_flow(workshop, subject).await?;
    if subject.column.kind == Kind::OnBehalfOf {
        workshop.sign_in_caller(Caller::Owner).await?;
        workshop.run_as_caller(subject).await?;
    }
    Ok(())
}

/// Registers the application of a column, which offers what `api` says.
async fn register_application(
    workshop: &mut Workshop<'_>,
    subject: &mut Subject,
    api: Option<&Value>,
    has_secret: bool,
) -> Result<String, MatrixError> {
    let mut body = subject.redirect_uris(&[&workshop.redirect_uri()]);
    body["displayName"] = json!(format!("{} of the matrix", subject.column.title));
    body["requiredResourceAccess"] = json!([{
        "resourceAppId": workshop.api.client_id,
        "resourceAccess": [{"id": workshop.api.scope_id, "type": "Scope"}],
    }]);
    if let Some(api) = api {
        body["api"] = api.clone();
    }
    let created = workshop.graph(reqwest::Method::POST, "/v1.0/applications", Some(&body)).await?;
    let id = created["appId"].as_str().unwrap_or_default().to_owned();
    let principal = json!({ "appId": id });
    workshop.graph(reqwest::Method::POST, "/v1.0/servicePrincipals", Some(&principal)).await?;
    if has_secret {
        subject.secret = Some(workshop.add_secret(&id).await?);
    }
    Ok(id)
}

/// Registers the connector of a column. Returns the hub's representation of it.
async fn register_connector(workshop: &mut Workshop<'_>, subject: &Subject) -> Result<Value, MatrixError> {
    let parameters = match subject.column.kind {
        Kind::Delegated(client) => {
            json!({ "token": oauth(client, Some(subject.client_id()), workshop.evaluated) })
        }
        Kind::OnBehalfOf => {
            let mut token = oauth(Client::Secret, Some(subject.client_id()), workshop.evaluated);
            token["oAuthSettings"]["customParameters"]["enableOnbehalfOfLogin"] = json!({"value": "true"});
            json!({ "token": token })
        }
        _ => service_principal_parameters(),
    };
    let mut properties = json!({
        "displayName": subject.column.title, "iconBrandColor": "#2f6f4f", "capabilities": ["actions"],
        "connectionParameters": parameters, "swagger": swagger(),
    });
    if let (Kind::Delegated(_) | Kind::OnBehalfOf, Some(secret)) = (subject.column.kind, &subject.secret) {
        properties["clientSecret"] = json!(secret);
    }
    let now = workshop.now;
    let created = workshop.admin.put_custom_api(now, subject.column.name, &properties).await;
    created.map_err(|error| workshop.failed(error))
}

/// The `oauthSetting` of a connector with a sign-in.
fn oauth(client: Client, client_id: Option<&str>, cae_capable: bool) -> Value {
    let (provider, scopes, mut custom) = match client {
        Client::Generic { offline_access } => {
            let at = |name: &str| format!("https://login.microsoftonline.com/common/oauth2/v2.0/{name}");
            let mut scopes = vec!["openid", "api://contoso-orders/Orders.Read"];
            scopes.extend(offline_access.then_some("offline_access"));
            let custom = json!({
                "authorizationUrl": at("authorize"), "tokenUrl": at("token"), "refreshUrl": at("token"),
            });
            ("oauth2", scopes, custom)
        }
        _ => {
            let provider = if client == Client::Certificate { "aadcertificate" } else { "aad" };
            let mut custom = json!({
                "loginUri": "https://login.windows.net", "tenantId": "common", "resourceUri": RESOURCE,
            });
            if cae_capable {
                custom["clientCapabilities"] = json!("cp1");
            }
            (provider, Vec::new(), custom)
        }
    };
    if client == Client::Spa {
        custom["redirectUriType"] = json!("spa");
    }
    let custom: Map<_, _> = custom
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), json!({ "value": value })))
        .collect();
    json!({"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": provider, "clientId": client_id, "scopes": scopes, "redirectMode": "Global",
        "properties": {"IsFirstParty": if provider == "aadcertificate" { "True" } else { "False" }},
        "customParameters": custom,
    }})
}

/// The parameters of a connector whose connections have an application's credentials.
fn service_principal_parameters() -> Value {
    let required = json!({"constraints": {"required": "true"}});
    json!({
        "token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "scopes": [], "redirectMode": "Global",
            "customParameters": {
                "loginUri": {"value": "https://login.windows.net"}, "tenantId": {"value": "common"},
                "resourceUri": {"value": RESOURCE}, "grantType": {"value": "client_credentials"},
            },
        }},
        "token:clientId": {"type": "string", "uiDefinition": required},
        "token:clientSecret": {"type": "securestring", "uiDefinition": required},
        "token:TenantId": {"type": "string", "uiDefinition": required},
    })
}

fn swagger() -> Value {
    json!({
        "swagger": "2.0", "info": {"title": "Orders", "version": "1.0"}, "host": HOST, "basePath": "/",
        "schemes": ["https"],
        "paths": {"/orders": {"get": {
            "operationId": "ListOrders", "responses": {"200": {"description": "Orders"}},
        }}},
    })
}

async fn create_connection(workshop: &mut Workshop<'_>, subject: &mut Subject) -> Result<(), MatrixError> {
    let Some(connector) = subject.connector() else { return Ok(()) };
    let name = subject.column.name.replace('_', "-");
    let owner = workshop.owner.user();
    let values = match subject.column.kind {
        Kind::Password => json!({"username": owner.upn, "password": owner.password}),
        Kind::ApiKey => json!({"api_key": workshop.key()?}),
        Kind::ServicePrincipal => json!({
            "token:clientId": subject.client_id(), "token:clientSecret": subject.secret,
            "token:TenantId": workshop.tenant,
        }),
        Kind::Delegated(_) | Kind::OnBehalfOf | Kind::Http | Kind::ManagedIdentity => json!({}),
    };
    let (now, title) = (workshop.now, subject.column.title);
    let created = if matches!(subject.column.kind, Kind::Password | Kind::ApiKey) {
        workshop.owner.put_connection(now, &name, title, connector, &values).await
    } else {
        let api = workshop.owner.custom_api_id(connector);
        workshop.owner.create_connection(now, &name, title, &api, &values).await
    };
    created.map_err(|error| workshop.failed(error))?;
    subject.connection = Some(name);
    if matches!(subject.column.kind, Kind::Delegated(_) | Kind::OnBehalfOf) {
        workshop.sign_in(subject).await?;
    }
    Ok(())
}

/// Saves the flow of a column as the owner.
pub(super) async fn save_flow(workshop: &mut Workshop<'_>, subject: &Subject) -> Result<(), MatrixError> {
    let body = flow(subject, workshop)?;
    let now = workshop.now;
    let saved = workshop.owner.write_flow(now, &subject.flow, &body).await;
    saved.map(drop).map_err(|error| workshop.failed(error))
}

/// As the co-owner of the flow, replaces its connection with one of their own.
pub(super) async fn own_connection(
    workshop: &mut Workshop<'_>,
    subject: &mut Subject,
    now: Instant,
) -> Result<(), MatrixError> {
    let name = format!("{}-of-the-colleague", subject.connection());
    let colleague = workshop.colleague.user();
    let values = json!({"username": colleague.upn, "password": colleague.password});
    let connector = subject.connector().unwrap_or_default();
    let created =
        workshop.colleague.put_connection(now, &name, subject.column.title, connector, &values).await;
    created.map_err(|error| workshop.failed(error))?;
    subject.connection = Some(name);
    let body = flow(subject, workshop)?;
    let saved = workshop.colleague.write_flow(now, &subject.flow, &body).await;
    saved.map(drop).map_err(|error| workshop.failed(error))
}

fn flow(subject: &Subject, workshop: &Workshop<'_>) -> Result<Value, MatrixError> {
    let identity = match subject.column.kind {
        Kind::ManagedIdentity => Some(workshop.identity()?),
        _ => None,
    };
    let is_called = subject.column.kind == Kind::OnBehalfOf;
    let triggers = if is_called {
        json!({"manual": {"type": "Request", "kind": "Button", "inputs": {"schema": {}}}})
    } else {
        json!({"Recurrence": {
            "type": "Recurrence", "recurrence": {"frequency": "Minute", "interval": EVERY_MINUTES},
        }})
    };
    let (call, references) = match subject.connector() {
        Some(connector) => (
            json!({"type": "OpenApiConnection", "runAfter": {}, "inputs": {
                "host": {
                    "apiId": format!("/providers/Microsoft.PowerApps/apis/{connector}"),
                    "connectionName": connector, "operationId": "ListOrders",
                },
                "parameters": {}, "authentication": "@parameters('$authentication')",
            }}),
            json!({connector: {
                "runtimeSource": if is_called { "invoker" } else { "embedded" }, "connection": {"name": subject.connection()},
                "api": {"name": connector},
            }}),
        ),
        None => (
            json!({"type": "Http", "runAfter": {}, "inputs": {
                "method": "GET", "uri": format!("https://{HOST}/orders"),
                "authentication": match identity {
                    Some(identity) => json!({
                        "type": "ManagedServiceIdentity", "audience": RESOURCE, "identity": identity,
                    }),
                    None => json!({
                        "type": "ActiveDirectoryOAuth", "tenant": workshop.tenant, "audience": RESOURCE,
                        "clientId": subject.client_id(), "credentialType": "Secret", "secret": subject.secret,
                    }),
                },
            }}),
            json!({}),
        ),
    };
    let schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
    let mut body = json!({"properties": {
        "displayName": subject.column.title, "state": "Started", "connectionReferences": references,
        "definition": {
            "$schema": schema, "contentVersion": "1.0.0.0",
            "parameters": {
                "$connections": {"defaultValue": {}, "type": "Object"},
                "$authentication": {"defaultValue": {}, "type": "SecureObject"},
            },
            "triggers": triggers,
            "actions": {"Orders": call}, "outputs": {},
        },
    }});
    if let Some(identity) = identity {
        body["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {identity: {}}});
    }
    Ok(body)
}
