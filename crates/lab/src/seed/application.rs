//! The application registrations in a seed file.

use outlive_clock::{ClientId, ServicePrincipalId};
use outlive_wire::tenant::{
    AppRoleSpec, ApplicationKind, EventStreamSpec, FederatedCredentialSpec, GroupClaims, ImplicitGrants,
    OptionalClaimSpec, RedirectUriSpec, ScopeSpec,
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use uuid::Uuid;

/// An application registration and its service principal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedApplication {
    /// Display name, by which other parts of the file refer to it.
    pub name: Spanned<String>,
    /// How it authenticates.
    pub kind: ApplicationKind,
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the registration.
    pub object_id: Uuid,
    /// Object id of the service principal.
    pub service_principal_id: ServicePrincipalId,
    /// Whether it is a first-party application, with the same client id in every tenant.
    #[serde(default)]
    pub first_party: bool,
    /// Redirect URIs; `${hub}` is replaced by the hub's public origin.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUriSpec>,
    /// Whether it has a client secret, which is generated for each tenant.
    #[serde(default)]
    pub secret: bool,
    /// Certificates (PEM) with whose keys it can authenticate; the same in every tenant.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Federated identity credentials.
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredentialSpec>,
    /// Whether it can use the device code and password grants without a client credential. By
    /// default only native applications can.
    pub allow_public_client: Option<bool>,
    /// Application ID URIs.
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Delegated permissions it offers.
    #[serde(default)]
    pub scopes: Vec<ScopeSpec>,
    /// Clients that have some of its delegated permissions without consent.
    #[serde(default)]
    pub preauthorized: Vec<SeedPreauthorized>,
    /// Application permissions it offers.
    #[serde(default)]
    pub app_roles: Vec<AppRoleSpec>,
    /// Version of the access tokens issued for it (1 or 2).
    #[serde(default = "version_one")]
    pub token_version: u8,
    /// Required permissions.
    #[serde(default)]
    pub requires: Vec<SeedRequirement>,
    /// Whether an administrator has consented to all of `requires`.
    #[serde(default)]
    pub admin_consented: bool,
    /// Tokens that the authorization endpoint issues to it; none by default.
    #[serde(default)]
    pub implicit: ImplicitGrants,
    /// Front-channel logout URL; `${hub}` is replaced by the hub's public origin.
    pub logout_url: Option<String>,
    /// Optional claims.
    #[serde(default)]
    pub optional_claims: SeedOptionalClaims,
    /// Memberships that its tokens include; none by default.
    #[serde(default)]
    pub group_membership_claims: GroupClaims,
    /// Whether it requires MFA.
    #[serde(default)]
    pub require_mfa: bool,
    /// Whether it is CAE-enabled: CAE-capable clients receive long-lived tokens for it.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// The endpoint that receives its security events; none by default.
    pub event_stream: Option<EventStreamSpec>,
}

impl SeedApplication {
    /// Whether a user can sign in to it without the application's own credential.
    pub(super) fn is_native(&self) -> bool {
        self.kind == ApplicationKind::Public && !self.redirect_uris.is_empty()
    }
}

const fn version_one() -> u8 {
    1
}

/// Optional claims, by kind of token. Unlike Microsoft Graph, a seed rejects unknown fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedOptionalClaims {
    /// In ID tokens for it.
    pub id_token: Vec<SeedOptionalClaim>,
    /// In access tokens for it.
    pub access_token: Vec<SeedOptionalClaim>,
}

/// An optional claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOptionalClaim {
    /// Its name (`auth_time`).
    pub name: String,
    /// Its additional properties (`include_user_token`).
    #[serde(default)]
    pub additional_properties: Vec<String>,
}

impl SeedOptionalClaim {
    pub(super) fn spec(&self) -> OptionalClaimSpec {
        let additional_properties = self.additional_properties.clone();
        OptionalClaimSpec { additional_properties, ..OptionalClaimSpec::named(&self.name) }
    }
}

/// A client that has delegated permissions without consent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPreauthorized {
    /// The application, by name.
    pub client: Spanned<String>,
    /// The permissions.
    pub scopes: Vec<String>,
}

/// Permissions on one API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRequirement {
    /// The API, by name, or `Microsoft Graph`.
    pub api: Spanned<String>,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions.
    #[serde(default)]
    pub roles: Vec<String>,
}
