//! Collections of directory objects of several types.

use outlive_clock::UserId;

use super::odata::{Property, Use, with_property};
use super::permissions::READ_USERS;
use super::prelude::*;
use super::users::{USER, resource};

const TYPE: Property = ("@odata.type", &[Use::Shown]);

/// A member of a group or role: a user with its type.
pub(crate) const MEMBER: EntityType = EntityType {
    name: "microsoft.graph.directoryObject",
    set: "directoryObjects",
    properties: &with_property::<{ USER.properties.len() + 1 }>(TYPE, USER.properties),
    ..USER
};

/// Adds the type to an object. If the caller may not read the object, only type and id remain
/// ("Limited information returned for inaccessible member objects").
pub(super) fn typed(mut object: Value, kind: &str, readable: bool) -> Value {
    if !readable && let Some(members) = object.as_object_mut() {
        members.iter_mut().filter(|(name, _)| *name != "id").for_each(|(_, value)| *value = Value::Null);
    }
    object[TYPE.0] = json!(format!("#{kind}"));
    object
}

/// Returns a page of users by id; `ids` may contain one more than fits.
pub(super) async fn members_page(caller: &Caller, mut ids: Vec<UserId>, options: &Options) -> Result<Page> {
    let readable = caller.is_allowed(&READ_USERS);
    let more_after = options.truncate(&mut ids, ToString::to_string);
    let mut objects = Vec::with_capacity(ids.len());
    for id in ids {
        let user = caller.idp.directory.user(caller.tenant.id, id).await?;
        objects.extend(user.as_ref().map(|user| typed(resource(user), USER.name, readable)));
    }
    Ok(options.filtered(objects, more_after))
}
