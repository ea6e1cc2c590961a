//! `Key` tokens: what a caller shows instead of a bearer token, made by the hub and for one connection.

use outlive_clock::{ConnectionId, Instant, TenantId};
use serde::{Deserialize, Serialize};

use super::Principal;

/// What a `Key` token says: who may use which connection, until when. Instants are whole seconds of the tenant's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyClaims {
    /// The tenant, by which the clock is found.
    pub(crate) tid: TenantId,
    /// The connection.
    pub(crate) con: ConnectionId,
    /// On whose behalf it was asked for; whether that one may still use the connection is asked at every call.
    pub(crate) principal: Principal,
    /// The object id of whoever asked for it.
    pub(crate) oid: uuid::Uuid,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    /// Its own name.
    pub(crate) jti: String,
}

impl KeyClaims {
    /// Whether it has ended.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        now.as_seconds() >= self.exp
    }
}

/// What a connection's signing key is sealed for.
pub(crate) fn key_purpose(tenant: TenantId, id: ConnectionId) -> String {
    format!("hub-connection-key/{tenant}/{id}")
}
