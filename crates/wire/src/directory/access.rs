//! Consent and Conditional Access.

use outlive_clock::Instant;
use outlive_rules::conditional_access::Policy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The delegated permissions of a client at an API (`oauth2PermissionGrant`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGrant {
    /// The client.
    pub client_id: String,
    /// Its name.
    pub client: String,
    /// The client id of the API.
    pub resource_id: String,
    /// Its name.
    pub resource: String,
    /// The object id of the user who consented; absent for the consent of an administrator for all.
    pub user_id: Option<String>,
    /// The sign-in name of that user.
    pub upn: Option<String>,
    /// The permissions.
    pub scopes: Vec<String>,
}

/// A page of grants, by client, API and user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGrants {
    /// The grants.
    pub grants: Vec<DirectoryGrant>,
    /// The value of `after` for the next page, if there is one.
    pub next: Option<String>,
}

/// An application permission that an application has (`appRoleAssignment`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryRoleAssignment {
    /// The client id of the API.
    pub resource_id: String,
    /// Its name.
    pub resource: String,
    /// The permission.
    pub role: String,
    /// When it was granted (virtual time).
    #[schema(value_type = String)]
    pub created: Instant,
}

/// The Conditional Access policies of a tenant: at most 195.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryPolicies {
    /// Whether MFA is required of all users, without a policy.
    pub require_mfa: bool,
    /// The policies, the oldest first.
    pub policies: Vec<DirectoryPolicy>,
}

/// A Conditional Access policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryPolicy {
    /// Its id.
    pub id: String,
    /// When it was created (virtual time).
    #[schema(value_type = String)]
    pub created: Instant,
    /// When it was last changed (virtual time).
    #[schema(value_type = Option<String>)]
    pub modified: Option<Instant>,
    /// The policy, as in Graph.
    #[schema(value_type = Object)]
    pub policy: Policy,
}
