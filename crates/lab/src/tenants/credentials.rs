//! The tenant credentials of a planned tenant.

use outlive_wire::lab_api::{
    ApplicationCredentials, TenantConnection, TenantConnector, TenantCredentials, TenantFlow, Urls,
    UserCredentials,
};

use crate::seed::TenantPlan;

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
}
