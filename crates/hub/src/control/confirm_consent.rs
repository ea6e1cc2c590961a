//! `confirmConsentCode`: the caller who asked for the link says that the sign-in was meant.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use outlive_wire::events::{ConnectionConnected, ConsentConfirmationRefused};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::ResourcePath;
use super::access::{self, Wish};
use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, JsonBody};
use crate::connection::{Connection, resource, storage};
use crate::consent::{self, Redeemed};
use crate::credential;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirmation {
    code: String,
    tenant_id: TenantId,
    object_id: Uuid,
}

pub(super) async fn confirm(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Wish::Use).await?;
    let confirmation = body.read::<Confirmation>()?;
    let hash = consent::digest(&confirmation.code);
    let redeemed = consent::redeemed(&hub.chassis.store, call.tenant, connection.id, &hash).await?;
    let redeemed = match check(&call, &confirmation, redeemed) {
        Ok(redeemed) => redeemed,
        Err(refusal) => {
            let payload =
                ConsentConfirmationRefused { why: refusal.message().to_owned(), caller: call.caller.oid };
            hub.chassis.journal.append(&call.event(connection.subject(), payload)).await?;
            return Err(refusal);
        }
    };
    let mut change = Change::from(consent::take(call.tenant, redeemed.attempt, &hash));
    // What was begun besides is over: its links and codes would replace these tokens.
    change.add(consent::delete_all_of(call.tenant, connection.id, Instant::MAX));
    change.add(credential::storage::put(
        call.tenant,
        connection.id,
        &redeemed.tokens_sealed,
        redeemed.tokens_expire,
    ));
    let account = redeemed.account.as_deref();
    change.add(storage::set_connected(call.tenant, connection.id, account, call.now));
    let payload =
        ConnectionConnected { account: redeemed.account, attempt: redeemed.attempt, caller: call.caller.oid };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis
        .store
        .commit(change)
        .await
        .map_err(|error| if error.is_conflict() { unusable() } else { error.into() })?;
    shown(&hub, &call, &connection).await
}

fn unusable() -> ArmRefusal {
    ArmRefusal::new(
        StatusCode::BAD_REQUEST,
        "InvalidConsentCode",
        "The consent code is unknown, was used already or has expired: it works once, for five minutes. Ask for a new \
         consent link.",
    )
}

fn check(
    call: &ControlCall,
    confirmation: &Confirmation,
    redeemed: Option<Redeemed>,
) -> Result<Redeemed, ArmRefusal> {
    if confirmation.tenant_id != call.tenant {
        return Err(ArmRefusal::forbidden("tenantId is not the tenant for which the consent link was made."));
    }
    let redeemed = redeemed.filter(|redeemed| call.now < redeemed.code_expires).ok_or_else(unusable)?;
    if redeemed.object_id != confirmation.object_id {
        return Err(ArmRefusal::forbidden("objectId is not the one for which the consent link was made."));
    }
    if call.caller.is_user() && call.caller.oid != redeemed.object_id {
        return Err(ArmRefusal::forbidden(
            "Only whoever the consent link was made for can confirm its code.",
        ));
    }
    Ok(redeemed)
}

async fn shown(hub: &Hub, call: &ControlCall, connection: &Connection) -> Result<Json<Value>, ArmRefusal> {
    let found = storage::with_credential(&hub.chassis.store, call.tenant, connection.id).await?;
    let (connection, _) = found.ok_or_else(unusable)?;
    let connector = hub.connector_of(&connection).await?;
    Ok(Json(resource(&connection, &connector, hub.origin())))
}
