//! `…/owners`, `…/permissions`, `…/modifyOwners` and `…/modifyPermissions`: who may use a flow.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::{Administrator, Caller};
use super::flow_routes::flow_id;
use super::links::flow_path;
use super::sharing_edits;
use crate::ids::FlowId;
use crate::service::{Flows, SaveError, flow_not_found};
use crate::tables::flows::{self, FlowRow};
use crate::tables::permissions::{self, Permission, Role};

/// What a path lists and changes: the owners of a flow, or all its users.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Collection {
    Owners,
    Permissions,
}

impl Collection {
    const ALL: [Self; 2] = [Self::Owners, Self::Permissions];

    /// Returns the last segment of its path.
    const fn name(self) -> &'static str {
        match self {
            Self::Owners => "owners",
            Self::Permissions => "permissions",
        }
    }

    /// Returns the last segments of the paths that change it. Clients write that of owners in both
    /// ways.
    const fn changes(self) -> &'static [&'static str] {
        match self {
            Self::Owners => &["modifyOwners", "modifyowners"],
            Self::Permissions => &["modifyPermissions"],
        }
    }

    /// Returns the role of entries that name none.
    fn default_role(self) -> Option<Role> {
        (self == Self::Owners).then_some(Role::CanEdit)
    }
}

/// Returns the routes below the path of a flow: for its owners, and for administrators.
pub(super) fn routes(flow: &str, flow_as_administrator: &str) -> Router<Arc<Flows>> {
    let mut router = Router::new();
    for of in Collection::ALL {
        let own = |rest: &str| format!("{flow}/{rest}");
        let any = |rest: &str| format!("{flow_as_administrator}/{rest}");
        router = router
            .route(&own(of.name()), get(move |caller, flows, path| show(of, caller, flows, path)))
            .route(
                &any(of.name()),
                get(move |caller, flows, path| show_as_administrator(of, caller, flows, path)),
            );
        for change in of.changes() {
            router = router
                .route(
                    &own(change),
                    post(move |caller, flows, path, body| modify(of, caller, flows, path, body)),
                )
                .route(
                    &any(change),
                    post(move |caller, flows, path, body| {
                        modify_as_administrator(of, caller, flows, path, body)
                    }),
                );
        }
    }
    router
}

fn document(caller: &Caller, flow: FlowId, permission: &Permission, collection: Collection) -> Value {
    let mut principal = json!({"id": permission.principal, "type": "User", "tenantId": caller.tenant});
    for (name, text) in [("email", &permission.address), ("displayName", &permission.display_name)] {
        if !text.is_empty() {
            principal[name] = json!(text);
        }
    }
    let (flow, collection) = (flow_path(&caller.environment, flow), collection.name());
    json!({
        "name": permission.principal,
        "id": format!("{flow}/{collection}/{}", permission.principal),
        "type": format!("Microsoft.ProcessSimple/environments/flows/{collection}"),
        "properties": {
            "roleName": permission.role.name(),
            "permissionType": "Principal",
            "principal": principal,
        },
    })
}

fn listing(caller: &Caller, flow: FlowId, users: &[Permission], collection: Collection) -> Json<Value> {
    let shown = users.iter().filter(|user| collection == Collection::Permissions || user.role.owns());
    let value: Vec<_> = shown.map(|user| document(caller, flow, user, collection)).collect();
    Json(json!({ "value": value }))
}

async fn list(
    collection: Collection,
    caller: &Caller,
    flows: &Flows,
    flow: &FlowRow,
) -> Result<Json<Value>, Problem> {
    let users = permissions::list(&flows.chassis.store, caller.tenant, flow.id).await?;
    Ok(listing(caller, flow.id, &users, collection))
}

async fn change(
    collection: Collection,
    caller: &Caller,
    flows: &Flows,
    flow: &FlowRow,
    body: &Bytes,
) -> Result<Json<Value>, SaveError> {
    let edit = sharing_edits::read(body, caller.tenant, collection.default_role())?;
    let users = flows.share(&caller.actor(), flow, edit).await?;
    Ok(listing(caller, flow.id, &users, collection))
}

/// Returns a flow of any user.
async fn any(caller: &Caller, flows: &Flows, id: &str) -> Result<FlowRow, Problem> {
    let id = flow_id(id)?;
    flows::find(&flows.chassis.store, caller.tenant, id).await?.ok_or_else(|| flow_not_found(id))
}

async fn show(
    collection: Collection,
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    list(collection, &caller, &flows, &flow).await
}

async fn show_as_administrator(
    collection: Collection,
    Administrator(caller): Administrator,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let flow = any(&caller, &flows, &id).await?;
    list(collection, &caller, &flows, &flow).await
}

async fn modify(
    collection: Collection,
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, SaveError> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    change(collection, &caller, &flows, &flow, &body).await
}

async fn modify_as_administrator(
    collection: Collection,
    Administrator(caller): Administrator,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, SaveError> {
    let flow = any(&caller, &flows, &id).await?;
    change(collection, &caller, &flows, &flow, &body).await
}
