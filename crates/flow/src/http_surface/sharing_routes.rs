//! `…/owners`, `…/permissions`, `…/modifyOwners` and `…/modifyPermissions`: who may use a flow.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use outlive_chassis::Problem;
use outlive_clock::{TenantId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::{Administrator, Caller};
use super::flow_routes::flow_id;
use super::links::flow_path;
use crate::ids::FlowId;
use crate::service::{Flows, SharingEdit, flow_not_found};
use crate::tables::flows::{self, FlowRow};
use crate::tables::permissions::{self, Permission, Role};

/// The maximum number of entries of a request.
const ENTRIES_MAX: usize = 100;
/// The maximum length of an address or a name, in characters.
const NAME_CHARACTERS_MAX: usize = 256;

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

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    put: Vec<Entry>,
    #[serde(default)]
    delete: Vec<Deleted>,
}

#[derive(Deserialize)]
struct Entry {
    properties: EntryProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryProperties {
    principal: Principal,
    role_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Principal {
    id: UserId,
    #[serde(rename = "type")]
    kind: Option<String>,
    tenant_id: Option<TenantId>,
    email: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct Deleted {
    /// The name of the permission: the object id of its user.
    id: UserId,
}

/// The maximum number of unknown members that a response names.
const UNKNOWN_MAX: usize = 20;

/// Returns the paths of members that a change cannot have.
fn unknown_members(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |value: &Value, at: &str, known: &[&str]| {
        let names = value.as_object().into_iter().flat_map(|map| map.keys());
        for name in names.filter(|name| !known.contains(&name.as_str())) {
            let name: String = name.escape_debug().take(NAME_CHARACTERS_MAX).collect();
            found.push(format!("{at}{name}"));
        }
    };
    check(body, "", &["put", "delete"]);
    let entries = |list: &str| body.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    for (index, entry) in entries("put") {
        let at = format!("put[{index}]");
        let properties = &entry["properties"];
        check(entry, &format!("{at}."), &["properties"]);
        check(properties, &format!("{at}.properties."), &["principal", "roleName"]);
        let known = ["id", "type", "tenantId", "email", "displayName"];
        check(&properties["principal"], &format!("{at}.properties.principal."), &known);
    }
    for (index, entry) in entries("delete") {
        check(entry, &format!("delete[{index}]."), &["id"]);
    }
    found.truncate(UNKNOWN_MAX);
    found
}

/// Reads a change. `default` is the role of entries that name none.
fn read(body: &Bytes, tenant: TenantId, default: Option<Role>) -> Result<SharingEdit, Problem> {
    let unknown = serde_json::from_slice(body).map(|body| unknown_members(&body)).unwrap_or_default();
    if !unknown.is_empty() {
        return Err(Problem::bad_request(format!("Not known here: {}. Remove it.", unknown.join(", "))));
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!(
            "The body is not valid: {error}. Send {{\"put\": [{{\"properties\": {{\"principal\": {{\"id\": \"<object id>\", \
             \"type\": \"User\"}}, \"roleName\": \"CanEdit\"}}}}], \"delete\": [{{\"id\": \"<object id>\"}}]}}."
        ))
    })?;
    if body.put.len() + body.delete.len() > ENTRIES_MAX {
        return Err(Problem::bad_request(format!(
            "The body has more than {ENTRIES_MAX} entries; send fewer."
        )));
    }
    let put = body.put.into_iter().enumerate().map(|(index, entry)| {
        permission(entry.properties, tenant, default)
            .map_err(|why| Problem::bad_request(format!("put[{index}].properties.{why}")))
    });
    let put = put.collect::<Result<_, _>>()?;
    Ok(SharingEdit { put, delete: body.delete.into_iter().map(|deleted| deleted.id).collect() })
}

fn permission(
    properties: EntryProperties,
    tenant: TenantId,
    default: Option<Role>,
) -> Result<Permission, String> {
    let EntryProperties { principal, role_name } = properties;
    let is_user = principal.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("User"));
    if !is_user {
        return Err("principal.type: only users can be added; use User.".to_owned());
    }
    if principal.tenant_id.is_some_and(|of| of != tenant) {
        return Err("principal.tenantId: it is another tenant.".to_owned());
    }
    let role = match role_name {
        Some(name) => name.parse().ok().filter(|role| *role != Role::Owner),
        None => default,
    };
    let role = role
        .ok_or_else(|| "roleName: use CanEdit for a co-owner or CanView for a run-only user.".to_owned())?;
    let text = |name: &str, text: Option<String>| {
        let text = text.unwrap_or_default();
        if text.chars().nth(NAME_CHARACTERS_MAX).is_some() || text.chars().any(char::is_control) {
            return Err(format!(
                "principal.{name}: use at most {NAME_CHARACTERS_MAX} characters, none of them a control character."
            ));
        }
        Ok(text)
    };
    Ok(Permission {
        principal: principal.id,
        role,
        address: text("email", principal.email)?,
        display_name: text("displayName", principal.display_name)?,
    })
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
) -> Result<Json<Value>, Problem> {
    let edit = read(body, caller.tenant, collection.default_role())?;
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
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    change(collection, &caller, &flows, &flow, &body).await
}

async fn modify_as_administrator(
    collection: Collection,
    Administrator(caller): Administrator,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let flow = any(&caller, &flows, &id).await?;
    change(collection, &caller, &flows, &flow, &body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_within_limits() {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("a tenant");
        let user = "aaaaaaaa-0000-4000-8000-000000000001";
        let parse = |body: &Value, default| read(&Bytes::from(body.to_string()), tenant, default);
        let put = |principal: Value, role: Value| json!({"put": [{"properties": {"principal": principal, "roleName": role}}]});
        let right = put(json!({"id": user, "type": "User", "email": "a@contoso.example"}), json!("canview"));
        let edit = parse(&right, None).expect("is valid");
        assert_eq!(edit.put[0].role, Role::CanView);
        assert_eq!(edit.put[0].address, "a@contoso.example");
        let unnamed = put(json!({"id": user}), Value::Null);
        assert_eq!(parse(&unnamed, Some(Role::CanEdit)).expect("is valid").put[0].role, Role::CanEdit);
        let many: Vec<_> = (0..=ENTRIES_MAX).map(|_| json!({"id": user})).collect();
        for (body, part) in [
            (unnamed, "put[0].properties.roleName"),
            (put(json!({"id": user}), json!("Owner")), "roleName"),
            (put(json!({"id": user}), json!("Admin")), "roleName"),
            (put(json!({"id": user, "type": "Group"}), json!("CanEdit")), "principal.type"),
            (put(json!({"id": user, "tenantId": user}), json!("CanEdit")), "principal.tenantId"),
            (put(json!({"id": user, "email": "a".repeat(257)}), json!("CanEdit")), "principal.email"),
            (put(json!({"id": user, "displayName": "a\nb"}), json!("CanEdit")), "principal.displayName"),
            (put(json!({"id": "someone"}), json!("CanEdit")), "The body is not valid"),
            (json!({"delete": [{"id": "someone"}]}), "The body is not valid"),
            (json!({ "delete": many }), "more than 100 entries"),
            (json!([1]), "The body is not valid"),
            (json!({"put": [], "patch": []}), "Not known here: patch."),
            (json!({"delete": [{"id": user, "roleName": "CanEdit"}]}), "delete[0].roleName"),
            (put(json!({"id": user, "mail": "a@contoso.example"}), json!("CanEdit")), "principal.mail"),
            (
                json!({"put": [{"x": 1, "properties": {"principal": {"id": user}, "role": "CanEdit"}}]}),
                "put[0].x, put[0].properties.role",
            ),
        ] {
            let problem = parse(&body, None).expect_err("is rejected");
            assert!(problem.message.contains(part), "{body}: {}", problem.message);
        }
    }
}
