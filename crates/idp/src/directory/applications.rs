//! Finds applications.

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, StoreError, Value, sql};
use uuid::Uuid;

use super::application::{Application, application_of};
use super::cached_store::Directory;
use super::redirect_uri::without_loopback_port;

macro_rules! select_applications {
    ($where:literal, $($value:expr),+) => {
        Statement::new(
            concat!(
                "SELECT client_id, service_principal_id, name, enabled, document, revision FROM applications \
                 WHERE tenant = $1 AND ",
                $where
            ),
            vec![$(Value::from($value)),+],
        )
    };
}

impl Directory {
    pub(crate) async fn application(
        &self,
        tenant: TenantId,
        client_id: ClientId,
    ) -> Result<Option<Application>, StoreError> {
        let read = async {
            let row = self.store.row(select_applications!("client_id = $2", tenant, client_id));
            row.await?.as_ref().map(application_of).transpose()
        };
        self.memory.applications.get_or_read(tenant, client_id, read).await
    }

    /// Returns an application that can be a client: managed identities cannot.
    pub(crate) async fn client(
        &self,
        tenant: TenantId,
        client_id: ClientId,
    ) -> Result<Option<Application>, StoreError> {
        let found = self.application(tenant, client_id).await?;
        Ok(found.filter(|application| application.document.managed_identity.is_none()))
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

    pub(crate) async fn application_of_object(
        &self,
        tenant: TenantId,
        object: Uuid,
    ) -> Result<Option<Application>, StoreError> {
        // Rows from before the column have the object id in their document only.
        let row = self.store.row(select_applications!(
            "(object_id = $2 OR (object_id IS NULL AND document LIKE $3))",
            tenant,
            object.to_string(),
            format!("%\"object_id\":\"{object}\"%")
        ));
        row.await?.as_ref().map(application_of).transpose()
    }

    pub(crate) async fn application_of_principal(
        &self,
        tenant: TenantId,
        principal: Uuid,
    ) -> Result<Option<Application>, StoreError> {
        let row =
            self.store.row(select_applications!("service_principal_id = $2", tenant, principal.to_string()));
        row.await?.as_ref().map(application_of).transpose()
    }

    /// Returns applications after `after`, ordered by client id.
    pub(crate) async fn applications_after(
        &self,
        tenant: TenantId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Application>, StoreError> {
        let rows = self.store.rows(select_applications!(
            "client_id > $2 ORDER BY client_id LIMIT $3",
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
        let rows = self.store.rows(select_applications!(
            "LOWER(name) = $2 AND client_id > $3 ORDER BY client_id LIMIT $4",
            tenant,
            name.to_ascii_lowercase(),
            after,
            limit
        ));
        rows.await?.iter().map(application_of).collect()
    }
}
