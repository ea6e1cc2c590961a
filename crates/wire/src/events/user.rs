//! Users and their directory roles.

use super::{actor::Actor, example};
use crate::event::{event, events};

events! {
    by actor;
    payload {
        /// The user principal name.
        upn: String,
    }
    example { upn: example::OWNER_UPN.to_owned() }
    /// A user was created.
    UserCreated = "user.created", notable true, |event| format!("{} was created.", event.upn);
    /// The profile of a user was changed.
    UserUpdated = "user.updated", notable true,
        |event| format!("The profile of {} was changed.", event.upn);
    /// An account was disabled.
    UserDisabled = "user.disabled", notable true,
        |event| format!("The account of {} was disabled.", event.upn);
    /// An account was enabled.
    UserEnabled = "user.enabled", notable true,
        |event| format!("The account of {} was enabled.", event.upn);
    /// A user was deleted. Restoring is possible for 30 days.
    UserDeleted = "user.deleted", notable true, |event| format!("{} was deleted.", event.upn);
    /// A deleted user was restored.
    UserRestored = "user.restored", notable true, |event| format!("{} was restored.", event.upn);
    /// A directory role was assigned to a user.
    DirectoryRoleMemberAdded = "directory_role.member_added" and {
        /// The role's name.
        role: String,
    } example { role: "Global Administrator".to_owned() }, notable true,
        |event| format!("{} was assigned the role {}.", event.upn, event.role);
    /// A directory role was taken from a user.
    DirectoryRoleMemberRemoved = "directory_role.member_removed" and {
        /// The role's name.
        role: String,
    } example { role: "Global Administrator".to_owned() }, notable true,
        |event| format!("{} no longer has the role {}.", event.upn, event.role);
}

event! {
    /// A deleted user was removed for good: by an administrator, or 30 days after the deletion.
    UserRemoved = "user.removed" {
        /// The user principal name; absent if the retention period ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<String>,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| match &event.upn {
        Some(upn) => format!("{upn} was removed for good."),
        None => "A user was removed for good 30 days after the deletion.".to_owned(),
    },
    example { upn: None, actor: None },
}
