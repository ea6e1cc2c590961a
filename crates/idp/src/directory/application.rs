//! Applications and their service principals.

use std::collections::BTreeSet;
use std::sync::Arc;

use outlive_clock::{ClientId, ServicePrincipalId, TenantId};
use outlive_store::{Change, Row, Statement, StoreError, sql};

use super::application_document::ApplicationDocument;
use super::platform::{self, registration};
use super::redirect_uri::without_loopback_port;

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

const NAMES_OF_CLIENT: [&str; 2] = [
    "DELETE FROM resource_names WHERE tenant = $1 AND client_id = $2",
    "DELETE FROM redirect_uris WHERE tenant = $1 AND client_id = $2",
];

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

    pub(crate) fn insert(&self, tenant: TenantId) -> Change {
        let mut change = Change::from(sql!(
            "INSERT INTO applications (tenant, client_id, service_principal_id, name, enabled, document, object_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            self.client_id,
            self.service_principal_id,
            &self.name,
            self.enabled,
            self.stored(),
            self.document.object_id.to_string()
        ));
        self.insert_names(tenant, &mut change);
        change
    }

    /// Returns the statements that replace `before`; they conflict if the row has changed since.
    pub(crate) fn update(&self, before: &Self, tenant: TenantId) -> Change {
        let mut change = Change::from(
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
        );
        if self.document.identifier_uris != before.document.identifier_uris
            || !self.document.redirect_uris.iter().map(|r| &r.uri).eq(before
                .document
                .redirect_uris
                .iter()
                .map(|r| &r.uri))
        {
            for sql in NAMES_OF_CLIENT {
                change.add(self.of_client(sql, tenant));
            }
            self.insert_names(tenant, &mut change);
        }
        change
    }

    /// Returns the statements that delete the application and its dependent rows.
    pub(crate) fn delete(&self, tenant: TenantId) -> Change {
        let mut change = Change::new();
        for sql in NAMES_OF_CLIENT.into_iter().chain([
            "DELETE FROM client_secrets WHERE tenant = $1 AND client_id = $2",
            "DELETE FROM managed_identities WHERE tenant = $1 AND client_id = $2",
            "DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2",
            "DELETE FROM permission_grants WHERE tenant = $1 AND resource_id = $2",
        ]) {
            change.add(self.of_client(sql, tenant));
        }
        change.add(sql!(
            "DELETE FROM app_role_assignments WHERE tenant = $1 AND (resource_id = $2 OR principal = $3)",
            tenant,
            self.client_id,
            self.service_principal_id
        ));
        let own = "DELETE FROM applications WHERE tenant = $1 AND client_id = $2";
        change.add(self.of_client(own, tenant).expect_rows(1));
        change
    }

    fn of_client(&self, sql: &'static str, tenant: TenantId) -> Statement {
        Statement::new(sql, vec![tenant.into(), self.client_id.into()])
    }

    /// Inserts its identifiers and redirect URIs.
    fn insert_names(&self, tenant: TenantId, change: &mut Change) {
        let own_name = self.client_id.to_string();
        for name in self.document.identifier_uris.iter().chain([&own_name]) {
            change.add(sql!(
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
            change.add(sql!(
                "INSERT INTO redirect_uris (tenant, uri, client_id) VALUES ($1, $2, $3)",
                tenant,
                uri,
                self.client_id
            ));
        }
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
