//! `listConsentLinks`: where somebody signs in for a connection.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use http::StatusCode;
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_tokens::SealedToken;
use outlive_wire::events::ConsentLinkIssued;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::access::{self, Wish};
use super::{ResourcePath, unstored};
use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, JsonBody};
use crate::connection::{Connection, Status};
use crate::connector::Authentication;
use crate::consent::{self, ATTEMPTS_MAX, Attempt, LINK_LIFETIME, LoginLink};

#[derive(Deserialize)]
struct Wanted {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    parameter_name: Option<String>,
    redirect_url: Option<String>,
    object_id: Option<Uuid>,
    tenant_id: Option<TenantId>,
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<impl IntoResponse, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Wish::Use).await?;
    let connector = hub.connector_of(&connection).await?;
    let Authentication::OAuth { parameter, .. } = &connector.properties.authentication else {
        return Ok(unstored(json!({"value": []})));
    };
    let wanted = body.read::<Wanted>()?;
    let [wanted] = wanted.parameters.as_slice() else {
        return Err(ArmRefusal::invalid(
            "parameters must name exactly one parameter: the connector has one.",
        ));
    };
    if wanted.parameter_name.as_ref().is_some_and(|name| name != parameter) {
        return Err(ArmRefusal::invalid(format!("parameters[0].parameterName must be '{parameter}'.")));
    }
    if wanted.tenant_id.is_some_and(|tenant| tenant != call.tenant) {
        return Err(ArmRefusal::invalid("parameters[0].tenantId is of another tenant."));
    }
    let redirect_url = wanted
        .redirect_url
        .as_deref()
        .and_then(|url| consent::return_url(url, &hub.config.return_origins))
        .ok_or_else(|| {
            ArmRefusal::invalid(
                "parameters[0].redirectUrl must be an http or https URL on this machine (127.0.0.1, localhost) or at a \
                 registered origin.",
            )
        })?;
    let object_id = wanted.object_id.unwrap_or(call.caller.oid);
    let link = issue(&hub, &call, &connection, object_id, redirect_url.into()).await?;
    let status = match connection.status {
        Status::Connected => "Authenticated",
        Status::Unauthenticated(_) => "Unauthenticated",
        Status::Unauthorized(_) => "Error",
    };
    Ok(unstored(json!({
        "value": [{"link": link, "displayName": connector.display_name, "status": status}],
    })))
}

async fn issue(
    hub: &Hub,
    call: &ControlCall,
    connection: &Connection,
    object_id: Uuid,
    redirect_url: String,
) -> Result<String, ArmRefusal> {
    let open = consent::open_attempts(&hub.chassis.store, call.tenant, connection.id, call.now).await?;
    if open >= ATTEMPTS_MAX {
        return Err(ArmRefusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "The connection has too many links open; wait until some have expired (ten minutes).",
        ));
    }
    let attempt = Attempt::new(
        hub.random(call.tenant, "consent-attempt").uuid(),
        connection.id,
        object_id,
        redirect_url,
        call.now + LINK_LIFETIME,
    );
    // An attempt may go on for a while after its link has expired; what is an hour past that is over.
    let over = call.now - LINK_LIFETIME * 6;
    let mut change = Change::from(consent::delete_all_of(call.tenant, connection.id, over));
    change.add(consent::insert(call.tenant, &attempt));
    let payload = ConsentLinkIssued {
        attempt: attempt.id,
        object_id: attempt.object_id,
        expires: attempt.link_expires,
        caller: call.caller.oid,
    };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    let data = LoginLink { tenant: call.tenant, attempt: attempt.id }
        .seal(&hub.chassis.sealer, &mut hub.random(call.tenant, "seal-login-link"));
    Ok(format!("{}/login?data={data}", hub.origin()))
}
