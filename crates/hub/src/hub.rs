//! The state of the hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outlive_chassis::{Chassis, Problem, UntilCommit};
use outlive_clock::{ConnectionId, Stream, TenantId};
use outlive_store::StoreError;
use outlive_tokens::{Verifier, VerifierConfig};
use quick_cache::sync::Cache;
use serde_json::Value;

use crate::HubConfig;
use crate::back_end::BackEndCalls;
use crate::connection::{Connection, Values, resource, storage};
use crate::connector::{self, Connector, ConnectorName, Parameter, ParameterValues};
use crate::credential::{Exchanges, Refreshes};
use crate::runtime::{CONNECTIONS_CACHED_MAX, Loaded};

/// The maximum number of cached connectors.
const CONNECTORS_CACHED_MAX: usize = 256;

/// A connector as the connections with a parameter set have it, or those without.
type ConnectorKey = (TenantId, ConnectorName, Option<String>);

/// How many counters of refreshes there are. Connections with the same one are read again more
/// often, and nothing else.
const REFRESH_COUNTERS: usize = 256;

/// The state that all parts of the hub share.
pub(crate) struct Hub {
    pub(crate) chassis: Chassis,
    pub(crate) config: HubConfig,
    pub(crate) verifier: Verifier,
    /// Parsed connectors. A lookup names the version in the database, so that replicas need not
    /// notify each other of changes.
    pub(crate) connectors: Cache<ConnectorKey, Arc<Connector>>,
    /// Connections that were called, each by the count of refreshes until then.
    pub(crate) loaded: UntilCommit<(TenantId, ConnectionId, u64), Option<Arc<Loaded>>>,
    /// How many refreshes have ended, by the last digits of the connections' ids.
    refreshed: Box<[AtomicU64]>,
    pub(crate) refreshes: Refreshes,
    /// Exchanges of callers' tokens.
    pub(crate) exchanges: Exchanges,
    /// Requests to hosts that connectors name.
    pub(crate) back_ends: BackEndCalls,
    /// The id of this process among its replicas.
    pub(crate) replica: String,
}

impl Hub {
    pub(crate) fn new(chassis: Chassis, config: HubConfig) -> Self {
        let verifier = Verifier::new(
            VerifierConfig {
                idp_url: config.idp_url.as_str().trim_end_matches('/').to_owned(),
                issuer_origins: config.issuer_origins.clone(),
            },
            chassis.http.inner(),
        );
        let replica = chassis.random.stream("replica").uuid().to_string();
        let back_ends = BackEndCalls::new(config.back_ends.clone(), chassis.http.clone());
        Self {
            chassis,
            config,
            back_ends,
            verifier,
            connectors: Cache::new(CONNECTORS_CACHED_MAX),
            loaded: UntilCommit::of(CONNECTIONS_CACHED_MAX),
            refreshed: (0..REFRESH_COUNTERS).map(|_| AtomicU64::default()).collect(),
            refreshes: Refreshes::default(),
            exchanges: Exchanges::default(),
            replica,
        }
    }

    /// Unseals the values of a connection's parameters.
    pub(crate) fn values_of(&self, connection: &Connection) -> Result<Values, Problem> {
        Ok(Values::open(&connection.values, &self.chassis.sealer, connection.tenant, connection.id)?)
    }

    /// Returns the ARM resource of a connection.
    pub(crate) fn shown(&self, connection: &Connection, connector: &Connector) -> Value {
        resource(connection, connector, &self.chassis.sealer, self.origin())
    }

    pub(crate) fn origin(&self) -> &str {
        self.chassis.origins.public()
    }

    /// Returns the random stream of a tenant for `purpose`.
    pub(crate) fn random(&self, tenant: TenantId, purpose: &'static str) -> Stream {
        self.chassis.random.of(tenant).stream(purpose)
    }

    /// Returns the values of a connection for its sign-in, with the defaults of its connector.
    pub(crate) fn parameter_values(
        &self,
        connection: &Connection,
        connector: &Connector,
    ) -> Result<ParameterValues, Problem> {
        Ok(self.values_of(connection)?.of_parameters(&connector.properties.parameters))
    }

    /// Reads the connector of a connection, in its current version, with the sign-in and parameters
    /// of the connection's parameter set.
    pub(crate) async fn connector_of(&self, connection: &Connection) -> Result<Arc<Connector>, Problem> {
        let (tenant, name) = (connection.tenant, &connection.connector);
        let set = &connection.values.set;
        let key = (tenant, name.clone(), set.clone());
        let cached = self.connectors.get(&key);
        if let Some(connector) = cached.filter(|known| known.version == connection.connector_version) {
            return Ok(connector);
        }
        let connector = Arc::new(self.read_connector(connection).await?);
        self.connectors.insert(key, Arc::clone(&connector));
        Ok(connector)
    }

    /// Returns the connector for a call through a connection: what the owner gave as a secret is
    /// one, whatever the connector's maker declares since then.
    pub(crate) async fn connector_for_call(&self, loaded: &Loaded) -> Result<Arc<Connector>, Problem> {
        let connection = loaded.connection();
        let (connector, stored) = (self.connector_of(connection).await?, &connection.values);
        let opened =
            |parameter: &&Parameter| !parameter.takes_secret() && !stored.plain.contains_key(&parameter.name);
        let mut opened = connector.properties.parameters.iter().filter(opened).peekable();
        if stored.secrets_sealed.is_none() || opened.peek().is_none() {
            return Ok(connector);
        }
        let values = loaded.values(&self.chassis.sealer)?;
        if !opened.any(|parameter| stored.seals(values, &parameter.name)) {
            return Ok(connector);
        }
        let mut connector = self.read_connector(connection).await?;
        connector.properties.mark_sealed(|parameter| stored.seals(values, &parameter.name));
        Ok(Arc::new(connector))
    }

    /// Reads a connection with its credential, or returns it as it was read before.
    pub(crate) async fn load(
        &self,
        tenant: TenantId,
        id: ConnectionId,
    ) -> Result<Option<Arc<Loaded>>, StoreError> {
        let store = &self.chassis.store;
        let read = async {
            let found = storage::find(store, tenant, id).await?;
            Ok(found.map(|found| Arc::new(Loaded::new(found))))
        };
        let refreshed = self.refreshes_of(id).load(Ordering::Acquire);
        self.loaded.or_read(store, (tenant, id, refreshed), read).await
    }

    fn refreshes_of(&self, id: ConnectionId) -> &AtomicU64 {
        let [.., last] = *id.uuid().as_bytes();
        &self.refreshed[usize::from(last) % REFRESH_COUNTERS]
    }

    /// Ends the use of a connection as it was loaded before a refresh.
    fn end_refresh(&self, (tenant, id): (TenantId, ConnectionId), after: Option<(Loaded, u64)>) {
        let before = self.refreshes_of(id).fetch_add(1, Ordering::AcqRel);
        self.loaded.forget(&(tenant, id, before));
        if let Some((loaded, revision)) = after {
            let key = (tenant, id, before + 1);
            self.loaded.put(&self.chassis.store, key, revision, Some(Arc::new(loaded)));
        }
    }

    async fn read_connector(&self, connection: &Connection) -> Result<Connector, Problem> {
        let (tenant, name) = (connection.tenant, &connection.connector);
        let stored = connector::storage::find(&self.chassis.store, &self.chassis.sealer, tenant, name)
            .await?
            .ok_or_else(|| Problem::not_found("ApiNotFound", format!("There is no API '{name}'.")))?;
        let mut connector = stored.connector;
        connector.properties = connector.properties.for_set(connection.values.set.as_deref());
        Ok(connector)
    }
}

/// A refresh that is being stored. When it is dropped, what was loaded before is not used any more.
pub(crate) struct StoredRefresh<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) of: (TenantId, ConnectionId),
    /// The connection with its new tokens, and the revision of the database at which it was loaded,
    /// once it is stored.
    pub(crate) after: Option<(Loaded, u64)>,
}

impl Drop for StoredRefresh<'_> {
    fn drop(&mut self) {
        self.hub.end_refresh(self.of, self.after.take());
    }
}
