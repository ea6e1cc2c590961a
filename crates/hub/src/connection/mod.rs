//! Connections: one stored sign-in for one connector, with an id, an owner, an access list and a status.

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

/// A connection, as its row says.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) tenant: TenantId,
    pub(crate) id: ConnectionId,
    /// The resource group and its own name, as they were written.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) connector: ConnectorName,
    /// Which version of the connector stands now.
    pub(crate) connector_version: String,
    pub(crate) display_name: String,
    /// The object id of whoever created it.
    pub(crate) owner: Uuid,
    /// Whether administrators let it be used; no matter of its status.
    pub(crate) enabled: bool,
    pub(crate) status: Status,
    /// The user principal name of the account that signed in.
    pub(crate) authenticated_user: Option<String>,
    /// What its `Key` tokens are signed with, sealed.
    pub(crate) key_sealed: String,
    pub(crate) created: Instant,
    pub(crate) changed: Instant,
    /// How often its owner changed it.
    pub(crate) revision: i64,
}

impl Connection {
    /// The subject of its journal events.
    pub(crate) fn subject(&self) -> Subject {
        Subject::connection(self.id)
    }
}
