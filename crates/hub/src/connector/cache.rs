//! A cache of parsed connectors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::TenantId;

use super::{Connector, ConnectorName};

/// The maximum number of cached connectors.
const CACHED_MAX: usize = 256;

/// Parsed connectors by tenant and name. A lookup names the version in the database, so that
/// replicas need not notify each other of changes.
#[derive(Debug, Default)]
pub(crate) struct ConnectorCache(Mutex<HashMap<(TenantId, ConnectorName), Arc<Connector>>>);

impl ConnectorCache {
    pub(crate) fn get(
        &self,
        tenant: TenantId,
        name: &ConnectorName,
        version: &str,
    ) -> Option<Arc<Connector>> {
        let connectors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connectors.get(&(tenant, name.clone())).filter(|connector| connector.version == version).cloned()
    }

    pub(crate) fn put(&self, tenant: TenantId, connector: Arc<Connector>) {
        let mut connectors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if connectors.len() >= CACHED_MAX {
            connectors.clear();
        }
        connectors.insert((tenant, connector.name.clone()), connector);
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| *of != tenant);
    }
}
