//! Checks of the managed identities and identity endpoints in a tenant specification.

use std::collections::{HashMap, HashSet};

use outlive_clock::ClientId;
use outlive_rules::platform;

use super::Mistakes;
use crate::directory::limits;
use crate::directory::spec::TenantSpec;

pub(super) fn check(spec: &TenantSpec, mistakes: &mut Mistakes) {
    let all = || spec.managed_identities.iter().enumerate();
    let at = |index: usize, property: &str| format!("/managed_identities/{index}/{property}");
    // Those of applications are compared with each other elsewhere.
    let clients: HashSet<_> = spec.applications.iter().map(|app| app.client_id).collect();
    let principals: HashSet<_> = spec.applications.iter().map(|app| app.service_principal_id).collect();
    mistakes.unique(
        "the client id",
        clients
            .into_iter()
            .map(|client_id| (String::new(), client_id))
            .chain(all().map(|(index, identity)| (at(index, "client_id"), identity.client_id))),
    );
    mistakes.unique(
        "the service principal id",
        principals.into_iter().map(|id| (String::new(), id)).chain(
            all().map(|(index, identity)| (at(index, "service_principal_id"), identity.service_principal_id)),
        ),
    );
    mistakes.unique(
        "the resource id",
        all().map(|(index, identity)| (at(index, "resource_id"), identity.resource_id.to_ascii_lowercase())),
    );
    let offered = roles(spec);
    for (index, identity) in all() {
        mistakes.name(at(index, "name"), "the name of a managed identity", &identity.name);
        resource_id(at(index, "resource_id"), &identity.resource_id, mistakes);
        let mut seen = HashSet::new();
        for (place, assigned) in identity.roles.iter().enumerate() {
            for (role_index, role) in assigned.roles.iter().enumerate() {
                let known =
                    offered.get(&assigned.resource).is_some_and(|known| known.contains(role.as_str()));
                if !known || !seen.insert((assigned.resource, role)) {
                    mistakes.add(
                        at(index, &format!("roles/{place}/roles/{role_index}")),
                        format!(
                            "the API {} offers no application permission '{}', or it is given twice",
                            assigned.resource,
                            role.escape_debug()
                        ),
                        "check the name, or add the permission to the API",
                    );
                }
            }
        }
    }
    endpoints(spec, mistakes);
}

fn endpoints(spec: &TenantSpec, mistakes: &mut Mistakes) {
    let all = || spec.identity_endpoints.iter().enumerate();
    let at = |index: usize, property: &str| format!("/identity_endpoints/{index}/{property}");
    mistakes.unique("the id", all().map(|(index, endpoint)| (at(index, "id"), endpoint.id)));
    let types: HashMap<_, _> =
        spec.managed_identities.iter().map(|identity| (identity.client_id, identity.user_assigned)).collect();
    for (index, endpoint) in all() {
        resource_id(at(index, "resource_id"), &endpoint.resource_id, mistakes);
        if !limits::is_identity_header(&endpoint.header) {
            mistakes.add(at(index, "header"), limits::identity_header_rule(), "write another one");
        }
        let system =
            endpoint.system_assigned.iter().map(|client| (at(index, "system_assigned"), client, false));
        let user = endpoint.user_assigned.iter().enumerate();
        let user = user.map(|(place, client)| (at(index, &format!("user_assigned/{place}")), client, true));
        for (place, client, user_assigned) in system.chain(user) {
            if types.get(client) != Some(&user_assigned) {
                mistakes.add(
                    place,
                    format!("there is no managed identity {client} of this type"),
                    "name one of managed_identities",
                );
            }
        }
        if endpoint.user_assigned.len() > limits::USER_ASSIGNED_MAX {
            let message =
                format!("a resource has at most {} user-assigned identities", limits::USER_ASSIGNED_MAX);
            mistakes.add(at(index, "user_assigned"), message, "remove some");
        }
    }
}

fn resource_id(at: String, id: &str, mistakes: &mut Mistakes) {
    if !limits::is_resource_id(id) {
        mistakes.add(
            at,
            format!("'{}' is not an Azure resource id", id.escape_debug()),
            format!(
                "write /subscriptions/…, in at most {} characters without blanks",
                limits::RESOURCE_ID_CHARS_MAX
            ),
        );
    }
}

/// The application permissions that each API of the tenant offers.
fn roles(spec: &TenantSpec) -> HashMap<ClientId, HashSet<&str>> {
    let platform = platform::APPLICATIONS.iter().filter_map(|known| {
        Some((known.client_id.parse().ok()?, known.application.iter().map(|role| role.value).collect()))
    });
    let own = spec.applications.iter().map(|application| {
        (application.client_id, application.app_roles.iter().map(|role| role.value.as_str()).collect())
    });
    platform.chain(own).collect()
}
