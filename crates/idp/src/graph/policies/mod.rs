//! Policies: Conditional Access (`/identity/conditionalAccess`) and token lifetimes (`/policies/tokenLifetimePolicies`). They are one
//! document of the tenant, so that every change replaces it whole, if it is still as it was read.

mod collection;
mod conditional_access;
mod lifetime_assignments;
mod named_locations;
mod token_lifetimes;

use axum::Router;
use axum::routing::{MethodRouter, delete, post};
use outlive_store::Change;
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

/// One kind of policy: what is particular about it. The rest is [`collection`]'s.
pub(super) trait Kind: 'static {
    /// What is kept of one.
    type Says: Clone + Send + Sync + 'static;
    /// What a client may write.
    type Written: DeserializeOwned;

    const ENTITY: &'static EntityType;
    /// Who may change them; all may be read by who may read policies.
    const WRITE: &'static Permission;
    /// The journal's lines: created, changed, deleted.
    const EVENTS: [&'static str; 3];

    fn all(policies: &Policies) -> &Vec<Kept<Self::Says>>;
    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Self::Says>>;
    /// As Graph shows it, without id and times.
    fn shown(says: &Self::Says) -> Value;
    /// What was written, if it can be kept, in the place of `before`.
    fn checked(written: Self::Written, before: Option<&Self::Says>) -> Result<Self::Says, GraphError>;
    /// What those lines say of one.
    fn told(policy: &Kept<Self::Says>) -> Value;

    /// What else changes when this comes or is changed.
    fn settle(_says: &Self::Says, _policies: &mut Policies) {}
    /// Whether it may go.
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

fn find<'a, T>(among: &'a [Kept<T>], id: &str) -> Result<&'a Kept<T>, GraphError> {
    let wanted = id.parse::<Uuid>().ok();
    among.iter().find(|kept| Some(kept.id) == wanted).ok_or_else(|| GraphError::not_found(id))
}
