//! The specification of a tenant for each service: the bodies of `PUT /_lab/tenants/{t}`. Pure.

use outlive_clock::{ClientId, TenantId, UserId};
use outlive_rules::platform;
use serde_json::{Value, json};
use uuid::Uuid;

use super::application::{SeedApplication, SeedRequirement};
use super::file::SeedFile;
use super::plan::{PlannedApplication, PlannedUser};
use super::{DrawnSecrets, Seed, derived};

/// Stands for an application that the seed does not define, which is one of its mistakes.
pub(super) const NO_CLIENT: ClientId = ClientId::from_uuid(Uuid::nil());

/// The ids of a tenant: those of the file for the seed's own tenant, derived ones for others.
pub(super) struct Ids {
    tenant: TenantId,
    own: bool,
}

impl Ids {
    pub(super) fn of_tenant(tenant: TenantId, seed: &SeedFile) -> Self {
        Self { tenant, own: tenant == seed.tenant.id }
    }

    /// Whether it is the seed's own tenant.
    pub(super) const fn own(&self) -> bool {
        self.own
    }

    pub(super) fn of(&self, id: Uuid) -> Uuid {
        if self.own { id } else { derived(self.tenant, id) }
    }

    pub(super) fn client(&self, application: &SeedApplication) -> ClientId {
        if application.first_party {
            application.client_id
        } else {
            ClientId::from_uuid(self.of(application.client_id.uuid()))
        }
    }
}

pub(super) fn idp_spec(
    seed: &Seed,
    ids: &Ids,
    domain: &str,
    display_name: &str,
    edition: &str,
    users: &[PlannedUser],
    applications: &[PlannedApplication],
) -> Value {
    let people: Vec<_> = seed
        .file
        .users
        .iter()
        .zip(users)
        .map(|(seeded, user)| {
            json!({
                "id": user.id, "upn": user.upn, "display_name": seeded.display_name, "role": user.role,
                "password": user.password, "directory_roles": seeded.directory_roles,
                "password_never_expires": seeded.password_never_expires,
                "authenticator_secret": seeded.authenticator_secret, "require_mfa": seeded.require_mfa,
                "given_name": seeded.given_name, "surname": seeded.surname, "mail": seeded.mail,
                "guest": seeded.guest,
            })
        })
        .collect();
    let groups: Vec<_> = seed
        .file
        .groups
        .iter()
        .map(|group| {
            // An unknown role becomes the id of no user, so that the places of the others stay.
            let id_of = |role: &str| {
                let user = users.iter().find(|user| user.role == role);
                user.map_or(UserId::from_uuid(Uuid::nil()), |user| user.id)
            };
            let members: Vec<_> = group.members.iter().map(|role| id_of(&role.value)).collect();
            json!({"id": ids.of(group.id), "display_name": group.name.value, "members": members})
        })
        .collect();
    let client_of = |name: &str| -> Value {
        let own = applications.iter().find(|application| application.name == name);
        match (own, platform::named(name)) {
            (None, Some(known)) => json!(known.client_id),
            (own, _) => json!(own.map_or(Uuid::nil(), |application| application.client_id.uuid())),
        }
    };
    let required = |requirement: &SeedRequirement| {
        json!({
            "resource": client_of(&requirement.api.value),
            "scopes": requirement.scopes, "roles": requirement.roles,
        })
    };
    let registered: Vec<_> = seed
        .file
        .applications
        .iter()
        .zip(applications)
        .map(|(seeded, application)| {
            let redirects: Vec<_> = seeded
                .redirect_uris
                .iter()
                .zip(&application.redirect_uris)
                .map(|(redirect, uri)| json!({"uri": uri, "type": redirect.kind}))
                .collect();
            let scopes: Vec<_> = seeded
                .scopes
                .iter()
                .map(|s| json!({"id": ids.of(s.id), "value": s.value, "description": s.description}))
                .collect();
            let app_roles: Vec<_> =
                seeded.app_roles.iter().map(|r| json!({"id": ids.of(r.id), "value": r.value})).collect();
            json!({
                "client_id": application.client_id,
                "object_id": ids.of(seeded.object_id),
                "service_principal_id": ids.of(seeded.service_principal_id.uuid()),
                "name": application.name,
                "kind": application.kind,
                "redirect_uris": redirects,
                "secrets": application.secret.iter().collect::<Vec<_>>(),
                "certificates": seeded.certificates,
                "federated_credentials": seeded.federated_credentials,
                "allow_public_client": seeded.allow_public_client,
                "identifier_uris": seeded.identifier_uris,
                "scopes": scopes,
                "app_roles": app_roles,
                "token_version": seeded.token_version,
                "required": seeded.requires.iter().map(required).collect::<Vec<_>>(),
                "admin_consented": seeded.admin_consented,
                "logout_url": application.logout_url,
                "optional_claims": seeded.optional_claims,
                "group_membership_claims": seeded.group_membership_claims,
                "require_mfa": seeded.require_mfa,
                "continuous_access_evaluation": seeded.continuous_access_evaluation,
                "event_stream": application.event_endpoint.as_ref().zip(seeded.event_stream.as_ref()).map(
                    |(endpoint, stream)| json!({"endpoint": endpoint, "delay": stream.delay}),
                ),
                "implicit": {
                    "id_tokens": seeded.implicit.id_tokens,
                    "access_tokens": seeded.implicit.access_tokens,
                },
            })
        })
        .collect();
    json!({
        "domain": domain, "display_name": display_name, "edition": edition,
        "users": people, "groups": groups, "applications": registered,
        "require_mfa": seed.file.tenant.require_mfa,
        "banned_passwords": seed.file.tenant.banned_passwords,
        "password_validity_days": seed.file.tenant.password_validity_days,
    })
}

pub(super) fn hub_spec(
    seed: &Seed,
    client_of: &dyn Fn(&str) -> Option<ClientId>,
    secrets: &DrawnSecrets,
) -> Value {
    let connectors: Vec<_> = seed
        .file
        .connectors
        .iter()
        .filter_map(|connector| {
            let files = seed.connectors.get(&connector.name.value)?;
            let mut api_properties = files.api_properties.clone();
            let client_id = "/properties/connectionParameters/token/oAuthSettings/clientId";
            if let Some(place) = api_properties.pointer_mut(client_id) {
                *place = json!(client_of(&connector.application.value).unwrap_or(NO_CLIENT));
            }
            let mut spec = json!({
                "name": connector.name.value, "display_name": connector.display_name,
                "api_properties": api_properties, "swagger": files.swagger,
            });
            if let (Some(secret), Some(fields)) =
                (secrets.client_secrets.get(&connector.application.value), spec.as_object_mut())
            {
                fields.insert("client_secret".to_owned(), json!(secret));
            }
            Some(spec)
        })
        .collect();
    json!({ "connectors": connectors })
}

pub(super) fn resource_spec(seed: &Seed, client_of: &dyn Fn(&str) -> Option<ClientId>) -> Value {
    let name = &seed.file.resource.value;
    let mut audiences: Vec<String> = seed
        .file
        .applications
        .iter()
        .filter(|application| application.name.value == *name)
        .flat_map(|application| application.identifier_uris.clone())
        .collect();
    audiences.extend(client_of(name).map(|client| client.to_string()));
    json!({ "audiences": audiences, "orders": seed.file.orders })
}
