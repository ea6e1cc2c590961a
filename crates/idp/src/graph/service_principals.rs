//! Service principals: the applications in a tenant.

use outlive_clock::TenantId;
use outlive_wire::JournalEvent;
use outlive_wire::events::{ApplicationAssignmentChanged, ApplicationDisabled, ApplicationEnabled};

use super::applications::{app_roles, find_applications, scopes};
use super::permissions::{READ_APPLICATIONS, WRITE_APPLICATIONS};
use super::prelude::*;
use crate::directory::{Application, ManagedIdentity};

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .collection("/servicePrincipals", list, post(create))
        .route("/servicePrincipals/{id}", get(show).patch(update))
}

entity_type! {
    /// "servicePrincipal resource type".
    SERVICE_PRINCIPAL = "microsoft.graph.servicePrincipal" in "servicePrincipals",
    fn resource(tenant: TenantId, application: &Application) {
        "id" [Filterable] => application.service_principal_id,
        "accountEnabled" [Filterable] => application.enabled,
        "alternativeNames" => alternative_names(application),
        "appDisplayName" => application.name,
        "appId" [Filterable] => application.client_id,
        "appOwnerOrganizationId" => application.document.managed_identity.is_none().then_some(tenant),
        "appRoleAssignmentRequired" => application.document.assignment_required,
        "appRoles" => app_roles(application),
        "displayName" [Filterable] => application.name,
        "oauth2PermissionScopes" => scopes(application),
        "replyUrls" => application.document.redirect_uris.iter().map(|uri| &uri.uri).collect::<Vec<_>>(),
        "servicePrincipalNames" => names(application),
        "servicePrincipalType" [Filterable] => principal_type(application),
        "signInAudience" => "AzureADMyOrg",
    }
}

fn principal_type(application: &Application) -> &'static str {
    if application.document.managed_identity.is_some() { "ManagedIdentity" } else { "Application" }
}

fn alternative_names(application: &Application) -> Vec<String> {
    let names = application.document.managed_identity.as_ref().map(ManagedIdentity::alternative_names);
    names.into_iter().flatten().collect()
}

fn names(application: &Application) -> Vec<String> {
    let uris = application.document.identifier_uris.iter().cloned();
    std::iter::once(application.client_id.to_string()).chain(uris).collect()
}

async fn list(caller: Caller) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_APPLICATIONS)?;
    collection(caller, &SERVICE_PRINCIPAL, |options| async move {
        let (found, more_after) = match options.filter.equal("id") {
            Some(id) => (principal(caller, id).await.into_iter().collect(), None),
            None => find_applications(caller, &options).await?,
        };
        Ok(options.filtered(found.iter().map(|found| resource(caller.tenant.id, found)), more_after))
    })
    .await
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = principal(&caller, &id).await?;
    caller.entity(&SERVICE_PRINCIPAL, &resource(caller.tenant.id, &application))
}

/// `GET /servicePrincipals(appId='…')`.
pub(super) async fn show_by_name(caller: &Caller, name: &ApplicationName) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find_principal(caller).await?;
    caller.entity(&SERVICE_PRINCIPAL, &resource(caller.tenant.id, &application))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewServicePrincipal {
    app_id: Option<String>,
}

/// Every application has its service principal already, which is returned (docs/parity.md).
async fn create(caller: Caller, Body(new): Body<NewServicePrincipal>) -> Answer {
    caller.allowed(&WRITE_APPLICATIONS)?;
    let options = caller.entity_options(&SERVICE_PRINCIPAL)?;
    let app_id = new.app_id.ok_or_else(|| GraphError::missing("ServicePrincipal", "appId"))?;
    let application = ApplicationName::AppId(app_id).find_principal(&caller).await?;
    Ok(options.created(&resource(caller.tenant.id, &application)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ServicePrincipalPatch {
    account_enabled: Given<bool>,
    app_role_assignment_required: Given<bool>,
}

/// A disabled service principal receives no tokens (AADSTS7000112), and none are issued for it.
async fn update(
    caller: Caller,
    Path(id): Path<String>,
    Body(patch): Body<ServicePrincipalPatch>,
) -> Result<StatusCode> {
    caller.allowed(&WRITE_APPLICATIONS)?;
    apply_patch(&caller, principal(&caller, &id).await?, patch).await
}

/// `PATCH /servicePrincipals(appId='…')`.
pub(super) async fn update_by_name(
    caller: &Caller,
    name: &ApplicationName,
    patch: ServicePrincipalPatch,
) -> Result<StatusCode> {
    caller.allowed(&WRITE_APPLICATIONS)?;
    apply_patch(caller, name.find_principal(caller).await?, patch).await
}

/// Commits the changes, with an event for each property that changed.
async fn apply_patch(
    caller: &Caller,
    before: Application,
    patch: ServicePrincipalPatch,
) -> Result<StatusCode> {
    let mut after = before.clone();
    let (client_id, client_name) = (Some(before.client_id), before.name.clone());
    let mut events = Vec::<JournalEvent>::new();
    if let Some(assignment_required) = *patch.app_role_assignment_required {
        after.document_mut().assignment_required = assignment_required;
        let (client_name, actor) = (client_name.clone(), caller.actor());
        let event = ApplicationAssignmentChanged { client_id, client_name, assignment_required, actor };
        events.push(event.into());
    }
    if let Some(enabled) = *patch.account_enabled {
        after.enabled = enabled;
        let actor = caller.actor();
        events.push(if enabled {
            ApplicationEnabled { client_id, client_name, actor }.into()
        } else {
            ApplicationDisabled { client_id, client_name, actor }.into()
        });
    }
    if events.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let mut change = after.update(&before, caller.tenant.id);
    for event in events {
        change.append(caller.entry(Subject::client(before.client_id), event));
    }
    caller.idp.directory.commit(caller.tenant.id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the application whose service principal has this object id.
pub(super) async fn principal(caller: &Caller, id: &str) -> Result<Application> {
    let found = caller.idp.directory.application_of_principal(caller.tenant.id, parse_id(id)?).await?;
    found.ok_or_else(|| GraphError::not_found(id))
}
