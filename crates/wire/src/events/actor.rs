//! Who changed the directory.

use outlive_clock::ClientId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller of Microsoft Graph that made a change. Absent from changes that users, administrators
/// on pages, or the lab made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The object id of the user or service principal.
    #[schema(value_type = String)]
    pub by: Uuid,
    /// The client that called.
    #[schema(value_type = String)]
    pub by_client: ClientId,
    /// Whether the client called for itself, without a user.
    pub by_application: bool,
}

impl Actor {
    pub(crate) fn example() -> Option<Self> {
        let by = super::example::admin().uuid();
        Some(Self { by, by_client: super::example::portal(), by_application: false })
    }
}
