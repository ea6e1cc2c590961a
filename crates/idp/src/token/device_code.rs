//! Stored device codes, and the sealed codes that devices hold.

use outlive_clock::{ClientId, Instant, SessionId, Span, TenantId, UserId};
use outlive_rules::DeviceDecision;
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_tokens::SealedToken;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authorization_code::CodeScopes;

/// How long an expired code is kept, so that polls for it get the correct error.
const KEPT_AFTER_EXPIRY: Span = Span::from_hours(24);

#[derive(Debug, Clone)]
pub(crate) struct DeviceCode {
    pub(crate) tenant: TenantId,
    pub(crate) id: Uuid,
    pub(crate) client_id: ClientId,
    pub(crate) asked: CodeScopes,
    pub(crate) issued_at: Instant,
    pub(crate) decision: DeviceDecision,
    pub(crate) approval: Option<Approval>,
    pub(crate) redeemed_at: Option<Instant>,
}

/// The approving user and the authentication.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Instant,
}

/// The code that the device holds: the stored code's id, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SealedDeviceCode {
    pub(crate) tenant: TenantId,
    pub(crate) id: Uuid,
}

impl SealedToken for SealedDeviceCode {
    const PURPOSE: &'static str = "device-code";
    const PREFIX: &'static str = "1.D";

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT tenant, id, client_id, asked, issued_us, decision, decided_us, approval, redeemed_us \
             FROM device_codes ",
            $where
        )
    };
}

fn code_of(row: &Row) -> Result<DeviceCode, StoreError> {
    let decided_at = row.opt_instant("decided_us")?;
    let approval = row.opt_text("approval")?;
    Ok(DeviceCode {
        tenant: row.parse("tenant")?,
        id: row.parse("id")?,
        client_id: row.parse("client_id")?,
        asked: row.json("asked")?,
        issued_at: row.instant("issued_us")?,
        decision: match (row.text("decision")?.as_str(), decided_at) {
            ("approved", Some(at)) => DeviceDecision::Approved(at),
            ("declined", Some(at)) => DeviceDecision::Declined(at),
            _ => DeviceDecision::Pending,
        },
        approval: approval.is_some().then(|| row.json("approval")).transpose()?,
        redeemed_at: row.opt_instant("redeemed_us")?,
    })
}

pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    id: Uuid,
) -> Result<Option<DeviceCode>, StoreError> {
    let select =
        Statement::new(select!("WHERE tenant = $1 AND id = $2"), vec![tenant.into(), id.to_string().into()]);
    store.row(select).await?.as_ref().map(code_of).transpose()
}

/// Finds a code of any tenant by the hash of its user code.
pub(crate) async fn find_by_user_code(
    store: &Store,
    user_code_hash: &str,
) -> Result<Option<DeviceCode>, StoreError> {
    let select = Statement::new(select!("WHERE user_code_hash = $1"), vec![user_code_hash.into()]);
    store.row(select).await?.as_ref().map(code_of).transpose()
}

impl DeviceCode {
    pub(crate) fn insert(&self, user_code_hash: &str) -> Statement {
        sql!(
            "INSERT INTO device_codes (tenant, id, user_code_hash, client_id, asked, issued_us, decision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            self.tenant,
            self.id.to_string(),
            user_code_hash,
            self.client_id,
            serde_json::json!(self.asked),
            self.issued_at,
            "pending"
        )
    }

    /// Stores the user's answer unless there is one already.
    pub(crate) fn record_answer(&self, approval: Option<&Approval>, now: Instant) -> Statement {
        sql!(
            "UPDATE device_codes SET decision = $1, decided_us = $2, approval = $3 \
             WHERE tenant = $4 AND id = $5 AND decision = $6",
            if approval.is_some() { "approved" } else { "declined" },
            now,
            approval.map(|approval| serde_json::json!(approval).to_string()),
            self.tenant,
            self.id.to_string(),
            "pending"
        )
        .expect_rows(1)
    }
}

/// Marks a code as redeemed; of concurrent redemptions exactly one succeeds.
pub(crate) fn mark_redeemed(code: &DeviceCode, now: Instant) -> Statement {
    sql!(
        "UPDATE device_codes SET redeemed_us = $1 WHERE tenant = $2 AND id = $3 AND redeemed_us IS NULL",
        now,
        code.tenant,
        code.id.to_string()
    )
    .expect_rows(1)
}

/// Deletes some of the expired codes: more than one, so that every new code reduces their number.
pub(crate) fn delete_expired(tenant: TenantId, now: Instant) -> Statement {
    sql!(
        "DELETE FROM device_codes WHERE tenant = $1 AND id IN \
         (SELECT id FROM device_codes WHERE tenant = $1 AND issued_us < $2 LIMIT 20)",
        tenant,
        now - KEPT_AFTER_EXPIRY
    )
}
