//! Groups and their members.

use uuid::Uuid;

use super::example;
use crate::event::events;

events! {
    by actor;
    payload {
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
    }
    example { group: example::uuid(), group_name: "Sales".to_owned() }
    /// A group was created.
    GroupCreated = "group.created", notable true,
        |event| format!("The group {} was created.", event.group_name);
    /// A group was changed.
    GroupUpdated = "group.updated", notable true,
        |event| format!("The group {} was changed.", event.group_name);
    /// A group was deleted.
    GroupDeleted = "group.deleted", notable true,
        |event| format!("The group {} was deleted.", event.group_name);
    /// A user became a member of a group.
    GroupMemberAdded = "group.member_added" and {
        /// The user principal name.
        upn: String,
    } example { upn: example::OWNER_UPN.to_owned() }, notable true,
        |event| format!("{} is now a member of {}.", event.upn, event.group_name);
    /// A user is no longer a member of a group.
    GroupMemberRemoved = "group.member_removed" and {
        /// The user principal name.
        upn: String,
    } example { upn: example::OWNER_UPN.to_owned() }, notable true,
        |event| format!("{} is no longer a member of {}.", event.upn, event.group_name);
}
