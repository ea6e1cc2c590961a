//! The operations on every kind of policy: list, get, create, update, delete.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Kind, PolicyChange, find, replace};
use crate::directory::{Kept, POLICIES_MAX};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{CollectionRoutes, entity, whole_collection};
use crate::graph::permissions::READ_POLICIES;
use crate::idp::Idp;

pub(super) fn router<K: Kind>(path: &str) -> Router<Idp> {
    Router::new()
        .collection(path, list::<K>, post(create::<K>))
        .route(&format!("{path}/{{id}}"), get(show::<K>).patch(update::<K>).delete(remove::<K>))
}

async fn list<K: Kind>(caller: Caller) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        whole_collection(
            &caller,
            K::ENTITY,
            K::all(&caller.tenant.policies).iter().map(resource::<K>).collect(),
        )
    });
    caller.answer(result)
}

async fn show<K: Kind>(caller: Caller, Path(id): Path<String>) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        let policy = find(K::all(&caller.tenant.policies), &id)?;
        Ok(entity(K::ENTITY, StatusCode::OK, &resource::<K>(policy), &caller.entity_options(K::ENTITY)?))
    });
    caller.answer(result)
}

async fn create<K: Kind>(caller: Caller, body: Result<Body<Value>, GraphError>) -> Response {
    let result = async {
        let Body(body) = body?;
        caller.allowed(K::WRITE)?;
        let options = caller.entity_options(K::ENTITY)?;
        let policy = Kept {
            id: caller.idp.chassis.random.of(caller.tenant.id).stream("policy-id").uuid(),
            created_at: caller.now,
            modified_at: None,
            says: K::checked(read(&body)?, None)?,
        };
        let object = resource::<K>(&policy);
        let event = K::event(PolicyChange::Created, &policy, caller.actor());
        replace(&caller, event, |all| {
            if K::all(all).len() >= POLICIES_MAX {
                let why = format!("A tenant has {POLICIES_MAX} of these at most.");
                return Err(GraphError::bad_request(why));
            }
            K::settle(&policy.says, all);
            K::all_mut(all).push(policy);
            Ok(())
        })
        .await?;
        Ok(entity(K::ENTITY, StatusCode::CREATED, &object, &options))
    };
    caller.answer(result.await)
}

async fn update<K: Kind>(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<Value>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        caller.allowed(K::WRITE)?;
        let before = find(K::all(&caller.tenant.policies), &id)?;
        let says = K::checked(read(&patched(K::shown(&before.says), &patch)?)?, Some(&before.says))?;
        let after = Kept { modified_at: Some(caller.now), says, ..before.clone() };
        let event = K::event(PolicyChange::Changed, &after, caller.actor());
        replace(&caller, event, |all| {
            K::settle(&after.says, all);
            if let Some(kept) = K::all_mut(all).iter_mut().find(|kept| kept.id == after.id) {
                *kept = after;
            }
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

async fn remove<K: Kind>(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(K::WRITE)?;
        let policy = find(K::all(&caller.tenant.policies), &id)?;
        K::may_go(policy, &caller.tenant.policies)?;
        let id = policy.id;
        let event = K::event(PolicyChange::Deleted, policy, caller.actor());
        replace(&caller, event, |all| {
            K::all_mut(all).retain(|policy| policy.id != id);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// Reads a body without its empty members and the properties that only the service writes.
fn read<T: DeserializeOwned>(body: &Value) -> Result<T, GraphError> {
    let mut tidy = body.clone();
    without_empty(&mut tidy);
    if let Some(members) = tidy.as_object_mut() {
        for ours in ["id", "createdDateTime", "modifiedDateTime"] {
            members.remove(ours);
        }
    }
    serde_json::from_value(tidy)
        .map_err(|error| GraphError::bad_request(format!("Invalid request body: {error}.")))
}

/// Merges the members of a patch into those of the policy.
fn patched(before: Value, patch: &Value) -> Result<Value, GraphError> {
    let mut after = before;
    let Some(patch) = patch.as_object() else {
        return Err(GraphError::bad_request("Invalid request body: it is no object."));
    };
    if let Some(after) = after.as_object_mut() {
        after.extend(patch.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(after)
}

fn without_empty(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(without_empty);
        members.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    }
}

/// The JSON of Graph, with id and times.
pub(super) fn resource<K: Kind>(kept: &Kept<K::Says>) -> Value {
    let mut says = K::shown(&kept.says);
    says["id"] = json!(kept.id);
    says["createdDateTime"] = json!(kept.created_at);
    says["modifiedDateTime"] = json!(kept.modified_at);
    says
}
