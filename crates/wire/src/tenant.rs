//! What a tenant is made of: the description with which the lab creates it at the identity
//! provider. Seed files share its parts.

use outlive_clock::{ClientId, ServicePrincipalId, Span, UserId};
use outlive_rules::Ruleset;
use outlive_rules::conditional_access::Policy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::managed_identity::{IdentityEndpointSpec, ManagedIdentitySpec};
use crate::secret::{self, Secret};

/// A tenant specification.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSpec {
    /// Its verified domain (`contoso.example`).
    pub domain: String,
    /// Display name.
    pub display_name: String,
    /// The edition of the rules.
    #[serde(default)]
    pub edition: Ruleset,
    /// Banned terms in passwords, in addition to the global list.
    #[serde(default)]
    pub banned_passwords: Vec<String>,
    /// Password validity in days of virtual time (`passwordValidityPeriodInDays`); no expiry if
    /// absent.
    pub password_validity_days: Option<u32>,
    /// Whether all users need MFA.
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
    /// Its Conditional Access policies.
    #[serde(default)]
    pub policies: Vec<PolicySpec>,
    /// Its managed identities.
    #[serde(default)]
    pub managed_identities: Vec<ManagedIdentitySpec>,
    /// Where resources get tokens for them.
    #[serde(default)]
    pub identity_endpoints: Vec<IdentityEndpointSpec>,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Object id.
    pub id: Uuid,
    /// Display name.
    pub display_name: String,
    /// Members.
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// A Conditional Access policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// Its id.
    pub id: Uuid,
    /// What it says, in the form of Microsoft Graph.
    pub policy: Policy,
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Object id.
    pub id: UserId,
    /// Sign-in name.
    pub upn: String,
    /// Display name.
    pub display_name: String,
    /// The user's role in the lab (`owner`).
    pub role: String,
    /// Initial password.
    #[serde(serialize_with = "secret::expose")]
    pub password: Secret,
    /// Whether the user is exempt from password expiry (`DisablePasswordExpiration`).
    #[serde(default)]
    pub password_never_expires: bool,
    /// The secret of a registered authenticator (base32).
    #[serde(default, serialize_with = "secret::expose_optional")]
    pub authenticator_secret: Option<Secret>,
    /// Whether the user needs MFA.
    #[serde(default)]
    pub require_mfa: bool,
    /// Directory roles by name (`Global Administrator`).
    #[serde(default)]
    pub directory_roles: Vec<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// Whether the user is a guest (`userType`).
    #[serde(default)]
    pub guest: bool,
}

/// The kind of application, which implies how it may authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationKind {
    /// A native or desktop application, without a credential.
    Public,
    /// A single-page application, without a credential.
    Spa,
    /// A web application with a credential.
    Confidential,
    /// A service that acts on its own behalf, with a credential.
    Daemon,
    /// An API.
    Resource,
}

impl ApplicationKind {
    /// Returns whether it is a public client as defined by RFC 6749, section 2.1.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Spa)
    }
}

/// The type of a redirect URI, which determines the class of the tokens (reference: "Redirect URI
/// restrictions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RedirectUriType {
    /// Of a web application.
    Web,
    /// Of a single-page application.
    Spa,
    /// Of a native application.
    PublicClient,
}

impl RedirectUriType {
    const ALL: [Self; 3] = [Self::Web, Self::Spa, Self::PublicClient];

    /// The value of `type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::PublicClient => "publicClient",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A registered redirect URI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedirectUriSpec {
    /// The URI, matched exactly except for the port of a loopback URI.
    pub uri: String,
    /// The type.
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
    /// The description on the consent page.
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

/// Permissions that an application requires of one API.
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

/// A client that has delegated permissions of an API without the consent of a user
/// (`preAuthorizedApplications`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreauthorizedSpec {
    /// The client.
    pub client: ClientId,
    /// The permissions, by name.
    pub scopes: Vec<String>,
}

/// An issuer whose tokens for one subject authenticate an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredentialSpec {
    /// Its name.
    pub name: String,
    /// The issuer, exactly as in its tokens; `{issuer}/.well-known/openid-configuration` refers to
    /// its keys.
    pub issuer: String,
    /// The subject, exactly as in its tokens.
    pub subject: String,
    /// The accepted audiences.
    #[serde(default = "token_exchange")]
    pub audiences: Vec<String>,
}

fn token_exchange() -> Vec<String> {
    vec!["api://AzureADTokenExchange".to_owned()]
}

/// An optional claim (`optionalClaim`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionalClaimSpec {
    /// Its name (`auth_time`).
    pub name: String,
    /// Whether the application prefers the claim to be present; has no effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// Additional properties (`include_user_token`).
    #[serde(default, alias = "additionalProperties")]
    pub additional_properties: Vec<String>,
}

impl OptionalClaimSpec {
    /// Returns a claim without additional properties.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), essential: false, additional_properties: Vec::new() }
    }
}

/// An application's optional claims, by token type (`optionalClaims`).
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
    /// Returns whether there are no optional claims.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.access_token.is_empty()
    }
}

/// Memberships to include in tokens (`groupMembershipClaims`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupClaims {
    /// No memberships.
    #[default]
    None,
    /// Security groups; all groups are.
    SecurityGroup,
    /// Groups assigned to the application.
    ApplicationGroup,
    /// Directory roles.
    DirectoryRole,
    /// Groups and directory roles.
    All,
}

impl GroupClaims {
    /// Returns whether tokens include no memberships.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Tokens that the authorization endpoint may issue to an application (`implicitGrantSettings`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImplicitGrants {
    /// ID tokens (`enableIdTokenIssuance`): `response_type` with `id_token`.
    pub id_tokens: bool,
    /// Access tokens (`enableAccessTokenIssuance`): `response_type` with `token`.
    pub access_tokens: bool,
}

/// Where an API receives the security events of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventStreamSpec {
    /// The endpoint to which security event tokens are posted, as the identity provider reaches it.
    pub endpoint: String,
    /// The minimum delay between an event and its delivery, in virtual time.
    #[serde(default = "at_once")]
    pub delay: Span,
}

const fn at_once() -> Span {
    Span::ZERO
}

/// An application with its service principal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSpec {
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the application.
    pub object_id: Uuid,
    /// Object id of its service principal.
    pub service_principal_id: ServicePrincipalId,
    /// Display name.
    pub name: String,
    /// The kind of application.
    pub kind: ApplicationKind,
    /// Redirect URIs.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUriSpec>,
    /// Client secrets.
    #[serde(default, serialize_with = "secret::expose_each")]
    pub secrets: Vec<Secret>,
    /// Whether it is the platform's own, which renews its secrets by itself: they do not expire.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_party: bool,
    /// PEM certificates for client assertions (`keyCredentials`).
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Issuers whose tokens are accepted as client assertions (`federatedIdentityCredentials`).
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredentialSpec>,
    /// Whether it may redeem device codes and user passwords without a credential
    /// (`isFallbackPublicClient`, "Allow public client flows"). By default, only a native
    /// application may.
    pub allow_public_client: Option<bool>,
    /// Identifier URIs.
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Delegated permissions that it offers.
    #[serde(default)]
    pub scopes: Vec<ScopeSpec>,
    /// Clients that have some of its delegated permissions without consent.
    #[serde(default)]
    pub preauthorized: Vec<PreauthorizedSpec>,
    /// Application permissions that it offers.
    #[serde(default)]
    pub app_roles: Vec<AppRoleSpec>,
    /// The version of access tokens for it (`requestedAccessTokenVersion`): 1 or 2.
    pub token_version: Option<u8>,
    /// Optional claims.
    #[serde(default)]
    pub optional_claims: OptionalClaimsSpec,
    /// Memberships to include in its tokens.
    #[serde(default)]
    pub group_membership_claims: GroupClaims,
    /// Whether it is CAE-enabled: it requests `xms_cc`, and tokens for CAE-capable clients are
    /// long-lived.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// Where security events are sent; none are sent if absent.
    pub event_stream: Option<EventStreamSpec>,
    /// Whether its users need MFA.
    #[serde(default)]
    pub require_mfa: bool,
    /// Required permissions of other APIs.
    #[serde(default)]
    pub required: Vec<RequiredSpec>,
    /// Whether an administrator has granted the required permissions for all users.
    #[serde(default)]
    pub admin_consented: bool,
    /// Tokens that the authorization endpoint may issue to it; none if absent.
    #[serde(default)]
    pub implicit: ImplicitGrants,
    /// The URL that a signed-in user's browser loads at sign-out (`web.logoutUrl`).
    pub logout_url: Option<String>,
}
