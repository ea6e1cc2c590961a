//! Groups: security groups with users as members.

use outlive_clock::{Instant, UserId};
use outlive_store::{Change, Statement};
use outlive_wire::JournalEvent;
use outlive_wire::events::{GroupCreated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved, GroupUpdated};

use super::mail_nickname::mail_nickname;
use super::member::{MEMBER, members_page};
use super::permissions::{READ_GROUPS, WRITE_GROUP_MEMBERS, WRITE_GROUPS};
use super::prelude::*;
use super::reference::Reference;
use super::users::USER;
use crate::directory::limits::is_name;
use crate::directory::{Group, GroupDocument};

pub(super) fn router() -> Router<Idp> {
    let members = |kind| move |caller, path| list_members(caller, path, kind);
    let mut router = Router::new()
        .collection("/groups", list, post(create))
        .route("/groups/{id}", get(show).patch(update).delete(remove))
        .route("/groups/{id}/members/$ref", post(add_member))
        .route("/groups/{id}/members/{member}/$ref", delete(remove_member));
    // Without nested groups they are the same.
    for path in ["/groups/{id}/members", "/groups/{id}/transitiveMembers"] {
        router = router.read_only(path, members(&MEMBER));
        router = router.read_only(&format!("{path}/microsoft.graph.user"), members(&USER));
    }
    router
}

entity_type! {
    /// "group resource type".
    GROUP = "microsoft.graph.group" in "groups",
    pub(super) fn resource(group: &Group) {
        "id" [Filterable] => group.id,
        "classification" => (),
        "createdDateTime" => group.document.created_at.map(Instant::whole_second),
        "deletedDateTime" => (),
        "description" => group.document.description,
        "displayName" [Filterable] => group.display_name,
        "groupTypes" => [(); 0],
        "isAssignableToRole" => (),
        "mail" => (),
        "mailEnabled" [Filterable] => false,
        "mailNickname" [Filterable] =>
            group.document.mail_nickname.as_deref().unwrap_or(&group.display_name),
        "securityEnabled" [Filterable] => true,
        "visibility" => (),
    }
}

async fn list(caller: Caller) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_GROUPS)?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    collection(caller, &GROUP, |options| async move {
        let found = match options.filter.equal("id") {
            Some(id) => find(caller, id).await.into_iter().collect(),
            None => {
                let name = options.filter.equal_in_ascii("displayName");
                directory.groups_after(tenant, name, &options.after, options.limit()).await?
            }
        };
        Ok(options.page(found, |group| group.id.to_string(), resource))
    })
    .await
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    caller.allowed(&READ_GROUPS)?;
    caller.entity(&GROUP, &resource(&find(&caller, &id).await?))
}

pub(super) async fn find(caller: &Caller, id: &str) -> Result<Group> {
    let found = caller.idp.directory.group(caller.tenant.id, parse_id(id)?).await?;
    found.ok_or_else(|| GraphError::not_found(id))
}

/// The properties of a new or changed group. An absent property stays unchanged; a null clears the
/// description.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct GroupChange {
    display_name: Given<String>,
    description: Given<Option<String>>,
    mail_nickname: Given<String>,
    mail_enabled: Given<bool>,
    security_enabled: Given<bool>,
    group_types: Given<Vec<String>>,
    is_assignable_to_role: Option<bool>,
    #[serde(rename = "members@odata.bind")]
    members: Vec<Reference>,
}

/// The maximum number of members per request ("Add members": 20).
const MEMBERS_MAX: usize = 20;
/// The maximum length of a description, in characters ("group resource type").
const DESCRIPTION_CHARS_MAX: usize = 1_024;

fn bounded(name: &str, text: String, chars: usize) -> Result<String> {
    if text.is_empty() || text.chars().count() > chars {
        return Err(GraphError::invalid("Group", name));
    }
    Ok(text)
}

impl GroupChange {
    fn apply(self, before: &Group) -> Result<Group> {
        if *self.mail_enabled == Some(true)
            || *self.security_enabled == Some(false)
            || self.is_assignable_to_role == Some(true)
            || self.group_types.0.is_some_and(|types| !types.is_empty())
        {
            return Err(GraphError::bad_request(
                "Only security groups with assigned members can be created here.",
            ));
        }
        let mut after = before.clone();
        if let Some(name) = self.display_name.0 {
            if !is_name(&name) {
                return Err(GraphError::invalid("Group", "displayName"));
            }
            after.display_name = name;
        }
        if let Some(nickname) = self.mail_nickname.0 {
            after.document.mail_nickname = Some(mail_nickname("Group", nickname)?);
        }
        if let Some(description) = self.description.0 {
            let description = description.map(|text| bounded("description", text, DESCRIPTION_CHARS_MAX));
            after.document.description = description.transpose()?;
        }
        Ok(after)
    }
}

async fn create(caller: Caller, Body(mut new): Body<GroupChange>) -> Answer {
    caller.allowed(&WRITE_GROUPS)?;
    let options = caller.entity_options(&GROUP)?;
    for (name, missing) in [
        ("displayName", new.display_name.is_none()),
        ("mailEnabled", new.mail_enabled.is_none()),
        ("mailNickname", new.mail_nickname.is_none()),
        ("securityEnabled", new.security_enabled.is_none()),
    ] {
        if missing {
            return Err(GraphError::missing("Group", name));
        }
    }
    let members = members(&caller, std::mem::take(&mut new.members)).await?;
    let group = new.apply(&Group {
        id: caller.stream("group-id").uuid(),
        display_name: String::new(),
        document: GroupDocument { created_at: Some(caller.now), ..GroupDocument::default() },
        revision: 0,
    })?;
    let event =
        GroupCreated { group: group.id, group_name: group.display_name.clone(), actor: caller.actor() };
    caller.commit(group.insert(caller.tenant.id, &members), Subject::group(group.id), event).await?;
    Ok(options.created(&resource(&group)))
}

async fn update(
    caller: Caller,
    Path(id): Path<String>,
    Body(mut patch): Body<GroupChange>,
) -> Result<StatusCode> {
    caller.allowed(&WRITE_GROUPS)?;
    let before = find(&caller, &id).await?;
    let members = members(&caller, std::mem::take(&mut patch.members)).await?;
    check_new(&caller, &before, &members).await?;
    let after = patch.apply(&before)?;
    let mut change = Change::from(after.update(&before, caller.tenant.id));
    for member in &members {
        change.add(before.insert_member(caller.tenant.id, *member));
    }
    let event = GroupUpdated { group: after.id, group_name: after.display_name, actor: caller.actor() };
    let committed = caller.commit(change, Subject::group(after.id), event).await;
    if committed.as_ref().is_err_and(GraphError::is_conflict) {
        // Another request added a member, or changed the group, at the same time.
        check_new(&caller, &before, &members).await?;
    }
    committed
}

/// Permanently, with its memberships and app roles, as for security groups.
async fn remove(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    caller.allowed(&WRITE_GROUPS)?;
    let group = find(&caller, &id).await?;
    let removal = group.delete(caller.tenant.id);
    let event = GroupDeleted { group: group.id, group_name: group.display_name, actor: caller.actor() };
    caller.commit(removal, Subject::group(group.id), event).await
}

/// Rejects users who are members already.
async fn check_new(caller: &Caller, group: &Group, members: &[UserId]) -> Result<()> {
    for member in members {
        if caller.idp.directory.is_member(caller.tenant.id, group.id, *member).await? {
            return Err(GraphError::already_referenced("members"));
        }
    }
    Ok(())
}

/// Returns the users that the references name. A user who is named twice is a member already.
async fn members(caller: &Caller, references: Vec<Reference>) -> Result<Vec<UserId>> {
    if references.len() > MEMBERS_MAX {
        return Err(GraphError::invalid("Group", "members@odata.bind"));
    }
    let mut members = Vec::with_capacity(references.len());
    for reference in references {
        let id = reference.user(caller).await?.id;
        if members.contains(&id) {
            return Err(GraphError::already_referenced("members"));
        }
        members.push(id);
    }
    Ok(members)
}

async fn list_members(caller: Caller, Path(id): Path<String>, kind: &'static EntityType) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_GROUPS)?;
    let group = find(caller, &id).await?.id;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    collection(caller, kind, |options| async move {
        let ids = directory.members_after(tenant, group, &options.after, options.limit()).await?;
        members_page(caller, ids, &options).await
    })
    .await
}

async fn add_member(caller: Caller, Path(id): Path<String>, reference: Reference) -> Result<StatusCode> {
    caller.allowed(&WRITE_GROUP_MEMBERS)?;
    let group = find(&caller, &id).await?;
    let user = reference.user(&caller).await?;
    let addition = group.insert_member(caller.tenant.id, user.id);
    let (upn, group, group_name) = (user.upn, group.id, group.display_name);
    let event = GroupMemberAdded { upn, group, group_name, actor: caller.actor() };
    let already = || GraphError::already_referenced("members");
    commit_member(&caller, user.id, addition, event, already).await
}

async fn remove_member(caller: Caller, Path((id, member)): Path<(String, String)>) -> Result<StatusCode> {
    caller.allowed(&WRITE_GROUP_MEMBERS)?;
    let group = find(&caller, &id).await?;
    let user = caller.target(&member).await?;
    let removal = group.delete_member(caller.tenant.id, user.id);
    let (upn, group, group_name) = (user.upn, group.id, group.display_name);
    let event = GroupMemberRemoved { upn, group, group_name, actor: caller.actor() };
    commit_member(&caller, user.id, removal, event, || GraphError::not_found(&member)).await
}

async fn commit_member(
    caller: &Caller,
    user: UserId,
    statement: Statement,
    event: impl Into<JournalEvent>,
    conflict: impl FnOnce() -> GraphError,
) -> Result<StatusCode> {
    let committed = caller.commit(statement, Subject::user(user), event).await;
    committed.map_err(|error| error.if_conflict(conflict))
}
