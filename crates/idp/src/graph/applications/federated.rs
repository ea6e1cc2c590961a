//! `federatedIdentityCredentials`: issuers whose tokens authenticate an application.

use outlive_wire::events::{
    FederatedCredentialAdded, FederatedCredentialRemoved, FederatedCredentialUpdated,
};

use super::access::commit_update;
use crate::directory::FederatedCredential;
use crate::directory::limits::{
    FEDERATED_CREDENTIALS_MAX, FederatedFault, federated_fault, is_federated_text,
};
use crate::directory::spec::FederatedCredentialSpec;
use crate::graph::permissions::READ_APPLICATIONS;
use crate::graph::prelude::*;

pub(super) fn router(application: &str) -> Router<Idp> {
    let credentials = format!("{application}/federatedIdentityCredentials");
    Router::new()
        .collection(&credentials, list, post(create))
        .route(&format!("{credentials}/{{credential}}"), get(show).patch(update).delete(remove))
}

entity_type! {
    /// "federatedIdentityCredential resource type".
    CREDENTIAL = "microsoft.graph.federatedIdentityCredential" in "federatedIdentityCredentials",
    fn resource(credential: &FederatedCredential) {
        "id" [Filterable] => credential.id,
        "audiences" => credential.registered.audiences,
        "description" => credential.description,
        "issuer" [Filterable] => credential.registered.issuer,
        "name" [Filterable] => credential.registered.name,
        "subject" [Filterable] => credential.registered.subject,
    }
}

/// The id or the name of a credential in a path.
#[derive(Debug, Deserialize)]
struct CredentialPath {
    credential: String,
}

fn invalid(name: &str) -> GraphError {
    GraphError::invalid("FederatedIdentityCredential", name)
}

async fn list(caller: Caller, name: ApplicationName) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(&caller).await?;
    whole_collection(&caller, &CREDENTIAL, application.document.federated_credentials.iter().map(resource))
}

async fn show(caller: Caller, name: ApplicationName, Path(path): Path<CredentialPath>) -> Answer {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(&caller).await?;
    let credentials = &application.document.federated_credentials;
    let at = find(credentials, &path.credential)?;
    caller.entity(&CREDENTIAL, &resource(&credentials[at]))
}

/// A new or updated credential. Absent properties are unchanged; a null description is cleared.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CredentialChange {
    name: Given<String>,
    issuer: Given<String>,
    subject: Given<String>,
    audiences: Given<Vec<String>>,
    description: Given<Option<String>>,
}

async fn create(caller: Caller, name: ApplicationName, Body(new): Body<CredentialChange>) -> Answer {
    let before = name.writable(&caller).await?;
    let options = caller.entity_options(&CREDENTIAL)?;
    let missing = |name: &str| GraphError::missing("FederatedIdentityCredential", name);
    let credential = FederatedCredential {
        id: caller.stream("federated-credential-id").uuid(),
        registered: FederatedCredentialSpec {
            name: new.name.0.ok_or_else(|| missing("name"))?,
            issuer: new.issuer.0.ok_or_else(|| missing("issuer"))?,
            subject: new.subject.0.ok_or_else(|| missing("subject"))?,
            audiences: new.audiences.0.ok_or_else(|| missing("audiences"))?,
        },
        description: new.description.0.flatten(),
    };
    let mut after = before.clone();
    after.document_mut().federated_credentials.push(credential.clone());
    check(&after.document.federated_credentials)?;
    if after.document.kind.is_public() {
        return Err(GraphError::bad_request("A public client cannot have a federated identity credential."));
    }
    commit_update(&caller, &before, &after, application_event!(FederatedCredentialAdded)).await?;
    Ok(options.created(&resource(&credential)))
}

/// The name is immutable.
async fn update(
    caller: Caller,
    name: ApplicationName,
    Path(path): Path<CredentialPath>,
    Body(patch): Body<CredentialChange>,
) -> Result<StatusCode> {
    let before = name.writable(&caller).await?;
    let mut after = before.clone();
    let at = find(&after.document.federated_credentials, &path.credential)?;
    let FederatedCredential { registered, description, .. } =
        &mut after.document_mut().federated_credentials[at];
    if patch.name.0.is_some_and(|name| !name.eq_ignore_ascii_case(&registered.name)) {
        return Err(invalid("name"));
    }
    replace(&mut registered.issuer, patch.issuer);
    replace(&mut registered.subject, patch.subject);
    replace(&mut registered.audiences, patch.audiences);
    replace(description, patch.description);
    check(&after.document.federated_credentials)?;
    commit_update(&caller, &before, &after, application_event!(FederatedCredentialUpdated)).await
}

/// Replaces a value if another is given.
fn replace<T>(value: &mut T, given: Given<T>) {
    if let Some(given) = given.0 {
        *value = given;
    }
}

async fn remove(
    caller: Caller,
    name: ApplicationName,
    Path(path): Path<CredentialPath>,
) -> Result<StatusCode> {
    let before = name.writable(&caller).await?;
    let mut after = before.clone();
    let at = find(&after.document.federated_credentials, &path.credential)?;
    after.document_mut().federated_credentials.remove(at);
    commit_update(&caller, &before, &after, application_event!(FederatedCredentialRemoved)).await
}

fn find(credentials: &[FederatedCredential], name: &str) -> Result<usize> {
    let is_named = |known: &FederatedCredential| {
        name.eq_ignore_ascii_case(&known.id.to_string()) || name.eq_ignore_ascii_case(&known.registered.name)
    };
    credentials.iter().position(is_named).ok_or_else(|| GraphError::not_found(name))
}

/// Applies the documented limits: number of credentials, valid properties, unique names and unique
/// pairs of issuer and subject.
fn check(credentials: &[FederatedCredential]) -> Result<()> {
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
