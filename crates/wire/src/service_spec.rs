//! What the hub, the resource and the flow service receive when the lab creates a tenant.

use outlive_clock::{ClientId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::{self, Secret};

/// The hub's part of a tenant description.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSpec {
    /// The tenant's managed APIs.
    #[serde(default)]
    pub connectors: Vec<ConnectorSpec>,
    /// The hub's own application in the tenant, with which it exchanges users' tokens; it exchanges
    /// none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ServiceClientSpec>,
}

/// The application of a service in a tenant, with which it signs in by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceClientSpec {
    /// Its client id.
    pub client_id: ClientId,
    /// Its secret, which is stored sealed.
    #[serde(serialize_with = "secret::expose")]
    pub client_secret: Secret,
}

/// A managed API of a new tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorSpec {
    /// Its name (`shared_contoso-orders`).
    pub name: String,
    /// The display name; the name if absent.
    pub display_name: Option<String>,
    /// Its `apiProperties.json`.
    pub api_properties: Value,
    /// Its `apiDefinition.swagger.json` (OpenAPI 2.0).
    pub swagger: Value,
    /// The client secret of its application; absent for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "secret::expose_optional")]
    pub client_secret: Option<Secret>,
}

/// The resource's part of a tenant description.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceSpec {
    /// The accepted audiences: the application id URI and the client id.
    pub audiences: Vec<String>,
    /// The tenant's domain, by which the user name of a request with a password tells its tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The keys of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<ApiKeySpec>,
    /// The certificates with which clients are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<ApiCertificateSpec>,
    /// The seeded orders.
    #[serde(default)]
    pub orders: Vec<OrderSpec>,
}

/// A client certificate that the orders API accepts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiCertificateSpec {
    /// Its name in events and when it is replaced.
    pub name: String,
    /// The certificate, PEM.
    pub certificate: String,
}

/// A key of the orders API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeySpec {
    /// Its name in events and when it is replaced.
    pub name: String,
    /// The key.
    #[serde(serialize_with = "secret::expose")]
    pub key: Secret,
}

/// A seeded order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSpec {
    /// The id: up to 64 letters, digits, `-` and `_`.
    pub id: String,
    /// The customer.
    pub customer: String,
    /// The item.
    pub item: String,
    /// The quantity.
    pub quantity: i64,
}

/// The flow service's part of a tenant description: its credential in the tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// The flow service's client id.
    pub client_id: ClientId,
    /// Its secret, which is stored sealed.
    #[serde(serialize_with = "secret::expose")]
    pub client_secret: Secret,
    /// The plans of users, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<UserPlan>,
}

/// The plan of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPlan {
    /// The object id.
    pub user: UserId,
    /// The plan.
    pub plan: Plan,
}

/// A plan of Power Automate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Without a license.
    Free,
    /// A trial.
    Trial,
    /// The plan for developers.
    Community,
    /// What Microsoft 365 includes.
    Microsoft365,
    /// A standalone license of the user.
    Premium,
    /// A license of the flow.
    PerFlow,
}
