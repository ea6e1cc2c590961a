//! What the lab says about a new tenant of the identity provider.

use outlive_clock::{ClientId, ServicePrincipalId, UserId};
use outlive_rules::Ruleset;
use outlive_tokens::Secret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::security_events::EventStreamSpec;

/// A tenant to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSpec {
    /// Its verified domain (`contoso.example`).
    pub domain: String,
    /// Its name for people.
    pub display_name: String,
    /// Which edition of the rules decides.
    #[serde(default)]
    pub edition: Ruleset,
    /// Terms that passwords may not be made of, besides those that are banned everywhere.
    #[serde(default)]
    pub banned_passwords: Vec<String>,
    /// After how many days of virtual time a password has to be changed (`passwordValidityPeriodInDays`); left out: never.
    #[serde(default)]
    pub password_validity_days: Option<u32>,
    /// Whether everybody has to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// Its users.
    #[serde(default)]
    pub users: Vec<UserSpec>,
    /// Its applications.
    #[serde(default)]
    pub applications: Vec<ApplicationSpec>,
    /// Its groups.
    #[serde(default)]
    pub groups: Vec<GroupSpec>,
}

/// A group to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Object id.
    pub id: Uuid,
    /// Name for people.
    pub display_name: String,
    /// The users in it.
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// A user to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Object id.
    pub id: UserId,
    /// Sign-in name.
    pub upn: String,
    /// Name for people.
    pub display_name: String,
    /// What the user is in the lab (`owner`).
    pub role: String,
    /// The first password.
    pub password: Secret,
    /// Whether the tenant's password expiry spares the user (`DisablePasswordExpiration`).
    #[serde(default)]
    pub password_never_expires: bool,
    /// The secret of an authenticator application that is registered (base32).
    #[serde(default)]
    pub authenticator_secret: Option<Secret>,
    /// Whether the user has to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// Directory roles by name (`Global Administrator`).
    #[serde(default)]
    pub directory_roles: Vec<String>,
    /// Given name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub surname: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether it is a guest of the tenant (`userType`).
    #[serde(default)]
    pub guest: bool,
}

/// What kind of application it is: only a convenience of the seed for how it may authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationKind {
    /// A native or desktop application: it has no credential.
    Public,
    /// A single-page application: it has no credential.
    Spa,
    /// A web application with a credential.
    Confidential,
    /// A service that acts for itself, with a credential.
    Daemon,
    /// An API.
    Resource,
}

impl ApplicationKind {
    /// Whether it is a public client in the words of RFC 6749, section 2.1.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Spa)
    }
}

/// How a redirect URI is registered; it decides the class of the tokens (reference: "Redirect URI restrictions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RedirectUriType {
    /// A web application's.
    Web,
    /// A single-page application's.
    Spa,
    /// A native application's.
    PublicClient,
}

impl RedirectUriType {
    const ALL: [Self; 3] = [Self::Web, Self::Spa, Self::PublicClient];

    /// The value of `type`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::PublicClient => "publicClient",
        }
    }

    /// The type of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A registered redirect URI.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectUriSpec {
    /// The URI, matched exactly; a loopback URI's port is ignored.
    pub uri: String,
    /// How it is registered.
    pub r#type: RedirectUriType,
}

/// A delegated permission that an API offers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeSpec {
    /// Its id.
    pub id: Uuid,
    /// Its name (`Orders.Read`).
    pub value: String,
    /// What the consent page says about it.
    #[serde(default)]
    pub description: String,
}

/// An application permission that an API offers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRoleSpec {
    /// Its id.
    pub id: Uuid,
    /// Its name (`Orders.Read.All`).
    pub value: String,
}

/// Permissions that an application asks of one API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredSpec {
    /// The API's client id.
    pub resource: ClientId,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// Another issuer whose tokens for one subject prove an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredentialSpec {
    /// Its name.
    pub name: String,
    /// The issuer, exactly as its tokens say it; `{issuer}/.well-known/openid-configuration` names its keys.
    pub issuer: String,
    /// The subject, exactly as its tokens say it.
    pub subject: String,
    /// The audiences that count.
    #[serde(default = "token_exchange")]
    pub audiences: Vec<String>,
}

fn token_exchange() -> Vec<String> {
    vec!["api://AzureADTokenExchange".to_owned()]
}

/// A claim that tokens carry because an application asks for it (`optionalClaim`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionalClaimSpec {
    /// Its name (`auth_time`).
    pub name: String,
    /// Whether the application would rather have it; nothing follows from it.
    #[serde(default)]
    pub essential: bool,
    /// What else is wished about it (`include_user_token`).
    #[serde(default, alias = "additionalProperties")]
    pub additional_properties: Vec<String>,
}

impl OptionalClaimSpec {
    /// A claim without further wishes.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), essential: false, additional_properties: Vec::new() }
    }
}

/// The claims that an application asks for, by kind of token (`optionalClaims`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionalClaimsSpec {
    /// In ID tokens for it.
    #[serde(default, alias = "idToken")]
    pub id_token: Vec<OptionalClaimSpec>,
    /// In access tokens for it.
    #[serde(default, alias = "accessToken")]
    pub access_token: Vec<OptionalClaimSpec>,
}

impl OptionalClaimsSpec {
    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.access_token.is_empty()
    }
}

/// Which memberships tokens tell an application (`groupMembershipClaims`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupClaims {
    /// None.
    #[default]
    None,
    /// Security groups; every group here is one.
    SecurityGroup,
    /// Groups assigned to the application.
    ApplicationGroup,
    /// Directory roles.
    DirectoryRole,
    /// Groups and directory roles.
    All,
}

impl GroupClaims {
    /// Whether none are told.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Which tokens an application may be sent by the authorization endpoint itself (`implicitGrantSettings`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImplicitGrants {
    /// ID tokens (`enableIdTokenIssuance`): `response_type` with `id_token`.
    pub id_tokens: bool,
    /// Access tokens (`enableAccessTokenIssuance`): `response_type` with `token`.
    pub access_tokens: bool,
}

/// An application to be made, with its service principal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSpec {
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the application.
    pub object_id: Uuid,
    /// Object id of its service principal.
    pub service_principal_id: ServicePrincipalId,
    /// Name for people.
    pub name: String,
    /// What it is.
    pub kind: ApplicationKind,
    /// Where codes may be sent.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUriSpec>,
    /// Its client secrets.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Certificates, PEM, whose keys it may sign client assertions with (`keyCredentials`).
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Other issuers whose tokens prove it (`federatedIdentityCredentials`).
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredentialSpec>,
    /// Whether it may get tokens without a redirect and without a credential, by device code or with a user's password
    /// (`isFallbackPublicClient`, "Allow public client flows"). Left out, a native application may and nothing else.
    #[serde(default)]
    pub allow_public_client: Option<bool>,
    /// The URIs by which it is asked for as a resource.
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Delegated permissions it offers.
    #[serde(default)]
    pub scopes: Vec<ScopeSpec>,
    /// Application permissions it offers.
    #[serde(default)]
    pub app_roles: Vec<AppRoleSpec>,
    /// Which version of access tokens it wants (`requestedAccessTokenVersion`): 1 or 2.
    #[serde(default)]
    pub token_version: Option<u8>,
    /// Claims it asks for.
    #[serde(default)]
    pub optional_claims: OptionalClaimsSpec,
    /// Which memberships tokens tell it.
    #[serde(default)]
    pub group_membership_claims: GroupClaims,
    /// Whether it evaluates access continuously: it asks for `xms_cc`, and tokens of clients that can be challenged live long.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// Where it is told of what happens to users; left out: nowhere.
    #[serde(default)]
    pub event_stream: Option<EventStreamSpec>,
    /// Whether its users have to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// What it asks of other APIs.
    #[serde(default)]
    pub required: Vec<RequiredSpec>,
    /// Whether what it asks was granted by an administrator for everybody.
    #[serde(default)]
    pub admin_consented: bool,
    /// Which tokens the authorization endpoint may answer it with; left out: none.
    #[serde(default)]
    pub implicit: ImplicitGrants,
    /// What the browser loads when somebody signs out who is signed in there (`web.logoutUrl`).
    #[serde(default)]
    pub logout_url: Option<String>,
}
