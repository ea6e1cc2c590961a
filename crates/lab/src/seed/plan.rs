//! The plan of a tenant: its specification for each service, from a seed, a tenant id and generated
//! secrets. Pure.

use std::sync::Arc;

use outlive_clock::{ClientId, TenantId, UserId};
use outlive_rules::{Ruleset, platform};
use outlive_wire::lab_api::ApiKey;
use outlive_wire::tenant::{GroupSpec, TenantSpec, UserSpec};
use outlive_wire::{ApiKeySpec, ConnectorSpec, HubSpec, ResourceSpec, ServiceClientSpec, UserPlan};
use serde_json::{Value, json};
use serde_saphyr::Spanned;
use uuid::Uuid;

use super::file::{SeedConnector, SeedUser};
use super::ids::{Ids, NO_CLIENT};
use super::planned_application::PlannedApplication;
use super::planned_identity::PlannedIdentity;
use super::policy::SeedPolicy;
use super::sign_in::{self, PlannedSignIn};
use super::{DrawnSecrets, Seed};
use crate::template::fill_json;

/// The plan of a tenant. Contains secrets: `Debug` shows few fields.
#[derive(Clone)]
pub struct TenantPlan {
    pub tenant: TenantId,
    /// Its verified domain.
    pub domain: String,
    pub display_name: String,
    pub users: Vec<PlannedUser>,
    pub applications: Vec<PlannedApplication>,
    pub identities: Vec<PlannedIdentity>,
    /// The connectors' names.
    pub connectors: Vec<String>,
    /// Connections to create.
    pub connections: Vec<PlannedConnection>,
    /// Flows to create.
    pub flows: Vec<PlannedFlow>,
    /// Sign-ins to do.
    pub sign_ins: Vec<PlannedSignIn>,
    /// The keys of the orders API.
    pub api_keys: Vec<ApiKey>,
    /// The public client of the maker portal.
    pub maker_portal: ClientId,
    /// The specification for the identity provider.
    pub idp: Value,
    /// The specification for the hub.
    pub hub: Value,
    /// The specification for the resource.
    pub resource: Value,
    /// The specification for the flow service.
    pub flow: Value,
}

impl std::fmt::Debug for TenantPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantPlan")
            .field("tenant", &self.tenant)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// A user of a tenant.
#[derive(Clone)]
pub struct PlannedUser {
    /// Role in scenarios.
    pub role: String,
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: UserId,
    pub password: String,
}

/// A connection to create. Contains secrets.
#[derive(Clone)]
pub struct PlannedConnection {
    /// Its name in the hub.
    pub name: String,
    pub display_name: String,
    /// The connector's name.
    pub connector: String,
    /// The owner's role.
    pub owner: String,
    /// The values of its connector's parameters, an object.
    pub values: Value,
}

/// A flow to create.
#[derive(Clone, Debug)]
pub struct PlannedFlow {
    pub id: Uuid,
    pub display_name: String,
    /// The owner's role.
    pub owner: String,
    /// The connection's name.
    pub connection: String,
    /// The connector's name.
    pub connector: String,
    /// The workflow definition.
    pub definition: Arc<Value>,
}

impl TenantPlan {
    /// Creates the plan of `tenant` from `seed`. `display_name` replaces the seed's, `hub_origin`
    /// is the public origin of the hub, `resource_origin` the internal origin of the resource.
    pub fn draw(
        seed: &Seed,
        tenant: TenantId,
        display_name: Option<String>,
        edition: &str,
        secrets: &DrawnSecrets,
        hub_origin: &str,
        resource_origin: &str,
    ) -> Self {
        let file = &seed.file;
        let ids = Ids::of_tenant(tenant, file);
        let domain = if ids.own() {
            file.tenant.domain.clone()
        } else {
            format!("{}.{}", tenant.uuid().simple().to_string().split_at(8).0, file.tenant.domain)
        };
        let display_name = display_name.unwrap_or_else(|| file.tenant.display_name.clone());
        let client_of = |name: &str| -> Option<ClientId> {
            file.applications.iter().find(|a| a.name.value == name).map(|a| ids.client(a))
        };
        let users: Vec<_> = file
            .users
            .iter()
            .map(|user| PlannedUser {
                role: user.role.value.clone(),
                upn: format!("{}@{domain}", user.role.value),
                id: UserId::from_uuid(ids.of(user.id.uuid())),
                password: secrets.passwords.get(&user.role.value).cloned().unwrap_or_default(),
            })
            .collect();
        let applications: Vec<_> = file
            .applications
            .iter()
            .map(|application| PlannedApplication {
                name: application.name.value.clone(),
                client_id: ids.client(application),
                kind: application.kind,
                secret: secrets.client_secrets.get(&application.name.value).cloned(),
                redirect_uris: application
                    .redirect_uris
                    .iter()
                    .map(|redirect| redirect.uri.replace("${hub}", hub_origin))
                    .collect(),
                logout_url: application.logout_url.as_ref().map(|url| url.replace("${hub}", hub_origin)),
                event_endpoint: application
                    .event_stream
                    .as_ref()
                    .map(|stream| stream.endpoint.replace("${resource}", resource_origin)),
            })
            .collect();
        let identities = PlannedIdentity::all(file, tenant, &ids, secrets);
        let maker_portal = client_of(&file.maker_portal.value).unwrap_or(NO_CLIENT);
        let connector_of = |connection: &str| {
            let found = file.connections.iter().find(|c| c.name.value == connection);
            found.map(|c| c.connector.value.clone()).unwrap_or_default()
        };
        let api_keys: Vec<_> = secrets
            .api_keys
            .iter()
            .map(|(name, key)| ApiKey { name: name.clone(), key: key.clone() })
            .collect();
        let value_of = |name: &str| {
            let user = |rest: &str| users.iter().find(|user| user.role == rest);
            match name.split_once('.')? {
                ("key", key) => secrets.api_keys.get(key).cloned(),
                ("user", rest) => match rest.rsplit_once('.')? {
                    (role, "upn") => Some(user(role)?.upn.clone()),
                    (role, "password") => Some(user(role)?.password.clone()),
                    _ => None,
                },
                _ => None,
            }
        };
        let plans: Vec<_> = file
            .users
            .iter()
            .zip(&users)
            .filter_map(|(seeded, user)| Some(UserPlan { user: user.id, plan: seeded.plan? }))
            .collect();
        Self {
            idp: idp_spec(seed, &ids, (&domain, &display_name, edition), &users, &applications, &identities),
            hub: json!(hub_spec(seed, &client_of, secrets)),
            resource: json!(resource_spec(seed, &client_of, &domain, &api_keys)),
            flow: json!({
                "client_id": client_of(&file.flow_service.value),
                "client_secret": secrets.client_secrets.get(&file.flow_service.value),
                "plans": plans,
            }),
            connectors: file.connectors.iter().map(|connector| connector.name.value.clone()).collect(),
            connections: file
                .connections
                .iter()
                .filter(|connection| ids.own() || !connection.only_in_seed_tenant)
                .map(|connection| PlannedConnection {
                    name: connection.name.value.clone(),
                    display_name: connection.display_name.clone(),
                    connector: connection.connector.value.clone(),
                    owner: connection.owner.value.clone(),
                    values: fill_json(&json!(connection.values), &value_of).unwrap_or_default(),
                })
                .collect(),
            sign_ins: sign_in::plan(file, &ids),
            flows: file
                .flows
                .iter()
                .filter(|flow| ids.own() || !flow.only_in_seed_tenant)
                .map(|flow| PlannedFlow {
                    id: ids.of(flow.id),
                    display_name: flow.display_name.clone(),
                    owner: flow.owner.value.clone(),
                    connection: flow.connection.value.clone(),
                    connector: connector_of(&flow.connection.value),
                    definition: Arc::clone(&flow.definition),
                })
                .collect(),
            tenant,
            domain,
            display_name,
            users,
            applications,
            identities,
            api_keys,
            maker_portal,
        }
    }
}

/// The description of the tenant for the identity provider.
fn idp_spec(
    seed: &Seed,
    ids: &Ids,
    (domain, display_name, edition): (&str, &str, &str),
    users: &[PlannedUser],
    applications: &[PlannedApplication],
    identities: &[PlannedIdentity],
) -> Value {
    let file = &seed.file;
    let user = |(seeded, user): (&SeedUser, &PlannedUser)| UserSpec {
        id: user.id,
        upn: user.upn.clone(),
        display_name: seeded.display_name.clone(),
        role: user.role.clone(),
        password: user.password.as_str().into(),
        password_never_expires: seeded.password_never_expires,
        authenticator_secret: seeded.authenticator_secret.as_deref().map(Into::into),
        require_mfa: seeded.require_mfa,
        directory_roles: seeded.directory_roles.clone(),
        given_name: seeded.given_name.clone(),
        surname: seeded.surname.clone(),
        mail: seeded.mail.clone(),
        guest: seeded.guest,
    };
    // An unknown role becomes the nil id, so that the positions of the others do not change.
    let user_of = |role: &Spanned<String>| {
        let user = users.iter().find(|user| user.role == role.value);
        user.map_or(UserId::from_uuid(Uuid::nil()), |user| user.id)
    };
    let client_of = |name: &str| {
        let own = applications.iter().find(|application| application.name == name);
        let platform = || platform::named(name).and_then(|known| known.client_id.parse().ok());
        own.map(|application| application.client_id).or_else(platform).unwrap_or(NO_CLIENT)
    };
    let spec = TenantSpec {
        domain: domain.to_owned(),
        display_name: display_name.to_owned(),
        edition: Ruleset::default(),
        banned_passwords: file.tenant.banned_passwords.clone(),
        password_validity_days: file.tenant.password_validity_days,
        require_mfa: file.tenant.require_mfa,
        users: file.users.iter().zip(users).map(user).collect(),
        applications: file
            .applications
            .iter()
            .zip(applications)
            .map(|(seeded, planned)| seeded.spec(planned, ids, &client_of))
            .collect(),
        groups: file
            .groups
            .iter()
            .map(|group| GroupSpec {
                id: ids.of(group.id),
                display_name: group.name.value.clone(),
                members: group.members.iter().map(user_of).collect(),
            })
            .collect(),
        // Written as JSON below.
        policies: Vec::new(),
        managed_identities: file
            .managed_identities
            .iter()
            .zip(identities)
            .map(|(seeded, planned)| planned.spec(seeded, &client_of))
            .collect(),
        identity_endpoints: identities.iter().filter_map(|planned| planned.endpoint(identities)).collect(),
    };
    let mut spec = json!(spec);
    // As the caller wrote it: the identity provider rejects an unknown one.
    spec["edition"] = json!(edition);
    let group_of = |name: &str| {
        let group = file.groups.iter().find(|group| group.name.value == name)?;
        Some(ids.of(group.id))
    };
    let policy = |seeded: &SeedPolicy| seeded.spec(ids.of(seeded.id), &user_of, &group_of, &client_of);
    spec["policies"] = file.policies.iter().map(policy).collect();
    spec
}

/// The description of the tenant for the hub.
fn hub_spec(seed: &Seed, client_of: &dyn Fn(&str) -> Option<ClientId>, secrets: &DrawnSecrets) -> HubSpec {
    let connector = |connector: &SeedConnector| {
        let files = seed.connectors.get(&connector.name.value)?;
        let application = connector.application.as_ref().map_or("", |name| name.value.as_str());
        let mut api_properties = files.api_properties.clone();
        let client_id = "/properties/connectionParameters/token/oAuthSettings/clientId";
        if let Some(place) = api_properties.pointer_mut(client_id) {
            *place = json!(client_of(application).unwrap_or(NO_CLIENT));
        }
        Some(ConnectorSpec {
            name: connector.name.value.clone(),
            display_name: Some(connector.display_name.clone()),
            api_properties,
            swagger: files.swagger.clone(),
            client_secret: secrets.client_secrets.get(application).map(|secret| secret.as_str().into()),
        })
    };
    let client = seed.file.hub_service.as_ref().and_then(|name| {
        let client_secret = secrets.client_secrets.get(&name.value)?.as_str().into();
        Some(ServiceClientSpec { client_id: client_of(&name.value)?, client_secret })
    });
    HubSpec { connectors: seed.file.connectors.iter().filter_map(connector).collect(), client }
}

/// The description of the tenant for the resource.
fn resource_spec(
    seed: &Seed,
    client_of: &dyn Fn(&str) -> Option<ClientId>,
    domain: &str,
    api_keys: &[ApiKey],
) -> ResourceSpec {
    let name = &seed.file.resource.value;
    let own = seed.file.applications.iter().filter(|application| application.name.value == *name);
    let mut audiences: Vec<_> = own.flat_map(|application| application.identifier_uris.clone()).collect();
    audiences.extend(client_of(name).map(|client| client.to_string()));
    let key = |key: &ApiKey| ApiKeySpec { name: key.name.clone(), key: key.key.as_str().into() };
    ResourceSpec {
        audiences,
        domain: Some(domain.to_owned()),
        keys: api_keys.iter().map(key).collect(),
        certificates: Vec::new(),
        orders: seed.file.orders.clone(),
    }
}

#[cfg(test)]
mod tests;
