//! The lease on refreshing a connection's tokens, for replicas that share a database.
//!
//! It is claimed by a conditional update and expires by wall time, so that a crashed holder does
//! not block the others for long. A holder that loses it does no harm: replacing tokens names the
//! version that it replaces.

use outlive_clock::{ConnectionId, Instant, Span, TenantId};
use outlive_store::{Statement, sql};

/// The duration of a lease in wall time: longer than any token request.
pub(crate) const LEASE: Span = Span::from_seconds(40);

/// Claims the lease on tokens of `version` at wall instant `wall`. Conflicts if another replica
/// holds it or the version has changed.
pub(crate) fn claim(
    tenant: TenantId,
    connection: ConnectionId,
    version: i64,
    holder: &str,
    wall: Instant,
) -> Statement {
    sql!(
        "UPDATE credentials SET lease_holder = $1, lease_until_wall_us = $2 \
         WHERE tenant = $3 AND connection = $4 AND version = $5 \
         AND (lease_until_wall_us IS NULL OR lease_until_wall_us <= $6)",
        holder,
        wall + LEASE,
        tenant,
        connection,
        version,
        wall
    )
    .expect_rows(1)
}

/// Releases the lease without new tokens. Conflicts if the version has changed.
pub(crate) fn release(tenant: TenantId, connection: ConnectionId, version: i64) -> Statement {
    sql!(
        "UPDATE credentials SET lease_holder = NULL, lease_until_wall_us = NULL \
         WHERE tenant = $1 AND connection = $2 AND version = $3",
        tenant,
        connection,
        version
    )
    .expect_rows(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::storage;
    use outlive_store::{DatabaseUrl, Store};
    use uuid::Uuid;

    #[tokio::test]
    async fn one_holder_at_a_time_until_released_replaced_or_overdue() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("hub.db"));
        let store = Store::open(&url, "hub", &[("hub", &crate::MIGRATIONS)]).await.expect("opens");
        let (tenant, connection) =
            (TenantId::from_uuid(Uuid::from_u128(1)), ConnectionId::from_uuid(Uuid::from_u128(2)));
        let wall = Instant::from_seconds(1_000);
        // Tokens are only replaced while their connection exists.
        let row = sql!(
            "INSERT INTO connections (tenant, id, resource_group, group_key, name, name_key, connector, display_name, owner, \
             enabled, key_sealed, created_us, changed_us) VALUES ($1, $2, 'g', 'g', 'n', 'n', 'c', 'n', 'o', 1, '', 0, 0)",
            tenant,
            connection
        );
        store.commit(row).await.expect("inserted");
        let claim = |version, holder, wall| store.commit(claim(tenant, connection, version, holder, wall));
        store.commit(storage::upsert(tenant, connection, "sealed", wall)).await.expect("stored");

        assert!(claim(1, "a", wall).await.is_ok());
        assert!(claim(1, "b", wall).await.expect_err("held").is_conflict());
        assert!(claim(1, "b", wall + LEASE - Span::from_micros(1)).await.expect_err("held").is_conflict());
        assert!(claim(1, "b", wall + LEASE).await.is_ok(), "the lease has expired");
        store.commit(release(tenant, connection, 1)).await.expect("released");
        assert!(claim(1, "a", wall).await.is_ok(), "the lease was released");

        store.commit(storage::update(tenant, connection, (1, 1), "newer", wall)).await.expect("replaced");
        assert!(claim(1, "b", wall).await.expect_err("another version").is_conflict());
        assert!(claim(2, "b", wall).await.is_ok(), "replacing releases the lease");
        assert!(store.commit(release(tenant, connection, 1)).await.expect_err("stale").is_conflict());
        let discarded = storage::update(tenant, connection, (2, 2), "stale", wall);
        assert!(store.commit(discarded).await.expect_err("tokens of another revision").is_conflict());
    }
}
