//! Authenticates and authorizes calls through a connection.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use outlive_chassis::{ClockError, Problem, Trace};
use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_journal::Event;
use outlive_tokens::{Hs256Refusal, credentials, has_scheme, peek_tenant, verify_hs256};
use outlive_wire::Subject;
use outlive_wire::events::RuntimeRefused;
use uuid::Uuid;

use super::loaded::Loaded;
use super::refusal::RuntimeRefusal;
use crate::Hub;
use crate::arm::{Caller, ControlCall, LOCATION, authenticate};
use crate::connection::{KeyClaims, Principal, access_list, american_date};
use crate::connector::Connector;
use crate::credential::Assertion;

/// An authorized call, with everything it needs.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) connector: Arc<Connector>,
    /// The principal, as in the access list.
    pub(crate) principal: Principal,
    /// The object id of the caller.
    pub(crate) caller: Uuid,
    /// The token of a user who calls.
    pub(crate) assertion: Option<Assertion>,
    pub(crate) now: Instant,
}

impl Admitted {
    fn by(mut self, caller: &Caller) -> Self {
        self.assertion =
            caller.is_user().then(|| Assertion { token: caller.token.clone(), caller: caller.oid });
        self
    }
}

/// Admits a call, or records why not.
pub(super) async fn admit(
    hub: &Hub,
    api: &str,
    id: ConnectionId,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    trace: &Trace,
) -> Result<Admitted, RuntimeRefusal> {
    let token = ["Key", "Bearer"].into_iter().find_map(|scheme| credentials(headers, scheme).ok());
    let tenant = token.and_then(peek_tenant);
    let refusal = match authorize(hub, api, id, headers, tenant, trace).await {
        Ok(admitted) => return Ok(admitted),
        Err(refusal) => refusal,
    };
    // A call without a tenant, or with an unknown one, is in no tenant's journal.
    if let Some(tenant) = tenant
        && let Ok(now) = hub.chassis.clocks.now(tenant).await
    {
        let payload = refused(None, method, path, &refusal);
        let event = Event::new(tenant, now, Subject::connection(id), trace, payload);
        hub.chassis.journal.append(&event).await?;
    }
    Err(refusal)
}

/// Admits a call that the control plane makes for a caller with access, or records why not.
pub(super) async fn admit_control_call(
    hub: &Hub,
    loaded: Arc<Loaded>,
    call: &ControlCall,
    method: &Method,
    path: &str,
) -> Result<Admitted, RuntimeRefusal> {
    let (subject, oid) = (loaded.connection().subject(), call.caller.oid);
    let principal = Principal::Object(oid);
    let refusal = match admit_with_access(hub, loaded, principal.clone(), oid, call.now).await {
        Ok(admitted) => return Ok(admitted.by(&call.caller)),
        Err(refusal) => refusal,
    };
    let payload = refused(Some(principal.to_string()), method, path, &refusal);
    hub.chassis.journal.append(&call.event(subject, payload)).await?;
    Err(refusal)
}

fn refused(caller: Option<String>, method: &Method, path: &str, refusal: &RuntimeRefusal) -> RuntimeRefused {
    RuntimeRefused {
        caller,
        method: method.as_str().to_owned(),
        path: recorded_path(path),
        operation: None,
        access_token: None,
        challenged: None,
        status: refusal.status.as_u16(),
        why: refusal.message.clone(),
    }
}

/// The path as recorded in the journal.
pub(super) fn recorded_path(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/').chars().take(500).collect::<String>())
}

async fn authorize(
    hub: &Hub,
    api: &str,
    id: ConnectionId,
    headers: &HeaderMap,
    tenant: Option<TenantId>,
    trace: &Trace,
) -> Result<Admitted, RuntimeRefusal> {
    let load = |tenant| hub.load(tenant, id);
    let mut user = None;
    let (principal, caller, now, loaded) = if has_scheme(headers, "Key") {
        // A missing key and a malformed one get the same response.
        let key = credentials(headers, "Key").map_err(|error| bad_key(None).caused_by(error))?;
        let tenant = tenant.ok_or_else(|| bad_key(None))?;
        let now = match hub.chassis.clocks.now(tenant).await {
            Ok(now) => now,
            Err(ClockError::UnknownTenant(_)) => return Err(bad_key(None)),
            Err(error) => return Err(Problem::from(error).into()),
        };
        let loaded = load(tenant).await?;
        let claims = verify_key(hub, loaded.as_ref().ok_or_else(|| bad_key(None))?, key, now)?;
        (claims.principal, claims.oid, now, loaded)
    } else {
        let caller = Box::pin(authenticate(hub, headers, trace)).await;
        let caller = caller.map_err(|refusal| RuntimeRefusal::unauthenticated(&refusal))?;
        let by = (Principal::Object(caller.oid), caller.oid, caller.now, load(caller.tenant).await?);
        user = Some(caller);
        by
    };
    let loaded = loaded
        .filter(|loaded| loaded.connection().connector.as_str().eq_ignore_ascii_case(api))
        .ok_or_else(RuntimeRefusal::not_found)?;
    check_access(hub, &loaded, &principal).await?;
    let admitted = admit_with_access(hub, loaded, principal, caller, now).await?;
    Ok(match user {
        Some(user) => admitted.by(&user),
        None => admitted,
    })
}

/// Admits the call of an authenticated caller with access to the connection.
async fn admit_with_access(
    hub: &Hub,
    loaded: Arc<Loaded>,
    principal: Principal,
    caller: Uuid,
    now: Instant,
) -> Result<Admitted, RuntimeRefusal> {
    let connection = loaded.connection();
    if !connection.enabled {
        return Err(RuntimeRefusal::token_exchange(
            StatusCode::FORBIDDEN,
            "The connection is disabled so it cannot be used.",
        ));
    }
    loaded.values(&hub.chassis.sealer)?;
    let connector = hub.connector_for_call(&loaded).await?;
    // What follows was checked for an earlier call, and neither of them has changed since.
    if loaded.is_complete_for(&connector) {
        return Ok(Admitted { loaded, connector, principal, caller, assertion: None, now });
    }
    if let Some(why) = connector.unusable() {
        return Err(RuntimeRefusal::new(StatusCode::BAD_REQUEST, why));
    }
    if let Some(why) = connection.disagreement(&connector) {
        return Err(RuntimeRefusal::new(StatusCode::UNAUTHORIZED, why));
    }
    Ok(Admitted { loaded, connector, principal, caller, assertion: None, now })
}

fn bad_key(why: Option<String>) -> RuntimeRefusal {
    let why = why.unwrap_or_else(|| "Token must be a valid JWT signed with HS256".to_owned());
    RuntimeRefusal::token_exchange(
        StatusCode::UNAUTHORIZED,
        format_args!("Bad Key authorization token. {why}"),
    )
}

fn verify_key(hub: &Hub, loaded: &Loaded, token: &str, now: Instant) -> Result<KeyClaims, RuntimeRefusal> {
    let claims = match loaded.verified(token) {
        Some(claims) => claims,
        None => {
            let claims = verify_signature(hub, loaded, token)?;
            loaded.remember_verified(token, &claims);
            claims
        }
    };
    if claims.is_expired(now) {
        return Err(bad_key(Some(format!(
            "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '{}', Current time (UTC): '{}'.",
            american_date(Instant::from_seconds(claims.exp)),
            american_date(now)
        ))));
    }
    Ok(claims)
}

/// Verifies that the hub signed the token for this connection.
fn verify_signature(hub: &Hub, loaded: &Loaded, token: &str) -> Result<KeyClaims, RuntimeRefusal> {
    let key = loaded.key(&hub.chassis.sealer).ok_or_else(|| {
        let why = "The key with which the hub signed it cannot be opened any more. Request another token.";
        bad_key(Some(why.to_owned()))
    })?;
    let claims: KeyClaims =
        verify_hs256(key, token).map_err(|error: Hs256Refusal| bad_key(None).caused_by(error))?;
    if claims.tid != loaded.connection().tenant || claims.con != loaded.connection().id {
        return Err(bad_key(None));
    }
    Ok(claims)
}

async fn check_access(hub: &Hub, loaded: &Loaded, principal: &Principal) -> Result<(), RuntimeRefusal> {
    let connection = loaded.connection();
    if matches!(principal, Principal::Object(id) if *id == connection.owner) || loaded.is_granted(principal) {
        return Ok(());
    }
    if access_list::contains(&hub.chassis.store, connection.tenant, connection.id, principal).await? {
        loaded.remember_granted(principal);
        return Ok(());
    }
    let name = format!("{LOCATION}/{}/{}", connection.connector, connection.id.uuid().simple());
    Err(match principal {
        Principal::Object(_) => RuntimeRefusal::token_exchange(
            StatusCode::FORBIDDEN,
            format_args!("User is not allowed to access connection {name}"),
        ),
        Principal::Workflow(_) => RuntimeRefusal::token_exchange(
            StatusCode::FORBIDDEN,
            format_args!(
                "Permission denied due to missing connection ACL: Connection {principal} is not allowed to access \
                 connection connection={name}"
            ),
        ),
    })
}
