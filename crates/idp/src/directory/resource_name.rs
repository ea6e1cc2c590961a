//! Lookup of an API by a name from a request.

use outlive_clock::TenantId;
use outlive_store::{StoreError, sql};

use super::application::application_named;
use super::{Application, Directory};

/// Adds a trailing slash or removes it.
fn other_slash(name: &str) -> String {
    name.strip_suffix('/').map_or_else(|| format!("{name}/"), str::to_owned)
}

impl Directory {
    /// Finds an API by identifier URI or client id. A trailing slash and letter case matter only if
    /// two APIs differ in nothing else.
    pub(crate) async fn resource(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<Application>, StoreError> {
        let read = async {
            let other = other_slash(name);
            let exact = self.store.rows(sql!(
                "SELECT n.name, a.client_id, a.service_principal_id, a.name AS display, a.enabled, a.document, a.revision \
                 FROM resource_names n JOIN applications a ON a.tenant = n.tenant AND a.client_id = n.client_id \
                 WHERE n.tenant = $1 AND n.name IN ($2, $3)",
                tenant,
                name,
                &other
            ));
            let mut rows = exact.await?;
            if rows.is_empty() {
                let alike = self.store.rows(sql!(
                    "SELECT n.name, a.client_id, a.service_principal_id, a.name AS display, a.enabled, a.document, a.revision \
                     FROM resource_names n JOIN applications a ON a.tenant = n.tenant AND a.client_id = n.client_id \
                     WHERE n.tenant = $1 AND LOWER(n.name) IN ($2, $3) ORDER BY n.name",
                    tenant,
                    name.to_ascii_lowercase(),
                    other.to_ascii_lowercase()
                ));
                rows = alike.await?;
            }
            let mut best = None;
            for row in rows {
                let is_exact = row.text("name")? == name;
                if is_exact || best.is_none() {
                    best = Some(row);
                }
            }
            best.as_ref().map(|row| application_named(row, "display")).transpose()
        };
        self.memory.resources.get_or_read(tenant, name.to_owned(), read).await
    }
}
