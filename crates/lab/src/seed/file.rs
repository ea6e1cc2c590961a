//! The seed file's shape, field by field. Unknown fields are refused: a misspelt one would silently do nothing.

use outlive_clock::{ClientId, ServicePrincipalId, Span, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_saphyr::Spanned;
use uuid::Uuid;

/// A whole seed file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFile {
    /// What the seed is called (`contoso`).
    pub seed: String,
    /// The tenant itself.
    pub tenant: SeedTenant,
    /// The people in it.
    pub users: Vec<SeedUser>,
    /// The applications registered in it.
    pub applications: Vec<SeedApplication>,
    /// Which application the flow service itself signs in as, to speak to the hub.
    pub flow_service: Spanned<String>,
    /// Which public client a maker's portal uses towards hub and flow service.
    pub maker_portal: Spanned<String>,
    /// Which application the orders resource is.
    pub resource: Spanned<String>,
    /// The orders that the resource holds at the start.
    #[serde(default)]
    pub orders: Vec<SeedOrder>,
    /// Connectors registered in the hub.
    #[serde(default)]
    pub connectors: Vec<SeedConnector>,
    /// Connections made, by signing in, when a tenant is laid out completely.
    #[serde(default)]
    pub connections: Vec<SeedConnection>,
    /// Flows turned on when a tenant is laid out completely.
    #[serde(default)]
    pub flows: Vec<SeedFlow>,
}

/// The tenant of the file; other tenants made from the same file derive their ids from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedTenant {
    /// Its id, which is also the id of its one subscription.
    pub id: TenantId,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub display_name: String,
    /// Terms that passwords may not be made of, besides those that are banned everywhere.
    #[serde(default)]
    pub banned_passwords: Vec<String>,
    /// After how many days of virtual time a password has to be changed; left out: never.
    #[serde(default)]
    pub password_validity_days: Option<u32>,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// How stories call the person (`owner`); also the local part of the sign-in name.
    pub role: Spanned<String>,
    /// Object id.
    pub id: UserId,
    /// Display name.
    pub display_name: String,
    /// Whether the tenant's password expiry spares the person (`DisablePasswordExpiration`).
    #[serde(default)]
    pub password_never_expires: bool,
    /// The secret of an authenticator application that is registered (base32).
    #[serde(default)]
    pub authenticator_secret: Option<String>,
    /// Whether the person has to give a second factor.
    #[serde(default)]
    pub require_mfa: bool,
    /// Directory roles, for example `Global Administrator`.
    #[serde(default)]
    pub directory_roles: Vec<String>,
}

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
    /// Whether it evaluates access continuously: clients that can be challenged get tokens for it that live long.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
    /// Where it is told of what happens to users; nowhere if left out.
    #[serde(default)]
    pub event_stream: Option<SeedEventStream>,
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

/// An order of the resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOrder {
    /// Its id.
    pub id: String,
    /// Who ordered.
    pub customer: String,
    /// What.
    pub item: String,
    /// How many.
    pub quantity: u32,
}

/// A connector of the hub.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedConnector {
    /// Its name (`shared_contoso-orders`).
    pub name: Spanned<String>,
    /// Its display name.
    pub display_name: String,
    /// The application it signs in as: its client id and, if it has one, its secret are filled in for each tenant.
    pub application: Spanned<String>,
    /// Folder, beside the seed file, that holds `apiProperties.json` and `apiDefinition.swagger.json`.
    pub folder: Spanned<String>,
    /// Another folder that holds `apiDefinition.swagger.json`, for connectors that differ in how they sign in only.
    #[serde(default)]
    pub definition_from: Option<Spanned<String>>,
}

/// A connection of somebody's.
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
}

/// A flow of somebody's.
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
    /// The workflow definition, as documented.
    pub definition: Value,
}
