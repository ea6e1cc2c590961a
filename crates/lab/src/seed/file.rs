//! The format of seed files. Unknown fields are rejected, because a misspelled one would have no
//! effect.

use std::collections::HashSet;
use std::sync::Arc;

use outlive_clock::{TenantId, UserId};
use outlive_wire::{OrderSpec, Plan};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use uuid::Uuid;

use super::application::SeedApplication;
use super::managed_identity::SeedManagedIdentity;
use super::policy::SeedPolicy;

/// A seed file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFile {
    /// Its name (`contoso`).
    pub seed: String,
    /// The tenant.
    pub tenant: SeedTenant,
    /// The users.
    pub users: Vec<SeedUser>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<SeedGroup>,
    /// The Conditional Access policies.
    #[serde(default)]
    pub policies: Vec<SeedPolicy>,
    /// The managed identities.
    #[serde(default)]
    pub managed_identities: Vec<SeedManagedIdentity>,
    /// The application registrations.
    pub applications: Vec<SeedApplication>,
    /// The application with which the flow service authenticates to the hub.
    pub flow_service: Spanned<String>,
    /// The application with which the hub exchanges the tokens of users; it exchanges none if
    /// absent.
    pub hub_service: Option<Spanned<String>>,
    /// The public client of the maker portal.
    pub maker_portal: Spanned<String>,
    /// The application of the orders resource.
    pub resource: Spanned<String>,
    /// The names of the keys of the orders API, which are generated for each tenant.
    #[serde(default)]
    pub api_keys: Vec<Spanned<String>>,
    /// The initial orders of the resource.
    #[serde(default)]
    pub orders: Vec<OrderSpec>,
    /// The connectors of the hub.
    #[serde(default)]
    pub connectors: Vec<SeedConnector>,
    /// Connections that are created with a tenant, unless it is `bare`.
    #[serde(default)]
    pub connections: Vec<SeedConnection>,
    /// Flows that are created with a tenant, unless it is `bare`.
    #[serde(default)]
    pub flows: Vec<SeedFlow>,
    /// What users have signed in to when a tenant is created, unless it is `bare`.
    #[serde(default)]
    pub sign_ins: Vec<SeedSignIn>,
}

/// The tenant of the file. The ids of other tenants of the same file are derived from its ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedTenant {
    /// Its id, which is also that of its only subscription.
    pub id: TenantId,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub display_name: String,
    /// Custom banned passwords.
    #[serde(default)]
    pub banned_passwords: Vec<String>,
    /// Validity of passwords in days (virtual time); unlimited by default.
    pub password_validity_days: Option<u32>,
    /// Whether MFA is required for all users.
    #[serde(default)]
    pub require_mfa: bool,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Role in scenarios (`owner`), and local part of the sign-in name.
    pub role: Spanned<String>,
    /// Object id.
    pub id: UserId,
    /// Display name.
    pub display_name: String,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// The plan of Power Automate. Without one, no flow expires, and retries are those of Logic
    /// Apps.
    pub plan: Option<Plan>,
    /// Whether the user is a guest.
    #[serde(default)]
    pub guest: bool,
    /// Whether the password never expires (`DisablePasswordExpiration`).
    #[serde(default)]
    pub password_never_expires: bool,
    /// The secret of a registered authenticator app (base32).
    pub authenticator_secret: Option<String>,
    /// Whether MFA is required for the user.
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
    /// Display name.
    pub name: Spanned<String>,
    /// Object id.
    pub id: Uuid,
    /// The members, by role.
    #[serde(default)]
    pub members: Vec<Spanned<String>>,
}

/// A connector of the hub.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedConnector {
    /// Its name (`shared_contoso-orders`).
    pub name: Spanned<String>,
    /// Its display name.
    pub display_name: String,
    /// Its application, whose client id and secret are inserted for each tenant; none without
    /// OAuth.
    pub application: Option<Spanned<String>>,
    /// Folder of `apiProperties.json` and `apiDefinition.swagger.json`, relative to the seed file.
    pub folder: Spanned<String>,
    /// Another folder for `apiDefinition.swagger.json`, for connectors that differ only in their
    /// authentication.
    pub definition_from: Option<Spanned<String>>,
}

/// A connection.
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
    /// The values of the connector's parameters, for one without OAuth. `${user.ROLE.upn}`,
    /// `${user.ROLE.password}` and `${key.NAME}` are replaced.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// Whether only the tenant of the file contains it, not throw-away tenants made from the file.
    #[serde(default)]
    pub only_in_seed_tenant: bool,
}

/// A flow.
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
    /// Whether only the tenant of the file contains it, not throw-away tenants made from the file.
    #[serde(default)]
    pub only_in_seed_tenant: bool,
    /// The workflow definition.
    #[serde(deserialize_with = "shared")]
    pub definition: Arc<Value>,
}

impl SeedFile {
    /// Lets flows with the same definition share it: a file may have thousands of them.
    pub(super) fn share_definitions(&mut self) {
        let mut known = HashSet::new();
        for flow in &mut self.flows {
            match known.get(&flow.definition) {
                Some(same) => flow.definition = Arc::clone(same),
                None => drop(known.insert(Arc::clone(&flow.definition))),
            }
        }
    }
}

/// Reads a definition that flows can share.
fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Value>, D::Error> {
    Value::deserialize(deserializer).map(Arc::new)
}

/// A sign-in of a user to a native application, with the password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSignIn {
    /// The user's role.
    pub user: Spanned<String>,
    /// The application: a public client with a redirect URI.
    pub application: Spanned<String>,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// Whether only the tenant of the file contains it, not throw-away tenants made from the file.
    #[serde(default)]
    pub only_in_seed_tenant: bool,
}
