//! The kinds of events, and the services that write them. A test of the whole workspace compares
//! the table with the kinds in the source code of the services.

/// Every service.
const ALL: &[&str] = &["idp", "hub", "resource", "flow"];

/// Every kind with the services that write it.
pub const KINDS: &[(&str, &[&str])] = &[
    ("access.granted", &["hub"]),
    ("access.withdrawn", &["hub"]),
    ("app_role.assigned", &["idp"]),
    ("app_role.unassigned", &["idp"]),
    ("application.changed", &["idp"]),
    ("application.created", &["idp"]),
    ("application.deleted", &["idp"]),
    ("application.disabled", &["idp"]),
    ("application.enabled", &["idp"]),
    ("application.updated", &["idp"]),
    ("authenticator.registered", &["idp"]),
    ("certificate.added", &["idp"]),
    ("certificate.removed", &["idp"]),
    ("code.issued", &["idp"]),
    ("conditional_access.reported", &["idp"]),
    ("connection.broken", &["hub"]),
    ("connection.challenged", &["hub"]),
    ("connection.changed", &["hub"]),
    ("connection.connected", &["hub"]),
    ("connection.created", &["hub"]),
    ("connection.deleted", &["hub"]),
    ("connection.key_issued", &["hub"]),
    ("connection.refresh_postponed", &["hub"]),
    ("connection.refreshed", &["hub"]),
    ("connector.changed", &["hub"]),
    ("connector.created", &["hub"]),
    ("consent.changed", &["idp"]),
    ("consent.failed", &["hub"]),
    ("consent.granted", &["idp"]),
    ("consent.link_issued", &["hub"]),
    ("consent.redeemed", &["hub"]),
    ("consent.refused", &["hub"]),
    ("consent.started", &["hub"]),
    ("consent.withdrawn", &["idp"]),
    ("device_code.approved", &["idp"]),
    ("device_code.declined", &["idp"]),
    ("device_code.issued", &["idp"]),
    ("directory_role.member_added", &["idp"]),
    ("directory_role.member_removed", &["idp"]),
    ("federated_credential.added", &["idp"]),
    ("federated_credential.removed", &["idp"]),
    ("federated_credential.updated", &["idp"]),
    ("flow.changed", &["flow"]),
    ("flow.created", &["flow"]),
    ("flow.deleted", &["flow"]),
    ("flow.occurrences_missed", &["flow"]),
    ("flow.started", &["flow"]),
    ("flow.stopped", &["flow"]),
    ("flow.suspended", &["flow"]),
    ("group.created", &["idp"]),
    ("group.deleted", &["idp"]),
    ("group.member_added", &["idp"]),
    ("group.member_removed", &["idp"]),
    ("group.updated", &["idp"]),
    ("id_token.issued", &["idp"]),
    ("location.changed", &["idp"]),
    ("location.created", &["idp"]),
    ("location.deleted", &["idp"]),
    ("mfa.not_required", &["idp"]),
    ("mfa.required", &["idp"]),
    ("passkey.refused", &["idp"]),
    ("passkey.registered", &["idp"]),
    ("passkey.removed", &["idp"]),
    ("password.change_refused", &["idp"]),
    ("password.changed", &["idp"]),
    ("password.expired", &["idp"]),
    ("password.reset", &["idp"]),
    ("password.reset_asked", &["idp"]),
    ("password.reset_refused", &["idp"]),
    ("policy.changed", &["idp"]),
    ("policy.created", &["idp"]),
    ("policy.deleted", &["idp"]),
    ("request.accepted", &["resource"]),
    ("request.refused", &["resource"]),
    ("run.finished", &["flow"]),
    ("run.waiting", &["flow"]),
    ("runtime.forwarded", &["hub"]),
    ("runtime.refused", &["hub"]),
    ("secret.added", &["idp"]),
    ("secret.expired", &["idp"]),
    ("secret.removed", &["idp"]),
    ("secret.rotated", &["idp"]),
    ("security_event.delivered", &["idp"]),
    ("security_event.given_up", &["idp"]),
    ("security_event.postponed", &["idp"]),
    ("security_event.received", &["resource"]),
    ("security_event.refused", &["idp", "resource"]),
    ("session.refused", &["idp"]),
    ("sessions.revoked", &["idp"]),
    ("sign_in.refused", &["idp"]),
    ("sign_in.succeeded", &["idp"]),
    ("sign_out", &["idp"]),
    ("signing_key.rotated", &["idp"]),
    ("signing_key.rotations_missed", &["idp"]),
    ("signing_key.scheduled", &["idp"]),
    ("tenant.created", ALL),
    ("token.issued", &["idp"]),
    ("token.refused", &["idp"]),
    ("token_lifetime.assigned", &["idp"]),
    ("token_lifetime.changed", &["idp"]),
    ("token_lifetime.created", &["idp"]),
    ("token_lifetime.deleted", &["idp"]),
    ("token_lifetime.unassigned", &["idp"]),
    ("user.created", &["idp"]),
    ("user.deleted", &["idp"]),
    ("user.disabled", &["idp"]),
    ("user.enabled", &["idp"]),
    ("user.removed", &["idp"]),
    ("user.restored", &["idp"]),
    ("user.updated", &["idp"]),
];

/// The kinds that `wanted` stands for: the one of this name, or all that begin with it if it ends
/// in a dot. Only those that `service` writes, if one is given.
pub fn kinds_of<'a>(wanted: &'a str, service: Option<&'a str>) -> impl Iterator<Item = &'static str> + 'a {
    let fits = move |kind: &str| {
        if wanted.ends_with('.') { kind.starts_with(wanted) } else { kind == wanted }
    };
    KINDS
        .iter()
        .filter(move |(kind, services)| {
            fits(kind) && service.is_none_or(|service| services.contains(&service))
        })
        .map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_name_or_by_the_beginning_of_it() {
        assert!(KINDS.is_sorted_by_key(|(kind, _)| kind), "in the order of their names");
        let of = |wanted, service| kinds_of(wanted, service).count();
        assert_eq!((of("token.issued", None), of("token.isued", None), of("token", None)), (1, 0, 0));
        assert_eq!(of("token.", None), 2);
        assert_eq!((of("run.finished", Some("flow")), of("run.finished", Some("idp"))), (1, 0));
        assert_eq!(of("tenant.created", Some("resource")), 1);
    }
}
