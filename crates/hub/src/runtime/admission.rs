//! Who may make a call through a connection.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use outlive_chassis::{ClockError, Problem, Trace};
use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_journal::Event;
use outlive_tokens::{Hs256Refusal, peek_tenant, verify_hs256};
use outlive_wire::Subject;
use outlive_wire::events::RuntimeRefused;
use uuid::Uuid;

use super::refusal::RuntimeRefusal;
use crate::Hub;
use crate::arm::{LOCATION, authenticate, credentials};
use crate::connection::{Connection, KeyClaims, Principal, access_list, american_date, key_purpose, storage};
use crate::connector::Connector;
use crate::credential::Credential;

/// A call that may be made, with all that is needed to make it.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) connection: Connection,
    pub(crate) credential: Option<Credential>,
    pub(crate) connector: Arc<Connector>,
    /// On whose behalf: what the access list names.
    pub(crate) principal: Principal,
    /// The object id of whoever calls.
    pub(crate) caller: Uuid,
    /// The tenant's time.
    pub(crate) now: Instant,
}

/// Admits a call, or writes down why not.
pub(super) async fn admit(
    hub: &Hub,
    api: &str,
    id: ConnectionId,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    trace: &Trace,
) -> Result<Admitted, RuntimeRefusal> {
    let tenant =
        ["Key", "Bearer"].into_iter().find_map(|scheme| credentials(headers, scheme)).and_then(peek_tenant);
    let refusal = match decide(hub, api, id, headers, tenant, trace).await {
        Ok(admitted) => return Ok(admitted),
        Err(refusal) => refusal,
    };
    // The memory of a tenant holds what concerns it: a call that names none, or none that exists, leaves no line.
    if let Some(tenant) = tenant
        && let Ok(now) = hub.chassis.clocks.now(tenant).await
    {
        let payload = RuntimeRefused {
            caller: None,
            method: method.as_str().to_owned(),
            path: shown(path),
            operation: None,
            access_token: None,
            challenged: None,
            status: refusal.status.as_u16(),
            why: refusal.message.clone(),
        };
        let event = Event::new(tenant, now, Subject::connection(id), trace, payload);
        hub.chassis.journal.append(&event).await?;
    }
    Err(refusal)
}

/// A path as journals show it.
pub(super) fn shown(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/').chars().take(500).collect::<String>())
}

async fn decide(
    hub: &Hub,
    api: &str,
    id: ConnectionId,
    headers: &HeaderMap,
    tenant: Option<TenantId>,
    trace: &Trace,
) -> Result<Admitted, RuntimeRefusal> {
    let load = |tenant| storage::with_credential(&hub.chassis.store, tenant, id);
    let (principal, caller, now, loaded) = if let Some(key) = credentials(headers, "Key") {
        let tenant = tenant.ok_or_else(|| bad_key(None))?;
        let now = match hub.chassis.clocks.now(tenant).await {
            Ok(now) => now,
            Err(ClockError::UnknownTenant(_)) => return Err(bad_key(None)),
            Err(error) => return Err(Problem::from(error).into()),
        };
        let loaded = load(tenant).await?;
        let (connection, _) = loaded.as_ref().ok_or_else(|| bad_key(None))?;
        let claims = verify_key(hub, connection, key, now)?;
        (claims.principal, claims.oid, now, loaded)
    } else {
        let caller = authenticate(hub, headers, trace).await.map_err(|refusal| {
            let challenge = refusal.challenge().cloned();
            RuntimeRefusal::token_exchange(refusal.status(), refusal.message())
                .with_challenge(challenge.as_ref())
        })?;
        (Principal::Object(caller.oid), caller.oid, caller.now, load(caller.tenant).await?)
    };
    let (connection, credential) = loaded
        .filter(|(connection, _)| connection.connector.as_str().eq_ignore_ascii_case(api))
        .ok_or_else(RuntimeRefusal::not_found)?;
    check_access(hub, &connection, &principal).await?;
    if !connection.enabled {
        return Err(RuntimeRefusal::token_exchange(
            StatusCode::FORBIDDEN,
            "The connection is disabled so it cannot be used.",
        ));
    }
    let connector = hub.connector_of(&connection).await?;
    Ok(Admitted { connection, credential, connector, principal, caller, now })
}

fn bad_key(why: Option<String>) -> RuntimeRefusal {
    let why = why.unwrap_or_else(|| "Token must be a valid JWT signed with HS256".to_owned());
    RuntimeRefusal::token_exchange(
        StatusCode::UNAUTHORIZED,
        format_args!("Bad Key authorization token. {why}"),
    )
}

fn verify_key(
    hub: &Hub,
    connection: &Connection,
    token: &str,
    now: Instant,
) -> Result<KeyClaims, RuntimeRefusal> {
    let purpose = key_purpose(connection.tenant, connection.id);
    let key = hub.chassis.sealer.open(&purpose, &connection.key_sealed).ok_or_else(|| {
        tracing::error!(connection = %connection.id, "a connection's key cannot be opened: was the sealing key changed?");
        Problem::unavailable()
    })?;
    let claims: KeyClaims = verify_hs256(&key, token).map_err(|_: Hs256Refusal| bad_key(None))?;
    if claims.tid != connection.tenant || claims.con != connection.id {
        return Err(bad_key(None));
    }
    if claims.is_expired(now) {
        return Err(bad_key(Some(format!(
            "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '{}', Current time (UTC): '{}'.",
            american_date(Instant::from_seconds(claims.exp)),
            american_date(now)
        ))));
    }
    Ok(claims)
}

async fn check_access(
    hub: &Hub,
    connection: &Connection,
    principal: &Principal,
) -> Result<(), RuntimeRefusal> {
    if matches!(principal, Principal::Object(id) if *id == connection.owner)
        || access_list::names(&hub.chassis.store, connection.tenant, connection.id, principal).await?
    {
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
