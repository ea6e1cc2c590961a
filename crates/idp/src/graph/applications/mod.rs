//! Applications and their credentials.

/// Returns the function that builds an event from an application's client id, its name and the
/// caller. All events of applications have these members.
macro_rules! application_event {
    ($event:ident) => {
        |client_id, client_name, actor| $event { client_id, client_name, actor }.into()
    };
}

mod certificates;
mod change;
mod federated;
mod required;
mod resource;
mod secrets;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use outlive_clock::{ClientId, ServicePrincipalId};
use outlive_store::Statement;
use outlive_wire::events::{Actor, ApplicationCreated, ApplicationDeleted, ApplicationUpdated};
use outlive_wire::{JournalEvent, Subject};
use serde_json::Value;

use self::change::ApplicationChange;
use self::resource::{APPLICATION, resource};
use super::body::{Body, parse_body};
use super::caller::{Caller, require};
use super::error::{Answer, GraphError};
use super::odata::{CollectionRoutes, Options, Page, collection};
use super::path::{ApplicationName, Named, parse_id};
use super::permissions::{READ_APPLICATIONS, WRITE_APPLICATIONS, WRITE_OWN_APPLICATION};
use super::{directory_roles, service_principals};
use crate::directory::{Application, ApplicationDocument};
use crate::idp::Idp;
use crate::spec::ApplicationKind;

pub(super) use self::resource::{app_roles, scopes};

/// Applications have two paths: `/applications/{id}` and `/applications(appId='…')`.
pub(super) fn router() -> Router<Idp> {
    let mut router = Router::new()
        .collection("/applications", list, post(create))
        .route("/applications/{id}", get(show).patch(update).delete(remove))
        .route("/{named}", get(show_named).patch(update_named).delete(remove));
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

async fn show_application(caller: &Caller, name: &ApplicationName) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(caller).await?;
    caller.entity(&APPLICATION, &resource(caller, &application).await?)
}

/// An object of any type by its alternate key.
async fn show_named(caller: Caller, named: Named) -> Answer {
    match named {
        Named::Application(app_id) => show_application(&caller, &ApplicationName::AppId(app_id)).await,
        Named::ServicePrincipal(app_id) => {
            service_principals::show_named(&caller, &ApplicationName::AppId(app_id)).await
        }
        Named::Role(name) => directory_roles::show_role(&caller, &name),
    }
}

async fn list(caller: Caller) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    collection(&caller, &APPLICATION, |options| read(&caller, options)).await
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    let (mut found, more_after) = find_applications(caller, &options).await?;
    // Platform applications have service principals in the tenant, but no registration.
    found.retain(|application| !application.document.platform);
    let mut objects = Vec::with_capacity(found.len());
    for application in &found {
        objects.push(resource(caller, application).await?);
    }
    Ok(options.filtered(objects, more_after))
}

/// Returns the applications that the filter selects through an index, and the key at which the next
/// page starts.
pub(super) async fn find_applications(
    caller: &Caller,
    options: &Options,
) -> Result<(Vec<Application>, Option<String>), GraphError> {
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

impl ApplicationName {
    /// Finds the application.
    pub(super) async fn find(&self, caller: &Caller) -> Result<Application, GraphError> {
        let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
        let (found, name) = match self {
            Self::Object(id) => (directory.application_of_object(tenant, parse_id(id)?).await?, id),
            Self::AppId(id) => (directory.application(tenant, parse_id(id)?).await?, id),
        };
        found.ok_or_else(|| GraphError::not_found(name))
    }

    /// Returns the application if the caller may change it. Applications of the platform belong to
    /// no tenant.
    async fn writable(&self, caller: &Caller) -> Result<Application, GraphError> {
        let found = self.find(caller).await;
        let own = found.as_ref().is_ok_and(|application| application.client_id == caller.claims.appid);
        require(caller.is_allowed(&WRITE_APPLICATIONS) || own && caller.is_allowed(&WRITE_OWN_APPLICATION))?;
        let application = found?;
        require(!application.document.platform)?;
        Ok(application)
    }
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
    let insertion = application.insertion(caller.tenant.id);
    let committed = commit(&caller, insertion, &application, application_event!(ApplicationCreated)).await;
    committed.map_err(|error| error.if_conflict(|| GraphError::taken("identifierUris")))?;
    Ok(options.created(&resource(&caller, &application).await?))
}

async fn update(
    caller: Caller,
    name: ApplicationName,
    Body(patch): Body<ApplicationChange>,
) -> Result<StatusCode, GraphError> {
    update_application(&caller, &name, patch).await
}

/// The body depends on the type of the object.
async fn update_named(
    caller: Caller,
    named: Named,
    body: Result<Body<Value>, GraphError>,
) -> Result<StatusCode, GraphError> {
    match named {
        Named::Application(app_id) => {
            let patch = parse_body(body?.0)?;
            update_application(&caller, &ApplicationName::AppId(app_id), patch).await
        }
        Named::ServicePrincipal(app_id) => {
            let patch = parse_body(body?.0)?;
            service_principals::update_named(&caller, &ApplicationName::AppId(app_id), patch).await
        }
        Named::Role(_) => Err(GraphError::unknown_path()),
    }
}

async fn update_application(
    caller: &Caller,
    name: &ApplicationName,
    patch: ApplicationChange,
) -> Result<StatusCode, GraphError> {
    let before = name.writable(caller).await?;
    let after = patch.apply(caller, &before).await?;
    let committed = commit_update(caller, &before, &after, application_event!(ApplicationUpdated)).await;
    // With the same URIs as before, the conflict is a concurrent change.
    if after.document.identifier_uris != before.document.identifier_uris {
        committed.map_err(|error| error.if_conflict(|| GraphError::taken("identifierUris")))?;
    } else {
        committed?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Permanently, with all consents, assignments and secrets.
async fn remove(caller: Caller, name: ApplicationName) -> Result<StatusCode, GraphError> {
    let application = name.writable(&caller).await?;
    let removal = application.removal(caller.tenant.id);
    commit(&caller, removal, &application, application_event!(ApplicationDeleted)).await?;
    Ok(StatusCode::NO_CONTENT)
}

type ApplicationEvent = fn(Option<ClientId>, String, Option<Actor>) -> JournalEvent;

async fn commit(
    caller: &Caller,
    statements: impl IntoIterator<Item = Statement>,
    application: &Application,
    event: ApplicationEvent,
) -> Result<(), GraphError> {
    let event = event(Some(application.client_id), application.name.clone(), caller.actor());
    caller.commit(statements, Subject::client(application.client_id), event).await
}

/// Commits the difference between two states of an application.
async fn commit_update(
    caller: &Caller,
    before: &Application,
    after: &Application,
    event: ApplicationEvent,
) -> Result<(), GraphError> {
    commit(caller, after.update(before, caller.tenant.id), after, event).await
}
