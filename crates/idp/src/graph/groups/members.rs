//! The members of groups.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{GroupMemberAdded, GroupMemberRemoved};

use super::read::group;
use crate::directory::Group;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::member::{MEMBER, members_page};
use crate::graph::odata::{Options, Page, collection};
use crate::graph::permissions::{READ_GROUPS, WRITE_GROUP_MEMBERS};
use crate::graph::reference::ReferenceBody;
use crate::graph::users::USER;

/// `GET /groups/{id}/members` and `transitiveMembers`: without nested groups they are the same.
pub(crate) async fn list_members(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let group = readable(&caller, &id).await?;
        collection(&caller, &MEMBER, |options| read(&caller, &group, options)).await
    };
    caller.answer(result.await)
}

/// `GET /groups/{id}/members/microsoft.graph.user`.
pub(crate) async fn list_user_members(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let group = readable(&caller, &id).await?;
        collection(&caller, &USER, |options| read(&caller, &group, options)).await
    };
    caller.answer(result.await)
}

async fn readable(caller: &Caller, id: &str) -> Result<Group, GraphError> {
    caller.allowed(&READ_GROUPS)?;
    group(caller, id).await
}

async fn read(caller: &Caller, group: &Group, options: Options) -> Result<Page, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let ids = directory.members_after(tenant, group.id, &options.after, options.top + 1).await?;
    members_page(caller, ids, &options).await
}

/// `POST /groups/{id}/members/$ref`.
pub(crate) async fn add(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<ReferenceBody, GraphError>,
) -> Response {
    let result = async {
        let ReferenceBody(reference) = body?;
        caller.allowed(&WRITE_GROUP_MEMBERS)?;
        let group = group(&caller, &id).await?;
        let user = reference.user(&caller).await?;
        let change = Change::from(group.addition(caller.tenant.id, user.id));
        let event = GroupMemberAdded {
            upn: user.upn,
            group: group.id,
            group_name: group.display_name,
            actor: caller.actor(),
        };
        match caller.commit(change, Subject::user(user.id), event).await {
            Err(error) if error.is_conflict() => Err(GraphError::already_referenced("members")),
            other => other.map(|()| StatusCode::NO_CONTENT.into_response()),
        }
    };
    caller.answer(result.await)
}

/// `DELETE /groups/{id}/members/{member}/$ref`.
pub(crate) async fn remove_member(caller: Caller, Path((id, member)): Path<(String, String)>) -> Response {
    let result = async {
        caller.allowed(&WRITE_GROUP_MEMBERS)?;
        let group = group(&caller, &id).await?;
        let user = caller.target(&member).await?;
        let change = Change::from(group.removal_of(caller.tenant.id, user.id));
        let event = GroupMemberRemoved {
            upn: user.upn,
            group: group.id,
            group_name: group.display_name,
            actor: caller.actor(),
        };
        match caller.commit(change, Subject::user(user.id), event).await {
            Err(error) if error.is_conflict() => Err(GraphError::no_such(&member)),
            other => other.map(|()| StatusCode::NO_CONTENT.into_response()),
        }
    };
    caller.answer(result.await)
}
