//! `Key` tokens, which the hub signs for one connection and accepts at runtime instead of a bearer
//! token.

use outlive_clock::{ConnectionId, Instant, TenantId};
use serde::{Deserialize, Serialize};

use super::Principal;

/// The claims of a `Key` token. Instants are whole seconds of the tenant's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyClaims {
    pub(crate) tid: TenantId,
    pub(crate) con: ConnectionId,
    /// The principal that the token was issued for. Every call checks whether it may still use the
    /// connection.
    pub(crate) principal: Principal,
    /// The object id of the caller who requested the token.
    pub(crate) oid: uuid::Uuid,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    /// The id of the token.
    pub(crate) jti: String,
}

impl KeyClaims {
    /// Whether the token has expired.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        now.as_seconds() >= self.exp
    }
}

/// The purpose with which a connection's signing key is sealed.
pub(crate) fn key_purpose(tenant: TenantId, id: ConnectionId) -> String {
    format!("hub-connection-key/{tenant}/{id}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// A sealed key that is copied to another connection's row does not open there.
    #[test]
    fn each_connection_seals_its_key_for_itself() {
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let purpose = |tenant, id| key_purpose(TenantId::from_uuid(tenant), ConnectionId::from_uuid(id));
        let purposes = [purpose(one, one), purpose(one, two), purpose(two, one), purpose(two, two)];
        let distinct: std::collections::BTreeSet<_> = purposes.iter().collect();
        assert_eq!(distinct.len(), purposes.len());
    }
}
