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
        change_roles(&caller, &user, Change::new(), &roles, event).await
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
        let is_own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        if role.name == GLOBAL_ADMINISTRATOR && is_own {
            return Err(GraphError::bad_request(
                "Removing self from Global Administrator built-in role is not allowed.",
            ));
        }
        let mut roles = user.directory_roles.clone();
        roles.retain(|name| name != role.name);
        let event = DirectoryRoleMemberRemoved {
            upn: user.upn.clone(),
            role: role.name.to_owned(),
            actor: caller.actor(),
        };
        if role.name != GLOBAL_ADMINISTRATOR {
            return change_roles(&caller, &user, Change::new(), &roles, event).await;
        }
        let removed = change_roles(&caller, &user, another_administrator(&user), &roles, event).await;
        or_last_administrator(&caller, &user, removed).await
    };
    caller.answer(result.await)
}

/// The condition of a change that removes a Global Administrator: the role, the user, or the use of
/// the account. It fails with the change if there is no other ("Manage emergency access accounts
/// in Microsoft Entra ID").
pub(in crate::graph) fn another_administrator(user: &User) -> Change {
    if user.has_role(&[GLOBAL_ADMINISTRATOR]) {
        user.another_has_role(GLOBAL_ADMINISTRATOR)
    } else {
        Change::new()
    }
}

/// Explains the conflict of a change with [`another_administrator`].
pub(in crate::graph) async fn or_last_administrator<T>(
    caller: &Caller,
    user: &User,
    changed: Result<T, GraphError>,
) -> Result<T, GraphError> {
    match changed {
        Err(error) if error.is_conflict() && user.has_role(&[GLOBAL_ADMINISTRATOR]) => {
            if caller.idp.directory.another_has_role(user, GLOBAL_ADMINISTRATOR).await? {
                return Err(error);
            }
            Err(GraphError::bad_request(
                "The last member of the Global Administrator role cannot be removed.",
            ))
        }
        changed => changed,
    }
}

async fn change_roles(
    caller: &Caller,
    user: &User,
    mut change: Change,
    roles: &[String],
    event: impl Into<JournalEvent>,
) -> Result<Response, GraphError> {
    change.add(user.update_roles(roles));
    caller.commit(change, Subject::user(user.id), event).await?;
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
