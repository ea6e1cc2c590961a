//! A user's groups and directory roles, also the target of a token's groups overage claim.

use super::directory_roles::{self, ROLE};
use super::groups::{self, GROUP};
use super::member::typed;
use super::odata::{Property, with_property};
use super::permissions::{READ_GROUPS, READ_ME, READ_ROLES, READ_USERS};
use super::prelude::*;
use crate::directory::{DirectoryRole, User};

/// Without nested groups, `transitiveMemberOf` is the same as `memberOf`.
pub(super) fn router() -> Router<Idp> {
    let mut router = Router::new();
    for user in ["/me", "/users/{id}"] {
        for path in [format!("{user}/memberOf"), format!("{user}/transitiveMemberOf")] {
            router = router.read_only(&path, list).read_only(&format!("{path}/{{cast}}"), list);
        }
    }
    router
}

/// A group or a directory role, with its type: the properties of a group and two more.
const MEMBERSHIP: EntityType = EntityType {
    name: "microsoft.graph.directoryObject",
    set: "directoryObjects",
    properties: &with_property::<{ WITH_TEMPLATE.len() + 1 }>(("@odata.type", &[]), WITH_TEMPLATE),
    ..GROUP
};
const WITH_TEMPLATE: &[Property] =
    &with_property::<{ GROUP.properties.len() + 1 }>(("roleTemplateId", &[]), GROUP.properties);

/// The memberships that a request covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Groups,
    Roles,
}

#[derive(Debug, Deserialize)]
struct Cast {
    cast: Option<String>,
}

async fn list(caller: Caller, name: UserName, Path(Cast { cast }): Path<Cast>) -> Answer {
    let (which, kind) = match cast.as_deref() {
        None => (Which::All, &MEMBERSHIP),
        Some("microsoft.graph.group") => (Which::Groups, &GROUP),
        Some("microsoft.graph.directoryRole") => (Which::Roles, &ROLE),
        Some(_) => return Err(GraphError::unknown_path()),
    };
    let user = caller.user(&name).await?;
    if !caller.is_allowed(&READ_GROUPS) {
        caller.allowed(if caller.is(&user) { &READ_ME } else { &READ_USERS })?;
    }
    collection(&caller, kind, |options| read(&caller, &user, which, options)).await
}

/// Returns memberships ordered by id.
async fn read(caller: &Caller, user: &User, which: Which, options: Options) -> Result<Page> {
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
    let more_after = options.truncate(&mut objects, id);
    Ok(Page { objects, more_after })
}
