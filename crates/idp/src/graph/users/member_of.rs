//! A user's groups and directory roles, also the target of a token's groups overage claim.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use crate::directory::{DirectoryRole, User};
use crate::graph::caller::Caller;
use crate::graph::directory_roles::{self, ROLE};
use crate::graph::error::GraphError;
use crate::graph::groups::{self, GROUP};
use crate::graph::member::typed;
use crate::graph::odata::{EntityType, Options, Page, collection};
use crate::graph::permissions::{READ_GROUPS, READ_ME, READ_ROLES, READ_USERS};

/// A group or a directory role, with its type.
const MEMBERSHIP: EntityType = EntityType {
    name: "microsoft.graph.directoryObject",
    set: "directoryObjects",
    properties: &[
        "@odata.type",
        "id",
        "classification",
        "createdDateTime",
        "deletedDateTime",
        "description",
        "displayName",
        "groupTypes",
        "isAssignableToRole",
        "mail",
        "mailEnabled",
        "mailNickname",
        "roleTemplateId",
        "securityEnabled",
        "visibility",
    ],
    shown: &[],
    filterable: &["id", "displayName", "mailEnabled", "mailNickname", "securityEnabled"],
    order: None,
};

/// The memberships that a request covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Groups,
    Roles,
}

impl Which {
    const fn kind(self) -> &'static EntityType {
        match self {
            Self::All => &MEMBERSHIP,
            Self::Groups => &GROUP,
            Self::Roles => &ROLE,
        }
    }
}

/// `GET /me/memberOf` and `transitiveMemberOf`, which are the same without nested groups.
pub(crate) async fn of_me(caller: Caller) -> Response {
    answer(caller, None, Which::All).await
}

/// `GET /users/{id}/memberOf` and `transitiveMemberOf`.
pub(crate) async fn of_user(caller: Caller, Path(id): Path<String>) -> Response {
    answer(caller, Some(id), Which::All).await
}

/// `…/memberOf/{cast}` of the caller: memberships of one type.
pub(crate) async fn cast_of_me(caller: Caller, Path(cast): Path<String>) -> Response {
    match which(&cast) {
        Ok(which) => answer(caller, None, which).await,
        Err(error) => caller.answer(Err(error)),
    }
}

/// `…/memberOf/{cast}` of a user.
pub(crate) async fn cast_of_user(caller: Caller, Path((id, cast)): Path<(String, String)>) -> Response {
    match which(&cast) {
        Ok(which) => answer(caller, Some(id), which).await,
        Err(error) => caller.answer(Err(error)),
    }
}

fn which(cast: &str) -> Result<Which, GraphError> {
    match cast {
        "microsoft.graph.group" => Ok(Which::Groups),
        "microsoft.graph.directoryRole" => Ok(Which::Roles),
        _ => Err(GraphError::unknown_path()),
    }
}

async fn answer(caller: Caller, id: Option<String>, which: Which) -> Response {
    let result = async {
        let user = match &id {
            None => caller.me()?.clone(),
            Some(id) => caller.target(id).await?,
        };
        let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        if !caller.is_allowed(&READ_GROUPS) {
            caller.allowed(if own { &READ_ME } else { &READ_USERS })?;
        }
        collection(&caller, which.kind(), |options| read(&caller, &user, which, options)).await
    };
    caller.answer(result.await)
}

/// Returns memberships ordered by id.
async fn read(caller: &Caller, user: &User, which: Which, options: Options) -> Result<Page, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let mut objects: Vec<Value> = Vec::new();
    if which != Which::Groups {
        let readable = caller.is_allowed(&READ_ROLES);
        let held = DirectoryRole::all(tenant).filter(|role| user.has_role(&[role.name]));
        objects.extend(held.map(|role| typed(directory_roles::resource(&role), ROLE.name, readable)));
    }
    if which != Which::Roles {
        let readable = caller.is_allowed(&READ_GROUPS);
        for id in directory.groups_of(tenant, user.id).await? {
            let Ok(id) = id.parse() else { continue };
            let group = directory.group(tenant, id).await?;
            objects.extend(group.iter().map(|group| typed(groups::resource(group), GROUP.name, readable)));
        }
    }
    let id = |object: &Value| object["id"].as_str().unwrap_or_default().to_owned();
    objects.retain(|object| options.filter.passes(object) && id(object) > options.after);
    objects.sort_by_key(id);
    let more = objects.len() > options.top as usize;
    objects.truncate(options.top as usize);
    let more_after = objects.last().filter(|_| more).map(id);
    Ok(Page { objects, more_after })
}
