//! `listConnectionKeys`: issues a `Key` token for the runtime.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use outlive_chassis::Problem;
use outlive_clock::Span;
use outlive_tokens::{fingerprint, sign_hs256};
use outlive_wire::events::ConnectionKeyIssued;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{self, Right};
use super::no_store::no_store;
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, JsonBody};
use crate::connection::{KeyClaims, Principal, key_purpose, runtime_url};

const VALIDITY: Span = Span::from_days(7);
const VALIDITY_MAX: Span = Span::from_days(365);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RequestBody {
    validity_time_span: Option<Value>,
    workflow_id: Option<String>,
    /// The schema nests the same members here.
    properties: Option<Box<RequestBody>>,
}

impl RequestBody {
    fn validity(&self) -> Result<Span, ArmRefusal> {
        let span = match &self.validity_time_span {
            None | Some(Value::Null) => Some(VALIDITY),
            Some(Value::Number(days)) => days.as_i64().map(Span::from_days),
            Some(Value::String(text)) => Span::from_dotnet(text),
            Some(_) => None,
        };
        span.filter(|span| (Span::from_seconds(1)..=VALIDITY_MAX).contains(span)).ok_or_else(|| {
            ArmRefusal::invalid(
                "validityTimeSpan must be a number of days or [d.]hh:mm:ss, from one second to 365 days.",
            )
        })
    }
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<impl IntoResponse, ArmRefusal> {
    let mut request = body.read::<RequestBody>()?;
    if let Some(nested) = request.properties.take() {
        request.validity_time_span = request.validity_time_span.or(nested.validity_time_span);
        request.workflow_id = request.workflow_id.or(nested.workflow_id);
    }
    let validity = request.validity()?;
    let (connection, principal) = match &request.workflow_id {
        None => {
            let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Use).await?;
            (connection, Principal::Object(call.caller.oid))
        }
        Some(_) if !call.caller.acts_for_flows() => {
            return Err(ArmRefusal::forbidden(
                "Only an application with the role 'Flows.Act' can request a key for a workflow.",
            ));
        }
        Some(workflow) => {
            let principal = Principal::workflow(workflow)
                .map_err(|error| ArmRefusal::invalid("workflowId is not a flow's id.").caused_by(error))?;
            // The key says which flow calls. Each call checks whether that flow has access, so that
            // removed access has one error, recorded in the journal.
            (access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?, principal)
        }
    };
    let purpose = key_purpose(call.tenant, connection.id);
    let key = hub.chassis.sealer.open(&purpose, &connection.key_sealed).ok_or_else(|| {
        Problem::unavailable().caused_by("cannot unseal a connection's key; the sealing key may have changed")
    })?;
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
    hub.chassis.journal.append(&call.event(connection.subject(), payload)).await?;
    let url = runtime_url(&connection, hub.origin());
    Ok(no_store(json!({
        "connectionKey": token,
        "runtimeUrl": url,
        "parameterValues": {"connectionRuntimeUrl": url},
    })))
}
