//! The tenant credentials of a planned tenant.

use outlive_wire::lab_api::{
    ApplicationCredentials, IdentityEnvironment, ManagedIdentityCredentials, TenantConnection,
    TenantConnector, TenantCredentials, TenantFlow, Urls, UserCredentials,
};
use outlive_wire::managed_identity::{identity_endpoint_path, metadata_authority_path};

use crate::seed::{PlannedIdentity, TenantPlan};

impl TenantPlan {
    /// Returns the tenant credentials, without connections and flows if the tenant is `bare`.
    pub(super) fn credentials(&self, rules: &str, bare: bool, urls: Urls) -> TenantCredentials {
        let included = |count: usize| if bare { 0 } else { count };
        TenantCredentials {
            tenant_id: self.tenant,
            domain: self.domain.clone(),
            name: self.display_name.clone(),
            rules: rules.to_owned(),
            users: self
                .users
                .iter()
                .map(|user| UserCredentials {
                    role: user.role.clone(),
                    upn: user.upn.clone(),
                    id: user.id.to_string(),
                    password: user.password.clone(),
                })
                .collect(),
            applications: self
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
            managed_identities: self
                .identities
                .iter()
                .map(|identity| self.identity_credentials(identity, &urls.idp))
                .collect(),
            maker_portal: self.maker_portal.to_string(),
            connectors: self.connectors.iter().map(|name| TenantConnector { name: name.clone() }).collect(),
            connections: self
                .connections
                .iter()
                .take(included(self.connections.len()))
                .map(|connection| TenantConnection {
                    name: connection.name.clone(),
                    connector: connection.connector.clone(),
                    owner: connection.owner.clone(),
                })
                .collect(),
            flows: self
                .flows
                .iter()
                .take(included(self.flows.len()))
                .map(|flow| TenantFlow {
                    id: flow.id.to_string(),
                    name: flow.display_name.clone(),
                    owner: flow.owner.clone(),
                    connection: flow.connection.clone(),
                })
                .collect(),
            api_keys: self.api_keys.clone(),
            urls,
        }
    }
    fn identity_credentials(&self, identity: &PlannedIdentity, idp: &str) -> ManagedIdentityCredentials {
        let (tenant, endpoint) = (self.tenant.to_string(), identity.principal_id.uuid());
        let environment = |header: &String| IdentityEnvironment {
            identity_endpoint: format!("{idp}{}", identity_endpoint_path(&tenant, endpoint)),
            identity_header: header.clone(),
            azure_pod_identity_authority_host: format!(
                "{idp}{}",
                metadata_authority_path(&tenant, endpoint, &header.as_str().into())
            ),
        };
        ManagedIdentityCredentials {
            name: identity.name.clone(),
            client_id: identity.client_id.to_string(),
            principal_id: identity.principal_id.to_string(),
            resource_id: identity.resource_id.clone(),
            user_assigned: identity.user_assigned,
            environment: identity.header.as_ref().map(environment),
        }
    }
}
