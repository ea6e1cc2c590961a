//! The lab's outbox: messages that would be sent to users by e-mail. Only the lab reads them.

use outlive_clock::{Instant, wall_now};
use outlive_store::{Change, StoreError, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::directory::Tenant;
use crate::idp::Idp;

/// Messages per tenant; new ones replace the oldest.
const MESSAGES_MAX: i64 = 50;
/// The sealing purpose of messages, which contain codes.
const PURPOSE: &str = "outbox";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The code in the message, for programs.
    pub(crate) code: String,
    /// The password reset of the code.
    #[serde(default)]
    pub(crate) reset: Option<Uuid>,
}

impl Message {
    /// Returns the statements that put the message into the outbox.
    pub(crate) fn sending(&self, idp: &Idp, tenant: &Tenant, now: Instant) -> Change {
        let (sealer, tenant) = (tenant.keys.sealer(), tenant.id);
        let random = idp.chassis.random.of(tenant);
        let content = json!(self).to_string();
        let content = sealer.seal(PURPOSE, content.as_bytes(), &mut random.stream("outbox-nonce"));
        let mut change = Change::new();
        change.add(sql!(
            "DELETE FROM outbox WHERE tenant = $1 AND id NOT IN \
             (SELECT id FROM outbox WHERE tenant = $2 ORDER BY written_us DESC, id LIMIT $3)",
            tenant,
            tenant,
            MESSAGES_MAX - 1
        ));
        change.add(sql!(
            "INSERT INTO outbox (tenant, id, sent_us, written_us, content) VALUES ($1, $2, $3, $4, $5)",
            tenant,
            random.stream("outbox-id").uuid().to_string(),
            now,
            wall_now(),
            content
        ));
        change
    }
}

/// Returns the messages of a tenant with their instants, the newest first.
pub(crate) async fn read_sent(idp: &Idp, tenant: &Tenant) -> Result<Vec<(Instant, Message)>, StoreError> {
    let select = sql!(
        "SELECT sent_us, content FROM outbox WHERE tenant = $1 ORDER BY written_us DESC, id LIMIT $2",
        tenant.id,
        MESSAGES_MAX
    );
    let mut messages = Vec::new();
    for row in idp.chassis.store.rows(select).await? {
        // Skips messages that another sealing key sealed.
        let plain = tenant.keys.sealer().open(PURPOSE, &row.text("content")?);
        if let Some(message) = plain.and_then(|plain| serde_json::from_slice(&plain).ok()) {
            messages.push((row.instant("sent_us")?, message));
        }
    }
    Ok(messages)
}
