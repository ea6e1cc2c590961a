//! Applications and their credentials.

/// Returns the function that builds an event from an application's client id, its name and the
/// caller. All events of applications have these members.
macro_rules! application_event {
    ($event:ident) => {
        |client_id, client_name, actor| $event { client_id, client_name, actor }.into()
    };
}

mod access;
mod certificates;
mod change;
mod federated;
mod preauthorized;
mod required;
mod resource;
mod secrets;

use std::sync::Arc;

use outlive_clock::{ClientId, ServicePrincipalId};
use outlive_wire::events::{ApplicationCreated, ApplicationDeleted, ApplicationUpdated};

use self::access::{commit, commit_update};
use self::change::ApplicationChange;
use self::resource::{APPLICATION, resource};
use super::permissions::{READ_APPLICATIONS, WRITE_APPLICATIONS};
use super::prelude::*;
use crate::directory::spec::ApplicationKind;
use crate::directory::{Application, ApplicationDocument};

pub(super) use self::resource::{app_roles, scopes};

/// Applications have two paths: `/applications/{id}` and `/applications(appId='…')`.
pub(super) fn router() -> Router<Idp> {
    let mut router = Router::new()
        .collection("/applications", list, post(create))
        .route("/applications/{id}", get(show).patch(update).delete(remove))
        .route("/{named}", delete(remove));
    for application in ["/applications/{id}", "/{named}"] {
        router = router
            .merge(certificates::router(application))
            .merge(secrets::router(application))
            .merge(federated::router(application));
    }
    router
}

async fn show(caller: Caller, name: ApplicationName) -> Answer {
    show_application(&caller, &name).await
}

pub(super) async fn show_application(caller: &Caller, name: &ApplicationName) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(caller).await?;
    caller.entity(&APPLICATION, &resource(caller, &application).await?)
}

async fn list(caller: Caller) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_APPLICATIONS)?;
    collection(caller, &APPLICATION, |options| async move {
        let (mut found, more_after) = find_applications(caller, &options).await?;
        // Platform applications have service principals in the tenant, but no registration.
        found.retain(|application| !application.document.platform);
        let mut objects = Vec::with_capacity(found.len());
        for application in &found {
            objects.push(resource(caller, application).await?);
        }
        Ok(options.filtered(objects, more_after))
    })
    .await
}

/// Returns the applications that the filter selects through an index, and the key at which the next
/// page starts.
pub(super) async fn find_applications(
    caller: &Caller,
    options: &Options,
) -> Result<(Vec<Application>, Option<String>)> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    if let Some(app_id) = options.filter.equal("appId") {
        let found = match app_id.parse() {
            Ok(client) => directory.application(tenant, client).await?,
            Err(_) => None,
        };
        return Ok((found.into_iter().collect(), None));
    }
    let (after, limit) = (&options.after, options.limit());
    let mut found = match options.filter.equal_in_ascii("displayName") {
        Some(name) => directory.applications_by_name(tenant, name, after, limit).await?,
        None => directory.applications_after(tenant, after, limit).await?,
    };
    let more_after = options.truncate(&mut found, |application| application.client_id.to_string());
    Ok((found, more_after))
}

/// Also creates its service principal (docs/parity.md).
async fn create(caller: Caller, Body(new): Body<ApplicationChange>) -> Answer {
    caller.allowed(&WRITE_APPLICATIONS)?;
    let options = caller.entity_options(&APPLICATION)?;
    if new.display_name.is_none() {
        return Err(GraphError::missing("Application", "displayName"));
    }
    let object_id = caller.stream("application-object-id").uuid();
    let empty = Application {
        client_id: ClientId::generate(&mut caller.stream("client-id")),
        service_principal_id: ServicePrincipalId::generate(&mut caller.stream("service-principal-id")),
        name: String::new(),
        enabled: true,
        document: Arc::new(ApplicationDocument::empty(object_id, ApplicationKind::Confidential)),
        revision: 0,
    };
    let application = new.apply(&caller, &empty).await?;
    let insertion = application.insert(caller.tenant.id);
    let committed = commit(&caller, insertion, &application, application_event!(ApplicationCreated)).await;
    committed.map_err(|error| error.if_conflict(|| GraphError::taken("identifierUris")))?;
    Ok(options.created(&resource(&caller, &application).await?))
}

async fn update(
    caller: Caller,
    name: ApplicationName,
    Body(patch): Body<ApplicationChange>,
) -> Result<StatusCode> {
    update_application(&caller, &name, patch).await
}

pub(super) async fn update_application(
    caller: &Caller,
    name: &ApplicationName,
    patch: ApplicationChange,
) -> Result<StatusCode> {
    let before = name.writable(caller).await?;
    let after = patch.apply(caller, &before).await?;
    let committed = commit_update(caller, &before, &after, application_event!(ApplicationUpdated)).await;
    // With the same URIs as before, the conflict is a concurrent change.
    let has_new_uris = after.document.identifier_uris != before.document.identifier_uris;
    let taken = || GraphError::taken("identifierUris");
    committed.map_err(|error| if has_new_uris { error.if_conflict(taken) } else { error })
}

/// Permanently, with all consents, assignments and secrets.
async fn remove(caller: Caller, name: ApplicationName) -> Result<StatusCode> {
    let application = name.writable(&caller).await?;
    let removal = application.delete(caller.tenant.id);
    commit(&caller, removal, &application, application_event!(ApplicationDeleted)).await
}
