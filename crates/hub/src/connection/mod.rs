//! Connections: a stored sign-in for a connector, with an owner, an access list and a status.

pub(crate) mod access_list;
mod key;
mod resource;
mod status;
pub(crate) mod storage;

pub(crate) use access_list::{Policy, Principal};
pub(crate) use key::{KeyClaims, key_purpose};
pub(crate) use resource::{resource, runtime_url};
pub(crate) use status::{
    Status, american_date, refresh_failed, refresh_impossible, sign_in_failed, sign_in_refused,
};

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_wire::Subject;
use uuid::Uuid;

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
