//! The lab's outbox: messages that would be sent to users by e-mail. Only the lab reads them, at
//! `GET /_lab/tenants/{t}/outbox`.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::{Instant, TenantId, wall_now};
use outlive_rules::lifetimes::PASSWORD_RESET_CODE;
use outlive_store::{Change, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::idp::Idp;
use crate::sign_in::password_reset;

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
    pub(crate) fn sending(&self, idp: &Idp, tenant: TenantId, now: Instant) -> Change {
        let random = idp.chassis.random.of(tenant);
        let content = json!(self).to_string();
        let content =
            idp.chassis.sealer.seal(PURPOSE, content.as_bytes(), &mut random.stream("outbox-nonce"));
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

/// `GET /_lab/tenants/{t}/outbox`: newest first.
pub(crate) async fn show(State(idp): State<Idp>, Path(tenant): Path<String>) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let select = sql!(
        "SELECT sent_us, content FROM outbox WHERE tenant = $1 ORDER BY written_us DESC, id LIMIT $2",
        tenant.id,
        MESSAGES_MAX
    );
    let mut messages = Vec::new();
    for row in idp.chassis.store.rows(select).await? {
        // Skips messages that another sealing key sealed.
        let plain = idp.chassis.sealer.open(PURPOSE, &row.text("content")?);
        let Some(message) = plain.and_then(|plain| serde_json::from_slice::<Message>(&plain).ok()) else {
            continue;
        };
        let Message { to, subject, text, code, reset } = message;
        let at = row.instant("sent_us")?;
        let expires = at + PASSWORD_RESET_CODE;
        let is_usable = match reset {
            Some(reset) if now < expires => password_reset::is_open(&idp, tenant.id, reset, now).await?,
            _ => false,
        };
        messages.push(json!({
            "at": at, "to": to, "subject": subject, "text": text, "code": code, "expires": expires, "is_usable": is_usable,
        }));
    }
    Ok(Json(json!({ "messages": messages })))
}
