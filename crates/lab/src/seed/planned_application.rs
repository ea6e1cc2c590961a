//! An application of a tenant, and its specification for the identity provider.

use outlive_clock::{ClientId, ServicePrincipalId};
use outlive_wire::tenant::{
    AppRoleSpec, ApplicationKind, ApplicationSpec, EventStreamSpec, OptionalClaimsSpec, PreauthorizedSpec,
    RedirectUriSpec, RequiredSpec, ScopeSpec,
};

use super::application::{SeedApplication, SeedOptionalClaim};
use super::ids::Ids;

/// An application of a tenant.
#[derive(Clone)]
pub struct PlannedApplication {
    /// Display name.
    pub name: String,
    pub client_id: ClientId,
    /// How it authenticates.
    pub kind: ApplicationKind,
    pub secret: Option<String>,
    pub redirect_uris: Vec<String>,
    /// Its front-channel logout URL.
    pub logout_url: Option<String>,
    /// The endpoint for its security events.
    pub event_endpoint: Option<String>,
}

impl SeedApplication {
    /// The application of a tenant, as the identity provider creates it. `client_of` returns the
    /// client id of an API by its name.
    pub(super) fn spec(
        &self,
        planned: &PlannedApplication,
        ids: &Ids,
        client_of: &dyn Fn(&str) -> ClientId,
    ) -> ApplicationSpec {
        let redirects = self.redirect_uris.iter().zip(&planned.redirect_uris);
        ApplicationSpec {
            client_id: planned.client_id,
            object_id: ids.of(self.object_id),
            service_principal_id: ServicePrincipalId::from_uuid(ids.of(self.service_principal_id.uuid())),
            name: planned.name.clone(),
            kind: self.kind,
            redirect_uris: redirects
                .map(|(redirect, uri)| RedirectUriSpec { uri: uri.clone(), r#type: redirect.r#type })
                .collect(),
            secrets: planned.secret.iter().map(|secret| secret.as_str().into()).collect(),
            first_party: self.first_party,
            certificates: self.certificates.clone(),
            federated_credentials: self.federated_credentials.clone(),
            allow_public_client: self.allow_public_client,
            identifier_uris: self.identifier_uris.clone(),
            scopes: self
                .scopes
                .iter()
                .map(|scope| ScopeSpec { id: ids.of(scope.id), ..scope.clone() })
                .collect(),
            preauthorized: self
                .preauthorized
                .iter()
                .map(|preauthorized| PreauthorizedSpec {
                    client: client_of(&preauthorized.client.value),
                    scopes: preauthorized.scopes.clone(),
                })
                .collect(),
            app_roles: self
                .app_roles
                .iter()
                .map(|role| AppRoleSpec { id: ids.of(role.id), ..role.clone() })
                .collect(),
            token_version: Some(self.token_version),
            optional_claims: OptionalClaimsSpec {
                id_token: self.optional_claims.id_token.iter().map(SeedOptionalClaim::spec).collect(),
                access_token: self.optional_claims.access_token.iter().map(SeedOptionalClaim::spec).collect(),
            },
            group_membership_claims: self.group_membership_claims,
            continuous_access_evaluation: self.continuous_access_evaluation,
            event_stream: planned
                .event_endpoint
                .clone()
                .zip(self.event_stream.as_ref())
                .map(|(endpoint, stream)| EventStreamSpec { endpoint, delay: stream.delay }),
            require_mfa: self.require_mfa,
            required: self
                .requires
                .iter()
                .map(|required| RequiredSpec {
                    resource: client_of(&required.api.value),
                    scopes: required.scopes.clone(),
                    roles: required.roles.clone(),
                })
                .collect(),
            admin_consented: self.admin_consented,
            implicit: self.implicit,
            logout_url: planned.logout_url.clone(),
        }
    }
}
