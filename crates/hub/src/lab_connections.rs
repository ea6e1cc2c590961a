//! `GET /_lab/tenants/{tenant}/connections`: the connections of a tenant and what each stores. Only
//! the lab reads it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_tokens::{Secret, fingerprint};
use outlive_wire::{ConnectionSignIn, HeldConnection, HeldConnections};

use crate::Hub;
use crate::connection::{Connection, access_list, storage};
use crate::connector::{Authentication, Connector, StaticCredential, static_credentials};
use crate::credential::{self, Tokens};

/// The maximum number of connections in a response.
const CONNECTIONS_MAX: usize = 200;

/// The maximum number of users with whom a connection is shared in a response.
const SHARED_WITH_MAX: usize = 20;

/// Lists connections by group and name.
pub(crate) async fn list(
    State(hub): State<Arc<Hub>>,
    Path(tenant): Path<String>,
) -> Result<Json<HeldConnections>, Problem> {
    let unknown = || Problem::not_found("TenantNotFound", "There is no such tenant here.");
    let tenant: TenantId = tenant.parse().ok().ok_or_else(unknown)?;
    hub.chassis.clocks.now(tenant).await?;
    let first = (String::new(), String::new());
    let limit = i64::try_from(CONNECTIONS_MAX + 1).unwrap_or(i64::MAX);
    let mut rows = storage::list(&hub.chassis.store, tenant, None, None, &first, limit).await?;
    let has_more = rows.len() > CONNECTIONS_MAX;
    rows.truncate(CONNECTIONS_MAX);
    let shared = access_list::shared_in(&hub.chassis.store, tenant).await?;
    let mut connections = Vec::with_capacity(rows.len());
    for connection in rows {
        let connector = hub.connector_of(&connection).await?;
        let expires = storage::access_token_expiry(&hub.chassis.store, tenant, connection.id).await?;
        let with = shared.iter().filter(|(id, _)| *id == connection.id).take(SHARED_WITH_MAX);
        connections.push(HeldConnection {
            access_token_expires: expires,
            shared_with: with.map(|(_, user)| user.clone()).collect(),
            ..held(&hub, &connection, &connector)
        });
    }
    Ok(Json(HeldConnections { connections, has_more }))
}

/// Describes a connection, without the expiry of its access token and without those it is shared
/// with.
fn held(hub: &Hub, connection: &Connection, connector: &Connector) -> HeldConnection {
    let sealer = &hub.chassis.sealer;
    let status = connection.shown_status(connector, sealer);
    let purpose = credential::storage::purpose(connection.tenant, connection.id);
    let tokens = connection.tokens_sealed.as_ref().and_then(|sealed| Tokens::open(sealer, &purpose, sealed));
    let (sign_in, secret_parameter) = sign_in(connector);
    let name_of = |secret: &Secret| fingerprint(secret.expose());
    HeldConnection {
        id: connection.id.to_string(),
        name: connection.name.clone(),
        group: connection.group.clone(),
        display_name: connection.display_name.clone(),
        connector: connection.connector.to_string(),
        owner: connection.owner.to_string(),
        shared_with: Vec::new(),
        account: connection.authenticated_user.clone(),
        enabled: connection.enabled,
        status: status.overall().to_owned(),
        message: status.message().map(str::to_owned),
        sign_in,
        secret_parameter,
        refresh_token: tokens.as_ref().and_then(|tokens| tokens.refresh.as_ref()).map(name_of),
        access_token: tokens.as_ref().map(|tokens| name_of(&tokens.access)),
        access_token_expires: None,
        created: connection.created,
        changed: connection.changed,
    }
}

/// How connections of a connector authenticate, and the parameter with the secret that they store.
fn sign_in(connector: &Connector) -> (ConnectionSignIn, Option<String>) {
    match &connector.properties.authentication {
        Authentication::OAuth { .. } => (ConnectionSignIn::OAuth, None),
        Authentication::ManagedIdentity { .. } => (ConnectionSignIn::ManagedIdentity, None),
        Authentication::None => {
            let sent = static_credentials(&connector.swagger.security, &connector.properties.parameters);
            match sent.first() {
                Some(StaticCredential::Basic { password, .. }) => {
                    (ConnectionSignIn::Password, Some((*password).to_owned()))
                }
                Some(StaticCredential::Key { parameter, .. }) => {
                    (ConnectionSignIn::Key, Some((*parameter).to_owned()))
                }
                None => (ConnectionSignIn::None, None),
            }
        }
    }
}
