//! `getMemberGroups`, `checkMemberGroups` and related actions: the groups and directory roles of an
//! object. There are no nested groups, so a group has no memberships.

use axum::Json;
use axum::response::IntoResponse;

use super::groups;
use super::permissions::READ_GROUPS;
use super::prelude::*;
use crate::directory::DirectoryRole;

pub(super) fn router() -> Router<Idp> {
    let get = |scope| {
        post(move |caller: Caller, name: UserName, Body(get): Body<Get>| async move {
            let scope = if get.security_enabled_only { Scope::Groups } else { scope };
            let ids = memberships(&caller, &name, scope).await?;
            Ok::<_, GraphError>(value(&ids))
        })
    };
    let mut router = Router::new();
    for object in ["/me", "/users/{id}", "/groups/{id}"] {
        router = router
            .route(&format!("{object}/getMemberGroups"), get(Scope::Groups))
            .route(&format!("{object}/getMemberObjects"), get(Scope::Objects))
            .route(&format!("{object}/checkMemberGroups"), post(check_groups))
            .route(&format!("{object}/checkMemberObjects"), post(check_objects));
    }
    router
}

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
struct Get {
    /// Has no effect on groups, all of which are security groups; excludes directory roles.
    #[serde(default)]
    security_enabled_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckGroups {
    group_ids: Vec<Uuid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckObjects {
    ids: Vec<Uuid>,
}

async fn check_groups(caller: Caller, name: UserName, Body(body): Body<CheckGroups>) -> Answer {
    check(&caller, &name, Scope::Groups, &body.group_ids).await
}

async fn check_objects(caller: Caller, name: UserName, Body(body): Body<CheckObjects>) -> Answer {
    check(&caller, &name, Scope::Objects, &body.ids).await
}

async fn check(caller: &Caller, name: &UserName, scope: Scope, wanted: &[Uuid]) -> Answer {
    let mut ids = memberships(caller, name, scope).await?;
    if wanted.len() > IDS_MAX {
        return Err(GraphError::bad_request(format!(
            "The number of ids specified is greater than the maximum allowed: {IDS_MAX}."
        )));
    }
    ids.retain(|id| wanted.iter().any(|wanted| wanted.to_string() == *id));
    Ok(value(&ids))
}

/// Returns the ids of the groups and roles of the object in the path, if the caller may read it:
/// `/me`, `/users/{id}` or `/groups/{id}`.
async fn memberships(caller: &Caller, name: &UserName, scope: Scope) -> Result<Vec<String>> {
    if let UserName::Named(id) = name
        && caller.path.split('/').any(|segment| segment == "groups")
    {
        caller.allowed(&READ_GROUPS)?;
        groups::find(caller, id).await?;
        return Ok(Vec::new());
    }
    let user = caller.readable_user(name).await?;
    let mut ids = caller.idp.directory.groups_of(caller.tenant.id, user.id).await?;
    if scope == Scope::Objects {
        let held = DirectoryRole::all(caller.tenant.id).filter(|role| user.has_role(&[role.name]));
        ids.extend(held.map(|role| role.id.to_string()));
    }
    Ok(ids)
}

fn value(ids: &[String]) -> Response {
    Json(json!({"@odata.context": context("Collection(Edm.String)"), "value": ids})).into_response()
}
