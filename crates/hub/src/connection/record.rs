//! A connection, as stored.

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_wire::Subject;
use uuid::Uuid;

use super::{Status, StoredValues};
use crate::connector::ConnectorName;

/// A connection, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) tenant: TenantId,
    pub(crate) id: ConnectionId,
    /// The resource group, as the owner wrote it.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) connector: ConnectorName,
    /// The current version of the connector.
    pub(crate) connector_version: String,
    pub(crate) display_name: String,
    /// The object id of the caller who created it.
    pub(crate) owner: Uuid,
    /// Whether it may be used. Independent of its status.
    pub(crate) enabled: bool,
    pub(crate) status: Status,
    /// The user principal name of the account that signed in.
    pub(crate) authenticated_user: Option<String>,
    /// The values of its connector's parameters.
    pub(crate) values: StoredValues,
    /// The sealed key that signs its `Key` tokens.
    pub(crate) key_sealed: String,
    pub(crate) created: Instant,
    pub(crate) changed: Instant,
    /// The number of changes by its owner, for optimistic concurrency.
    pub(crate) revision: i64,
}

impl Connection {
    /// The subject of its journal events.
    pub(crate) fn subject(&self) -> Subject {
        Subject::connection(self.id)
    }
}
