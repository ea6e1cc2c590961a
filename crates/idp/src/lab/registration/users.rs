//! Checks of the users and groups in a tenant specification.

use std::collections::HashSet;

use super::Mistakes;
use crate::directory::spec::{TenantSpec, UserSpec};
use crate::directory::{Authenticator, DirectoryRole, limits};

pub(super) fn check(spec: &TenantSpec, mistakes: &mut Mistakes) {
    for (index, user) in spec.users.iter().enumerate() {
        check_user(user, &spec.domain, &format!("/users/{index}"), mistakes);
    }
    let users = || spec.users.iter().enumerate();
    mistakes.unique("the user id", users().map(|(index, user)| (format!("/users/{index}/id"), user.id)));
    let names = users().map(|(index, user)| (format!("/users/{index}/upn"), user.upn.to_lowercase()));
    mistakes.unique("the user name", names);
    let known: HashSet<_> = spec.users.iter().map(|user| user.id).collect();
    for (index, group) in spec.groups.iter().enumerate() {
        let at = format!("/groups/{index}");
        mistakes.name(format!("{at}/display_name"), "the name of a group", &group.display_name);
        let members = || group.members.iter().enumerate();
        mistakes.unique("the member", members().map(|(member, id)| (format!("{at}/members/{member}"), *id)));
        for (member, id) in members().filter(|(_, id)| !known.contains(id)) {
            mistakes.add(
                format!("{at}/members/{member}"),
                format!("there is no user {id}"),
                "name users of the same tenant",
            );
        }
    }
    let groups = spec.groups.iter().enumerate();
    mistakes.unique("the group id", groups.map(|(index, group)| (format!("/groups/{index}/id"), group.id)));
}

fn check_user(user: &UserSpec, domain: &str, at: &str, mistakes: &mut Mistakes) {
    let (prefix, own) = user.upn.split_once('@').unwrap_or((&user.upn, ""));
    if !limits::is_user_name_prefix(prefix) {
        mistakes.add(
            format!("{at}/upn"),
            format!("'{}' cannot be the name of a user", prefix.escape_debug()),
            format!(
                "write 1 to {} of the characters A-Z, a-z, 0-9 and ' . - _ ! # ^ ~",
                limits::USER_NAME_CHARS_MAX
            ),
        );
    }
    if !own.eq_ignore_ascii_case(domain) {
        mistakes.add(
            format!("{at}/upn"),
            format!("the user name '{}' is not in the domain of the tenant", user.upn.escape_debug()),
            format!("write a name that ends in @{domain}"),
        );
    }
    for (property, text) in [
        ("display_name", Some(&user.display_name)),
        ("given_name", user.given_name.as_ref()),
        ("surname", user.surname.as_ref()),
        ("mail", user.mail.as_ref()),
    ] {
        if let Some(text) = text {
            mistakes.name(format!("{at}/{property}"), property, text);
        }
    }
    for (index, role) in user.directory_roles.iter().enumerate() {
        if !DirectoryRole::names().any(|known| known == role) {
            let known = DirectoryRole::names().collect::<Vec<_>>().join(", ");
            mistakes.add(
                format!("{at}/directory_roles/{index}"),
                format!("there is no directory role '{}'", role.escape_debug()),
                format!("use one of: {known}"),
            );
        }
    }
    if user.authenticator_secret.as_ref().is_some_and(|s| Authenticator::of_base32(s.expose()).is_none()) {
        mistakes.add(
            format!("{at}/authenticator_secret"),
            format!("authenticator_secret of '{}' is not base32 of at least 128 bits", user.upn),
            "write 26 or more of the characters A-Z and 2-7",
        );
    }
}
