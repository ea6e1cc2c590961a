//! Creating, changing and deleting groups.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::UserId;
use outlive_store::Change;
use outlive_wire::events::{Actor, GroupCreated, GroupDeleted, GroupUpdated};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use uuid::Uuid;

use super::read::group;
use super::resource::{GROUP, resource};
use crate::directory::{Group, GroupDocument};
use crate::graph::body::{Body, not_null, nullable};
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::mail_nickname::mail_nickname;
use crate::graph::odata::entity;
use crate::graph::permissions::WRITE_GROUPS;
use crate::graph::reference::Reference;

/// The properties of a new or changed group. An absent property stays unchanged; a null clears the
/// description.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct GroupChange {
    #[serde(deserialize_with = "not_null")]
    display_name: Option<String>,
    #[serde(deserialize_with = "nullable")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "not_null")]
    mail_nickname: Option<String>,
    #[serde(deserialize_with = "not_null")]
    mail_enabled: Option<bool>,
    #[serde(deserialize_with = "not_null")]
    security_enabled: Option<bool>,
    #[serde(deserialize_with = "not_null")]
    group_types: Option<Vec<String>>,
    is_assignable_to_role: Option<bool>,
    #[serde(rename = "members@odata.bind")]
    members: Vec<Reference>,
}

/// The maximum number of members per request ("Add members": 20).
const MEMBERS_MAX: usize = 20;
/// The maximum lengths of a name and of a description, in characters ("group resource type").
const NAME_CHARS_MAX: usize = 256;
const DESCRIPTION_CHARS_MAX: usize = 1_024;

fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value specified for property '{name}' of resource 'Group'."))
}

fn bounded(name: &str, text: String, chars: usize) -> Result<String, GraphError> {
    if text.is_empty() || text.chars().count() > chars { Err(invalid(name)) } else { Ok(text) }
}

impl GroupChange {
    /// Returns the group with the changes.
    fn apply(self, before: &Group) -> Result<Group, GraphError> {
        if self.mail_enabled == Some(true)
            || self.security_enabled == Some(false)
            || self.is_assignable_to_role == Some(true)
            || self.group_types.is_some_and(|types| !types.is_empty())
        {
            return Err(GraphError::bad_request(
                "Only security groups with assigned members can be created here.",
            ));
        }
        let mut after = before.clone();
        if let Some(name) = self.display_name {
            after.display_name = bounded("displayName", name, NAME_CHARS_MAX)?;
        }
        if let Some(nickname) = self.mail_nickname {
            after.document.mail_nickname =
                Some(mail_nickname(nickname).ok_or_else(|| invalid("mailNickname"))?);
        }
        if let Some(description) = self.description {
            after.document.description =
                description.map(|text| bounded("description", text, DESCRIPTION_CHARS_MAX)).transpose()?;
        }
        Ok(after)
    }
}

/// `POST /groups`.
pub(crate) async fn create(caller: Caller, body: Result<Body<GroupChange>, GraphError>) -> Response {
    let result = async {
        let Body(mut new) = body?;
        caller.allowed(&WRITE_GROUPS)?;
        let options = caller.entity_options(&GROUP)?;
        for (name, missing) in [
            ("displayName", new.display_name.is_none()),
            ("mailEnabled", new.mail_enabled.is_none()),
            ("mailNickname", new.mail_nickname.is_none()),
            ("securityEnabled", new.security_enabled.is_none()),
        ] {
            if missing {
                return Err(GraphError::bad_request(format!(
                    "A value is required for property '{name}' of resource 'Group'."
                )));
            }
        }
        let members = members(&caller, std::mem::take(&mut new.members)).await?;
        let random = caller.idp.chassis.random.of(caller.tenant.id);
        let group = new.apply(&Group {
            id: random.stream("group-id").uuid(),
            display_name: String::new(),
            document: GroupDocument { created_at: Some(caller.now), ..GroupDocument::default() },
            revision: 0,
        })?;
        let mut change = Change::new();
        for statement in group.insertion(caller.tenant.id, &members) {
            change.add(statement);
        }
        commit(&caller, change, &group, |group, group_name, actor| {
            GroupCreated { group, group_name, actor }.into()
        })
        .await?;
        Ok(entity(&GROUP, StatusCode::CREATED, &resource(&group), &options))
    };
    caller.answer(result.await)
}

/// `PATCH /groups/{id}`.
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<GroupChange>, GraphError>,
) -> Response {
    let result = async {
        let Body(mut patch) = body?;
        caller.allowed(&WRITE_GROUPS)?;
        let before = group(&caller, &id).await?;
        let members = members(&caller, std::mem::take(&mut patch.members)).await?;
        check_new(&caller, &before, &members).await?;
        let after = patch.apply(&before)?;
        let mut change = Change::from(after.update(&before, caller.tenant.id));
        for member in &members {
            change.add(before.addition(caller.tenant.id, *member));
        }
        let event: GroupEvent = |group, group_name, actor| GroupUpdated { group, group_name, actor }.into();
        match commit(&caller, change, &after, event).await {
            // Another request added a member, or changed the group, at the same time.
            Err(error) if error.is_conflict() => {
                check_new(&caller, &before, &members).await?;
                Err(error)
            }
            other => other.map(|()| StatusCode::NO_CONTENT.into_response()),
        }
    };
    caller.answer(result.await)
}

/// `DELETE /groups/{id}`: permanently, with its memberships and app roles, as for security groups.
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&WRITE_GROUPS)?;
        let group = group(&caller, &id).await?;
        let mut change = Change::new();
        for statement in group.removal(caller.tenant.id) {
            change.add(statement);
        }
        commit(&caller, change, &group, |group, group_name, actor| {
            GroupDeleted { group, group_name, actor }.into()
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// Rejects users who are members already.
async fn check_new(caller: &Caller, group: &Group, members: &[UserId]) -> Result<(), GraphError> {
    for member in members {
        if caller.idp.directory.is_member(caller.tenant.id, group.id, *member).await? {
            return Err(GraphError::already_referenced("members"));
        }
    }
    Ok(())
}

/// Returns the users that the references name. A user who is named twice is a member already.
async fn members(caller: &Caller, references: Vec<Reference>) -> Result<Vec<UserId>, GraphError> {
    if references.len() > MEMBERS_MAX {
        return Err(invalid("members@odata.bind"));
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

/// Builds an event from a group's id, its name and the caller.
pub(super) type GroupEvent = fn(Uuid, String, Option<Actor>) -> JournalEvent;

pub(super) async fn commit(
    caller: &Caller,
    change: Change,
    group: &Group,
    event: GroupEvent,
) -> Result<(), GraphError> {
    let event = event(group.id, group.display_name.clone(), caller.actor());
    caller.commit(change, Subject::group(group.id), event).await
}
