//! `getMemberGroups`, `checkMemberGroups` and related actions: the groups and directory roles of an
//! object. There are no nested groups, so a group has no memberships.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::body::Body;
use super::caller::Caller;
use super::error::GraphError;
use super::groups;
use super::odata::context;
use super::permissions::{READ_GROUPS, READ_ME, READ_USERS};
use crate::directory::{DirectoryRole, User};

/// Ids per request ("directoryObject: checkMemberGroups").
const IDS_MAX: usize = 20;

/// The memberships that an action covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Groups,
    /// Groups and directory roles.
    Objects,
}

/// The body of `getMemberGroups` and `getMemberObjects`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Get {
    /// Has no effect on groups, all of which are security groups; excludes directory roles.
    #[serde(default)]
    security_enabled_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckGroups {
    group_ids: Vec<Uuid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckObjects {
    ids: Vec<Uuid>,
}

/// The object whose memberships are requested.
enum Member {
    User(Box<User>),
    Group,
}

impl Member {
    /// Returns the object in the path if the caller may read it: `/me`, `/users/{id}` or
    /// `/groups/{id}`.
    async fn of_path(caller: &Caller, id: Option<Path<String>>) -> Result<Self, GraphError> {
        let Some(Path(id)) = id else {
            let user = caller.me()?;
            caller.allowed(&READ_ME)?;
            return Ok(Self::User(Box::new(user.clone())));
        };
        if caller.path.split('/').any(|segment| segment == "groups") {
            caller.allowed(&READ_GROUPS)?;
            groups::group(caller, &id).await?;
            return Ok(Self::Group);
        }
        let user = caller.target(&id).await?;
        let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        caller.allowed(if own { &READ_ME } else { &READ_USERS })?;
        Ok(Self::User(Box::new(user)))
    }

    /// Returns the ids of its groups and roles.
    async fn ids(&self, caller: &Caller, scope: Scope) -> Result<Vec<String>, GraphError> {
        let Self::User(user) = self else { return Ok(Vec::new()) };
        let mut ids = caller.idp.directory.groups_of(caller.tenant.id, user.id).await?;
        if scope == Scope::Objects {
            let held = DirectoryRole::all(caller.tenant.id).filter(|role| user.has_role(&[role.name]));
            ids.extend(held.map(|role| role.id.to_string()));
        }
        Ok(ids)
    }
}

async fn get(
    caller: &Caller,
    id: Option<Path<String>>,
    body: Result<Body<Get>, GraphError>,
    scope: Scope,
) -> Result<Response, GraphError> {
    let Body(Get { security_enabled_only }) = body?;
    let member = Member::of_path(caller, id).await?;
    let scope = if security_enabled_only { Scope::Groups } else { scope };
    Ok(value(&member.ids(caller, scope).await?))
}

async fn check(
    caller: &Caller,
    id: Option<Path<String>>,
    wanted: Result<Vec<Uuid>, GraphError>,
    scope: Scope,
) -> Result<Response, GraphError> {
    let wanted = wanted?;
    let member = Member::of_path(caller, id).await?;
    if wanted.len() > IDS_MAX {
        return Err(GraphError::bad_request(format!(
            "The number of ids specified is greater than the maximum allowed: {IDS_MAX}."
        )));
    }
    let mut ids = member.ids(caller, scope).await?;
    ids.retain(|id| wanted.iter().any(|wanted| wanted.to_string() == *id));
    Ok(value(&ids))
}

fn value(ids: &[String]) -> Response {
    Json(json!({"@odata.context": context("Collection(Edm.String)"), "value": ids})).into_response()
}

/// `POST …/getMemberGroups`.
pub(crate) async fn get_groups(
    caller: Caller,
    id: Option<Path<String>>,
    body: Result<Body<Get>, GraphError>,
) -> Response {
    let result = get(&caller, id, body, Scope::Groups).await;
    caller.answer(result)
}

/// `POST …/getMemberObjects`.
pub(crate) async fn get_objects(
    caller: Caller,
    id: Option<Path<String>>,
    body: Result<Body<Get>, GraphError>,
) -> Response {
    let result = get(&caller, id, body, Scope::Objects).await;
    caller.answer(result)
}

/// `POST …/checkMemberGroups`.
pub(crate) async fn check_groups(
    caller: Caller,
    id: Option<Path<String>>,
    body: Result<Body<CheckGroups>, GraphError>,
) -> Response {
    let wanted = body.map(|Body(body)| body.group_ids);
    let result = check(&caller, id, wanted, Scope::Groups).await;
    caller.answer(result)
}

/// `POST …/checkMemberObjects`.
pub(crate) async fn check_objects(
    caller: Caller,
    id: Option<Path<String>>,
    body: Result<Body<CheckObjects>, GraphError>,
) -> Response {
    let wanted = body.map(|Body(body)| body.ids);
    let result = check(&caller, id, wanted, Scope::Objects).await;
    caller.answer(result)
}
