//! Event streams: which API receives security events, at which endpoint, and with what delay. They
//! are part of the tenant's description, or created by `/_lab/tenants/{t}/event-streams[/{client
//! id}]`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{ClientId, Span, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use outlive_wire::tenant::EventStreamSpec;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::event_stream;
use crate::idp::Idp;

#[derive(Debug, Clone, Serialize)]
pub(super) struct EventStream {
    pub(super) client_id: ClientId,
    #[serde(flatten)]
    pub(super) set: EventStreamSpec,
}

fn stream_of(row: &Row) -> Result<EventStream, StoreError> {
    let set =
        EventStreamSpec { endpoint: row.text("endpoint")?, delay: Span::from_micros(row.int("delay_us")?) };
    Ok(EventStream { client_id: row.parse("client_id")?, set })
}

pub(super) async fn streams(store: &Store, tenant: TenantId) -> Result<Vec<EventStream>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT client_id, endpoint, delay_us FROM event_streams WHERE tenant = $1 ORDER BY client_id",
            tenant
        ))
        .await?;
    rows.iter().map(stream_of).collect()
}

/// `GET /_lab/tenants/{t}/event-streams`: the streams, with the number of waiting events.
pub(crate) async fn show(State(idp): State<Idp>, Path(tenant): Path<String>) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?.id;
    let store = &idp.chassis.store;
    let mut shown = Vec::new();
    for stream in streams(store, tenant).await? {
        let mut object = json!(stream);
        object["waiting"] = json!(super::queue::waiting(store, tenant, stream.client_id).await?);
        shown.push(object);
    }
    Ok(Json(json!({"streams": shown})))
}

/// `PUT /_lab/tenants/{t}/event-streams/{client id}`: creates or changes a stream. Waiting events
/// are sent to the new endpoint.
pub(crate) async fn set(
    State(idp): State<Idp>,
    Path((tenant, client)): Path<(String, String)>,
    body: Result<Json<EventStreamSpec>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(spec) = body?;
    let tenant = idp.lab_tenant(&tenant).await?.id;
    let client = application(&idp, tenant, &client).await?;
    let mut change = Change::from(delete(tenant, client));
    change.add(event_stream::insert(&spec, tenant, client)?);
    idp.chassis.store.commit(change).await?;
    Ok(Json(json!(EventStream { client_id: client, set: spec })))
}

/// `DELETE /_lab/tenants/{t}/event-streams/{client id}`: deletes a stream and its waiting events.
pub(crate) async fn remove(
    State(idp): State<Idp>,
    Path((tenant, client)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?.id;
    let client = application(&idp, tenant, &client).await?;
    let mut change = Change::from(delete(tenant, client));
    change.add(sql!("DELETE FROM security_events WHERE tenant = $1 AND client_id = $2", tenant, client));
    idp.chassis.store.commit(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn delete(tenant: TenantId, client: ClientId) -> Statement {
    sql!("DELETE FROM event_streams WHERE tenant = $1 AND client_id = $2", tenant, client)
}

async fn application(idp: &Idp, tenant: TenantId, client: &str) -> Result<ClientId, Problem> {
    let unknown = || Problem::not_found("ApplicationNotFound", "There is no such application in the tenant.");
    let client = client.parse::<ClientId>().ok().ok_or_else(unknown)?;
    Ok(idp.directory.application(tenant, client).await?.ok_or_else(unknown)?.client_id)
}
