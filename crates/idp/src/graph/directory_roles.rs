//! Directory roles, their templates and their members.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;
use outlive_wire::events::{DirectoryRoleMemberAdded, DirectoryRoleMemberRemoved};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::caller::Caller;
use super::error::GraphError;
use super::member::{MEMBER, members_page};
use super::odata::{EntityType, Options, Page, collection, entity, whole_collection};
use super::permissions::{READ_ROLES, WRITE_ROLES};
use super::reference::ReferenceBody;
use crate::directory::{DirectoryRole, User};

pub(crate) const ROLE: EntityType = EntityType {
    name: "microsoft.graph.directoryRole",
    set: "directoryRoles",
    properties: &["id", "deletedDateTime", "description", "displayName", "roleTemplateId"],
    shown: &[],
    filterable: &["id", "displayName", "roleTemplateId"],
    order: None,
};

const TEMPLATE: EntityType = EntityType {
    name: "microsoft.graph.directoryRoleTemplate",
    set: "directoryRoleTemplates",
    properties: &["id", "deletedDateTime", "description", "displayName"],
    shown: &[],
    filterable: &["id", "displayName"],
    order: None,
};

/// The beginning of a path that names a role by an alternate key.
pub(super) const NAMED: &str = "directoryRoles(";

/// The role that has to have a member. No member can remove themselves.
const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// Members that are looked at for another administrator who can sign in.
const MEMBERS_READ: u32 = 100;

/// A role with all properties.
pub(crate) fn resource(role: &DirectoryRole) -> Value {
    json!({
        "id": role.id, "deletedDateTime": null, "description": role.name, "displayName": role.name,
        "roleTemplateId": role.template,
    })
}

fn template(role: &DirectoryRole) -> Value {
    json!({
        "id": role.template, "deletedDateTime": null, "description": role.name, "displayName": role.name,
    })
}

/// `GET /directoryRoles`. Always one page, as in Microsoft Graph.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = listed(&caller, &ROLE, resource);
    caller.answer(result)
}

/// `GET /directoryRoleTemplates`.
pub(crate) async fn list_templates(caller: Caller) -> Response {
    let result = listed(&caller, &TEMPLATE, template);
    caller.answer(result)
}

fn listed(
    caller: &Caller,
    kind: &EntityType,
    shown: impl Fn(&DirectoryRole) -> Value,
) -> Result<Response, GraphError> {
    caller.allowed(&READ_ROLES)?;
    whole_collection(caller, kind, DirectoryRole::all(caller.tenant.id).map(|role| shown(&role)).collect())
}

/// `GET /directoryRoles/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = shown(&caller, &id);
    caller.answer(result)
}

/// The role that a path names, without its members.
pub(super) fn shown(caller: &Caller, id: &str) -> Result<Response, GraphError> {
    caller.allowed(&READ_ROLES)?;
    let role = role(caller, id)?;
    let options = caller.entity_options(&ROLE)?;
    Ok(entity(&ROLE, StatusCode::OK, &resource(&role), &options))
}

/// `GET /directoryRoleTemplates/{id}`.
pub(crate) async fn show_template(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_ROLES)?;
        let mut roles = DirectoryRole::all(caller.tenant.id);
        let role = roles.find(|role| role.template.eq_ignore_ascii_case(&id));
        let role = role.ok_or_else(|| GraphError::not_found(&id))?;
        let options = caller.entity_options(&TEMPLATE)?;
        Ok(entity(&TEMPLATE, StatusCode::OK, &template(&role), &options))
    };
    caller.answer(result.await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Activation {
    role_template_id: Uuid,
}

/// `POST /directoryRoles`. Every role is active already, and the error says so (docs/parity.md).
pub(crate) async fn activate(caller: Caller, body: Result<Body<Activation>, GraphError>) -> Response {
    let result = async {
        let Body(Activation { role_template_id }) = body?;
        caller.allowed(&WRITE_ROLES)?;
        let id = role_template_id.to_string();
        if !DirectoryRole::all(caller.tenant.id).any(|role| role.template == id) {
            return Err(GraphError::not_found(id));
        }
        Err(GraphError::bad_request(
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ))
    };
    caller.answer(result.await)
}

/// `GET /directoryRoles/{id}/members`.
pub(crate) async fn list_members(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_ROLES)?;
        let role = role(&caller, &id)?;
        collection(&caller, &MEMBER, |options| read(&caller, role, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, role: DirectoryRole, options: Options) -> Result<Page, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let ids = directory.role_members_after(tenant, role.name, &options.after, options.top + 1).await?;
    members_page(caller, ids, &options).await
}

/// `POST /directoryRoles/{id}/members/$ref`.
pub(crate) async fn add(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<ReferenceBody, GraphError>,
) -> Response {
    let result = async {
        let ReferenceBody(reference) = body?;
        caller.allowed(&WRITE_ROLES)?;
        let role = role(&caller, &id)?;
        let user = reference.user(&caller).await?;
        if user.has_role(&[role.name]) {
            return Err(GraphError::already_referenced("members"));
        }
        let roles: Vec<String> = user.directory_roles.iter().cloned().chain([role.name.to_owned()]).collect();
        let event = DirectoryRoleMemberAdded {
            upn: user.upn.clone(),
            role: role.name.to_owned(),
            actor: caller.actor(),
        };
        change_roles(&caller, &user, &roles, event).await
    };
    caller.answer(result.await)
}

/// `DELETE /directoryRoles/{id}/members/{member}/$ref`.
pub(crate) async fn remove(caller: Caller, Path((id, member)): Path<(String, String)>) -> Response {
    let result = async {
        caller.allowed(&WRITE_ROLES)?;
        let role = role(&caller, &id)?;
        let user = caller.target(&member).await?;
        if !user.has_role(&[role.name]) {
            return Err(GraphError::not_found(&member));
        }
        if role.name == GLOBAL_ADMINISTRATOR {
            check_removable(&caller, &user).await?;
        }
        let mut roles = user.directory_roles.clone();
        roles.retain(|name| name != role.name);
        let event = DirectoryRoleMemberRemoved {
            upn: user.upn.clone(),
            role: role.name.to_owned(),
            actor: caller.actor(),
        };
        change_roles(&caller, &user, &roles, event).await
    };
    caller.answer(result.await)
}

/// Rejects a removal that leaves the tenant without a Global Administrator, or that of the caller.
async fn check_removable(caller: &Caller, user: &User) -> Result<(), GraphError> {
    if caller.user.as_ref().is_some_and(|me| me.id == user.id) {
        return Err(GraphError::bad_request(
            "Removing self from Global Administrator built-in role is not allowed.",
        ));
    }
    check_not_last(caller, user).await
}

/// Rejects a change that removes the last Global Administrator: the role, the user, or the use of
/// the account ("Manage emergency access accounts in Microsoft Entra ID").
pub(in crate::graph) async fn check_not_last(caller: &Caller, user: &User) -> Result<(), GraphError> {
    if !user.directory_roles.iter().any(|name| name == GLOBAL_ADMINISTRATOR) {
        return Ok(());
    }
    let directory = &caller.idp.directory;
    let members =
        directory.role_members_after(caller.tenant.id, GLOBAL_ADMINISTRATOR, "", MEMBERS_READ).await?;
    for id in members.into_iter().filter(|id| *id != user.id) {
        let other = directory.user(caller.tenant.id, id).await?;
        if other.is_some_and(|other| other.enabled && other.deleted_at.is_none()) {
            return Ok(());
        }
    }
    Err(GraphError::bad_request("The last member of the Global Administrator role cannot be removed."))
}

async fn change_roles(
    caller: &Caller,
    user: &User,
    roles: &[String],
    event: impl Into<JournalEvent>,
) -> Result<Response, GraphError> {
    caller.commit(Change::from(user.update_roles(roles)), Subject::user(user.id), event).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns the role that a path names: by its id, by `roleTemplateId='…'` in its place, or by
/// `directoryRoles(roleTemplateId='…')`.
fn role(caller: &Caller, name: &str) -> Result<DirectoryRole, GraphError> {
    let key = name.strip_prefix(NAMED).and_then(|rest| rest.strip_suffix(')')).unwrap_or(name);
    let mut roles = DirectoryRole::all(caller.tenant.id);
    let found = if let Some(template) = key.strip_prefix("roleTemplateId=") {
        let template = template.trim_matches('\'');
        roles.find(|role| role.template.eq_ignore_ascii_case(template))
    } else {
        let wanted = key.parse::<Uuid>().ok();
        roles.find(|role| Some(role.id) == wanted)
    };
    found.ok_or_else(|| GraphError::not_found(name))
}
