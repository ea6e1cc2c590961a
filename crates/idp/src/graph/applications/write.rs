//! Creating, changing and deleting applications.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::{ClientId, ServicePrincipalId};
use outlive_store::Change;
use outlive_wire::events::{Actor, ApplicationCreated, ApplicationDeleted, ApplicationUpdated};
use outlive_wire::{JournalEvent, Subject};

use super::certificates;
use super::change::ApplicationChange;
use super::read::ApplicationName;
use super::required;
use super::resource::{APPLICATION, resource};
use crate::directory::spec::ApplicationKind;
use crate::directory::{Application, ApplicationDocument};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::entity;
use crate::graph::permissions::{WRITE_APPLICATIONS, WRITE_OWN_APPLICATION};

/// `POST /applications`. Also creates its service principal (docs/parity.md).
pub(crate) async fn create(caller: Caller, body: Result<Body<ApplicationChange>, GraphError>) -> Response {
    let result = async {
        let Body(new) = body?;
        caller.allowed(&WRITE_APPLICATIONS)?;
        let options = caller.entity_options(&APPLICATION)?;
        if new.display_name.is_none() {
            return Err(GraphError::bad_request(
                "A value is required for property 'displayName' of resource 'Application'.",
            ));
        }
        let random = caller.idp.chassis.random.of(caller.tenant.id);
        let object_id = random.stream("application-object-id").uuid();
        let empty = Application {
            client_id: ClientId::generate(&mut random.stream("client-id")),
            service_principal_id: ServicePrincipalId::generate(&mut random.stream("service-principal-id")),
            name: String::new(),
            enabled: true,
            document: Arc::new(ApplicationDocument::empty(object_id, ApplicationKind::Confidential)),
            revision: 0,
        };
        let application = apply_change(&caller, new, &empty).await?;
        let mut change = Change::new();
        for statement in application.insertion(caller.tenant.id) {
            change.add(statement);
        }
        let created = commit(&caller, change, &application, |client_id, client_name, actor| {
            ApplicationCreated { client_id, client_name, actor }.into()
        })
        .await;
        created.map_err(|error| error.or_duplicate("identifierUris"))?;
        Ok(entity(&APPLICATION, StatusCode::CREATED, &resource(&caller, &application).await?, &options))
    };
    caller.answer(result.await)
}

/// `PATCH /applications/{id}`.
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<ApplicationChange>, GraphError>,
) -> Response {
    let result = update_application(&caller, &ApplicationName::Object(id), body).await;
    caller.answer(result)
}

pub(super) async fn update_application(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<ApplicationChange>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(patch) = body?;
    let before = writable(caller, name).await?;
    let after = apply_change(caller, patch, &before).await?;
    let mut change = Change::new();
    for statement in after.update(&before, caller.tenant.id) {
        change.add(statement);
    }
    let has_new_uris = after.document.identifier_uris != before.document.identifier_uris;
    let committed = commit(caller, change, &after, |client_id, client_name, actor| {
        ApplicationUpdated { client_id, client_name, actor }.into()
    });
    committed.await.map_err(|error| {
        // With the same URIs as before, the conflict is a concurrent change.
        if has_new_uris { error.or_duplicate("identifierUris") } else { error }
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /applications/{id}`: permanently, with all consents, assignments and secrets.
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = delete_application(&caller, &ApplicationName::Object(id)).await;
    caller.answer(result)
}

pub(super) async fn delete_application(
    caller: &Caller,
    name: &ApplicationName,
) -> Result<Response, GraphError> {
    let application = writable(caller, name).await?;
    let mut change = Change::new();
    for statement in application.removal(caller.tenant.id) {
        change.add(statement);
    }
    commit(caller, change, &application, |client_id, client_name, actor| {
        ApplicationDeleted { client_id, client_name, actor }.into()
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn apply_change(
    caller: &Caller,
    mut change: ApplicationChange,
    before: &Application,
) -> Result<Application, GraphError> {
    let required = change.required_resource_access.take();
    let certificates = change.key_credentials.take();
    let mut after = change.apply(before)?;
    check_identifier_uris(caller, before, &after).await?;
    if let Some(certificates) = certificates {
        after.document_mut().key_credentials =
            certificates::read(caller, certificates, &before.document.key_credentials)?;
        certificates::check(&after.document.key_credentials)?;
    }
    if let Some(required) = required {
        after.document_mut().required = required::read(caller, required).await?;
    }
    Ok(after)
}

/// Rejects new identifier URIs by which another application is found already: the case of letters
/// and a slash at the end make no difference.
async fn check_identifier_uris(
    caller: &Caller,
    before: &Application,
    after: &Application,
) -> Result<(), GraphError> {
    for uri in &after.document.identifier_uris {
        if before.document.identifier_uris.contains(uri) {
            continue;
        }
        let owner = caller.idp.directory.resource(caller.tenant.id, uri).await?;
        if owner.is_some_and(|owner| owner.client_id != after.client_id) {
            return Err(GraphError::taken("identifierUris"));
        }
    }
    Ok(())
}

/// Returns the application if the caller may change it. Applications of the platform belong to no
/// tenant.
pub(super) async fn writable(caller: &Caller, name: &ApplicationName) -> Result<Application, GraphError> {
    let found = name.find(caller).await;
    let own = found.as_ref().is_ok_and(|application| application.client_id == caller.claims.appid);
    if !(caller.is_allowed(&WRITE_APPLICATIONS) || own && caller.is_allowed(&WRITE_OWN_APPLICATION)) {
        return Err(GraphError::denied());
    }
    found.and_then(
        |application| {
            if application.document.platform { Err(GraphError::denied()) } else { Ok(application) }
        },
    )
}

/// Commits the difference between two states of an application.
pub(super) async fn commit_update(
    caller: &Caller,
    before: &Application,
    after: &Application,
    event: ApplicationEvent,
) -> Result<(), GraphError> {
    let mut change = Change::new();
    for statement in after.update(before, caller.tenant.id) {
        change.add(statement);
    }
    commit(caller, change, after, event).await
}

/// Builds an event from an application's client id, its name and the caller.
pub(super) type ApplicationEvent = fn(Option<ClientId>, String, Option<Actor>) -> JournalEvent;

pub(super) async fn commit(
    caller: &Caller,
    change: Change,
    application: &Application,
    event: ApplicationEvent,
) -> Result<(), GraphError> {
    let event = event(Some(application.client_id), application.name.clone(), caller.actor());
    caller.commit(change, Subject::client(application.client_id), event).await
}
