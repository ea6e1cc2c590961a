//! The platform applications of a tenant.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use outlive_clock::{ClientId, ServicePrincipalId, TenantId};
use outlive_rules::platform::{APPLICATIONS, PlatformApplication};
use outlive_store::{Change, StoreError, sql};
use sha2::{Digest, Sha256};
use uuid::Builder;

use super::application::{Application, application_of};
use super::cached_store::Directory;
use super::platform::{DOCUMENTS, GRAPH};
use super::spec::ApplicationSpec;

/// Returns the platform applications that a tenant lacks: those not in `present` whose identifiers
/// are not in `taken`.
fn absent<'a>(
    tenant: TenantId,
    present: &'a BTreeSet<ClientId>,
    taken: &'a HashSet<String>,
) -> impl Iterator<Item = Application> + 'a {
    let of = move |known: &PlatformApplication| {
        let client_id: ClientId = known.client_id.parse().ok().filter(|id| !present.contains(id))?;
        let mut document = Arc::clone(DOCUMENTS.get(&client_id)?);
        if document.identifier_uris.iter().any(|uri| taken.contains(uri)) {
            Arc::make_mut(&mut document).identifier_uris.retain(|uri| !taken.contains(uri));
        }
        Some(Application {
            client_id,
            service_principal_id: service_principal_id(tenant, client_id),
            name: known.name.to_owned(),
            enabled: true,
            document,
            revision: 0,
        })
    };
    APPLICATIONS.iter().filter_map(of)
}

/// Adds the platform applications to a new tenant, except those in its specification.
pub(super) fn insert(change: &mut Change, tenant: TenantId, own: &[ApplicationSpec]) {
    let present = own.iter().map(|application| application.client_id).collect();
    let taken = own.iter().flat_map(|application| application.identifier_uris.iter().cloned()).collect();
    for application in absent(tenant, &present, &taken) {
        change.append(application.insert(tenant));
    }
}

/// Derived, so that replicas that complete a tenant concurrently agree.
fn service_principal_id(tenant: TenantId, client: ClientId) -> ServicePrincipalId {
    let mut hash = Sha256::new();
    hash.update(b"service principal of the platform");
    hash.update(tenant.uuid().as_bytes());
    hash.update(client.uuid().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    ServicePrincipalId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}

impl Directory {
    /// Adds the platform applications to tenants that an older version created.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn complete_platform(&self) -> Result<(), StoreError> {
        let tenants = self.store.rows(sql!("SELECT tenant FROM tenants ORDER BY tenant")).await?;
        let mut present: HashMap<TenantId, BTreeSet<ClientId>> = HashMap::new();
        for known in APPLICATIONS {
            let sql = "SELECT tenant FROM applications WHERE client_id = $1";
            let Ok(client) = known.client_id.parse::<ClientId>() else { continue };
            for row in self.store.rows(outlive_store::Statement::new(sql, vec![client.into()])).await? {
                present.entry(row.parse("tenant")?).or_default().insert(client);
            }
        }
        // Rows of Graph from before the mark hold the whole registration.
        let unmarked = self.store.rows(sql!(
            "SELECT tenant, client_id, service_principal_id, name, enabled, document, revision FROM applications \
             WHERE client_id = $1 AND document NOT LIKE $2",
            GRAPH,
            "%\"platform\":true%"
        ));
        for row in unmarked.await? {
            let tenant = row.parse("tenant")?;
            self.commit(tenant, application_of(&row)?.update_document(tenant)).await?;
        }
        let none = BTreeSet::new();
        for row in tenants {
            let tenant: TenantId = row.parse("tenant")?;
            let present = present.get(&tenant).unwrap_or(&none);
            if present.len() < APPLICATIONS.len() {
                self.complete(tenant, present).await?;
            }
        }
        Ok(())
    }

    async fn complete(&self, tenant: TenantId, present: &BTreeSet<ClientId>) -> Result<(), StoreError> {
        let names =
            self.store.rows(sql!("SELECT name FROM resource_names WHERE tenant = $1", tenant)).await?;
        let taken = names.iter().map(|row| row.text("name")).collect::<Result<HashSet<_>, _>>()?;
        let mut change = Change::new();
        for application in absent(tenant, present, &taken) {
            change.append(application.insert(tenant));
        }
        match self.commit(tenant, change).await {
            // Another replica completed it concurrently.
            Err(error) if error.is_conflict() => Ok(()),
            other => other,
        }
    }
}
