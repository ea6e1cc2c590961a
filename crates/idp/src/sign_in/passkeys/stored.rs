//! Stored passkeys.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Row, Statement, Store, StoreError, sql};

#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    /// The credential's id, base64url.
    pub(crate) credential: String,
    pub(crate) user_id: UserId,
    /// The host name for which it was created.
    pub(crate) rp_id: String,
    /// The name that the user gave it.
    pub(crate) name: String,
    /// COSE, base64url.
    pub(crate) public_key: String,
    /// The authenticator's model (AAGUID).
    pub(crate) aaguid: String,
    /// The signature counter; 0 for authenticators without one.
    pub(crate) counter: u32,
    pub(crate) created_at: Instant,
    pub(crate) used_at: Option<Instant>,
}

fn passkey_of(row: &Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        credential: row.text("credential")?,
        user_id: row.parse("user_id")?,
        rp_id: row.text("rp_id")?,
        name: row.text("name")?,
        public_key: row.text("public_key")?,
        aaguid: row.text("aaguid")?,
        counter: u32::try_from(row.int("counter")?).unwrap_or(u32::MAX),
        created_at: row.instant("created_us")?,
        used_at: row.opt_instant("used_us")?,
    })
}

impl Passkey {
    pub(super) fn insert(&self, tenant: TenantId) -> Statement {
        sql!(
            "INSERT INTO passkeys (tenant, credential, user_id, rp_id, name, public_key, aaguid, counter, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            &self.credential,
            self.user_id,
            &self.rp_id,
            &self.name,
            &self.public_key,
            &self.aaguid,
            self.counter,
            self.created_at
        )
    }

    /// Records a use; conflicts with a concurrent use.
    pub(super) fn record_use(&self, tenant: TenantId, counter: u32, now: Instant) -> Statement {
        sql!(
            "UPDATE passkeys SET counter = $1, used_us = $2 WHERE tenant = $3 AND credential = $4 AND counter = $5",
            counter,
            now,
            tenant,
            &self.credential,
            self.counter
        )
        .expect_rows(1)
    }

    /// Deletes the passkey, which has to exist.
    pub(crate) fn delete(&self, tenant: TenantId) -> Statement {
        sql!("DELETE FROM passkeys WHERE tenant = $1 AND credential = $2", tenant, &self.credential)
            .expect_rows(1)
    }
}

pub(super) async fn find(
    store: &Store,
    tenant: TenantId,
    credential: &str,
) -> Result<Option<Passkey>, StoreError> {
    let row = store.row(sql!(
        "SELECT credential, user_id, rp_id, name, public_key, aaguid, counter, created_us, used_us FROM passkeys \
         WHERE tenant = $1 AND credential = $2",
        tenant,
        credential
    ));
    row.await?.as_ref().map(passkey_of).transpose()
}

/// Returns a user's passkeys, oldest first.
pub(crate) async fn of_user(
    store: &Store,
    tenant: TenantId,
    user: UserId,
) -> Result<Vec<Passkey>, StoreError> {
    let rows = store.rows(sql!(
        "SELECT credential, user_id, rp_id, name, public_key, aaguid, counter, created_us, used_us FROM passkeys \
         WHERE tenant = $1 AND user_id = $2 ORDER BY created_us, credential",
        tenant,
        user
    ));
    rows.await?.iter().map(passkey_of).collect()
}
