//! Policies: Conditional Access (`/identity/conditionalAccess`) and token lifetimes
//! (`/policies/tokenLifetimePolicies`). They are one document of the tenant, which a change
//! replaces as a whole if it is unchanged since it was read.

mod conditional_access;
mod kind;
mod named_locations;
mod token_lifetimes;

use serde::de::DeserializeOwned;

use self::conditional_access::ConditionalAccess;
use self::kind::{Kind, PolicyChange, find, replace};
use self::named_locations::NamedLocations;
use self::token_lifetimes::TokenLifetimes;
use super::permissions::READ_POLICIES;
use super::prelude::*;
use crate::directory::{Kept, POLICIES_MAX};

pub(super) fn router() -> Router<Idp> {
    routes::<ConditionalAccess>("/identity/conditionalAccess/policies")
        .merge(routes::<NamedLocations>("/identity/conditionalAccess/namedLocations"))
        .merge(routes::<TokenLifetimes>("/policies/tokenLifetimePolicies"))
        .merge(token_lifetimes::assignments())
}

fn routes<K: Kind>(path: &str) -> Router<Idp> {
    Router::new()
        .collection(path, list::<K>, post(create::<K>))
        .route(&format!("{path}/{{id}}"), get(show::<K>).patch(update::<K>).delete(remove::<K>))
}

async fn list<K: Kind>(caller: Caller) -> Answer {
    caller.allowed(&READ_POLICIES)?;
    whole_collection(&caller, K::ENTITY, K::all(&caller.tenant.policies).iter().map(K::RESOURCE))
}

async fn show<K: Kind>(caller: Caller, Path(id): Path<String>) -> Answer {
    caller.allowed(&READ_POLICIES)?;
    caller.entity(K::ENTITY, &(K::RESOURCE)(find(K::all(&caller.tenant.policies), &id)?))
}

async fn create<K: Kind>(caller: Caller, Body(body): Body<Value>) -> Answer {
    caller.allowed(K::WRITE)?;
    let options = caller.entity_options(K::ENTITY)?;
    let policy = Kept {
        id: caller.stream("policy-id").uuid(),
        created_at: caller.now,
        modified_at: None,
        says: K::checked(read(&body)?, None)?,
    };
    let object = (K::RESOURCE)(&policy);
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
    Ok(options.created(&object))
}

async fn update<K: Kind>(
    caller: Caller,
    Path(id): Path<String>,
    Body(patch): Body<Value>,
) -> Result<StatusCode> {
    caller.allowed(K::WRITE)?;
    let before = find(K::all(&caller.tenant.policies), &id)?;
    let says = K::checked(read(&patched((K::RESOURCE)(before), &patch)?)?, Some(&before.says))?;
    let after = Kept { modified_at: Some(caller.now), says, ..before.clone() };
    let event = K::event(PolicyChange::Changed, &after, caller.actor());
    replace(&caller, event, |all| {
        K::settle(&after.says, all);
        if let Some(kept) = K::all_mut(all).iter_mut().find(|kept| kept.id == after.id) {
            *kept = after;
        }
        Ok(())
    })
    .await
}

async fn remove<K: Kind>(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    caller.allowed(K::WRITE)?;
    let policy = find(K::all(&caller.tenant.policies), &id)?;
    K::may_go(policy, &caller.tenant.policies)?;
    let id = policy.id;
    let event = K::event(PolicyChange::Deleted, policy, caller.actor());
    replace(&caller, event, |all| {
        K::all_mut(all).retain(|policy| policy.id != id);
        Ok(())
    })
    .await
}

/// Reads a body without its empty members and the properties that only the service writes.
fn read<T: DeserializeOwned>(body: &Value) -> Result<T> {
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
fn patched(before: Value, patch: &Value) -> Result<Value> {
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
