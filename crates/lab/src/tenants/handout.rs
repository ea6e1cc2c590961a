//! What whoever asked for a tenant is given: ids, names, passwords, secrets, addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::seed::{ApplicationKind, TenantPlan};
use crate::services::Origins;

/// A tenant, as handed out. Holds passwords and secrets: sealed at rest, and without `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Handout {
    /// The tenant's id.
    pub tenant_id: String,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub name: String,
    /// The table it lives by.
    pub rules: String,
    /// Its people.
    pub users: Vec<HandoutUser>,
    /// Its applications.
    pub applications: Vec<HandoutApplication>,
    /// The client id that the maker's portal uses.
    pub maker_portal: String,
    /// The hub's connectors.
    pub connectors: Vec<HandoutConnector>,
    /// Connections that were made.
    pub connections: Vec<HandoutConnection>,
    /// Flows that were turned on.
    pub flows: Vec<HandoutFlow>,
    /// Where everything is.
    pub urls: Urls,
}

/// A person.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoutUser {
    /// Role in stories (`owner`).
    pub role: String,
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: String,
    /// Password, as far as the lab knows: the first, or the last one set through a lab event.
    pub password: String,
}

/// An application.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoutApplication {
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
    /// Where its codes may be sent.
    pub redirect_uris: Vec<String>,
}

/// A connector.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoutConnector {
    /// Its name.
    pub name: String,
}

/// A connection.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoutConnection {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// The owner's role.
    pub owner: String,
}

/// A flow.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoutFlow {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The owner's role.
    pub owner: String,
    /// The connection it uses.
    pub connection: String,
}

/// Where everything is, as seen from outside.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Urls {
    /// The identity provider.
    pub idp: String,
    /// The identity provider by https, where it is served.
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
    /// The public addresses.
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

impl Handout {
    /// The hand-out of a planned tenant; `bare` ones have no connections and flows yet.
    #[must_use]
    pub fn of(plan: &TenantPlan, rules: &str, bare: bool, urls: Urls) -> Self {
        let made = |count: usize| if bare { 0 } else { count };
        Self {
            tenant_id: plan.tenant.to_string(),
            domain: plan.domain.clone(),
            name: plan.display_name.clone(),
            rules: rules.to_owned(),
            users: plan
                .users
                .iter()
                .map(|user| HandoutUser {
                    role: user.role.clone(),
                    upn: user.upn.clone(),
                    id: user.id.to_string(),
                    password: user.password.clone(),
                })
                .collect(),
            applications: plan
                .applications
                .iter()
                .map(|application| HandoutApplication {
                    name: application.name.clone(),
                    client_id: application.client_id.to_string(),
                    kind: application.kind,
                    secret: application.secret.clone(),
                    redirect_uris: application.redirect_uris.clone(),
                })
                .collect(),
            maker_portal: plan.maker_portal.to_string(),
            connectors: plan.connectors.iter().map(|name| HandoutConnector { name: name.clone() }).collect(),
            connections: plan
                .connections
                .iter()
                .take(made(plan.connections.len()))
                .map(|connection| HandoutConnection {
                    name: connection.name.clone(),
                    connector: connection.connector.clone(),
                    owner: connection.owner.clone(),
                })
                .collect(),
            flows: plan
                .flows
                .iter()
                .take(made(plan.flows.len()))
                .map(|flow| HandoutFlow {
                    id: flow.id.to_string(),
                    name: flow.display_name.clone(),
                    owner: flow.owner.clone(),
                    connection: flow.connection.clone(),
                })
                .collect(),
            urls,
        }
    }

    /// The person with this role, sign-in name or object id.
    #[must_use]
    pub fn user(&self, who: &str) -> Option<&HandoutUser> {
        self.users.iter().find(|user| user.role == who || user.upn == who || user.id == who)
    }

    /// The application with this name or client id.
    #[must_use]
    pub fn application(&self, which: &str) -> Option<&HandoutApplication> {
        self.applications
            .iter()
            .find(|application| application.name == which || application.client_id == which)
    }
}
