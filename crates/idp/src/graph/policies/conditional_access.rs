//! `/identity/conditionalAccess/policies`.

use outlive_rules::conditional_access::Policy;
use outlive_wire::JournalEvent;
use outlive_wire::events::{Actor, PolicyChanged, PolicyCreated, PolicyDeleted};

use super::kind::{Kind, PolicyChange};
use crate::directory::{Kept, Policies};
use crate::graph::permissions::{Permission, WRITE_CONDITIONAL_ACCESS};
use crate::graph::prelude::*;

entity_type! {
    /// "conditionalAccessPolicy resource type".
    POLICY = "microsoft.graph.conditionalAccessPolicy" in "identity/conditionalAccess/policies",
    fn resource(policy: &Kept<Policy>) {
        "id" [Filterable] => policy.id,
        "displayName" [Filterable] => policy.says.display_name,
        "state" [Filterable] => policy.says.state,
        "conditions" => policy.says.conditions,
        "grantControls" => policy.says.grant_controls,
        "sessionControls" => policy.says.session_controls,
        "createdDateTime" => policy.created_at,
        "modifiedDateTime" => policy.modified_at,
    }
}

pub(super) struct ConditionalAccess;

impl Kind for ConditionalAccess {
    type Says = Policy;
    type Written = Policy;

    const ENTITY: &'static EntityType = &POLICY;
    const WRITE: &'static Permission = &WRITE_CONDITIONAL_ACCESS;
    const RESOURCE: fn(&Kept<Policy>) -> Value = resource;

    fn all(policies: &Policies) -> &Vec<Kept<Policy>> {
        &policies.conditional_access
    }

    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Policy>> {
        &mut policies.conditional_access
    }

    fn checked(policy: Policy, _before: Option<&Policy>) -> Result<Policy> {
        match policy.fault() {
            Some(fault) => Err(GraphError::bad_request(fault)),
            None => Ok(policy),
        }
    }

    fn event(change: PolicyChange, kept: &Kept<Policy>, actor: Option<Actor>) -> JournalEvent {
        let (policy, name) = (Some(kept.id), kept.says.display_name.clone());
        let (state, sign_in_frequency) = (Some(kept.says.state.name().to_owned()), None);
        match change {
            PolicyChange::Created => PolicyCreated { policy, name, state, sign_in_frequency, actor }.into(),
            PolicyChange::Changed => PolicyChanged { policy, name, state, sign_in_frequency, actor }.into(),
            PolicyChange::Deleted => PolicyDeleted { policy, name, state, sign_in_frequency, actor }.into(),
        }
    }
}
