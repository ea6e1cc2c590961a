//! Tenant credentials, as the lab API returns them: ids, names, passwords, secrets, URLs.

use outlive_wire::tenant::ApplicationKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::seed::TenantPlan;
use crate::services::Origins;

/// A tenant with its credentials. Contains passwords and secrets: sealed at rest, no `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantCredentials {
    /// The tenant's id.
    pub tenant_id: String,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub name: String,
    /// Its revocation table.
    pub rules: String,
    /// Its users.
    pub users: Vec<UserCredentials>,
    /// Its applications.
    pub applications: Vec<ApplicationCredentials>,
    /// The client id of the maker portal.
    pub maker_portal: String,
    /// The hub's connectors.
    pub connectors: Vec<TenantConnector>,
    /// Its connections.
    pub connections: Vec<TenantConnection>,
    /// Its flows.
    pub flows: Vec<TenantFlow>,
    /// The URLs of the services.
    pub urls: Urls,
}

/// A user.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct UserCredentials {
    /// Role in scenarios (`owner`).
    pub role: String,
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: String,
    /// The initial password, or the last one set by a lab event.
    pub password: String,
}

/// An application.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ApplicationCredentials {
    /// Display name.
    pub name: String,
    /// Client id.
    pub client_id: String,
    /// How it authenticates: `public`, `spa`, `confidential`, `daemon`, `resource`.
    #[schema(value_type = String)]
    pub kind: ApplicationKind,
    /// Its client secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
}

/// A connector.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantConnector {
    /// Its name.
    pub name: String,
}

/// A connection.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantConnection {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// The owner's role.
    pub owner: String,
}

/// A flow.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantFlow {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The owner's role.
    pub owner: String,
    /// The connection it uses.
    pub connection: String,
}

/// The public URLs of the services.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Urls {
    /// The identity provider.
    pub idp: String,
    /// The identity provider over https, if enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_tls: Option<String>,
    /// Microsoft Graph.
    pub graph: String,
    /// The hub.
    pub hub: String,
    /// The resource.
    pub resource: String,
    /// The flow service.
    pub flow: String,
}

impl Urls {
    /// Returns the public URLs.
    #[must_use]
    pub fn of(origins: &Origins) -> Self {
        Self {
            idp: origins.idp.public.clone(),
            idp_tls: origins.idp_tls.clone(),
            graph: format!("{}/v1.0", origins.idp.public),
            hub: origins.hub.public.clone(),
            resource: origins.resource.public.clone(),
            flow: origins.flow.public.clone(),
        }
    }
}

impl TenantCredentials {
    /// Creates the credentials of a planned tenant. `bare` ones have no connections and flows.
    #[must_use]
    pub fn of(plan: &TenantPlan, rules: &str, bare: bool, urls: Urls) -> Self {
        let included = |count: usize| if bare { 0 } else { count };
        Self {
            tenant_id: plan.tenant.to_string(),
            domain: plan.domain.clone(),
            name: plan.display_name.clone(),
            rules: rules.to_owned(),
            users: plan
                .users
                .iter()
                .map(|user| UserCredentials {
                    role: user.role.clone(),
                    upn: user.upn.clone(),
                    id: user.id.to_string(),
                    password: user.password.clone(),
                })
                .collect(),
            applications: plan
                .applications
                .iter()
                .map(|application| ApplicationCredentials {
                    name: application.name.clone(),
                    client_id: application.client_id.to_string(),
                    kind: application.kind,
                    secret: application.secret.clone(),
                    redirect_uris: application.redirect_uris.clone(),
                })
                .collect(),
            maker_portal: plan.maker_portal.to_string(),
            connectors: plan.connectors.iter().map(|name| TenantConnector { name: name.clone() }).collect(),
            connections: plan
                .connections
                .iter()
                .take(included(plan.connections.len()))
                .map(|connection| TenantConnection {
                    name: connection.name.clone(),
                    connector: connection.connector.clone(),
                    owner: connection.owner.clone(),
                })
                .collect(),
            flows: plan
                .flows
                .iter()
                .take(included(plan.flows.len()))
                .map(|flow| TenantFlow {
                    id: flow.id.to_string(),
                    name: flow.display_name.clone(),
                    owner: flow.owner.clone(),
                    connection: flow.connection.clone(),
                })
                .collect(),
            urls,
        }
    }

    /// Returns the user with this role, sign-in name or object id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&UserCredentials> {
        self.users.iter().find(|user| user.role == id || user.upn == id || user.id == id)
    }

    /// Returns the application with this name or client id.
    #[must_use]
    pub fn application(&self, id: &str) -> Option<&ApplicationCredentials> {
        self.applications.iter().find(|application| application.name == id || application.client_id == id)
    }
}
