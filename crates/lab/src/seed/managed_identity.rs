//! The managed identities in a seed file.

use outlive_clock::{ClientId, ServicePrincipalId};
use serde::Deserialize;
use serde_saphyr::Spanned;

/// A managed identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedManagedIdentity {
    /// Display name. One that is not user-assigned belongs to a function app of this name, whose
    /// identity endpoint is in the tenant credentials.
    pub name: Spanned<String>,
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the service principal.
    pub service_principal_id: ServicePrincipalId,
    /// Whether it is a resource of its own.
    #[serde(default)]
    pub user_assigned: bool,
    /// The function apps that a user-assigned identity is assigned to.
    #[serde(default)]
    pub assigned_to: Vec<Spanned<String>>,
    /// The app roles that it has.
    #[serde(default)]
    pub roles: Vec<SeedRoles>,
}

/// App roles of one API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRoles {
    /// The API, by name, or `Microsoft Graph`.
    pub api: Spanned<String>,
    /// The roles.
    pub roles: Vec<String>,
}
