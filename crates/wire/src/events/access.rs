//! Who may use a connection.

use uuid::Uuid;

use super::example;
use crate::event::events;

events! {
    payload {
        /// The name of the access policy.
        policy: String,
        /// Who may use the connection: an object id, or a flow's identity.
        principal: String,
        /// The user who changed the access.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    example {
        policy: "flow".to_owned(),
        principal: "unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned(),
        caller: example::owner().uuid()
    }
    /// An access policy of a connection was added.
    AccessGranted = "access.granted", notable true,
        |event| format!("A principal may use the connection now: {}.", event.principal);
    /// An access policy of a connection was removed.
    AccessWithdrawn = "access.withdrawn", notable true,
        |event| format!("A principal may no longer use the connection: {}.", event.principal);
}
