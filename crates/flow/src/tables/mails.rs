//! Rows of the table `mails`: e-mails to owners of flows.

use outlive_clock::{Instant, TenantId, wall_now};
use outlive_store::{Statement, Store, StoreError, sql};
use serde::Serialize;

/// Mails per tenant; new ones replace the oldest.
const MAILS_MAX: i64 = 50;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mail {
    /// When it was sent, in the tenant's time.
    pub(crate) at: Instant,
    /// The address, or the object id of a user whose address is not known.
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

pub(crate) fn insert(tenant: TenantId, id: String, mail: &Mail) -> [Statement; 2] {
    [
        sql!(
            "DELETE FROM mails WHERE tenant = $1 AND id NOT IN \
             (SELECT id FROM mails WHERE tenant = $1 ORDER BY written_us DESC, id LIMIT $2)",
            tenant,
            MAILS_MAX - 1
        ),
        sql!(
            "INSERT INTO mails (tenant, id, sent_us, written_us, recipient, subject, content) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            id,
            mail.at,
            wall_now(),
            &mail.to,
            &mail.subject,
            &mail.text
        ),
    ]
}

/// Reads the mails of a tenant, newest first.
pub(crate) async fn list(store: &Store, tenant: TenantId) -> Result<Vec<Mail>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT sent_us, recipient, subject, content FROM mails WHERE tenant = $1 \
             ORDER BY written_us DESC, id LIMIT $2",
            tenant,
            MAILS_MAX
        ))
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Mail {
                at: row.instant("sent_us")?,
                to: row.text("recipient")?,
                subject: row.text("subject")?,
                text: row.text("content")?,
            })
        })
        .collect()
}
