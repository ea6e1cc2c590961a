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
    let users: HashSet<_> = spec.users.iter().map(|user| user.id.to_string()).collect();
    let groups: HashSet<_> = spec.groups.iter().map(|group| group.id.to_string()).collect();
    for (index, policy) in policies() {
        let (at, policy) = (format!("/policies/{index}"), &policy.policy);
        mistakes.name(format!("{at}/name"), "the name of a policy", &policy.display_name);
        if let Some(fault) = policy.fault() {
            mistakes.add(format!("{at}/name"), fault.trim_end_matches('.'), "correct the policy");
        }
        let condition = &policy.conditions.users;
        for (member, kind, ids, known) in [
            ("users", "user", &condition.include_users, &users),
            ("except_users", "user", &condition.exclude_users, &users),
            ("groups", "group", &condition.include_groups, &groups),
            ("except_groups", "group", &condition.exclude_groups, &groups),
        ] {
            let unknown = |id: &str| (member != "users" || id != "All") && !known.contains(id);
            for (place, id) in ids.iter().enumerate().filter(|(_, id)| unknown(id)) {
                mistakes.add(
                    format!("{at}/{member}/{place}"),
                    format!("there is no {kind} {id}"),
                    format!("name {kind}s of the same tenant"),
                );
            }
        }
    }
}
