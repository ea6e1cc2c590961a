//! `confirmConsentCode`: the caller who requested the link confirms the sign-in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use outlive_wire::events::{ConnectionConnected, ConsentConfirmationRefused};
use serde_json::Value;
use uuid::Uuid;

use super::access::{self, Right};
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, Mistakes};
use crate::connection::{Connection, storage};
use crate::consent::{self, Redeemed};
use crate::credential;

struct Confirmation {
    code: String,
    tenant_id: TenantId,
    object_id: Uuid,
}

fn read(body: JsonBody) -> Result<Confirmation, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let code = members.required_text("code", &mut mistakes);
    let tenant = members.required("tenantId", "the id of the tenant", &mut mistakes);
    let object = members.required("objectId", "the object id of a user", &mut mistakes);
    members.end(&mut mistakes);
    mistakes.into_result()?;
    match (code, tenant, object) {
        (Some(code), Some(tenant_id), Some(object_id)) => Ok(Confirmation { code, tenant_id, object_id }),
        _ => Err(ArmRefusal::invalid("code, tenantId and objectId are required.")),
    }
}

pub(super) async fn confirm(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::SignIn).await?;
    let connector = hub.connector_of(&connection).await?;
    access::agreement(&call, &connection, &connector)?;
    let confirmation = read(body)?;
    let hash = consent::digest(&confirmation.code);
    let redeemed = consent::find_by_code(&hub.chassis.store, call.tenant, connection.id, &hash).await?;
    let redeemed = match check(&call, &confirmation, redeemed) {
        Ok(redeemed) => redeemed,
        Err(refusal) => {
            let payload =
                ConsentConfirmationRefused { why: refusal.message().to_owned(), caller: call.caller.oid };
            hub.chassis.journal.append(&call.event(connection.subject(), payload)).await?;
            return Err(refusal);
        }
    };
    let mut change = Change::from(consent::consume_code(call.tenant, redeemed.attempt, &hash));
    if connection.owner == call.caller.oid {
        change.add(storage::agree(call.tenant, connection.id, connector.destinations.to_string()));
    }
    // Other attempts end here: their links and codes would replace these tokens.
    change.add(consent::delete_older(call.tenant, connection.id, Instant::MAX));
    change.add(credential::storage::upsert(
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
    read_resource(&hub, &call, &connection).await
}

fn unusable() -> ArmRefusal {
    ArmRefusal::new(
        StatusCode::BAD_REQUEST,
        "InvalidConsentCode",
        "The consent code is unknown, was already used or has expired: it can be used once, within five minutes, and not after \
         a change of the connection or its API. Request a new consent link.",
    )
}

fn check(
    call: &ControlCall,
    confirmation: &Confirmation,
    redeemed: Option<Redeemed>,
) -> Result<Redeemed, ArmRefusal> {
    if confirmation.tenant_id != call.tenant {
        return Err(ArmRefusal::forbidden(
            "tenantId is not the tenant for which the consent link was issued.",
        ));
    }
    let redeemed = redeemed.filter(|redeemed| call.now < redeemed.code_expires).ok_or_else(unusable)?;
    if redeemed.object_id != confirmation.object_id {
        return Err(ArmRefusal::forbidden("objectId is not the user for whom the consent link was issued."));
    }
    if call.caller.is_user() && call.caller.oid != redeemed.object_id {
        return Err(ArmRefusal::forbidden(
            "Only the user for whom the consent link was issued can confirm its code.",
        ));
    }
    Ok(redeemed)
}

async fn read_resource(
    hub: &Hub,
    call: &ControlCall,
    connection: &Connection,
) -> Result<Json<Value>, ArmRefusal> {
    let found = storage::find(&hub.chassis.store, call.tenant, connection.id).await?;
    let (connection, _) = found.ok_or_else(unusable)?;
    let connector = hub.connector_of(&connection).await?;
    Ok(Json(hub.shown(&connection, &connector)))
}
