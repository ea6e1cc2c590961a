//! The seed file's shape where it registers applications.

use outlive_clock::{ClientId, ServicePrincipalId, Span};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use uuid::Uuid;

/// How an application authenticates, which is what decides the class of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationKind {
    /// Native application: cannot keep a secret.
    Public,
    /// Single-page application: public, in a browser.
    Spa,
    /// Web application with a secret.
    Confidential,
    /// No user: client credentials only.
    Daemon,
    /// An API that others get tokens for.
    Resource,
}

/// What kind of client a redirect URI belongs to.
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
    /// Display name; other parts of the file refer to it by this.
    pub name: Spanned<String>,
    /// How it authenticates.
    pub kind: ApplicationKind,
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the registration.
    pub object_id: Uuid,
    /// Object id of the service principal.
    pub service_principal_id: ServicePrincipalId,
    /// A platform's own application, whose client id is the same in every tenant.
    #[serde(default)]
    pub first_party: bool,
    /// Where codes may be sent; `${hub}` stands for the hub's public origin.
    #[serde(default)]
    pub redirect_uris: Vec<SeedRedirect>,
    /// Whether it has a client secret, drawn for each tenant.
    #[serde(default)]
    pub secret: bool,
    /// Certificates, PEM, whose keys it may prove itself with; each tenant made from the file has the same.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Other issuers whose tokens prove it.
    #[serde(default)]
    pub federated_credentials: Vec<SeedFederatedCredential>,
    /// Whether it may get tokens by device code or with a user's password without a credential of its own; left out, a native
    /// application may and nothing else.
    #[serde(default)]
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
    /// Permissions it asks for.
    #[serde(default)]
    pub requires: Vec<SeedRequirement>,
    /// Whether an administrator has consented to all of `requires`; otherwise each user is asked.
    #[serde(default)]
    pub admin_consented: bool,
    /// Which tokens the authorization endpoint may answer it with; none if left out.
    #[serde(default)]
    pub implicit: SeedImplicit,
    /// What a browser loads when somebody signs out who is signed in there; `${hub}` stands for the hub's public origin.
    #[serde(default)]
    pub logout_url: Option<String>,
    /// Claims that tokens carry because it asks for them.
    #[serde(default)]
    pub optional_claims: SeedOptionalClaims,
    /// Which memberships its tokens include; none if left out.
    #[serde(default)]
    pub group_membership_claims: GroupMembershipClaims,
    /// Whether its users have to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// Whether it evaluates access continuously: clients that can be challenged get tokens for it that live long.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// Where it is told of what happens to users; nowhere if left out.
    #[serde(default)]
    pub event_stream: Option<SeedEventStream>,
}

/// Which memberships tokens include (`groupMembershipClaims`).
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

/// The claims that an application asks for, by kind of token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedOptionalClaims {
    /// In ID tokens for it.
    pub id_token: Vec<SeedOptionalClaim>,
    /// In access tokens for it.
    pub access_token: Vec<SeedOptionalClaim>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOptionalClaim {
    /// Its name (`auth_time`).
    pub name: String,
    /// What else is wished about it (`include_user_token`).
    #[serde(default)]
    pub additional_properties: Vec<String>,
}

/// Where an API is told of what happens to users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEventStream {
    /// The address to which security event tokens are posted; `${resource}` stands for the resource as the identity provider
    /// reaches it.
    pub endpoint: String,
    /// How long after it happened something is told at the earliest, in the tenant's time; at once if left out.
    #[serde(default = "at_once")]
    pub delay: Span,
}

const fn at_once() -> Span {
    Span::ZERO
}

/// Which tokens an application may be sent without a code.
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

/// Another issuer whose tokens for one subject prove an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFederatedCredential {
    /// Its name.
    pub name: String,
    /// The issuer, an http or https address, exactly as its tokens say it.
    pub issuer: String,
    /// The subject, exactly as its tokens say it.
    pub subject: String,
    /// The audiences that count; left out, `api://AzureADTokenExchange`.
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
    /// What kind of client it belongs to.
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
    /// What the consent page says.
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
