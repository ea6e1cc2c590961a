//! Directory roles, their templates and their members.

use outlive_store::Change;
use outlive_wire::JournalEvent;
use outlive_wire::events::{DirectoryRoleMemberAdded, DirectoryRoleMemberRemoved};

use super::administrators::{GLOBAL_ADMINISTRATOR, another_administrator, or_last_administrator};
use super::member::{MEMBER, members_page};
use super::path::NAMED_ROLE;
use super::permissions::{READ_ROLES, WRITE_ROLES};
use super::prelude::*;
use super::reference::Reference;
use crate::directory::{DirectoryRole, User};

pub(super) fn router() -> Router<Idp> {
    let mut router = Router::new()
        .collection("/directoryRoles", list, post(activate))
        .route("/directoryRoles/{id}", get(show))
        .read_only("/directoryRoleTemplates", list_templates)
        .route("/directoryRoleTemplates/{id}", get(show_template));
    // The second is `directoryRoles(roleTemplateId='…')`.
    for role in ["/directoryRoles/{id}", "/{named}"] {
        router = router
            .read_only(&format!("{role}/members"), list_members)
            .route(&format!("{role}/members/$ref"), post(add_member))
            .route(&format!("{role}/members/{{member}}/$ref"), delete(remove_member));
    }
    router
}

entity_type! {
    /// "directoryRole resource type".
    ROLE = "microsoft.graph.directoryRole" in "directoryRoles",
    pub(super) fn resource(role: &DirectoryRole) {
        "id" [Filterable] => role.id,
        "deletedDateTime" => (),
        "description" => role.name,
        "displayName" [Filterable] => role.name,
        "roleTemplateId" [Filterable] => role.template,
    }
}

entity_type! {
    /// "directoryRoleTemplate resource type".
    TEMPLATE = "microsoft.graph.directoryRoleTemplate" in "directoryRoleTemplates",
    fn template(role: &DirectoryRole) {
        "id" [Filterable] => role.template,
        "deletedDateTime" => (),
        "description" => role.name,
        "displayName" [Filterable] => role.name,
    }
}

/// Always one page, as in Microsoft Graph.
async fn list(caller: Caller) -> Answer {
    caller.allowed(&READ_ROLES)?;
    whole_collection(&caller, &ROLE, DirectoryRole::all(caller.tenant.id).map(|role| resource(&role)))
}

async fn list_templates(caller: Caller) -> Answer {
    caller.allowed(&READ_ROLES)?;
    whole_collection(&caller, &TEMPLATE, DirectoryRole::all(caller.tenant.id).map(|role| template(&role)))
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    show_role(&caller, &id)
}

/// The role that a path names, without its members.
pub(super) fn show_role(caller: &Caller, name: &str) -> Answer {
    caller.allowed(&READ_ROLES)?;
    caller.entity(&ROLE, &resource(&find(caller, name)?))
}

async fn show_template(caller: Caller, Path(id): Path<String>) -> Answer {
    caller.allowed(&READ_ROLES)?;
    let mut roles = DirectoryRole::all(caller.tenant.id);
    let role = roles.find(|role| role.template.eq_ignore_ascii_case(&id));
    caller.entity(&TEMPLATE, &template(&role.ok_or_else(|| GraphError::not_found(&id))?))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Activation {
    role_template_id: Uuid,
}

/// Every role is active already, and the error says so (docs/parity.md).
async fn activate(caller: Caller, Body(activation): Body<Activation>) -> Answer {
    caller.allowed(&WRITE_ROLES)?;
    let id = activation.role_template_id.to_string();
    if !DirectoryRole::all(caller.tenant.id).any(|role| role.template == id) {
        return Err(GraphError::not_found(id));
    }
    Err(GraphError::bad_request(
        "A conflicting object with one or more of the specified property values is present in the directory.",
    ))
}

async fn list_members(caller: Caller, Path(id): Path<String>) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_ROLES)?;
    let role = find(caller, &id)?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    collection(caller, &MEMBER, |options| async move {
        let ids = directory.role_members_after(tenant, role.name, &options.after, options.limit()).await?;
        members_page(caller, ids, &options).await
    })
    .await
}

async fn add_member(caller: Caller, Path(id): Path<String>, reference: Reference) -> Result<StatusCode> {
    caller.allowed(&WRITE_ROLES)?;
    let role = find(&caller, &id)?;
    let user = reference.user(&caller).await?;
    if user.has_role(&[role.name]) {
        return Err(GraphError::already_referenced("members"));
    }
    let mut roles = user.directory_roles.clone();
    roles.push(role.name.to_owned());
    let (upn, role) = (user.upn.clone(), role.name.to_owned());
    let event = DirectoryRoleMemberAdded { upn, role, actor: caller.actor() };
    change_roles(&caller, &user, Change::new(), &roles, event).await
}

async fn remove_member(caller: Caller, Path((id, member)): Path<(String, String)>) -> Result<StatusCode> {
    caller.allowed(&WRITE_ROLES)?;
    let role = find(&caller, &id)?;
    let user = caller.target(&member).await?;
    if !user.has_role(&[role.name]) {
        return Err(GraphError::not_found(&member));
    }
    let is_administrator = role.name == GLOBAL_ADMINISTRATOR;
    if is_administrator && caller.is(&user) {
        return Err(GraphError::bad_request(
            "Removing self from Global Administrator built-in role is not allowed.",
        ));
    }
    let mut roles = user.directory_roles.clone();
    roles.retain(|name| name != role.name);
    let (upn, role) = (user.upn.clone(), role.name.to_owned());
    let event = DirectoryRoleMemberRemoved { upn, role, actor: caller.actor() };
    if !is_administrator {
        return change_roles(&caller, &user, Change::new(), &roles, event).await;
    }
    let removed = change_roles(&caller, &user, another_administrator(&user), &roles, event).await;
    or_last_administrator(&caller, &user, removed).await
}

async fn change_roles(
    caller: &Caller,
    user: &User,
    mut change: Change,
    roles: &[String],
    event: impl Into<JournalEvent>,
) -> Result<StatusCode> {
    change.add(user.update_roles(roles));
    caller.commit(change, Subject::user(user.id), event).await
}

/// Returns the role that a path names: by its id, by `roleTemplateId='…'` in its place, or by
/// `directoryRoles(roleTemplateId='…')`.
fn find(caller: &Caller, name: &str) -> Result<DirectoryRole> {
    let key = name.strip_prefix(NAMED_ROLE).and_then(|rest| rest.strip_suffix(')')).unwrap_or(name);
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
