//! `oauth2PermissionGrants`: delegated permission grants.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::{ClientId, UserId};
use outlive_store::Change;
use outlive_wire::events::{ConsentChanged, ConsentGranted, ConsentWithdrawn};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::caller::Caller;
use super::compound_id::{compound, taken_apart};
use super::error::GraphError;
use super::odata::{EntityType, Options, Page, collection, entity};
use super::permissions::{READ_GRANTS, WRITE_GRANTS};
use super::service_principals::principal;
use crate::directory::{GrantsOf, PermissionGrant};

const GRANT: EntityType = EntityType {
    name: "microsoft.graph.oAuth2PermissionGrant",
    set: "oauth2PermissionGrants",
    properties: &["id", "clientId", "consentType", "principalId", "resourceId", "scope"],
    shown: &[],
    filterable: &["clientId", "consentType", "principalId", "resourceId"],
    order: None,
};

fn id_of(grant: &PermissionGrant) -> String {
    let principal = grant.principal.map_or(Uuid::nil(), UserId::uuid);
    compound([grant.client.uuid(), grant.resource.uuid(), principal])
}

fn resource(grant: &PermissionGrant) -> Value {
    json!({
        "id": id_of(grant),
        "clientId": grant.client_principal,
        "consentType": if grant.principal.is_some() { "Principal" } else { "AllPrincipals" },
        "principalId": grant.principal,
        "resourceId": grant.resource_principal,
        "scope": grant.scope,
    })
}

/// `GET /oauth2PermissionGrants`.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = list_of(&caller, None).await;
    caller.answer(result)
}

/// `GET /servicePrincipals/{id}/oauth2PermissionGrants`: the grants to a client.
pub(crate) async fn list_of_client(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let client = principal(&caller, &id).await?.client_id;
        list_of(&caller, Some(GrantsOf::Client(client))).await
    };
    caller.answer(result.await)
}

/// `GET /users/{id}/oauth2PermissionGrants`: the grants of a user.
pub(crate) async fn list_of_user(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        list_of(&caller, Some(GrantsOf::User(user.id))).await
    };
    caller.answer(result.await)
}

async fn list_of(caller: &Caller, of: Option<GrantsOf>) -> Result<Response, GraphError> {
    caller.allowed(&READ_GRANTS)?;
    let of = match of {
        Some(of) => Some(of),
        None => narrowest(caller, &caller.countable_options(&GRANT)?.filter).await?,
    };
    collection(caller, &GRANT, |options| read(caller, of, options)).await
}

async fn read(caller: &Caller, of: Option<GrantsOf>, options: Options) -> Result<Page, GraphError> {
    let mut parts = options.after.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let place = (part(), part(), part());
    let found = match of {
        Some(of) => {
            let directory = &caller.idp.directory;
            directory.permission_grants_after(caller.tenant.id, of, place, options.top + 1).await?
        }
        // The filter names something that does not exist.
        None => Vec::new(),
    };
    let more = found.len() > options.top as usize;
    let shown = &found[..found.len().min(options.top as usize)];
    let more_after = shown.last().filter(|_| more).map(|grant| {
        let (client, resource, principal) = grant.place();
        format!("{client} {resource} {principal}")
    });
    let objects = shown.iter().map(resource).filter(|object| options.filter.passes(object)).collect();
    Ok(Page { objects, more_after })
}

/// The part of the filter that an index serves; none if it names an object that does not exist.
async fn narrowest(caller: &Caller, filter: &super::odata::Filter) -> Result<Option<GrantsOf>, GraphError> {
    let client_of = async |id: &str| -> Result<Option<ClientId>, GraphError> {
        let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
        let found = caller.idp.directory.application_of_principal(caller.tenant.id, id).await?;
        Ok(found.map(|application| application.client_id))
    };
    if let Some(id) = filter.equal("clientId") {
        Ok(client_of(id).await?.map(GrantsOf::Client))
    } else if let Some(id) = filter.equal("principalId") {
        Ok(id.parse().ok().map(GrantsOf::User))
    } else if let Some(id) = filter.equal("resourceId") {
        Ok(client_of(id).await?.map(GrantsOf::Resource))
    } else {
        Ok(Some(GrantsOf::Everybody))
    }
}

/// `GET /oauth2PermissionGrants/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_GRANTS)?;
        let grant = find(&caller, &id).await?;
        let options = caller.entity_options(&GRANT)?;
        Ok(entity(&GRANT, StatusCode::OK, &resource(&grant), &options))
    };
    caller.answer(result.await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewGrant {
    client_id: String,
    consent_type: ConsentType,
    principal_id: Option<String>,
    resource_id: String,
    scope: String,
    /// Sent by old clients, and ignored.
    #[serde(rename = "startTime")]
    #[expect(dead_code, reason = "read so that it may be there")]
    start_time: Option<String>,
    #[serde(rename = "expiryTime")]
    #[expect(dead_code, reason = "read so that it may be there")]
    expiry_time: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ConsentType {
    AllPrincipals,
    Principal,
}

/// `POST /oauth2PermissionGrants`.
pub(crate) async fn create(caller: Caller, body: Result<Body<NewGrant>, GraphError>) -> Response {
    let result = async {
        let Body(new) = body?;
        caller.allowed(&WRITE_GRANTS)?;
        let options = caller.entity_options(&GRANT)?;
        let client = principal(&caller, &new.client_id).await?;
        let api = principal(&caller, &new.resource_id).await?;
        let user = match (new.consent_type, &new.principal_id) {
            (ConsentType::AllPrincipals, None) => None,
            (ConsentType::Principal, Some(id)) => Some(caller.target(id).await?.id),
            _ => {
                return Err(GraphError::bad_request(
                    "principalId has to be there for the consentType 'Principal', and for no other.",
                ));
            }
        };
        let grant = PermissionGrant {
            client: client.client_id,
            client_principal: client.service_principal_id,
            resource: api.client_id,
            resource_principal: api.service_principal_id,
            principal: user,
            scope: normal(&new.scope)?,
        };
        let change = Change::from(grant.insertion(caller.tenant.id));
        record(&caller, change, ConsentEvent::Granted, &grant, &grant.scope).await.map_err(|error| {
            if error.is_conflict() {
                GraphError::already_there("Permission entry already exists.")
            } else {
                error
            }
        })?;
        Ok(entity(&GRANT, StatusCode::CREATED, &resource(&grant), &options))
    };
    caller.answer(result.await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantPatch {
    scope: String,
}

/// `PATCH /oauth2PermissionGrants/{id}`: a removed scope is missing at the next token request that
/// needs it (AADSTS65001).
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<GrantPatch>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        caller.allowed(&WRITE_GRANTS)?;
        let grant = find(&caller, &id).await?;
        let scope = normal(&patch.scope)?;
        let change = Change::from(grant.with_scope(caller.tenant.id, &scope));
        record(&caller, change, ConsentEvent::Changed, &grant, &scope).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// `DELETE /oauth2PermissionGrants/{id}`.
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&WRITE_GRANTS)?;
        let grant = find(&caller, &id).await?;
        let change = Change::from(grant.removal(caller.tenant.id));
        record(&caller, change, ConsentEvent::Withdrawn, &grant, "").await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

async fn find(caller: &Caller, id: &str) -> Result<PermissionGrant, GraphError> {
    let unknown = || GraphError::no_such(id);
    let [client, resource, principal] = taken_apart(id).ok_or_else(unknown)?;
    let principal = (!principal.is_nil()).then(|| UserId::from_uuid(principal));
    let (client, resource) = (ClientId::from_uuid(client), ClientId::from_uuid(resource));
    let found = caller.idp.directory.permission_grant(caller.tenant.id, client, resource, principal).await?;
    found.ok_or_else(unknown)
}

/// Scopes separated by single spaces, without duplicates.
fn normal(scope: &str) -> Result<String, GraphError> {
    let mut names: Vec<&str> = Vec::new();
    for name in scope.split_ascii_whitespace() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // "scope" of an oAuth2PermissionGrant: at most 3,850 characters.
    if scope.len() > 3_850 || names.len() > 400 {
        return Err(GraphError::bad_request("The scope is too long."));
    }
    Ok(names.join(" "))
}

/// Which event records the change of a grant.
enum ConsentEvent {
    Granted,
    Changed,
    Withdrawn,
}

async fn record(
    caller: &Caller,
    change: Change,
    event: ConsentEvent,
    granted: &PermissionGrant,
    scope: &str,
) -> Result<(), GraphError> {
    let (subject, consent_type) = match granted.principal {
        Some(user) => (Subject::user(user), "Principal"),
        None => (Subject::client(granted.client), "AllPrincipals"),
    };
    let (upn, client_name, actor) = (None, None, caller.actor());
    let (client_id, resource) = (Some(granted.client), Some(granted.resource.to_string()));
    let (scope, consent_type) = (Some(scope.to_owned()), Some(consent_type.to_owned()));
    let grant = Some(id_of(granted));
    let event: JournalEvent = match event {
        ConsentEvent::Granted => {
            ConsentGranted { upn, client_id, client_name, resource, scope, consent_type, grant, actor }.into()
        }
        ConsentEvent::Changed => {
            ConsentChanged { upn, client_id, client_name, resource, scope, consent_type, grant, actor }.into()
        }
        ConsentEvent::Withdrawn => {
            ConsentWithdrawn { upn, client_id, client_name, resource, scope, consent_type, grant, actor }
                .into()
        }
    };
    caller.commit(change, subject, event).await
}
