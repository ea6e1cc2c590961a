//! `/identity/conditionalAccess/policies`.

use outlive_rules::conditional_access::Policy;
use outlive_wire::JournalEvent;
use outlive_wire::events::{Actor, PolicyChanged, PolicyCreated, PolicyDeleted};
use serde_json::{Value, json};

use super::{Kind, PolicyChange};
use crate::directory::{Kept, Policies};
use crate::graph::error::GraphError;
use crate::graph::odata::EntityType;
use crate::graph::permissions::{Permission, WRITE_CONDITIONAL_ACCESS};

const POLICY: EntityType = EntityType {
    name: "microsoft.graph.conditionalAccessPolicy",
    set: "identity/conditionalAccess/policies",
    properties: &[
        "id",
        "displayName",
        "state",
        "conditions",
        "grantControls",
        "sessionControls",
        "createdDateTime",
        "modifiedDateTime",
    ],
    shown: &[],
    filterable: &["id", "displayName", "state"],
    order: None,
};

/// Conditional Access policies.
pub(super) struct ConditionalAccess;

impl Kind for ConditionalAccess {
    type Says = Policy;
    type Written = Policy;

    const ENTITY: &'static EntityType = &POLICY;
    const WRITE: &'static Permission = &WRITE_CONDITIONAL_ACCESS;

    fn all(policies: &Policies) -> &Vec<Kept<Policy>> {
        &policies.conditional_access
    }

    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Policy>> {
        &mut policies.conditional_access
    }

    fn shown(says: &Policy) -> Value {
        let mut shown = json!(says);
        for absent in ["grantControls", "sessionControls"] {
            if shown.get(absent).is_none() {
                shown[absent] = Value::Null;
            }
        }
        shown
    }

    fn checked(policy: Policy, _before: Option<&Policy>) -> Result<Policy, GraphError> {
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
