//! `appRoleAssignments`: assignments of app roles, listed by principal or by API.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::{ClientId, UserId};
use outlive_store::Change;
use outlive_wire::events::{AppRoleAssigned, AppRoleUnassigned};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::caller::Caller;
use super::compound_id::{compound, taken_apart};
use super::error::GraphError;
use super::odata::{EntityType, Options, Page, collection, entity};
use super::permissions::{READ_ASSIGNMENTS, WRITE_ASSIGNMENTS};
use super::service_principals::principal;
use crate::directory::{AppRoleAssignment, Application, PrincipalType, unassign};

const ASSIGNMENT: EntityType = EntityType {
    name: "microsoft.graph.appRoleAssignment",
    set: "appRoleAssignments",
    properties: &[
        "id",
        "appRoleId",
        "createdDateTime",
        "deletedDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ],
    shown: &[],
    filterable: &["appRoleId", "principalId", "principalType", "resourceId"],
    order: None,
};

/// The id of the role with this value. An assignment without a role has the nil id.
fn role_id(api: &Application, role: &str) -> Uuid {
    api.document.app_roles.iter().find(|known| known.value == role).map_or(Uuid::nil(), |known| known.id)
}

async fn resource(caller: &Caller, assignment: &AppRoleAssignment) -> Result<Option<Value>, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let Some(api) = directory.application(tenant, assignment.resource).await? else { return Ok(None) };
    let name = match assignment.principal_type {
        PrincipalType::User => {
            let user = directory.user(tenant, UserId::from_uuid(assignment.principal)).await?;
            user.map(|user| user.display_name)
        }
        PrincipalType::Group => directory.group_name(tenant, assignment.principal).await?,
        PrincipalType::ServicePrincipal => {
            directory.application_of_principal(tenant, assignment.principal).await?.map(|client| client.name)
        }
    };
    let role = role_id(&api, &assignment.role);
    Ok(Some(json!({
        "id": compound([assignment.principal, api.client_id.uuid(), role]),
        "appRoleId": role,
        "createdDateTime": assignment.created_at,
        "deletedDateTime": null,
        "principalDisplayName": name,
        "principalId": assignment.principal,
        "principalType": assignment.principal_type.name(),
        "resourceDisplayName": api.name,
        "resourceId": api.service_principal_id,
    })))
}

/// Which assignments a collection contains.
enum End {
    /// Those of a principal.
    Held(Uuid),
    /// Those to an API.
    Given(ClientId),
}

/// `GET /servicePrincipals/{id}/appRoleAssignments`.
pub(crate) async fn list_held_by_client(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let client = principal(&caller, &id).await?;
        list_end(&caller, &End::Held(client.service_principal_id.uuid())).await
    };
    caller.answer(result.await)
}

/// `GET /users/{id}/appRoleAssignments`.
pub(crate) async fn list_held_by_user(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        list_end(&caller, &End::Held(user.id.uuid())).await
    };
    caller.answer(result.await)
}

/// `GET /servicePrincipals/{id}/appRoleAssignedTo`.
pub(crate) async fn list_given(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let api = principal(&caller, &id).await?;
        list_end(&caller, &End::Given(api.client_id)).await
    };
    caller.answer(result.await)
}

async fn list_end(caller: &Caller, end: &End) -> Result<Response, GraphError> {
    caller.allowed(&READ_ASSIGNMENTS)?;
    collection(caller, &ASSIGNMENT, |options| read(caller, end, options)).await
}

async fn read(caller: &Caller, end: &End, options: Options) -> Result<Page, GraphError> {
    let place = options.after.split_once(' ').unwrap_or_default();
    let (directory, tenant, limit) = (&caller.idp.directory, caller.tenant.id, options.top + 1);
    let found = match end {
        End::Held(principal) => directory.roles_held_after(tenant, *principal, place, limit).await?,
        End::Given(api) => directory.roles_given_after(tenant, *api, place, limit).await?,
    };
    let more = found.len() > options.top as usize;
    let shown = &found[..found.len().min(options.top as usize)];
    let more_after = shown.last().filter(|_| more).map(|assignment| match end {
        End::Held(_) => format!("{} {}", assignment.resource, assignment.role),
        End::Given(_) => format!("{} {}", assignment.principal, assignment.role),
    });
    let mut objects = Vec::with_capacity(shown.len());
    for assignment in shown {
        objects.extend(resource(caller, assignment).await?.filter(|object| options.filter.passes(object)));
    }
    Ok(Page { objects, more_after })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAssignment {
    principal_id: Uuid,
    resource_id: String,
    app_role_id: Uuid,
}

/// `POST /servicePrincipals/{id}/appRoleAssignedTo` and `…/appRoleAssignments`, `POST
/// /users/{id}/appRoleAssignments`: the path names either the API or the principal, the body both.
pub(crate) async fn create(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<NewAssignment>, GraphError>,
) -> Response {
    let result = async {
        let Body(new) = body?;
        caller.allowed(&WRITE_ASSIGNMENTS)?;
        let options = caller.entity_options(&ASSIGNMENT)?;
        let api = principal(&caller, &new.resource_id).await?;
        let is_end = |end: &str| id.eq_ignore_ascii_case(end);
        let by_name = matches!(caller.target(&id).await, Ok(user) if user.id.uuid() == new.principal_id);
        if !is_end(&new.principal_id.to_string()) && !is_end(&new.resource_id) && !by_name {
            return Err(GraphError::bad_request("The path and the body speak of different objects."));
        }
        let role = match api.document.app_roles.iter().find(|role| role.id == new.app_role_id) {
            Some(role) => role.value.clone(),
            None if new.app_role_id.is_nil() && api.document.app_roles.is_empty() => String::new(),
            None => {
                return Err(GraphError::bad_request(
                    "Permission being assigned was not found on application",
                ));
            }
        };
        let assignment = AppRoleAssignment {
            principal: new.principal_id,
            principal_type: kind_of(&caller, new.principal_id).await?,
            resource: api.client_id,
            role,
            created_at: caller.now,
        };
        let change = Change::from(assignment.insertion(caller.tenant.id));
        record(&caller, change, AssignmentEvent::Assigned, &assignment).await.map_err(|error| {
            if error.is_conflict() {
                GraphError::bad_request("Permission being assigned already exists on the object")
            } else {
                error
            }
        })?;
        let object = resource(&caller, &assignment).await?.unwrap_or_default();
        Ok(entity(&ASSIGNMENT, StatusCode::CREATED, &object, &options))
    };
    caller.answer(result.await)
}

/// Returns the type of the principal with this id.
async fn kind_of(caller: &Caller, id: Uuid) -> Result<PrincipalType, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let user = directory.user(tenant, UserId::from_uuid(id)).await?;
    if user.is_some_and(|user| user.deleted_at.is_none()) {
        Ok(PrincipalType::User)
    } else if directory.application_of_principal(tenant, id).await?.is_some() {
        Ok(PrincipalType::ServicePrincipal)
    } else if directory.group_name(tenant, id).await?.is_some() {
        Ok(PrincipalType::Group)
    } else {
        Err(GraphError::no_such(id))
    }
}

/// `DELETE …/appRoleAssignedTo/{assignment}` and `…/appRoleAssignments/{assignment}`.
pub(crate) async fn remove(caller: Caller, Path((id, assignment)): Path<(String, String)>) -> Response {
    let result = async {
        caller.allowed(&WRITE_ASSIGNMENTS)?;
        let unknown = || GraphError::no_such(&assignment);
        let [holder, api, role] = taken_apart(&assignment).ok_or_else(unknown)?;
        let api = caller.idp.directory.application(caller.tenant.id, ClientId::from_uuid(api)).await?;
        let api = api.ok_or_else(unknown)?;
        let is_end = |end: Uuid| id.eq_ignore_ascii_case(&end.to_string());
        let by_name = matches!(caller.target(&id).await, Ok(user) if user.id.uuid() == holder);
        if !is_end(holder) && !is_end(api.service_principal_id.uuid()) && !by_name {
            return Err(unknown());
        }
        let role = match api.document.app_roles.iter().find(|known| known.id == role) {
            Some(role) => role.value.clone(),
            None if role.is_nil() => String::new(),
            None => return Err(unknown()),
        };
        let assignment = AppRoleAssignment {
            principal: holder,
            principal_type: PrincipalType::User,
            resource: api.client_id,
            role,
            created_at: caller.now,
        };
        let change = Change::from(unassign(caller.tenant.id, holder, api.client_id, &assignment.role));
        record(&caller, change, AssignmentEvent::Unassigned, &assignment)
            .await
            .map_err(|error| if error.is_conflict() { unknown() } else { error })?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// Which event records the change of an assignment.
enum AssignmentEvent {
    Assigned,
    Unassigned,
}

async fn record(
    caller: &Caller,
    change: Change,
    event: AssignmentEvent,
    assignment: &AppRoleAssignment,
) -> Result<(), GraphError> {
    let (client_id, principal) = (assignment.resource, assignment.principal);
    let principal_type = assignment.principal_type.name().to_owned();
    let (role, upn, actor) = (assignment.role.clone(), None, caller.actor());
    let event: JournalEvent = match event {
        AssignmentEvent::Assigned => {
            AppRoleAssigned { client_id, principal, principal_type, role, upn, actor }.into()
        }
        AssignmentEvent::Unassigned => {
            AppRoleUnassigned { client_id, principal, principal_type, role, upn, actor }.into()
        }
    };
    caller.commit(change, Subject::client(client_id), event).await
}
