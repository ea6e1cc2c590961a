//! The seed file's shape, field by field. Unknown fields are refused: a misspelt one would silently do nothing.

use outlive_clock::{TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_saphyr::Spanned;
use uuid::Uuid;

use super::application::SeedApplication;

/// A whole seed file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFile {
    /// What the seed is called (`contoso`).
    pub seed: String,
    /// The tenant itself.
    pub tenant: SeedTenant,
    /// The people in it.
    pub users: Vec<SeedUser>,
    /// Groups of them.
    #[serde(default)]
    pub groups: Vec<SeedGroup>,
    /// The applications registered in it.
    pub applications: Vec<SeedApplication>,
    /// Which application the flow service itself signs in as, to speak to the hub.
    pub flow_service: Spanned<String>,
    /// Which public client a maker's portal uses towards hub and flow service.
    pub maker_portal: Spanned<String>,
    /// Which application the orders resource is.
    pub resource: Spanned<String>,
    /// The orders that the resource holds at the start.
    #[serde(default)]
    pub orders: Vec<SeedOrder>,
    /// Connectors registered in the hub.
    #[serde(default)]
    pub connectors: Vec<SeedConnector>,
    /// Connections made, by signing in, when a tenant is laid out completely.
    #[serde(default)]
    pub connections: Vec<SeedConnection>,
    /// Flows turned on when a tenant is laid out completely.
    #[serde(default)]
    pub flows: Vec<SeedFlow>,
}

/// The tenant of the file; other tenants made from the same file derive their ids from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedTenant {
    /// Its id, which is also the id of its one subscription.
    pub id: TenantId,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub display_name: String,
    /// Terms that passwords may not be made of, besides those that are banned everywhere.
    #[serde(default)]
    pub banned_passwords: Vec<String>,
    /// After how many days of virtual time a password has to be changed; left out: never.
    #[serde(default)]
    pub password_validity_days: Option<u32>,
    /// Whether everybody has to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// How stories call the person (`owner`); also the local part of the sign-in name.
    pub role: Spanned<String>,
    /// Object id.
    pub id: UserId,
    /// Display name.
    pub display_name: String,
    /// Given name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub surname: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether the person is a guest of the tenant.
    #[serde(default)]
    pub guest: bool,
    /// Whether the tenant's password expiry spares the person (`DisablePasswordExpiration`).
    #[serde(default)]
    pub password_never_expires: bool,
    /// The secret of an authenticator application that is registered (base32).
    #[serde(default)]
    pub authenticator_secret: Option<String>,
    /// Whether the person has to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// Directory roles, for example `Global Administrator`.
    #[serde(default)]
    pub directory_roles: Vec<String>,
}

/// A security group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedGroup {
    /// Object id.
    pub id: Uuid,
    /// Display name.
    pub name: Spanned<String>,
    /// The people in it, by their roles.
    #[serde(default)]
    pub members: Vec<Spanned<String>>,
}

/// An order of the resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOrder {
    /// Its id.
    pub id: String,
    /// Who ordered.
    pub customer: String,
    /// What.
    pub item: String,
    /// How many.
    pub quantity: u32,
}

/// A connector of the hub.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedConnector {
    /// Its name (`shared_contoso-orders`).
    pub name: Spanned<String>,
    /// Its display name.
    pub display_name: String,
    /// The application it signs in as: its client id and, if it has one, its secret are filled in for each tenant.
    pub application: Spanned<String>,
    /// Folder, beside the seed file, that holds `apiProperties.json` and `apiDefinition.swagger.json`.
    pub folder: Spanned<String>,
    /// Another folder that holds `apiDefinition.swagger.json`, for connectors that differ in how they sign in only.
    #[serde(default)]
    pub definition_from: Option<Spanned<String>>,
}

/// A connection of somebody's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedConnection {
    /// Its name in the hub.
    pub name: Spanned<String>,
    /// Its display name.
    pub display_name: String,
    /// The connector.
    pub connector: Spanned<String>,
    /// The user's role.
    pub owner: Spanned<String>,
}

/// A flow of somebody's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFlow {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub display_name: String,
    /// The user's role.
    pub owner: Spanned<String>,
    /// The connection its actions use, by name.
    pub connection: Spanned<String>,
    /// The workflow definition, as documented.
    pub definition: Value,
}
