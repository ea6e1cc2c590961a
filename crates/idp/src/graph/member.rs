//! Collections of directory objects of several types.

use outlive_clock::UserId;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::GraphError;
use super::odata::{EntityType, Options, Page};
use super::permissions::READ_USERS;
use super::users::{USER, resource};

/// A member of a group or role: a user with its type.
pub(crate) const MEMBER: EntityType = EntityType {
    name: "microsoft.graph.directoryObject",
    set: "directoryObjects",
    properties: PROPERTIES,
    shown: SHOWN,
    ..USER
};

const TYPE: &str = "@odata.type";

const PROPERTIES: &[&str] = &with_type::<{ USER.properties.len() + 1 }>(USER.properties);
const SHOWN: &[&str] = &with_type::<{ USER.shown.len() + 1 }>(USER.shown);

const fn with_type<const N: usize>(properties: &[&'static str]) -> [&'static str; N] {
    let mut all = [TYPE; N];
    let mut at = 1;
    while at < N {
        all[at] = properties[at - 1];
        at += 1;
    }
    all
}

/// Adds the type to an object. If the caller may not read the object, only type and id remain
/// ("Limited information returned for inaccessible member objects").
pub(super) fn typed(mut object: Value, kind: &str, readable: bool) -> Value {
    if !readable && let Some(members) = object.as_object_mut() {
        members.iter_mut().filter(|(name, _)| *name != "id").for_each(|(_, value)| *value = Value::Null);
    }
    object[TYPE] = json!(format!("#{kind}"));
    object
}

/// Returns a page of users by id; `ids` may contain one more than fits.
pub(super) async fn members_page(
    caller: &Caller,
    mut ids: Vec<UserId>,
    options: &Options,
) -> Result<Page, GraphError> {
    let readable = caller.is_allowed(&READ_USERS);
    let more = ids.len() > options.top as usize;
    ids.truncate(options.top as usize);
    let more_after = ids.last().filter(|_| more).map(ToString::to_string);
    let mut objects = Vec::with_capacity(ids.len());
    for id in ids {
        let user = caller.idp.directory.user(caller.tenant.id, id).await?;
        objects.extend(user.as_ref().map(|user| typed(resource(user), USER.name, readable)));
    }
    objects.retain(|object| options.filter.passes(object));
    Ok(Page { objects, more_after })
}
