//! `appRoleAssignments`: assignments of app roles, listed by principal or by API.

use outlive_clock::{ClientId, UserId};
use outlive_wire::events::{AppRoleAssigned, AppRoleUnassigned};

use super::compound_id::{compound, split_compound};
use super::permissions::{READ_ASSIGNMENTS, WRITE_ASSIGNMENTS};
use super::prelude::*;
use super::service_principals::principal;
use crate::directory::{AppRoleAssignment, Application, PrincipalType, unassign};

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .collection("/users/{id}/appRoleAssignments", list_held_by_user, post(create))
        .route("/users/{id}/appRoleAssignments/{assignment}", delete(remove))
        .collection("/servicePrincipals/{id}/appRoleAssignments", list_held_by_client, post(create))
        .route("/servicePrincipals/{id}/appRoleAssignments/{assignment}", delete(remove))
        .collection("/servicePrincipals/{id}/appRoleAssignedTo", list_assignments, post(create))
        .route("/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", delete(remove))
}

entity_type! {
    /// "appRoleAssignment resource type".
    ASSIGNMENT = "microsoft.graph.appRoleAssignment" in "appRoleAssignments",
    fn object(assignment: &AppRoleAssignment, principal: Option<String>, api: &Application, role: Uuid) {
        "id" => compound([assignment.principal, api.client_id.uuid(), role]),
        "appRoleId" [Filterable] => role,
        "createdDateTime" => assignment.created_at,
        "deletedDateTime" => (),
        "principalDisplayName" => principal,
        "principalId" [Filterable] => assignment.principal,
        "principalType" [Filterable] => assignment.principal_type.name(),
        "resourceDisplayName" => api.name,
        "resourceId" [Filterable] => api.service_principal_id,
    }
}

async fn resource(caller: &Caller, assignment: &AppRoleAssignment) -> Result<Option<Value>> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let Some(api) = directory.application(tenant, assignment.resource).await? else { return Ok(None) };
    let name = match assignment.principal_type {
        PrincipalType::User => {
            let user = directory.user(tenant, UserId::from_uuid(assignment.principal)).await?;
            user.map(|user| user.display_name)
        }
        PrincipalType::Group => {
            directory.group(tenant, assignment.principal).await?.map(|group| group.display_name)
        }
        PrincipalType::ServicePrincipal => {
            directory.application_of_principal(tenant, assignment.principal).await?.map(|client| client.name)
        }
    };
    let role = api.document.app_roles.iter().find(|known| known.value == assignment.role);
    Ok(Some(object(assignment, name, &api, role.map_or(Uuid::nil(), |role| role.id))))
}

/// Returns the value of a role, if it is offered. An assignment without a role has the nil id.
fn role_value(api: &Application, id: Uuid) -> Option<String> {
    let offered = api.document.app_roles.iter().find(|role| role.id == id);
    offered.map(|role| role.value.clone()).or_else(|| id.is_nil().then(String::new))
}

/// Which assignments a collection contains.
enum End {
    /// Those of a principal.
    Held(Uuid),
    /// Those to an API.
    Given(ClientId),
}

async fn list_held_by_client(caller: Caller, Path(id): Path<String>) -> Answer {
    let client = principal(&caller, &id).await?;
    list(&caller, &End::Held(client.service_principal_id.uuid())).await
}

async fn list_held_by_user(caller: Caller, Path(id): Path<String>) -> Answer {
    let user = caller.target(&id).await?;
    list(&caller, &End::Held(user.id.uuid())).await
}

async fn list_assignments(caller: Caller, Path(id): Path<String>) -> Answer {
    let api = principal(&caller, &id).await?;
    list(&caller, &End::Given(api.client_id)).await
}

async fn list(caller: &Caller, end: &End) -> Answer {
    caller.allowed(&READ_ASSIGNMENTS)?;
    collection(caller, &ASSIGNMENT, |options| read(caller, end, options)).await
}

async fn read(caller: &Caller, end: &End, options: Options) -> Result<Page> {
    let place = options.after.split_once(' ').unwrap_or_default();
    let (directory, tenant, limit) = (&caller.idp.directory, caller.tenant.id, options.limit());
    let mut found = match end {
        End::Held(principal) => directory.roles_held_after(tenant, *principal, place, limit).await?,
        End::Given(api) => directory.roles_given_after(tenant, *api, place, limit).await?,
    };
    let more_after = options.truncate(&mut found, |assignment| match end {
        End::Held(_) => format!("{} {}", assignment.resource, assignment.role),
        End::Given(_) => format!("{} {}", assignment.principal, assignment.role),
    });
    let mut objects = Vec::with_capacity(found.len());
    for assignment in &found {
        objects.extend(resource(caller, assignment).await?);
    }
    Ok(options.filtered(objects, more_after))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAssignment {
    principal_id: Uuid,
    resource_id: String,
    app_role_id: Uuid,
}

/// Whether an assignment belongs to the object in the path: the principal or the API.
async fn is_of(caller: &Caller, id: &str, principal: Uuid, api: &str) -> bool {
    id.eq_ignore_ascii_case(&principal.to_string())
        || id.eq_ignore_ascii_case(api)
        || matches!(caller.target(id).await, Ok(user) if user.id.uuid() == principal)
}

/// The path names either the API or the principal, the body both.
async fn create(caller: Caller, Path(id): Path<String>, Body(new): Body<NewAssignment>) -> Answer {
    caller.allowed(&WRITE_ASSIGNMENTS)?;
    let options = caller.entity_options(&ASSIGNMENT)?;
    let api = principal(&caller, &new.resource_id).await?;
    if !is_of(&caller, &id, new.principal_id, &new.resource_id).await {
        return Err(GraphError::bad_request("The path and the body speak of different objects."));
    }
    let without_role = api.document.app_roles.is_empty();
    let role = role_value(&api, new.app_role_id).filter(|role| !role.is_empty() || without_role);
    let assignment = AppRoleAssignment {
        principal: new.principal_id,
        role: role.ok_or_else(|| {
            GraphError::bad_request("Permission being assigned was not found on application")
        })?,
        principal_type: kind_of(&caller, new.principal_id).await?,
        resource: api.client_id,
        created_at: caller.now,
    };
    let event = AppRoleAssigned {
        client_id: assignment.resource,
        principal: assignment.principal,
        principal_type: assignment.principal_type.name().to_owned(),
        role: assignment.role.clone(),
        upn: None,
        actor: caller.actor(),
    };
    let insertion = assignment.insert(caller.tenant.id);
    let committed = caller.commit(insertion, Subject::client(api.client_id), event).await;
    let exists = || GraphError::bad_request("Permission being assigned already exists on the object");
    committed.map_err(|error| error.if_conflict(exists))?;
    Ok(options.created(&resource(&caller, &assignment).await?.unwrap_or_default()))
}

/// Returns the type of the principal with this id.
async fn kind_of(caller: &Caller, id: Uuid) -> Result<PrincipalType> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let user = directory.user(tenant, UserId::from_uuid(id)).await?;
    if user.is_some_and(|user| user.deleted_at.is_none()) {
        Ok(PrincipalType::User)
    } else if directory.application_of_principal(tenant, id).await?.is_some() {
        Ok(PrincipalType::ServicePrincipal)
    } else if directory.group(tenant, id).await?.is_some() {
        Ok(PrincipalType::Group)
    } else {
        Err(GraphError::not_found(id))
    }
}

async fn remove(caller: Caller, Path((id, assignment)): Path<(String, String)>) -> Result<StatusCode> {
    caller.allowed(&WRITE_ASSIGNMENTS)?;
    let unknown = || GraphError::not_found(&assignment);
    let [principal, api, role] = split_compound(&assignment).ok_or_else(unknown)?;
    let api = caller.idp.directory.application(caller.tenant.id, ClientId::from_uuid(api)).await?;
    let api = api.ok_or_else(unknown)?;
    if !is_of(&caller, &id, principal, &api.service_principal_id.to_string()).await {
        return Err(unknown());
    }
    let role = role_value(&api, role).ok_or_else(unknown)?;
    let removal = unassign(caller.tenant.id, principal, api.client_id, &role);
    let event = AppRoleUnassigned {
        client_id: api.client_id,
        principal,
        principal_type: PrincipalType::User.name().to_owned(),
        role,
        upn: None,
        actor: caller.actor(),
    };
    let committed = caller.commit(removal, Subject::client(api.client_id), event).await;
    committed.map_err(|error| error.if_conflict(unknown))
}
