//! Managed identities, and the endpoints at which Azure resources get tokens for them.

use std::collections::BTreeMap;

use outlive_clock::{ClientId, ServicePrincipalId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::secret::{self, Secret};

/// The length of the secret header of an identity endpoint. Longer than any name, so that a log
/// does not show it as part of a path.
pub const IDENTITY_HEADER_CHARS: usize = 48;

/// The request header in which a flow gives the hub a token of its managed identity for the data
/// source (`Bearer …`), beside the token with which it calls the hub.
pub const SOURCE_AUTHORIZATION: &str = "outlive-source-authorization";

/// A managed identity: a service principal without an application registration and without a
/// credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedIdentitySpec {
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the service principal (`principalId`).
    pub service_principal_id: ServicePrincipalId,
    /// Display name.
    pub name: String,
    /// An Azure resource id: of the identity itself if it is user-assigned, or else of the resource
    /// that it belongs to.
    pub resource_id: String,
    /// Whether it is a resource of its own, which can be assigned to several others.
    #[serde(default)]
    pub user_assigned: bool,
    /// The app roles that are assigned to it.
    #[serde(default)]
    pub roles: Vec<AssignedRolesSpec>,
}

/// App roles of one API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignedRolesSpec {
    /// The API's client id.
    pub resource: ClientId,
    /// The values of the roles (`Orders.Read.All`).
    pub roles: Vec<String>,
}

/// The identity endpoint of an Azure resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityEndpointSpec {
    /// Its id in paths.
    pub id: Uuid,
    /// The Azure resource id of the resource.
    pub resource_id: String,
    /// The secret that every request has to contain.
    #[serde(serialize_with = "secret::expose")]
    pub header: Secret,
    /// The identity that belongs to the resource.
    pub system_assigned: Option<ClientId>,
    /// The identities that are assigned to it.
    #[serde(default)]
    pub user_assigned: Vec<ClientId>,
}

/// The identities of a resource, which a service sets for the resources that it provides
/// (`PUT /_lab/tenants/{tenant}/identity-endpoints/{id}`).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceIdentities {
    /// The Azure resource id of the resource.
    pub resource_id: String,
    /// The display name of its system-assigned identity.
    pub name: String,
    /// The secret that every request to the endpoint has to contain.
    #[serde(serialize_with = "secret::expose")]
    pub header: Secret,
    /// Whether it has an identity of its own.
    pub system_assigned: bool,
    /// The resource ids of the identities that are assigned to it.
    #[serde(default)]
    pub user_assigned: Vec<String>,
}

/// The identities of a resource as they are in the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedIdentities {
    /// The identity that belongs to the resource.
    pub system_assigned: Option<AssignedIdentity>,
    /// Those that are assigned to it, by their resource ids.
    pub user_assigned: BTreeMap<String, AssignedIdentity>,
}

/// The ids of a managed identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedIdentity {
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the service principal.
    pub principal_id: ServicePrincipalId,
}

/// Returns the path of an identity endpoint in the manner of App Service, at the identity provider.
#[must_use]
pub fn identity_endpoint_path(tenant: &str, endpoint: Uuid) -> String {
    format!("/{tenant}/identity/{endpoint}/token")
}

/// Returns the path below which the endpoint is served in the manner of the Azure Instance Metadata
/// Service. Such requests contain no secret besides the path.
#[must_use]
pub fn metadata_authority_path(tenant: &str, endpoint: Uuid, header: &Secret) -> String {
    format!("/{tenant}/identity/{endpoint}/{}", header.expose())
}
