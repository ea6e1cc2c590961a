//! `/identity/conditionalAccess/policies`.

use outlive_rules::conditional_access::Policy;
use serde_json::{Value, json};

use super::Kind;
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
    const EVENTS: [&'static str; 3] = ["policy.created", "policy.changed", "policy.deleted"];

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

    fn told(policy: &Kept<Policy>) -> Value {
        json!({"policy": policy.id, "name": policy.says.display_name, "state": policy.says.state})
    }
}
