//! Groups and their members.

use uuid::Uuid;

use super::actor::Actor;
use crate::event::event;

event! {
    /// A group was created.
    GroupCreated = "group.created" {
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The group {} was created.", event.group_name),
    example { group: crate::events::example::uuid(), group_name: "Sales".to_owned(), actor: Actor::example() },
}

event! {
    /// A group was changed.
    GroupUpdated = "group.updated" {
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The group {} was changed.", event.group_name),
    example { group: crate::events::example::uuid(), group_name: "Sales".to_owned(), actor: Actor::example() },
}

event! {
    /// A group was deleted.
    GroupDeleted = "group.deleted" {
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The group {} was deleted.", event.group_name),
    example { group: crate::events::example::uuid(), group_name: "Sales".to_owned(), actor: Actor::example() },
}

event! {
    /// A user became a member of a group.
    GroupMemberAdded = "group.member_added" {
        /// The user principal name.
        upn: String,
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} is now a member of {}.", event.upn, event.group_name),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), group: crate::events::example::uuid(), group_name: "Sales".to_owned(), actor: Actor::example() },
}

event! {
    /// A user is no longer a member of a group.
    GroupMemberRemoved = "group.member_removed" {
        /// The user principal name.
        upn: String,
        /// The group's object id.
        #[schema(value_type = String)]
        group: Uuid,
        /// Its display name.
        group_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("{} is no longer a member of {}.", event.upn, event.group_name),
    example { upn: crate::events::example::OWNER_UPN.to_owned(), group: crate::events::example::uuid(), group_name: "Sales".to_owned(), actor: Actor::example() },
}
