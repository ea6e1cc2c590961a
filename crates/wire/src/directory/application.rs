//! Applications: registrations and service principals.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{DirectoryGrant, DirectoryRoleAssignment};
use crate::tenant::{ApplicationKind, RedirectUriSpec};

/// An application with its service principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryApplication {
    /// Application (client) id.
    pub client_id: String,
    /// Display name.
    pub name: String,
    /// Object id of the registration.
    pub object_id: String,
    /// Object id of the service principal.
    pub service_principal_id: String,
    /// `public`, `spa`, `confidential`, `daemon` or `resource`.
    #[schema(value_type = String)]
    pub kind: ApplicationKind,
    /// Whether users and the application itself can sign in to it.
    pub enabled: bool,
    /// Whether it is one of the platform's, without a registration in the tenant.
    pub is_platform: bool,
    /// The Azure resource id, if it is a managed identity.
    pub managed_identity: Option<String>,
}

/// A page of applications, by client id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryApplications {
    /// The applications. A page may be shorter than its limit although there is a next one.
    pub applications: Vec<DirectoryApplication>,
    /// The value of `after` for the next page, if there is one.
    pub next: Option<String>,
}

/// An application with the details of one. No credential is among them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DirectoryApplicationDetails {
    /// The application.
    pub application: DirectoryApplication,
    /// The redirect URIs with their types.
    #[schema(value_type = Vec<Object>)]
    pub redirect_uris: Vec<RedirectUriSpec>,
    /// The URL that browsers load at sign-out.
    pub logout_url: Option<String>,
    /// Application ID URIs.
    pub identifier_uris: Vec<String>,
    /// The delegated permissions that it offers.
    pub scopes: Vec<String>,
    /// The application permissions that it offers.
    pub app_roles: Vec<String>,
    /// The permissions that its registration asks for.
    pub permissions: Vec<DirectoryPermission>,
    /// Clients that have some of its delegated permissions without consent.
    pub preauthorized: Vec<DirectoryPermission>,
    /// Whether device codes and user passwords can be redeemed without a client credential.
    pub allow_public_client: bool,
    /// Whether its users need MFA.
    pub require_mfa: bool,
    /// Whether users need an assignment to sign in.
    pub assignment_required: bool,
    /// Whether it is CAE-enabled.
    pub continuous_access_evaluation: bool,
    /// Its client secrets, by expiry, without their values.
    pub secrets: Vec<DirectorySecret>,
    /// Its certificates.
    pub certificates: Vec<DirectoryCertificate>,
    /// Its federated credentials.
    pub federated_credentials: Vec<DirectoryFederatedCredential>,
    /// The delegated permissions that users or administrators granted to it, at most 50.
    pub grants: Vec<DirectoryGrant>,
    /// Whether there are more grants.
    pub has_more_grants: bool,
    /// The application permissions that it has, at most 50.
    pub role_assignments: Vec<DirectoryRoleAssignment>,
    /// Whether it has more application permissions.
    pub has_more_role_assignments: bool,
}

/// Permissions that concern another application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryPermission {
    /// The client id of the other application.
    pub client_id: String,
    /// Its name, if the tenant knows it.
    pub name: Option<String>,
    /// Delegated permissions.
    pub scopes: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
}

/// A client secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectorySecret {
    /// Its id.
    pub key_id: String,
    /// Its description.
    pub display_name: Option<String>,
    /// The first characters of the value, where the directory kept them.
    pub hint: Option<String>,
    /// Since when it is accepted (virtual time).
    #[schema(value_type = Option<String>)]
    pub starts: Option<Instant>,
    /// When it expires (virtual time).
    #[schema(value_type = String)]
    pub expires: Instant,
}

/// A certificate of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryCertificate {
    /// Its id.
    pub key_id: String,
    /// Its subject.
    pub subject: String,
    /// Its SHA-1 thumbprint.
    pub thumbprint: String,
    /// Since when it is valid (virtual time).
    #[schema(value_type = String)]
    pub starts: Instant,
    /// Until when it is valid (virtual time).
    #[schema(value_type = String)]
    pub expires: Instant,
}

/// An issuer whose tokens for one subject authenticate the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryFederatedCredential {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The issuer.
    pub issuer: String,
    /// The subject.
    pub subject: String,
    /// The accepted audiences.
    pub audiences: Vec<String>,
}
