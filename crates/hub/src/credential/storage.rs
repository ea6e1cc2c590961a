//! Rows of the table `credentials`.

use outlive_clock::{ConnectionId, Instant, Stream, TenantId};
use outlive_store::{Change, Statement, sql};
use outlive_tokens::{Sealer, Secret};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// The tokens of a connection.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    /// The user who signed in with a token for the hub. Only they, and flows that may act for them,
    /// use the access token.
    #[serde(default)]
    pub(crate) user: Option<Uuid>,
}

impl Tokens {
    /// Stands for no stored tokens.
    pub(crate) fn none() -> Self {
        Self { access: Secret::default(), refresh: None, user: None }
    }

    /// Seals the tokens for one connection.
    pub(crate) fn seal(&self, sealer: &Sealer, purpose: &str, stream: &mut Stream) -> String {
        let refresh = self.refresh.as_ref().map(Secret::expose);
        let plain = json!({"access": self.access.expose(), "refresh": refresh, "user": self.user});
        sealer.seal(purpose, plain.to_string().as_bytes(), stream)
    }

    /// Unseals tokens. Returns `None` if they were sealed with another key.
    pub(crate) fn open(sealer: &Sealer, purpose: &str, sealed: &str) -> Option<Self> {
        sealer.open(purpose, sealed).and_then(|plain| serde_json::from_slice(&plain).ok())
    }
}

/// The purpose with which a connection's tokens are sealed.
pub(crate) fn purpose(tenant: TenantId, connection: ConnectionId) -> String {
    format!("hub-credential/{tenant}/{connection}")
}

/// The stored credential of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) sealed: String,
    /// Rises with every replacement, which names the version that it replaces.
    pub(crate) version: i64,
    /// When the access token expires (virtual time).
    pub(crate) expires: Instant,
}

impl Credential {
    /// Stands for no stored tokens: expired since ever.
    pub(crate) const fn missing() -> Self {
        Self { sealed: String::new(), version: 0, expires: Instant::from_seconds(0) }
    }

    /// Whether no tokens are stored. Versions begin with 1.
    pub(crate) const fn is_missing(&self) -> bool {
        self.version == 0
    }
}

/// Makes all access tokens of a tenant count as expired, so that the next use of each connection
/// gets another one.
pub(crate) fn expire_access_tokens(tenant: TenantId, now: Instant) -> Change {
    let mut change = Change::from(sql!(
        "UPDATE credentials SET expires_us = $1 WHERE tenant = $2 AND expires_us > $1",
        now,
        tenant
    ));
    change.add(sql!(
        "UPDATE consent_attempts SET tokens_expire_us = $1 WHERE tenant = $2 AND tokens_expire_us > $1",
        now,
        tenant
    ));
    change
}

/// Stores the first tokens of an application. Conflicts if there are some.
pub(crate) fn insert(
    tenant: TenantId,
    connection: ConnectionId,
    sealed: &str,
    expires: Instant,
) -> Statement {
    sql!(
        "INSERT INTO credentials (tenant, connection, sealed, version, expires_us) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT (tenant, connection) DO NOTHING",
        tenant,
        connection,
        sealed,
        expires
    )
    .expect_rows(1)
}

/// Stores the tokens of a new consent, replacing any others.
pub(crate) fn upsert(
    tenant: TenantId,
    connection: ConnectionId,
    sealed: &str,
    expires: Instant,
) -> Statement {
    sql!(
        "INSERT INTO credentials (tenant, connection, sealed, version, expires_us) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT (tenant, connection) DO UPDATE SET sealed = $3, version = credentials.version + 1, \
         expires_us = $4, lease_holder = NULL, lease_until_wall_us = NULL",
        tenant,
        connection,
        sealed,
        expires
    )
}

/// Replaces the tokens of version `replaced`. Conflicts if the version has changed, or if the
/// connection's tokens were discarded since `tokens_revision` was read: others may have the same
/// version. It is uncached: a [`StoredRefresh`](crate::hub::StoredRefresh) tells who caches them.
pub(crate) fn update(
    tenant: TenantId,
    connection: ConnectionId,
    (replaced, tokens_revision): (i64, i64),
    sealed: &str,
    expires: Instant,
) -> Statement {
    sql!(
        "UPDATE credentials SET sealed = $1, version = version + 1, expires_us = $2, lease_holder = NULL, \
         lease_until_wall_us = NULL WHERE tenant = $3 AND connection = $4 AND version = $5 AND EXISTS \
         (SELECT 1 FROM connections WHERE tenant = $3 AND id = $4 AND tokens_revision = $6)",
        sealed,
        expires,
        tenant,
        connection,
        replaced,
        tokens_revision
    )
    .expect_rows(1)
    .uncached()
}
