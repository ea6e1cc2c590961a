//! Rows of the table `consent_attempts`.

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use uuid::Uuid;

/// A consent attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) id: Uuid,
    pub(crate) connection: ConnectionId,
    /// The user whom the link is for; only this user can confirm.
    pub(crate) object_id: Uuid,
    pub(crate) redirect_url: String,
    pub(crate) link_expires: Instant,
    pub(super) state_hash: Option<String>,
    pub(super) state_expires: Option<Instant>,
    pub(super) verifier_sealed: Option<String>,
    pub(super) redirect_uri: Option<String>,
    /// Whether the issuer has redirected back.
    pub(super) finished: bool,
}

/// The tokens of an attempt, until they are confirmed.
#[derive(Debug, Clone)]
pub(crate) struct Redeemed {
    pub(crate) attempt: Uuid,
    pub(crate) object_id: Uuid,
    pub(crate) code_expires: Instant,
    pub(crate) tokens_sealed: String,
    pub(crate) tokens_expire: Instant,
    /// The user principal name of the account that signed in.
    pub(crate) account: Option<String>,
}

fn attempt_of(row: &Row) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        id: row.parse("id")?,
        connection: row.parse("connection")?,
        object_id: row.parse("object_id")?,
        redirect_url: row.text("redirect_url")?,
        link_expires: row.instant("link_expires_us")?,
        state_hash: row.opt_text("state_hash")?,
        state_expires: row.opt_instant("state_expires_us")?,
        verifier_sealed: row.opt_text("verifier_sealed")?,
        redirect_uri: row.opt_text("redirect_uri")?,
        finished: row.flag("finished")?,
    })
}

/// Reads an attempt by its id.
pub(super) async fn find(store: &Store, tenant: TenantId, id: Uuid) -> Result<Option<Attempt>, StoreError> {
    store
        .row(sql!(
            "SELECT id, connection, object_id, redirect_url, link_expires_us, state_hash, state_expires_us, \
             verifier_sealed, redirect_uri, finished FROM consent_attempts WHERE tenant = $1 AND id = $2",
            tenant,
            id.to_string()
        ))
        .await?
        .as_ref()
        .map(attempt_of)
        .transpose()
}

/// Counts the attempts of a connection that can still be opened or confirmed.
pub(crate) async fn count_open(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
    now: Instant,
) -> Result<i64, StoreError> {
    let row = store
        .row(sql!(
            "SELECT CAST(COUNT(*) AS BIGINT) AS count FROM consent_attempts \
             WHERE tenant = $1 AND connection = $2 AND link_expires_us > $3",
            tenant,
            connection,
            now
        ))
        .await?;
    row.map_or(Ok(0), |row| row.int("count"))
}

pub(crate) fn insert(tenant: TenantId, attempt: &Attempt) -> Statement {
    sql!(
        "INSERT INTO consent_attempts (tenant, id, connection, object_id, redirect_url, link_expires_us, finished) \
         VALUES ($1, $2, $3, $4, $5, $6, 0)",
        tenant,
        attempt.id.to_string(),
        attempt.connection,
        attempt.object_id.to_string(),
        &attempt.redirect_url,
        attempt.link_expires
    )
}

impl Attempt {
    pub(crate) const fn new(
        id: Uuid,
        connection: ConnectionId,
        object_id: Uuid,
        redirect_url: String,
        link_expires: Instant,
    ) -> Self {
        Self {
            id,
            connection,
            object_id,
            redirect_url,
            link_expires,
            state_hash: None,
            state_expires: None,
            verifier_sealed: None,
            redirect_uri: None,
            finished: false,
        }
    }
}

/// Deletes the attempts of a connection whose link expired at or before `before`.
pub(crate) fn delete_older(tenant: TenantId, connection: ConnectionId, before: Instant) -> Statement {
    sql!(
        "DELETE FROM consent_attempts WHERE tenant = $1 AND connection = $2 AND link_expires_us <= $3",
        tenant,
        connection,
        before
    )
}

/// Records that a link was opened. Invalidates the state of an earlier opening.
pub(super) fn record_opening(
    tenant: TenantId,
    id: Uuid,
    state_hash: &str,
    state_expires: Instant,
    verifier_sealed: &str,
    redirect_uri: &str,
) -> Statement {
    sql!(
        "UPDATE consent_attempts SET state_hash = $1, state_expires_us = $2, verifier_sealed = $3, redirect_uri = $4 \
         WHERE tenant = $5 AND id = $6 AND finished = 0",
        state_hash,
        state_expires,
        verifier_sealed,
        redirect_uri,
        tenant,
        id.to_string()
    )
    .expect_rows(1)
}

/// Consumes a state. Conflicts if it was consumed already.
pub(super) fn consume_state(tenant: TenantId, id: Uuid, state_hash: &str) -> Statement {
    sql!(
        "UPDATE consent_attempts SET finished = 1, state_hash = NULL, verifier_sealed = NULL \
         WHERE tenant = $1 AND id = $2 AND state_hash = $3 AND finished = 0",
        tenant,
        id.to_string(),
        state_hash
    )
    .expect_rows(1)
}

/// Ends an attempt. Conflicts if it has ended.
pub(super) fn end(tenant: TenantId, id: Uuid) -> Statement {
    sql!(
        "DELETE FROM consent_attempts WHERE tenant = $1 AND id = $2 AND finished = 0",
        tenant,
        id.to_string()
    )
    .expect_rows(1)
}

/// Stores the tokens under the hash of the code that confirms them.
pub(super) fn store_tokens(tenant: TenantId, code_hash: &str, redeemed: &Redeemed) -> Statement {
    sql!(
        "UPDATE consent_attempts SET code_hash = $1, code_expires_us = $2, tokens_sealed = $3, tokens_expire_us = $4, \
         account = $5 WHERE tenant = $6 AND id = $7",
        code_hash,
        redeemed.code_expires,
        &redeemed.tokens_sealed,
        redeemed.tokens_expire,
        redeemed.account.as_deref(),
        tenant,
        redeemed.attempt.to_string()
    )
    .expect_rows(1)
}

/// Reads the tokens that this code confirms.
pub(crate) async fn find_by_code(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
    code_hash: &str,
) -> Result<Option<Redeemed>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT id, object_id, code_expires_us, tokens_sealed, tokens_expire_us, account FROM consent_attempts \
             WHERE tenant = $1 AND connection = $2 AND code_hash = $3",
            tenant,
            connection,
            code_hash
        ))
        .await?;
    row.map(|row| {
        Ok(Redeemed {
            attempt: row.parse("id")?,
            object_id: row.parse("object_id")?,
            code_expires: row.instant("code_expires_us")?,
            tokens_sealed: row.text("tokens_sealed")?,
            tokens_expire: row.instant("tokens_expire_us")?,
            account: row.opt_text("account")?,
        })
    })
    .transpose()
}

/// Consumes a code. Conflicts if it was consumed already.
pub(crate) fn consume_code(tenant: TenantId, attempt: Uuid, code_hash: &str) -> Statement {
    sql!(
        "DELETE FROM consent_attempts WHERE tenant = $1 AND id = $2 AND code_hash = $3",
        tenant,
        attempt.to_string(),
        code_hash
    )
    .expect_rows(1)
}
