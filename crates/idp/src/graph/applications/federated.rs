//! `federatedIdentityCredentials`: issuers whose tokens authenticate an application.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_wire::events::{
    FederatedCredentialAdded, FederatedCredentialRemoved, FederatedCredentialUpdated,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::named::application;
use super::read::ApplicationName;
use super::write::{commit_update, writable};
use crate::directory::FederatedCredential;
use crate::directory::limits::{
    FEDERATED_CREDENTIALS_MAX, FederatedFault, federated_fault, is_federated_text,
};
use crate::directory::spec::FederatedCredentialSpec;
use crate::graph::body::{Body, not_null, nullable};
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity, whole_collection};
use crate::graph::permissions::READ_APPLICATIONS;

const CREDENTIAL: EntityType = EntityType {
    name: "microsoft.graph.federatedIdentityCredential",
    set: "federatedIdentityCredentials",
    properties: &["id", "audiences", "description", "issuer", "name", "subject"],
    shown: &[],
    filterable: &["id", "issuer", "name", "subject"],
    order: None,
};

/// A new or updated credential. Absent properties are unchanged; a null description is cleared.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CredentialChange {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    issuer: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    subject: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    audiences: Option<Vec<String>>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<String>>,
}

fn resource(credential: &FederatedCredential) -> Value {
    let FederatedCredentialSpec { name, issuer, subject, audiences } = &credential.registered;
    json!({
        "id": credential.id, "audiences": audiences, "description": credential.description,
        "issuer": issuer, "name": name, "subject": subject,
    })
}

fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!(
        "Invalid value specified for property '{name}' of resource 'FederatedIdentityCredential'."
    ))
}

/// Parses the application in a path: an object id, or `applications(appId='…')`.
fn application_name(segment: String) -> Result<ApplicationName, GraphError> {
    if segment.starts_with("applications(") {
        application(&segment)
    } else {
        Ok(ApplicationName::Object(segment))
    }
}

/// `GET /applications/{id}/federatedIdentityCredentials`.
pub(crate) async fn list_credentials(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_APPLICATIONS)?;
        let application = application_name(id)?.find(&caller).await?;
        let objects = application.document.federated_credentials.iter().map(resource).collect();
        whole_collection(&caller, &CREDENTIAL, objects)
    };
    caller.answer(result.await)
}

/// `GET /applications/{id}/federatedIdentityCredentials/{credential}`, by id or name.
pub(crate) async fn show_credential(
    caller: Caller,
    Path((id, credential)): Path<(String, String)>,
) -> Response {
    let result = async {
        caller.allowed(&READ_APPLICATIONS)?;
        let application = application_name(id)?.find(&caller).await?;
        let found = find(&application.document.federated_credentials, &credential)?;
        let options = caller.entity_options(&CREDENTIAL)?;
        let object = resource(&application.document.federated_credentials[found]);
        Ok(entity(&CREDENTIAL, StatusCode::OK, &object, &options))
    };
    caller.answer(result.await)
}

/// `POST /applications/{id}/federatedIdentityCredentials`.
pub(crate) async fn create_credential(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<CredentialChange>, GraphError>,
) -> Response {
    let result = async {
        let Body(new) = body?;
        let before = writable(&caller, &application_name(id)?).await?;
        let options = caller.entity_options(&CREDENTIAL)?;
        let missing = |name: &str| {
            GraphError::bad_request(format!(
                "A value is required for property '{name}' of resource 'FederatedIdentityCredential'."
            ))
        };
        let stream = &mut caller.idp.chassis.random.of(caller.tenant.id).stream("federated-credential-id");
        let credential = FederatedCredential {
            id: stream.uuid(),
            registered: FederatedCredentialSpec {
                name: new.name.ok_or_else(|| missing("name"))?,
                issuer: new.issuer.ok_or_else(|| missing("issuer"))?,
                subject: new.subject.ok_or_else(|| missing("subject"))?,
                audiences: new.audiences.ok_or_else(|| missing("audiences"))?,
            },
            description: new.description.flatten(),
        };
        let mut after = before.clone();
        after.document_mut().federated_credentials.push(credential.clone());
        check(&after.document.federated_credentials)?;
        if after.document.kind.is_public() {
            return Err(GraphError::bad_request(
                "A public client cannot have a federated identity credential.",
            ));
        }
        commit_update(&caller, &before, &after, |client_id, client_name, actor| {
            FederatedCredentialAdded { client_id, client_name, actor }.into()
        })
        .await?;
        Ok(entity(&CREDENTIAL, StatusCode::CREATED, &resource(&credential), &options))
    };
    caller.answer(result.await)
}

/// `PATCH /applications/{id}/federatedIdentityCredentials/{credential}`. The name is immutable.
pub(crate) async fn update_credential(
    caller: Caller,
    Path((id, credential)): Path<(String, String)>,
    body: Result<Body<CredentialChange>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        let before = writable(&caller, &application_name(id)?).await?;
        let mut after = before.clone();
        let at = find(&after.document.federated_credentials, &credential)?;
        let changed = &mut after.document_mut().federated_credentials[at];
        if patch.name.is_some_and(|name| !name.eq_ignore_ascii_case(&changed.registered.name)) {
            return Err(invalid("name"));
        }
        let registered = &mut changed.registered;
        for (given, kept) in
            [(patch.issuer, &mut registered.issuer), (patch.subject, &mut registered.subject)]
        {
            *kept = given.unwrap_or_else(|| kept.clone());
        }
        registered.audiences = patch.audiences.unwrap_or_else(|| registered.audiences.clone());
        changed.description = patch.description.unwrap_or_else(|| changed.description.clone());
        check(&after.document.federated_credentials)?;
        commit_update(&caller, &before, &after, |client_id, client_name, actor| {
            FederatedCredentialUpdated { client_id, client_name, actor }.into()
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// `DELETE /applications/{id}/federatedIdentityCredentials/{credential}`.
pub(crate) async fn remove_credential(
    caller: Caller,
    Path((id, credential)): Path<(String, String)>,
) -> Response {
    let result = async {
        let before = writable(&caller, &application_name(id)?).await?;
        let mut after = before.clone();
        let at = find(&after.document.federated_credentials, &credential)?;
        after.document_mut().federated_credentials.remove(at);
        commit_update(&caller, &before, &after, |client_id, client_name, actor| {
            FederatedCredentialRemoved { client_id, client_name, actor }.into()
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

fn find(credentials: &[FederatedCredential], name: &str) -> Result<usize, GraphError> {
    let is_named = |known: &FederatedCredential| {
        name.eq_ignore_ascii_case(&known.id.to_string()) || name.eq_ignore_ascii_case(&known.registered.name)
    };
    credentials.iter().position(is_named).ok_or_else(|| GraphError::not_found(name))
}

/// Applies the documented limits: number of credentials, valid properties, unique names and unique
/// pairs of issuer and subject.
fn check(credentials: &[FederatedCredential]) -> Result<(), GraphError> {
    if credentials.len() > FEDERATED_CREDENTIALS_MAX {
        return Err(GraphError::bad_request(format!(
            "An application has at most {FEDERATED_CREDENTIALS_MAX} federated identity credentials."
        )));
    }
    for (at, credential) in credentials.iter().enumerate() {
        let earlier = credentials[..at].iter().map(|other| &other.registered);
        match federated_fault(&credential.registered, earlier) {
            Some(FederatedFault::Property(name)) => return Err(invalid(name)),
            Some(FederatedFault::SameName) => {
                return Err(GraphError::already_exists(format!(
                    "FederatedIdentityCredential with name {} already exists.",
                    credential.registered.name
                )));
            }
            Some(FederatedFault::SameIssuerAndSubject) => {
                return Err(GraphError::already_exists(
                    "FederatedIdentityCredential with the same issuer and subject already exists.",
                ));
            }
            None => {}
        }
        if credential.description.as_deref().is_some_and(|text| !is_federated_text(text)) {
            return Err(invalid("description"));
        }
    }
    Ok(())
}
