//! `listConnectionKeys`: issues a `Key` token for the runtime.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use outlive_clock::Span;
use outlive_store::Change;
use outlive_tokens::{fingerprint, sign_hs256};
use outlive_wire::events::ConnectionKeyIssued;
use serde_json::{Value, json};

use super::access::{self, Right};
use super::no_store::no_store;
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, Mistakes};
use crate::connection::{KeyClaims, Principal, key_purpose, runtime_url, storage};

const VALIDITY: Span = Span::from_days(7);
const VALIDITY_MAX: Span = Span::from_days(365);

struct Requested {
    validity: Span,
    principal: Option<Principal>,
}

/// Reads the body. The schema nests its members in `properties`; clients also send them outside.
fn read(body: JsonBody) -> Result<Requested, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let nested = members.object("properties", &mut mistakes);
    let (mut validity, mut principal) = (None, None);
    for mut members in [Some(members), nested].into_iter().flatten() {
        if let Some(given) = members.value("validityTimeSpan") {
            let at = members.path("validityTimeSpan");
            match span(&given) {
                Some(_) if validity.is_some() => mistakes.add(&at, "it is given twice"),
                Some(span) => validity = Some(span),
                None => mistakes
                    .add(&at, "it must be a number of days or [d.]hh:mm:ss, from one second to 365 days"),
            }
        }
        if let Some(given) = members.text("workflowId", &mut mistakes) {
            let at = members.path("workflowId");
            match Principal::workflow(&given) {
                Ok(_) if principal.is_some() => mistakes.add(&at, "it is given twice"),
                Ok(workflow) => principal = Some(workflow),
                Err(_) => mistakes.add(&at, "it is not a flow's id"),
            }
        }
        if let Some(object) = members.parsed("objectId", "the object id of a user", &mut mistakes) {
            let at = members.path("objectId");
            match principal {
                Some(_) => mistakes.add(&at, "a key is for one principal: give objectId or workflowId, once"),
                None => principal = Some(Principal::Object(object)),
            }
        }
        members.end(&mut mistakes);
    }
    mistakes.into_result()?;
    Ok(Requested { validity: validity.unwrap_or(VALIDITY), principal })
}

fn span(given: &Value) -> Option<Span> {
    let span = match given {
        // More days than a span can have are too many anyway.
        Value::Number(days) => days.as_i64().filter(|days| *days <= 1_000).map(Span::from_days),
        Value::String(text) => Span::from_dotnet(text),
        _ => None,
    };
    span.filter(|span| (Span::from_seconds(1)..=VALIDITY_MAX).contains(span))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<impl IntoResponse, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    let Requested { validity, principal } = read(body)?;
    let (connection, principal) = match principal {
        None => {
            let usable = access::connection(&hub, &call, &path.group, &path.name, Right::Use).await?;
            (usable, Principal::Object(call.caller.oid))
        }
        Some(_) if !call.caller.acts_for_flows() => {
            return Err(ArmRefusal::forbidden(
                "Only an application with the role 'Flows.Act' can request a key for a workflow or a user.",
            ));
        }
        Some(principal) => {
            // The key says which flow calls, or for which user a flow calls. Each call checks
            // whether that principal has access, so that removed access has one error, recorded in
            // the journal.
            (connection, principal)
        }
    };
    let purpose = key_purpose(call.tenant, connection.id);
    let mut change = Change::new();
    let key = match hub.chassis.sealer.open(&purpose, &connection.key_sealed) {
        Some(key) => key,
        // What it signed is not accepted any more, so another one takes its place.
        None => {
            let key: [u8; 32] = hub.random(call.tenant, "connection-key").bytes();
            let mut stream = hub.random(call.tenant, "seal-connection-key");
            change
                .add(storage::replace_key(&connection, hub.chassis.sealer.seal(&purpose, &key, &mut stream)));
            key.to_vec()
        }
    };
    let now = call.now.as_seconds();
    let expires = call.now + validity;
    let claims = KeyClaims {
        tid: call.tenant,
        con: connection.id,
        principal,
        oid: call.caller.oid,
        iat: now,
        nbf: now,
        exp: expires.as_seconds(),
        jti: hub.random(call.tenant, "connection-key-id").uuid().to_string(),
    };
    let token = sign_hs256(&key, &claims);
    let payload = ConnectionKeyIssued {
        principal: claims.principal.to_string(),
        expires: expires.whole_second(),
        key: fingerprint(&token),
        caller: call.caller.oid,
    };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    let url = runtime_url(&connection, hub.origin());
    Ok(no_store(json!({
        "connectionKey": token,
        "runtimeUrl": url,
        "parameterValues": {"connectionRuntimeUrl": url},
    })))
}
