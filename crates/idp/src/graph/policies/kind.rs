//! What the kinds of policies differ in, and how the document that has them all is changed.

use outlive_wire::JournalEvent;
use outlive_wire::events::Actor;
use serde::de::DeserializeOwned;

use crate::directory::{Kept, Policies};
use crate::graph::permissions::Permission;
use crate::graph::prelude::*;

/// What a request does to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyChange {
    Created,
    Changed,
    Deleted,
}

/// A kind of policy. All kinds have the same handlers.
pub(super) trait Kind: 'static {
    /// What is stored of a policy.
    type Says: Clone + Send + Sync + 'static;
    /// What a client can write.
    type Written: DeserializeOwned;

    const ENTITY: &'static EntityType;
    /// The permission to change them. All can be read with the permission to read policies.
    const WRITE: &'static Permission;
    /// Returns the policy with all properties.
    const RESOURCE: fn(&Kept<Self::Says>) -> Value;

    fn all(policies: &Policies) -> &Vec<Kept<Self::Says>>;
    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Self::Says>>;
    /// Validates the written policy, which replaces `before`.
    fn checked(written: Self::Written, before: Option<&Self::Says>) -> Result<Self::Says>;
    /// The event that records the change of a policy.
    fn event(change: PolicyChange, policy: &Kept<Self::Says>, actor: Option<Actor>) -> JournalEvent;

    /// Makes the other changes that a new or changed policy requires.
    fn settle(_says: &Self::Says, _policies: &mut Policies) {}
    /// Returns an error if the policy cannot be deleted.
    fn may_go(_policy: &Kept<Self::Says>, _policies: &Policies) -> Result<()> {
        Ok(())
    }
}

/// Changes the tenant's policies, and records the event.
pub(super) async fn replace(
    caller: &Caller,
    event: impl Into<JournalEvent>,
    change: impl FnOnce(&mut Policies) -> Result<()>,
) -> Result<StatusCode> {
    let mut after = Policies::clone(&caller.tenant.policies);
    change(&mut after)?;
    let replacement = after.replace(&caller.tenant.policies, caller.tenant.id);
    caller.commit(replacement, Subject::tenant(caller.tenant.id), event).await
}

pub(super) fn find<'a, T>(among: &'a [Kept<T>], id: &str) -> Result<&'a Kept<T>> {
    let wanted = id.parse::<Uuid>().ok();
    among.iter().find(|kept| Some(kept.id) == wanted).ok_or_else(|| GraphError::not_found(id))
}
