//! The application registrations in a seed file.

use outlive_clock::{ClientId, ServicePrincipalId, Span};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use uuid::Uuid;

/// How an application authenticates, which determines the class of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationKind {
    /// Native application.
    Public,
    /// Single-page application.
    Spa,
    /// Web application with a secret.
    Confidential,
    /// Background service: client credentials only.
    Daemon,
    /// An API.
    Resource,
}

/// The platform of a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedirectType {
    /// Server-side web application.
    #[serde(rename = "web")]
    Web,
    /// Single-page application.
    #[serde(rename = "spa")]
    Spa,
    /// Native application.
    #[serde(rename = "publicClient")]
    PublicClient,
}

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
    pub redirect_uris: Vec<SeedRedirect>,
    /// Whether it has a client secret, which is generated for each tenant.
    #[serde(default)]
    pub secret: bool,
    /// Certificates (PEM) with whose keys it can authenticate; the same in every tenant.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Federated identity credentials.
    #[serde(default)]
    pub federated_credentials: Vec<SeedFederatedCredential>,
    /// Whether it can use the device code and password grants without a client credential. By
    /// default only native applications can.
    pub allow_public_client: Option<bool>,
    /// Application ID URIs.
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Delegated permissions it offers.
    #[serde(default)]
    pub scopes: Vec<SeedScope>,
    /// Application permissions it offers.
    #[serde(default)]
    pub app_roles: Vec<SeedAppRole>,
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
    pub implicit: SeedImplicit,
    /// Front-channel logout URL; `${hub}` is replaced by the hub's public origin.
    pub logout_url: Option<String>,
    /// Optional claims.
    #[serde(default)]
    pub optional_claims: SeedOptionalClaims,
    /// Memberships that its tokens include; none by default.
    #[serde(default)]
    pub group_membership_claims: GroupMembershipClaims,
    /// Whether it requires MFA.
    #[serde(default)]
    pub require_mfa: bool,
    /// Whether it is CAE-enabled: CAE-capable clients receive long-lived tokens for it.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// The endpoint that receives its security events; none by default.
    pub event_stream: Option<SeedEventStream>,
}

/// Memberships that tokens include (`groupMembershipClaims`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupMembershipClaims {
    /// None.
    #[default]
    None,
    /// Security groups.
    SecurityGroup,
    /// Groups that are assigned to the application.
    ApplicationGroup,
    /// Directory roles.
    DirectoryRole,
    /// Groups and directory roles.
    All,
}

/// Optional claims, by kind of token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedOptionalClaims {
    /// In ID tokens for it.
    pub id_token: Vec<SeedOptionalClaim>,
    /// In access tokens for it.
    pub access_token: Vec<SeedOptionalClaim>,
}

/// An optional claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOptionalClaim {
    /// Its name (`auth_time`).
    pub name: String,
    /// Its additional properties (`include_user_token`).
    #[serde(default)]
    pub additional_properties: Vec<String>,
}

/// The security event stream of an API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEventStream {
    /// The endpoint for security event tokens; `${resource}` is replaced by the resource's internal
    /// origin.
    pub endpoint: String,
    /// Minimum delay between an event and its delivery (virtual time); none by default.
    #[serde(default = "no_delay")]
    pub delay: Span,
}

const fn no_delay() -> Span {
    Span::ZERO
}

/// Tokens of the implicit and hybrid flows.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedImplicit {
    /// ID tokens.
    pub id_tokens: bool,
    /// Access tokens.
    pub access_tokens: bool,
}

const fn version_one() -> u8 {
    1
}

/// A federated identity credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFederatedCredential {
    /// Its name.
    pub name: String,
    /// The issuer: an http or https URL, exactly as in `iss`.
    pub issuer: String,
    /// The subject, exactly as in `sub`.
    pub subject: String,
    /// The accepted audiences; by default `api://AzureADTokenExchange`.
    #[serde(default = "token_exchange")]
    pub audiences: Vec<String>,
}

fn token_exchange() -> Vec<String> {
    vec!["api://AzureADTokenExchange".to_owned()]
}

/// A redirect URI.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRedirect {
    /// The URI.
    pub uri: String,
    /// Its platform.
    #[serde(rename = "type")]
    pub kind: RedirectType,
}

/// A delegated permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedScope {
    /// Its id.
    pub id: Uuid,
    /// Its value in `scp`.
    pub value: String,
    /// Its description on the consent page.
    pub description: String,
}

/// An application permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAppRole {
    /// Its id.
    pub id: Uuid,
    /// Its value in `roles`.
    pub value: String,
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
