//! Who may use a connection.

use uuid::Uuid;

use crate::event::event;

event! {
    /// An access policy of a connection was added.
    AccessGranted = "access.granted" {
        /// The name of the access policy.
        policy: String,
        /// Who may use the connection: an object id, or a flow's identity.
        principal: String,
        /// The user who changed the access.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| format!("A principal may use the connection now: {}.", event.principal),
    example { policy: "flow".to_owned(), principal: "unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned(), caller: crate::events::example::owner().uuid() },
}

event! {
    /// An access policy of a connection was removed.
    AccessWithdrawn = "access.withdrawn" {
        /// The name of the access policy.
        policy: String,
        /// Who may use the connection: an object id, or a flow's identity.
        principal: String,
        /// The user who changed the access.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| format!("A principal may no longer use the connection: {}.", event.principal),
    example { policy: "flow".to_owned(), principal: "unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned(), caller: crate::events::example::owner().uuid() },
}
