//! Checks that every name in a seed is defined, and what follows from the names.

use std::collections::{BTreeMap, BTreeSet};

use outlive_rules::platform;
use serde_json::json;
use serde_saphyr::Spanned;

use super::SeedFile;
use super::application::{SeedApplication, SeedRequirement};
use super::conditional_access::{CONTROLS, frequency};
use super::file::SeedConnection;
use crate::diagnostic::{Position, closest};
use crate::maker::PORTAL_REDIRECT;
use crate::template::fill_json;

/// A wrong name with its position.
pub(super) struct Wrong {
    pub(super) position: Position,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Names of one kind that the file defines.
struct Defined<'a> {
    what: &'static str,
    names: BTreeSet<&'a str>,
}

impl<'a> Defined<'a> {
    fn collect(
        what: &'static str,
        names: impl Iterator<Item = &'a Spanned<String>>,
        wrong: &mut Vec<Wrong>,
    ) -> Self {
        Self::collect_by(what, names, str::to_owned, wrong)
    }

    /// Names of which two are the same if their keys are.
    fn collect_by(
        what: &'static str,
        names: impl Iterator<Item = &'a Spanned<String>>,
        key: fn(&str) -> String,
        wrong: &mut Vec<Wrong>,
    ) -> Self {
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for name in names {
            seen.insert(name.value.as_str());
            let first = *known.entry(key(&name.value)).or_insert(&name.value);
            if std::ptr::eq(first, name.value.as_str()) {
                continue;
            }
            let but_for_case =
                if first == name.value { "" } else { "; the case of letters makes no difference" };
            wrong.push(Wrong {
                position: Position::of(name),
                message: format!("the {what} '{first}' is given twice{but_for_case}"),
                remedy: "give every one a name of its own".to_owned(),
            });
        }
        Self { what, names: seen }
    }

    fn holds(&self, name: &Spanned<String>, wrong: &mut Vec<Wrong>) {
        if self.names.contains(name.value.as_str()) {
            return;
        }
        let known = self.names.iter().copied().collect::<Vec<_>>().join(", ");
        let remedy = match closest(&name.value, self.names.iter().copied()) {
            Some(close) => format!("did you mean {close}? Use one of: {known}"),
            None if known.is_empty() => format!("add the {}, or remove this", self.what),
            None => format!("use one of: {known}"),
        };
        let message = format!("the file defines no {} '{}'", self.what, name.value);
        wrong.push(Wrong { position: Position::of(name), message, remedy });
    }
}

pub(super) fn check_names(file: &SeedFile) -> Vec<Wrong> {
    let mut found = Vec::new();
    let wrong = &mut found;
    let users = Defined::collect("user with role", file.users.iter().map(|user| &user.role), wrong);
    let applications = {
        let names = file.applications.iter().map(|application| &application.name);
        Defined::collect_by("application", names, str::to_lowercase, wrong)
    };
    let groups = Defined::collect("group", file.groups.iter().map(|group| &group.name), wrong);
    Defined::collect("API key", file.api_keys.iter(), wrong);
    for member in file.groups.iter().flat_map(|group| &group.members) {
        users.holds(member, wrong);
    }
    let connectors = Defined::collect("connector", file.connectors.iter().map(|c| &c.name), wrong);
    let names = file.connections.iter().map(|connection| &connection.name);
    // Connection names are unique in the hub, across owners.
    let connections = Defined::collect_by("connection", names, str::to_ascii_lowercase, wrong);
    let named = [&file.flow_service, &file.maker_portal, &file.resource].into_iter().chain(&file.hub_service);
    let preauthorized = file.applications.iter().flat_map(|application| &application.preauthorized);
    for application in named.chain(preauthorized.map(|preauthorized| &preauthorized.client)) {
        applications.holds(application, wrong);
    }
    check_policies(file, &users, &groups, &applications, wrong);
    check_clients(file, wrong);
    check_identities(file, &applications, wrong);
    for SeedRequirement { api, .. } in file.applications.iter().flat_map(|app| &app.requires) {
        if platform::named(&api.value).is_none() {
            applications.holds(api, wrong);
        }
    }
    for application in file.connectors.iter().filter_map(|connector| connector.application.as_ref()) {
        applications.holds(application, wrong);
    }
    for connection in &file.connections {
        connectors.holds(&connection.connector, wrong);
        users.holds(&connection.owner, wrong);
        if let Err(error) =
            fill_json(&json!(connection.values), &|name| can_fill(file, name).then(String::new))
        {
            wrong.push(Wrong {
                position: Position::of(&connection.name),
                message: format!("in the values of the connection '{}': {error}", connection.name.value),
                remedy: "use ${user.ROLE.upn}, ${user.ROLE.password} or ${key.NAME}".to_owned(),
            });
        }
    }
    for sign_in in &file.sign_ins {
        users.holds(&sign_in.user, wrong);
        applications.holds(&sign_in.application, wrong);
        let name = &sign_in.application.value;
        let application = file.applications.iter().find(|application| application.name.value == *name);
        if application.is_some_and(|application| !application.is_native()) {
            wrong.push(Wrong {
                position: Position::of(&sign_in.application),
                message: format!("'{name}' is not a public client with a redirect URI"),
                remedy: "name an application of kind: public that has redirect_uris".to_owned(),
            });
        }
    }
    for flow in &file.flows {
        users.holds(&flow.owner, wrong);
        connections.holds(&flow.connection, wrong);
        let connection = file.connections.iter().find(|c| c.name.value == flow.connection.value);
        if connection.is_some_and(|found| found.only_in_seed_tenant && !flow.only_in_seed_tenant) {
            wrong.push(Wrong {
                position: Position::of(&flow.connection),
                message: format!(
                    "the connection '{}' is only in the seed tenant, but the flow is in others, too",
                    flow.connection.value
                ),
                remedy: "add only_in_seed_tenant: true to the flow, or remove it from the connection"
                    .to_owned(),
            });
        }
        let is_of_another = |connection: &&SeedConnection| {
            let owners = [&connection.owner, &flow.owner].map(|owner| owner.value.as_str());
            owners[0] != owners[1] && owners.iter().all(|owner| users.names.contains(owner))
        };
        if let Some(connection) = connection.filter(is_of_another) {
            wrong.push(Wrong {
                position: Position::of(&flow.owner),
                message: format!(
                    "the connection '{}' belongs to '{}'",
                    flow.connection.value, connection.owner.value
                ),
                remedy: "let the owner of the connection own the flow".to_owned(),
            });
        }
    }
    found
}

/// Whether a value of a connection can contain `${name}`.
fn can_fill(file: &SeedFile, name: &str) -> bool {
    let key = name.strip_prefix("key.");
    let of_user = |property| name.strip_prefix("user.").and_then(|rest| rest.strip_suffix(property));
    let role = of_user(".upn").or_else(|| of_user(".password"));
    key.is_some_and(|key| file.api_keys.iter().any(|known| known.value == key))
        || role.is_some_and(|role| file.users.iter().any(|user| user.role.value == role))
}

/// The managed identities: the names of APIs, and of the function apps that they are assigned to.
fn check_identities(file: &SeedFile, applications: &Defined<'_>, wrong: &mut Vec<Wrong>) {
    let identities = &file.managed_identities;
    Defined::collect("managed identity", identities.iter().map(|identity| &identity.name), wrong);
    let own = identities.iter().filter(|identity| !identity.user_assigned).map(|identity| &identity.name);
    let apps = Defined::collect("managed identity that is not user-assigned", own, &mut Vec::new());
    for identity in identities {
        for api in identity.roles.iter().map(|assigned| &assigned.api) {
            if platform::named(&api.value).is_none() {
                applications.holds(api, wrong);
            }
        }
        for app in &identity.assigned_to {
            apps.holds(app, wrong);
            if !identity.user_assigned {
                wrong.push(Wrong {
                    position: Position::of(app),
                    message: format!("'{}' belongs to a function app of its own", identity.name.value),
                    remedy: "add user_assigned: true, or remove assigned_to".to_owned(),
                });
            }
        }
    }
}

fn check_policies(
    file: &SeedFile,
    users: &Defined<'_>,
    groups: &Defined<'_>,
    applications: &Defined<'_>,
    wrong: &mut Vec<Wrong>,
) {
    Defined::collect("policy", file.policies.iter().map(|policy| &policy.name), wrong);
    for policy in &file.policies {
        policy.users.iter().chain(&policy.except_users).for_each(|user| users.holds(user, wrong));
        policy.groups.iter().chain(&policy.except_groups).for_each(|group| groups.holds(group, wrong));
        for application in &policy.applications {
            if platform::named(&application.value).is_none() {
                applications.holds(application, wrong);
            }
        }
        if policy.require.is_none() && policy.sign_in_frequency.is_none() {
            wrong.push(Wrong {
                position: Position::of(&policy.name),
                message: "the policy requires nothing".to_owned(),
                remedy: "add require or sign_in_frequency".to_owned(),
            });
        }
        if let Some(control) = policy.require.as_ref().filter(|it| !CONTROLS.contains(&it.value.as_str())) {
            wrong.push(Wrong {
                position: Position::of(control),
                message: format!("a policy cannot require '{}'", control.value.escape_debug()),
                remedy: format!("use one of: {}", CONTROLS.join(", ")),
            });
        }
        if let Some(every) = policy.sign_in_frequency.as_ref().filter(|it| frequency(it.value).is_none()) {
            wrong.push(Wrong {
                position: Position::of(every),
                message: format!("a sign-in frequency cannot be {}", every.value),
                remedy: "write 1 to 23 hours or 1 to 365 days".to_owned(),
            });
        }
    }
}

/// The applications that the flow service and the maker's portal sign in as.
fn check_clients(file: &SeedFile, wrong: &mut Vec<Wrong>) {
    let named = |name: &Spanned<String>| file.applications.iter().find(|app| app.name.value == name.value);
    let services = [("flow service", Some(&file.flow_service)), ("hub", file.hub_service.as_ref())];
    for (service, application) in services.into_iter().filter_map(|(name, own)| own.map(|own| (name, own))) {
        if named(application).is_some_and(|application| !application.secret) {
            wrong.push(Wrong {
                position: Position::of(application),
                message: format!(
                    "the {service} signs in with a secret, and '{}' has none",
                    application.value
                ),
                remedy: "add secret: true to the application".to_owned(),
            });
        }
    }
    let is_portal = |application: &SeedApplication| {
        application.redirect_uris.iter().any(|redirect| redirect.uri == PORTAL_REDIRECT)
    };
    if !file.connections.is_empty() && named(&file.maker_portal).is_some_and(|app| !is_portal(app)) {
        wrong.push(Wrong {
            position: Position::of(&file.maker_portal),
            message: format!("'{}' has no redirect URI {PORTAL_REDIRECT}", file.maker_portal.value),
            remedy: "add it to redirect_uris of the application, with type: publicClient".to_owned(),
        });
    }
}
