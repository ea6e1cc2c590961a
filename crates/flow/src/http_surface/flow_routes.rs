//! `…/flows` and `…/flows/{flow}`.

use std::num::ParseIntError;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use http::{StatusCode, Uri};
use outlive_chassis::Problem;
use outlive_clock::Instant;
use serde_json::{Value, json};

use super::caller::{Administrator, Caller};
use super::flow_documents::{complete_flow, flow};
use super::flow_edits::Target;
use super::paging::{Page, bad_token};
use super::{flow_edits, paging};
use crate::ids::FlowId;
use crate::service::{FlowEdit, Flows, SaveError, Saved, flow_not_found};
use crate::tables::flows::{self, FlowRow, FlowState, Listed};
use crate::tables::permissions::Role;

type FlowResponse = Result<(StatusCode, Json<Value>), SaveError>;

/// Parses the id of the flow in the path.
pub(super) fn flow_id(text: &str) -> Result<FlowId, Problem> {
    text.parse::<FlowId>().map_err(|error| {
        Problem::not_found("FlowNotFound", "Could not find the flow; the name of a flow is a UUID.")
            .caused_by(error)
    })
}

fn respond(caller: &Caller, saved: &Saved) -> (StatusCode, Json<Value>) {
    let status = if saved.created { StatusCode::CREATED } else { StatusCode::OK };
    let role = if saved.flow.owner == caller.user { Role::Owner } else { Role::CanEdit };
    let details = (&saved.document, saved.subscription.as_ref());
    (status, Json(complete_flow(caller, &saved.flow, role, details)))
}

fn target<'a>(caller: &'a Caller, row: &FlowRow) -> Target<'a> {
    Target { environment: &caller.environment, id: row.id, owner: row.owner }
}

/// Reads the last flow of the previous page: when it was created, and its id.
fn position(page: &Page) -> Result<(Instant, String), Problem> {
    let Some(token) = &page.token else { return Ok((Instant::from_micros(-1), String::new())) };
    let (created, id) = token.split_once('.').ok_or_else(paging::bad_token)?;
    let created = created.parse().map_err(|error: ParseIntError| bad_token().caused_by(error))?;
    let id = id.parse::<FlowId>().map_err(|error| bad_token().caused_by(error))?;
    Ok((Instant::from_micros(created), id.to_string()))
}

/// Parses the supported filters: `search('personal')` and `search('team')`.
fn listed(page: &Page) -> Result<Listed, Problem> {
    match page.filter.as_deref() {
        None => Ok(Listed::All),
        Some("search('personal')") => Ok(Listed::Personal),
        Some("search('team')") => Ok(Listed::Team),
        Some(_) => Err(Problem::bad_request(
            "$filter must be search('personal') for your own flows or search('team') for those of others.",
        )),
    }
}

/// Returns a page of flows. One more than `page.top` was read if there is another page.
fn page_of(caller: &Caller, mut rows: Vec<(FlowRow, Role)>, page: &Page, path: &str) -> Value {
    let more = rows.len() > page.top as usize;
    rows.truncate(page.top as usize);
    let value = rows.iter().map(|(row, role)| flow(caller, row, *role, None));
    let mut body = json!({"value": value.collect::<Vec<_>>()});
    if let (true, Some((last, _))) = (more, rows.last()) {
        let token = format!("{}.{}", last.created.as_micros(), last.id);
        body["nextLink"] = Value::String(page.next_link(caller, path, &token));
    }
    body
}

pub(super) async fn list(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    RawQuery(query): RawQuery,
) -> FlowResponse {
    let page = Page::of_query(query.as_deref())?;
    let (created, id) = position(&page)?;
    let user = (caller.tenant, caller.user);
    let rows = flows::list(&flows.chassis.store, user, listed(&page)?, (created, &id), page.top + 1).await?;
    let path = format!("/providers/Microsoft.ProcessSimple/environments/{}/flows", caller.environment);
    Ok((StatusCode::OK, Json(page_of(&caller, rows, &page, &path))))
}

/// Lists the flows of all owners, also of those who left.
pub(super) async fn list_as_administrator(
    Administrator(caller): Administrator,
    State(flows): State<Arc<Flows>>,
    uri: Uri,
) -> FlowResponse {
    let page = Page::of_query(uri.query())?;
    let (created, id) = position(&page)?;
    let rows = flows::list_all(&flows.chassis.store, caller.tenant, (created, &id), page.top + 1).await?;
    let rows = rows.into_iter().map(|row| (row, Role::Owner)).collect();
    Ok((StatusCode::OK, Json(page_of(&caller, rows, &page, uri.path()))))
}

pub(super) async fn show_as_administrator(
    Administrator(caller): Administrator,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> FlowResponse {
    let id = flow_id(&id)?;
    let row = flows::find(&flows.chassis.store, caller.tenant, id).await?;
    let row = row.ok_or_else(|| flow_not_found(id))?;
    Ok((StatusCode::OK, Json(flow(&caller, &row, Role::Owner, None))))
}

pub(super) async fn create(caller: Caller, State(flows): State<Arc<Flows>>, body: Bytes) -> FlowResponse {
    let edit = flow_edits::read(&body, None)?;
    let id = FlowId::generate(&mut flows.chassis.random.of(caller.tenant).stream("flow-id"));
    Ok(respond(&caller, &flows.create(&caller.actor(), id, edit).await?))
}

pub(super) async fn show(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> FlowResponse {
    let (row, role) = flows.find_usable(&caller.actor(), flow_id(&id)?).await?;
    let document = flows.document(caller.tenant, &row).await?;
    let subscription = flows.subscription(caller.tenant, row.id).await?;
    Ok((StatusCode::OK, Json(complete_flow(&caller, &row, role, (&document, subscription.as_ref())))))
}

pub(super) async fn put(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> FlowResponse {
    let id = id.parse::<FlowId>().map_err(|error| {
        Problem::bad_request("The flow's name in the path is not a UUID; choose one, or POST to …/flows.")
            .caused_by(error)
    })?;
    let actor = caller.actor();
    let found = flows::find(&flows.chassis.store, caller.tenant, id).await?;
    let edit = flow_edits::read(&body, None)?;
    let saved = match found {
        None => flows.create(&actor, id, edit).await?,
        Some(_) => {
            if edit.definition.is_none() {
                let message = "properties.definition is required; use PATCH to change other members only.";
                return Err(Problem::bad_request(message).into());
            }
            let edit = FlowEdit {
                references: Some(edit.references.unwrap_or_else(|| json!({}))),
                access_control: Some(edit.access_control.unwrap_or_default()),
                ..edit
            };
            let row = flows.find_own(&actor, id).await?;
            flows.update(&actor, row, edit).await?
        }
    };
    Ok(respond(&caller, &saved))
}

pub(super) async fn patch(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> FlowResponse {
    let row = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let edit = flow_edits::read(&body, Some(&target(&caller, &row)))?;
    Ok(respond(&caller, &flows.update(&caller.actor(), row, edit).await?))
}

pub(super) async fn delete(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let row = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    flows.delete(&caller.actor(), &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn start(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> FlowResponse {
    set_state(&caller, &flows, &id, FlowState::Started).await
}

pub(super) async fn stop(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> FlowResponse {
    set_state(&caller, &flows, &id, FlowState::Stopped).await
}

async fn set_state(caller: &Caller, flows: &Flows, id: &str, state: FlowState) -> FlowResponse {
    let row = flows.find_own(&caller.actor(), flow_id(id)?).await?;
    let edit = FlowEdit { state: Some(state), ..FlowEdit::default() };
    Ok(respond(caller, &flows.update(&caller.actor(), row, edit).await?))
}
