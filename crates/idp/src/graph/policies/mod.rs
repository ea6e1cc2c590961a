//! Policies: Conditional Access (`/identity/conditionalAccess`) and token lifetimes
//! (`/policies/tokenLifetimePolicies`). They are one document of the tenant, which a change
//! replaces as a whole if it is unchanged since it was read.

mod collection;
mod conditional_access;
mod lifetime_assignments;
mod named_locations;
mod token_lifetimes;

use axum::Router;
use axum::routing::{MethodRouter, delete, post};
use outlive_store::Change;
use outlive_wire::events::Actor;
use outlive_wire::{JournalEvent, Subject};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use self::conditional_access::ConditionalAccess;
use self::named_locations::NamedLocations;
use self::token_lifetimes::TokenLifetimes;
use super::caller::Caller;
use super::error::GraphError;
use super::odata::{CollectionRoutes, EntityType};
use super::permissions::Permission;
use crate::directory::{Kept, Policies};
use crate::idp::Idp;

/// What a request does to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyChange {
    Created,
    Changed,
    Deleted,
}

/// A kind of policy. [`collection`] implements what all kinds have in common.
pub(super) trait Kind: 'static {
    /// What is stored of a policy.
    type Says: Clone + Send + Sync + 'static;
    /// What a client can write.
    type Written: DeserializeOwned;

    const ENTITY: &'static EntityType;
    /// The permission to change them. All can be read with the permission to read policies.
    const WRITE: &'static Permission;

    fn all(policies: &Policies) -> &Vec<Kept<Self::Says>>;
    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Self::Says>>;
    /// The JSON of Graph, without id and times.
    fn shown(says: &Self::Says) -> Value;
    /// Validates the written policy, which replaces `before`.
    fn checked(written: Self::Written, before: Option<&Self::Says>) -> Result<Self::Says, GraphError>;
    /// The event that records the change of a policy.
    fn event(change: PolicyChange, policy: &Kept<Self::Says>, actor: Option<Actor>) -> JournalEvent;

    /// Makes the other changes that a new or changed policy requires.
    fn settle(_says: &Self::Says, _policies: &mut Policies) {}
    /// Returns an error if the policy cannot be deleted.
    fn may_go(_policy: &Kept<Self::Says>, _policies: &Policies) -> Result<(), GraphError> {
        Ok(())
    }
}

pub(crate) fn router() -> Router<Idp> {
    let assigned = "/applications/{id}/tokenLifetimePolicies";
    collection::router::<ConditionalAccess>("/identity/conditionalAccess/policies")
        .merge(collection::router::<NamedLocations>("/identity/conditionalAccess/namedLocations"))
        .merge(collection::router::<TokenLifetimes>("/policies/tokenLifetimePolicies"))
        .collection(assigned, lifetime_assignments::list, MethodRouter::new())
        .route(&format!("{assigned}/$ref"), post(lifetime_assignments::assign))
        .route(&format!("{assigned}/{{policy}}/$ref"), delete(lifetime_assignments::unassign))
}

/// Changes the tenant's policies, and records the event.
async fn replace(
    caller: &Caller,
    event: impl Into<JournalEvent>,
    change: impl FnOnce(&mut Policies) -> Result<(), GraphError>,
) -> Result<(), GraphError> {
    let mut after = Policies::clone(&caller.tenant.policies);
    change(&mut after)?;
    let change = Change::from(after.replace(&caller.tenant.policies, caller.tenant.id));
    caller.commit(change, Subject::tenant(caller.tenant.id), event).await
}

fn find<'a, T>(among: &'a [Kept<T>], id: &str) -> Result<&'a Kept<T>, GraphError> {
    let wanted = id.parse::<Uuid>().ok();
    among.iter().find(|kept| Some(kept.id) == wanted).ok_or_else(|| GraphError::no_such(id))
}
