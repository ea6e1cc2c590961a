//! Checks of the Conditional Access policies in a tenant specification.

use std::collections::HashSet;

use super::Mistakes;
use crate::directory::POLICIES_MAX;
use crate::directory::spec::TenantSpec;

pub(super) fn check(spec: &TenantSpec, mistakes: &mut Mistakes) {
    if spec.policies.len() > POLICIES_MAX {
        let message = format!("a tenant has at most {POLICIES_MAX} policies");
        mistakes.add("/policies", message, "remove some");
    }
    let policies = || spec.policies.iter().enumerate();
    mistakes
        .unique("the policy id", policies().map(|(index, one)| (format!("/policies/{index}/id"), one.id)));
    let known: HashSet<_> = spec.users.iter().map(|user| user.id.to_string()).collect();
    for (index, policy) in policies() {
        let (at, policy) = (format!("/policies/{index}"), &policy.policy);
        mistakes.name(format!("{at}/name"), "the name of a policy", &policy.display_name);
        if let Some(fault) = policy.fault() {
            mistakes.add(format!("{at}/name"), fault.trim_end_matches('.'), "correct the policy");
        }
        let users = policy.conditions.users.include_users.iter().enumerate();
        for (user, id) in users.filter(|(_, id)| *id != "All" && !known.contains(*id)) {
            mistakes.add(
                format!("{at}/users/{user}"),
                format!("there is no user {id}"),
                "name users of the same tenant",
            );
        }
    }
}
