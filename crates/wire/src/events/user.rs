//! Users and their directory roles.

use super::actor::Actor;
use crate::event::event;

event! {
    /// A user was created.
    UserCreated = "user.created" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} was created.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
}

event! {
    /// The profile of a user was changed.
    UserUpdated = "user.updated" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The profile of {} was changed.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
}

event! {
    /// An account was disabled.
    UserDisabled = "user.disabled" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The account of {} was disabled.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
}

event! {
    /// An account was enabled.
    UserEnabled = "user.enabled" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The account of {} was enabled.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
}

event! {
    /// A user was deleted. Restoring is possible for 30 days.
    UserDeleted = "user.deleted" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} was deleted.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
}

event! {
    /// A deleted user was restored.
    UserRestored = "user.restored" {
        /// The user principal name.
        upn: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} was restored.", event.upn),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), actor: Actor::example() },
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

event! {
    /// A directory role was assigned to a user.
    DirectoryRoleMemberAdded = "directory_role.member_added" {
        /// The user principal name.
        upn: String,
        /// The role's name.
        role: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} was assigned the role {}.", event.upn, event.role),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), role: "Global Administrator".to_owned(), actor: Actor::example() },
}

event! {
    /// A directory role was taken from a user.
    DirectoryRoleMemberRemoved = "directory_role.member_removed" {
        /// The user principal name.
        upn: String,
        /// The role's name.
        role: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} no longer has the role {}.", event.upn, event.role),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), role: "Global Administrator".to_owned(), actor: Actor::example() },
}
