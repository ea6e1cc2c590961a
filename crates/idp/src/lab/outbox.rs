//! `GET /_lab/tenants/{t}/outbox`: the messages of a tenant, the newest first.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_rules::lifetimes::PASSWORD_RESET_CODE;
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::sign_in::outbox::{Message, read_sent};
use crate::sign_in::password_reset;

pub(crate) async fn show(State(idp): State<Idp>, Path(tenant): Path<String>) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let mut messages = Vec::new();
    for (at, Message { to, subject, text, code, reset }) in read_sent(&idp, &tenant).await? {
        let expires = at + PASSWORD_RESET_CODE;
        let is_usable = match reset {
            Some(reset) if now < expires => password_reset::is_open(&idp, tenant.id, reset, now).await?,
            _ => false,
        };
        messages.push(json!({
            "at": at, "to": to, "subject": subject, "text": text, "code": code, "expires": expires,
            "is_usable": is_usable,
        }));
    }
    Ok(Json(json!({ "messages": messages })))
}
