//! Applications and their service principals.

use std::collections::BTreeSet;
use std::sync::Arc;

use outlive_clock::{ClientId, ServicePrincipalId, TenantId};
use outlive_store::{Row, Statement, StoreError, sql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::platform::{self, registration};
use super::redirect_uri::without_loopback_port;
use super::{Directory, FederatedCredential, KeyCredential};
use crate::directory::spec::{
    AppRoleSpec, ApplicationKind, GroupClaims, ImplicitGrants, OptionalClaimsSpec, RedirectUriSpec,
    RequiredSpec, ScopeSpec,
};

/// An application in a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) client_id: ClientId,
    pub(crate) service_principal_id: ServicePrincipalId,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) document: Arc<ApplicationDocument>,
    /// The revision that was read; an update fails if it is outdated.
    pub(crate) revision: i64,
}

/// The registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApplicationDocument {
    /// Whether it is a platform application. Its row holds only what an administrator can change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) platform: bool,
    pub(crate) object_id: Uuid,
    pub(crate) kind: ApplicationKind,
    pub(crate) redirect_uris: Vec<RedirectUriSpec>,
    pub(crate) identifier_uris: Vec<String>,
    pub(crate) scopes: Vec<ScopeSpec>,
    pub(crate) app_roles: Vec<AppRoleSpec>,
    pub(crate) token_version: u8,
    pub(crate) required: Vec<RequiredSpec>,
    /// Whether device codes and user passwords can be redeemed without a client credential.
    #[serde(default)]
    pub(crate) allow_public_client: bool,
    /// Certificates for client assertions.
    #[serde(default)]
    pub(crate) key_credentials: Vec<KeyCredential>,
    /// Issuers whose tokens are accepted as client assertions.
    #[serde(default)]
    pub(crate) federated_credentials: Vec<FederatedCredential>,
    /// Optional claims in its tokens.
    #[serde(default, skip_serializing_if = "OptionalClaimsSpec::is_empty")]
    pub(crate) optional_claims: OptionalClaimsSpec,
    /// Memberships to include in tokens (`groupMembershipClaims`).
    #[serde(default, skip_serializing_if = "GroupClaims::is_none")]
    pub(crate) group_claims: GroupClaims,
    /// Whether it is CAE-enabled.
    #[serde(default)]
    pub(crate) continuous_access_evaluation: bool,
    /// Whether its users need MFA.
    #[serde(default)]
    pub(crate) require_mfa: bool,
    /// Whether users need an assignment to sign in (`appRoleAssignmentRequired`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) assignment_required: bool,
    /// Tokens that the authorization endpoint may issue to it.
    #[serde(default)]
    pub(crate) implicit: ImplicitGrants,
    /// The URL that a signed-in user's browser loads at sign-out (`web.logoutUrl`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logout_url: Option<String>,
}

impl ApplicationDocument {
    /// Returns an empty registration.
    pub(crate) fn empty(object_id: Uuid, kind: ApplicationKind) -> Self {
        Self {
            platform: false,
            object_id,
            kind,
            redirect_uris: Vec::new(),
            identifier_uris: Vec::new(),
            scopes: Vec::new(),
            app_roles: Vec::new(),
            token_version: 1,
            required: Vec::new(),
            allow_public_client: false,
            key_credentials: Vec::new(),
            federated_credentials: Vec::new(),
            optional_claims: OptionalClaimsSpec::default(),
            group_claims: GroupClaims::default(),
            continuous_access_evaluation: false,
            require_mfa: false,
            assignment_required: false,
            implicit: ImplicitGrants::default(),
            logout_url: None,
        }
    }
}

const NAMES_OF_CLIENT: [&str; 2] = [
    "DELETE FROM resource_names WHERE tenant = $1 AND client_id = $2",
    "DELETE FROM redirect_uris WHERE tenant = $1 AND client_id = $2",
];

/// Reads an application from a row.
pub(super) fn application_of(row: &Row) -> Result<Application, StoreError> {
    application_named(row, "name")
}

/// Reads an application whose client id is in the named column.
pub(super) fn application_named(row: &Row, name: &str) -> Result<Application, StoreError> {
    let client_id = row.parse("client_id")?;
    Ok(Application {
        client_id,
        service_principal_id: row.parse("service_principal_id")?,
        name: row.text(name)?,
        enabled: row.flag("enabled")?,
        document: registration(client_id, row.json("document")?),
        revision: row.int("revision")?,
    })
}

impl Directory {
    /// Finds an application by client id.
    pub(crate) async fn application(
        &self,
        tenant: TenantId,
        client_id: ClientId,
    ) -> Result<Option<Application>, StoreError> {
        let read = async {
            self.store
                .row(sql!(
                    "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
                     WHERE tenant = $1 AND client_id = $2",
                    tenant,
                    client_id
                ))
                .await?
                .as_ref()
                .map(application_of)
                .transpose()
        };
        self.memory.applications.get_or_read(tenant, client_id, read).await
    }

    /// Returns the tenants that have an application with this client id: two at most, enough to
    /// know whether there is exactly one.
    pub(crate) async fn tenants_with_application(
        &self,
        client_id: ClientId,
    ) -> Result<Vec<TenantId>, StoreError> {
        let rows = self
            .store
            .rows(sql!(
                "SELECT tenant FROM applications WHERE client_id = $1 ORDER BY tenant LIMIT 2",
                client_id
            ))
            .await?;
        rows.iter().map(|row| row.parse("tenant")).collect()
    }

    /// Returns whether an application of these tenants, or of any tenant if the list is empty, has
    /// registered this redirect URI. The port of a loopback URI is ignored.
    pub(crate) async fn is_redirect_uri(&self, tenants: &[TenantId], uri: &str) -> Result<bool, StoreError> {
        // A loopback URI is stored in both forms; any other URI is looked up as the same name
        // twice.
        let asked = without_loopback_port(uri).unwrap_or_else(|| uri.to_owned());
        let rows = self.store.rows(sql!(
            "SELECT DISTINCT tenant FROM redirect_uris WHERE uri IN ($1, $2)",
            uri,
            asked
        ));
        for row in rows.await? {
            let registered: TenantId = row.parse("tenant")?;
            if tenants.is_empty() || tenants.contains(&registered) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds an application by object id.
    pub(crate) async fn application_of_object(
        &self,
        tenant: TenantId,
        object: Uuid,
    ) -> Result<Option<Application>, StoreError> {
        // Rows from before the column have the object id in their document only.
        let row = self.store.row(sql!(
            "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
             WHERE tenant = $1 AND (object_id = $2 OR (object_id IS NULL AND document LIKE $3))",
            tenant,
            object.to_string(),
            format!("%\"object_id\":\"{object}\"%")
        ));
        row.await?.as_ref().map(application_of).transpose()
    }

    /// Finds an application by the object id of its service principal.
    pub(crate) async fn application_of_principal(
        &self,
        tenant: TenantId,
        principal: Uuid,
    ) -> Result<Option<Application>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
             WHERE tenant = $1 AND service_principal_id = $2",
            tenant,
            principal.to_string()
        ));
        row.await?.as_ref().map(application_of).transpose()
    }

    /// Returns applications after `after`, ordered by client id.
    pub(crate) async fn applications_after(
        &self,
        tenant: TenantId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Application>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
             WHERE tenant = $1 AND client_id > $2 ORDER BY client_id LIMIT $3",
            tenant,
            after,
            limit
        ));
        rows.await?.iter().map(application_of).collect()
    }

    /// Returns applications with this ASCII name, ignoring case, ordered by client id.
    pub(crate) async fn applications_by_name(
        &self,
        tenant: TenantId,
        name: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Application>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
             WHERE tenant = $1 AND LOWER(name) = $2 AND client_id > $3 ORDER BY client_id LIMIT $4",
            tenant,
            name.to_ascii_lowercase(),
            after,
            limit
        ));
        rows.await?.iter().map(application_of).collect()
    }
}

impl Application {
    /// Returns the registration for modification.
    pub(crate) fn document_mut(&mut self) -> &mut ApplicationDocument {
        Arc::make_mut(&mut self.document)
    }

    /// Returns the part of the registration that the row holds.
    fn stored(&self) -> serde_json::Value {
        if self.document.platform {
            serde_json::json!(platform::stored(&self.document))
        } else {
            serde_json::json!(*self.document)
        }
    }

    /// Updates the registration; conflicts if the row has changed since it was read.
    pub(crate) fn update_document(&self, tenant: TenantId) -> Statement {
        sql!(
            "UPDATE applications SET document = $1, revision = revision + 1 \
             WHERE tenant = $2 AND client_id = $3 AND revision = $4",
            self.stored(),
            tenant,
            self.client_id,
            self.revision
        )
        .expect_rows(1)
    }

    /// Returns the statements that insert the application and its names.
    pub(crate) fn insertion(&self, tenant: TenantId) -> Vec<Statement> {
        let mut statements = vec![sql!(
            "INSERT INTO applications (tenant, client_id, service_principal_id, name, enabled, document, object_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            self.client_id,
            self.service_principal_id,
            &self.name,
            self.enabled,
            self.stored(),
            self.document.object_id.to_string()
        )];
        statements.extend(self.names(tenant));
        statements
    }

    /// Returns the statements that replace `before`; they conflict if the row has changed since.
    pub(crate) fn update(&self, before: &Self, tenant: TenantId) -> Vec<Statement> {
        let mut statements = vec![
            sql!(
                "UPDATE applications SET name = $1, enabled = $2, document = $3, revision = revision + 1 \
                 WHERE tenant = $4 AND client_id = $5 AND revision = $6",
                &self.name,
                self.enabled,
                self.stored(),
                tenant,
                self.client_id,
                before.revision
            )
            .expect_rows(1),
        ];
        if self.document.identifier_uris != before.document.identifier_uris
            || !self.document.redirect_uris.iter().map(|r| &r.uri).eq(before
                .document
                .redirect_uris
                .iter()
                .map(|r| &r.uri))
        {
            statements.extend(NAMES_OF_CLIENT.map(|sql| self.of_client(sql, tenant)));
            statements.extend(self.names(tenant));
        }
        statements
    }

    /// Returns the statements that delete the application and its dependent rows.
    pub(crate) fn removal(&self, tenant: TenantId) -> Vec<Statement> {
        let mut statements: Vec<_> = NAMES_OF_CLIENT.map(|sql| self.of_client(sql, tenant)).into();
        for sql in [
            "DELETE FROM client_secrets WHERE tenant = $1 AND client_id = $2",
            "DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2",
        ] {
            statements.push(self.of_client(sql, tenant));
        }
        statements.push(sql!(
            "DELETE FROM permission_grants WHERE tenant = $1 AND resource_id = $2",
            tenant,
            self.client_id
        ));
        statements.push(sql!(
            "DELETE FROM app_role_assignments WHERE tenant = $1 AND (resource_id = $2 OR principal = $3)",
            tenant,
            self.client_id,
            self.service_principal_id
        ));
        let own = "DELETE FROM applications WHERE tenant = $1 AND client_id = $2";
        statements.push(self.of_client(own, tenant).expect_rows(1));
        statements
    }

    fn of_client(&self, sql: &'static str, tenant: TenantId) -> Statement {
        Statement::new(sql, vec![tenant.into(), self.client_id.into()])
    }

    /// Returns the statements that insert its identifiers and redirect URIs.
    fn names(&self, tenant: TenantId) -> Vec<Statement> {
        let mut statements = Vec::new();
        let own_name = self.client_id.to_string();
        for name in self.document.identifier_uris.iter().chain([&own_name]) {
            statements.push(sql!(
                "INSERT INTO resource_names (tenant, name, client_id) VALUES ($1, $2, $3)",
                tenant,
                name,
                self.client_id
            ));
        }
        let registered = || self.document.redirect_uris.iter().map(|redirect| redirect.uri.clone());
        let portless = registered().filter_map(|uri| without_loopback_port(&uri));
        let uris: BTreeSet<String> = registered().chain(portless).collect();
        for uri in uris {
            statements.push(sql!(
                "INSERT INTO redirect_uris (tenant, uri, client_id) VALUES ($1, $2, $3)",
                tenant,
                uri,
                self.client_id
            ));
        }
        statements
    }

    /// Returns the registered spelling of a delegated permission that it offers.
    pub(crate) fn scope(&self, name: &str) -> Option<String> {
        let known = self.document.scopes.iter().find(|known| known.value.eq_ignore_ascii_case(name));
        known.map(|known| known.value.clone())
    }

    /// Returns the delegated permissions of an API in its registration.
    pub(crate) fn required_scopes(&self, resource: ClientId) -> Vec<String> {
        self.document
            .required
            .iter()
            .filter(|required| required.resource == resource)
            .flat_map(|required| required.scopes.iter().cloned())
            .collect()
    }
}
