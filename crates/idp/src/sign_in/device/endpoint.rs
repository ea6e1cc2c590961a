//! The device authorization endpoint: `POST /{tenant}/oauth2/v2.0/devicecode`, and the same on
//! v1.0.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, PRAGMA};
use outlive_clock::ClientId;
use outlive_journal::Event;
use outlive_rules::scopes::ScopeRequest;
use outlive_rules::{DeviceDecision, aadsts, lifetimes};
use outlive_store::Change;
use outlive_tokens::{SealedToken, TokenVersion, fingerprint};
use outlive_wire::Subject;
use outlive_wire::events::{DeviceCodeIssued, IssuedCode};
use serde_json::{Value, json};

use super::user_code;
use crate::access::scopes::{ResolveError, resolve};
use crate::directory::{Application, Tenant};
use crate::protocol::refusal::Refusal;
use crate::token::device_code::{DeviceCode, SealedDeviceCode, delete_expired};
use crate::token::find_client;
use crate::visit::Visit;

/// How many user codes are generated until one is unused.
const DRAWS: usize = 8;

/// The page on which the user enters the code. `common`: the code determines the tenant.
pub(crate) const PAGE: &str = "/common/oauth2/deviceauth";

pub(crate) async fn device_code(visit: Visit, endpoint: TokenVersion) -> Response {
    match issue(&visit, endpoint).await {
        Ok(body) => {
            ([(CACHE_CONTROL, "no-store, no-cache"), (PRAGMA, "no-cache")], Json(body)).into_response()
        }
        Err(refusal) => refusal.token_response(&visit.request_details().await),
    }
}

async fn issue(visit: &Visit, endpoint: TokenVersion) -> Result<Value, Refusal> {
    let Visit { idp, segment, parameters: form, .. } = visit;
    if let Some(name) = form.duplicated() {
        return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name));
    }
    let client_id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let tenant = idp.tenant(segment, client_id.parse::<ClientId>().ok()).await?;
    let client = find_client(idp, &tenant, client_id).await?;
    if !client.enabled {
        return Err(Refusal::new(aadsts::CLIENT_DISABLED).with_client(client.client_id, &client.name));
    }
    let asked = match endpoint {
        TokenVersion::V1 => {
            ScopeRequest::of_resource(form.get("resource").ok_or_else(|| Refusal::missing("resource"))?)
        }
        TokenVersion::V2 => {
            let scope = form.get("scope").filter(|scope| !scope.trim().is_empty());
            ScopeRequest::parse(scope.ok_or_else(|| Refusal::missing("scope"))?)?
        }
    };
    resolve(&idp.directory, tenant.id, &asked).await.map_err(ResolveError::at_token)?;
    let (device_code, user_code) = store(visit, &tenant, &client, asked).await?;
    Ok(body(&format!("{}{PAGE}", visit.origin.0), &device_code, &user_code, endpoint))
}

/// Stores a new device code, and returns it with the user code.
async fn store(
    visit: &Visit,
    tenant: &Tenant,
    client: &Application,
    asked: ScopeRequest,
) -> Result<(String, String), Refusal> {
    let chassis = &visit.idp.chassis;
    let now = visit.idp.now(tenant.id).await?;
    let random = chassis.random.of(tenant.id);
    let code = DeviceCode {
        tenant: tenant.id,
        id: random.stream("device-code-id").uuid(),
        client_id: client.client_id,
        asked: asked.into(),
        issued_at: now,
        decision: DeviceDecision::Pending,
        approval: None,
        redeemed_at: None,
    };
    let sealed = SealedDeviceCode { tenant: code.tenant, id: code.id };
    let device_code =
        sealed.seal_in(tenant.id, tenant.keys.sealer(), &mut random.stream("device-code-nonce"));
    let issued = DeviceCodeIssued {
        client_id: client.client_id,
        client_name: client.name.clone(),
        device_code: IssuedCode { id: code.id, fingerprint: Some(fingerprint(&device_code)) },
        good_until: now + lifetimes::DEVICE_CODE,
    };
    let event = Event::new(tenant.id, now, Subject::client(client.client_id), &visit.trace, issued);
    for _ in 0..DRAWS {
        let user_code = user_code::generate(&mut random.stream("user-code"));
        let mut change = Change::from(delete_expired(tenant.id, now));
        change.add(code.insert(&visit.idp.secrets.user_code_hash(&user_code)));
        change.append(chassis.journal.entry(&event));
        match chassis.store.commit(change).await {
            Ok(()) => return Ok((device_code, user_code)),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::new(aadsts::SERVICE_UNAVAILABLE))
}

/// On v1.0, numbers are strings, and the page has another name.
fn body(page: &str, device_code: &str, user_code: &str, endpoint: TokenVersion) -> Value {
    let (lives, interval) =
        (lifetimes::DEVICE_CODE.as_seconds(), lifetimes::DEVICE_POLL_INTERVAL.as_seconds());
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
    );
    match endpoint {
        TokenVersion::V1 => json!({
            "user_code": user_code, "device_code": device_code, "verification_url": page,
            "expires_in": lives.to_string(), "interval": interval.to_string(), "message": message,
        }),
        TokenVersion::V2 => json!({
            "user_code": user_code, "device_code": device_code, "verification_uri": page,
            "expires_in": lives, "interval": interval, "message": message,
        }),
    }
}
