//! Service principals: the applications in a tenant.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;
use outlive_wire::events::{ApplicationAssignmentChanged, ApplicationDisabled, ApplicationEnabled};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::applications::{ApplicationName, app_roles, find_applications, scopes};
use super::body::{Body, not_null};
use super::caller::Caller;
use super::error::GraphError;
use super::odata::{EntityType, Options, Page, collection, entity};
use super::permissions::{READ_APPLICATIONS, WRITE_APPLICATIONS};
use crate::directory::Application;

pub(crate) const SERVICE_PRINCIPAL: EntityType = EntityType {
    name: "microsoft.graph.servicePrincipal",
    set: "servicePrincipals",
    properties: &[
        "id",
        "accountEnabled",
        "appDisplayName",
        "appId",
        "appOwnerOrganizationId",
        "appRoleAssignmentRequired",
        "appRoles",
        "displayName",
        "oauth2PermissionScopes",
        "replyUrls",
        "servicePrincipalNames",
        "servicePrincipalType",
        "signInAudience",
    ],
    shown: &[],
    filterable: &["id", "accountEnabled", "appId", "displayName"],
    order: None,
};

fn resource(caller: &Caller, application: &Application) -> Value {
    let document = &application.document;
    let names: Vec<_> =
        std::iter::once(application.client_id.to_string()).chain(document.identifier_uris.clone()).collect();
    json!({
        "id": application.service_principal_id,
        "accountEnabled": application.enabled,
        "appDisplayName": application.name,
        "appId": application.client_id,
        "appOwnerOrganizationId": caller.tenant.id,
        "appRoleAssignmentRequired": document.assignment_required,
        "appRoles": app_roles(application),
        "displayName": application.name,
        "oauth2PermissionScopes": scopes(application),
        "replyUrls": document.redirect_uris.iter().map(|uri| &uri.uri).collect::<Vec<_>>(),
        "servicePrincipalNames": names,
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
    })
}

/// `GET /servicePrincipals`.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = async {
        caller.allowed(&READ_APPLICATIONS)?;
        collection(&caller, &SERVICE_PRINCIPAL, |options| read(&caller, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    let (found, more_after) = match options.filter.equal("id") {
        Some(id) => (principal(caller, id).await.into_iter().collect(), None),
        None => find_applications(caller, &options).await?,
    };
    let objects = found.iter().map(|application| resource(caller, application));
    let objects = objects.filter(|object| options.filter.passes(object)).collect();
    Ok(Page { objects, more_after })
}

/// `GET /servicePrincipals/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_APPLICATIONS)?;
        let application = principal(&caller, &id).await?;
        let options = caller.entity_options(&SERVICE_PRINCIPAL)?;
        Ok(entity(&SERVICE_PRINCIPAL, StatusCode::OK, &resource(&caller, &application), &options))
    };
    caller.answer(result.await)
}

pub(super) async fn show_principal(caller: &Caller, name: &ApplicationName) -> Result<Response, GraphError> {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(caller).await?;
    let options = caller.entity_options(&SERVICE_PRINCIPAL)?;
    Ok(entity(&SERVICE_PRINCIPAL, StatusCode::OK, &resource(caller, &application), &options))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewServicePrincipal {
    app_id: Option<String>,
}

/// `POST /servicePrincipals`. Every application has its service principal already, which is
/// returned (docs/parity.md).
pub(crate) async fn create(caller: Caller, body: Result<Body<NewServicePrincipal>, GraphError>) -> Response {
    let result = async {
        let Body(new) = body?;
        caller.allowed(&WRITE_APPLICATIONS)?;
        let options = caller.entity_options(&SERVICE_PRINCIPAL)?;
        let app_id = new.app_id.ok_or_else(|| {
            GraphError::bad_request(
                "A value is required for property 'appId' of resource 'ServicePrincipal'.",
            )
        })?;
        let application = ApplicationName::AppId(app_id).find(&caller).await?;
        Ok(entity(&SERVICE_PRINCIPAL, StatusCode::CREATED, &resource(&caller, &application), &options))
    };
    caller.answer(result.await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ServicePrincipalPatch {
    #[serde(default, deserialize_with = "not_null")]
    account_enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    app_role_assignment_required: Option<bool>,
}

/// `PATCH /servicePrincipals/{id}`: a disabled service principal receives no tokens
/// (AADSTS7000112), and none are issued for it.
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<ServicePrincipalPatch>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        caller.allowed(&WRITE_APPLICATIONS)?;
        apply_patch(&caller, principal(&caller, &id).await?, patch).await
    };
    caller.answer(result.await)
}

pub(super) async fn update_principal(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<ServicePrincipalPatch>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(patch) = body?;
    caller.allowed(&WRITE_APPLICATIONS)?;
    apply_patch(caller, name.find(caller).await?, patch).await
}

/// Commits the changes, with an event for each property that changed.
async fn apply_patch(
    caller: &Caller,
    before: Application,
    patch: ServicePrincipalPatch,
) -> Result<Response, GraphError> {
    let mut after = before.clone();
    let (client_id, client_name) = (Some(before.client_id), before.name.clone());
    let mut events = Vec::<JournalEvent>::new();
    if let Some(required) = patch.app_role_assignment_required {
        after.document_mut().assignment_required = required;
        let event = ApplicationAssignmentChanged {
            client_id,
            client_name: client_name.clone(),
            assignment_required: required,
            actor: caller.actor(),
        };
        events.push(event.into());
    }
    if let Some(enabled) = patch.account_enabled {
        after.enabled = enabled;
        let actor = caller.actor();
        events.push(if enabled {
            ApplicationEnabled { client_id, client_name, actor }.into()
        } else {
            ApplicationDisabled { client_id, client_name, actor }.into()
        });
    }
    let mut change = Change::new();
    for statement in after.update(&before, caller.tenant.id) {
        change.add(statement);
    }
    if !events.is_empty() {
        for event in events {
            change.append(caller.entry(Subject::client(before.client_id), event));
        }
        caller.idp.directory.commit(caller.tenant.id, change).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns the application whose service principal has this object id.
pub(super) async fn principal(caller: &Caller, id: &str) -> Result<Application, GraphError> {
    let found = match id.parse::<Uuid>() {
        Ok(principal) => caller.idp.directory.application_of_principal(caller.tenant.id, principal).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| GraphError::not_found(id))
}
