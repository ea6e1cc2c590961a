//! What a tenant contains.

use std::fmt;

use serde::Deserialize;

/// A tenant's content, as the lab returns it.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TenantDetails {
    /// The tenant's id.
    pub tenant_id: String,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub name: String,
    /// Its revocation table.
    pub rules: String,
    /// Its users.
    pub users: Vec<User>,
    /// Its applications.
    pub applications: Vec<Application>,
    /// The hub's connectors.
    #[serde(default)]
    pub connectors: Vec<Connector>,
    /// Its connections.
    #[serde(default)]
    pub connections: Vec<Connection>,
    /// Its flows.
    #[serde(default)]
    pub flows: Vec<Flow>,
    /// The addresses of the services.
    pub urls: Urls,
}

/// A user.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Its role in the seed (`owner`).
    pub role: String,
    /// Its sign-in name.
    pub upn: String,
    /// Its object id.
    pub id: String,
    /// Its password at the creation of the tenant.
    pub password: String,
}

/// An application.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct Application {
    /// Its display name.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// How it authenticates: `public`, `spa`, `confidential`, `daemon`, `resource`.
    pub kind: String,
    /// Its client secret, if it has one.
    #[serde(default)]
    pub secret: Option<String>,
    /// Its redirect URIs.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

/// A connector of the hub.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Connector {
    /// Its name.
    pub name: String,
}

/// A connection.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// The role of its owner.
    pub owner: String,
}

/// A flow.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Flow {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The role of its owner.
    pub owner: String,
    /// The connection that it uses.
    pub connection: String,
}

/// The addresses of the services, without a trailing slash.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Urls {
    /// The identity provider.
    pub idp: String,
    /// The identity provider over https, if the system serves it.
    #[serde(default)]
    pub idp_tls: Option<String>,
    /// Microsoft Graph.
    pub graph: String,
    /// The hub.
    pub hub: String,
    /// The orders API.
    pub resource: String,
    /// The orders API over https, where it takes client certificates.
    #[serde(default)]
    pub resource_tls: Option<String>,
    /// The flow service.
    pub flow: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, upn, id, password: _ } = self;
        f.debug_struct("User").field("role", role).field("upn", upn).field("id", id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, client_id, kind, secret: _, redirect_uris } = self;
        f.debug_struct("Application")
            .field("name", name)
            .field("client_id", client_id)
            .field("kind", kind)
            .field("redirect_uris", redirect_uris)
            .finish_non_exhaustive()
    }
}
