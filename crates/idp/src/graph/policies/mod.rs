//! Policies: Conditional Access (`/identity/conditionalAccess`) and token lifetimes (`/policies/tokenLifetimePolicies`). They are one
//! document of the tenant, so that every change replaces it whole, if it is still as it was read.

mod conditional_access;
mod named_locations;
mod token_lifetimes;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use outlive_clock::Instant;
use outlive_store::Change;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::Caller;
use super::error::GraphError;
use super::odata::{EntityType, Page, page};
use crate::directory::{Kept, POLICIES_MAX, Policies};
use crate::idp::Idp;

pub(crate) fn router() -> Router<Idp> {
    Router::new()
        .route(
            "/identity/conditionalAccess/policies",
            get(conditional_access::list).post(conditional_access::create),
        )
        .route(
            "/identity/conditionalAccess/policies/{id}",
            get(conditional_access::show)
                .patch(conditional_access::update)
                .delete(conditional_access::remove),
        )
        .route(
            "/identity/conditionalAccess/namedLocations",
            get(named_locations::list).post(named_locations::create),
        )
        .route(
            "/identity/conditionalAccess/namedLocations/{id}",
            get(named_locations::show).patch(named_locations::update).delete(named_locations::remove),
        )
        .route("/policies/tokenLifetimePolicies", get(token_lifetimes::list).post(token_lifetimes::create))
        .route(
            "/policies/tokenLifetimePolicies/{id}",
            get(token_lifetimes::show).patch(token_lifetimes::update).delete(token_lifetimes::remove),
        )
        .route("/applications/{id}/tokenLifetimePolicies", get(token_lifetimes::list_assigned))
        .route("/applications/{id}/tokenLifetimePolicies/$ref", post(token_lifetimes::assign))
        .route(
            "/applications/{id}/tokenLifetimePolicies/{policy}/$ref",
            axum::routing::delete(token_lifetimes::unassign),
        )
}

/// Replaces the tenant's policies by what `change` makes of them, with a journal line.
async fn replace(
    caller: &Caller,
    kind: &'static str,
    data: Value,
    change: impl FnOnce(&mut Policies) -> Result<(), GraphError>,
) -> Result<(), GraphError> {
    let mut after = Policies::clone(&caller.tenant.policies);
    change(&mut after)?;
    let change = Change::from(after.replace(&caller.tenant.policies, caller.tenant.id));
    caller.commit(change, kind, format!("tenant:{}", caller.tenant.id), data).await
}

fn kept<T>(caller: &Caller, says: T) -> Kept<T> {
    let id = caller.idp.chassis.random.of(caller.tenant.id).stream("policy-id").uuid();
    Kept { id, created_at: caller.now, modified_at: None, says }
}

fn add<T>(to: &mut Vec<Kept<T>>, new: Kept<T>) -> Result<(), GraphError> {
    if to.len() >= POLICIES_MAX {
        return Err(GraphError::bad_request(format!("A tenant has {POLICIES_MAX} of these at most.")));
    }
    to.push(new);
    Ok(())
}

fn find<'a, T>(among: &'a [Kept<T>], id: &str) -> Result<&'a Kept<T>, GraphError> {
    let wanted = id.parse::<Uuid>().ok();
    among.iter().find(|kept| Some(kept.id) == wanted).ok_or_else(|| GraphError::no_such(id))
}

fn change<T>(among: &mut [Kept<T>], id: Uuid, says: T, now: Instant) {
    if let Some(kept) = among.iter_mut().find(|kept| kept.id == id) {
        kept.modified_at = Some(now);
        kept.says = says;
    }
}

/// A list in one page: there are never many.
fn listed(caller: &Caller, kind: &EntityType, objects: Vec<Value>) -> Result<Response, GraphError> {
    let options = caller.collection_options(kind)?;
    let objects = objects.into_iter().filter(|object| options.filter.passes(object)).collect();
    Ok(page(caller, kind, &options, Page { objects, more_after: None }))
}

/// What a body says, without what clients send along empty, and without what only we write.
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

/// The members of a patch over those of what is there.
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

/// Times and id, as every policy shows them.
fn shown<T>(kept: &Kept<T>, mut says: Value) -> Value {
    says["id"] = json!(kept.id);
    says["createdDateTime"] = json!(kept.created_at);
    says["modifiedDateTime"] = json!(kept.modified_at);
    says
}
