//! The APIs that a recording names in scopes, and the permissions that they offer.

use std::collections::{BTreeSet, HashMap};

use outlive_rules::platform;

use crate::replay::kind::Jwt;

/// Scopes that are of no API.
const OPEN_ID: [&str; 4] = ["openid", "profile", "email", "offline_access"];
/// The API whose permissions need no name of an API before them.
const GRAPH: &str = "https://graph.microsoft.com";
/// What an API offers if the recording does not name a permission.
const UNNAMED: &str = "user_impersonation";

/// The APIs of a recording, without those that every tenant has.
#[derive(Default)]
pub(in crate::replay) struct Apis {
    pub(in crate::replay) all: Vec<Api>,
    /// Numbers in `all`, by name.
    numbers: HashMap<String, usize>,
}

/// An API.
pub(in crate::replay) struct Api {
    /// Its identifier URI or client id, in small letters.
    pub(in crate::replay) name: String,
    pub(in crate::replay) scopes: BTreeSet<String>,
    pub(in crate::replay) roles: BTreeSet<String>,
    pub(in crate::replay) token_version: u8,
}

/// Returns the API and the name of the permission of a scope; `None` for those of OpenID Connect.
pub(super) fn permission_of(scope: &str) -> Option<(String, String)> {
    if OPEN_ID.contains(&scope) {
        return None;
    }
    match scope.rsplit_once('/') {
        Some((api, name)) if !api.ends_with(":/") && !name.is_empty() => {
            Some((api.to_owned(), name.to_owned()))
        }
        // The URI of an API without a permission.
        Some(_) => Some((scope.to_owned(), ".default".to_owned())),
        None => Some((GRAPH.to_owned(), scope.to_owned())),
    }
}

impl Apis {
    /// Returns the number of an API, whose name is in small letters.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Learns that a permission was requested, and returns the delegated and the application
    /// permissions that the client needs. `token` is the access token that was issued.
    pub(super) fn learn(
        &mut self,
        api: &str,
        name: &str,
        is_daemon: bool,
        token: Option<&Jwt>,
    ) -> (BTreeSet<String>, BTreeSet<String>) {
        let api = api.to_ascii_lowercase();
        let (mut scopes, mut roles) = (BTreeSet::new(), BTreeSet::new());
        if is_daemon {
            let claimed =
                token.and_then(|token| token.claims.get("roles")).and_then(|roles| roles.as_array());
            roles.extend(claimed.into_iter().flatten().filter_map(|role| role.as_str().map(str::to_owned)));
        } else {
            // A token contains everything that was consented to.
            let claimed = token.and_then(|token| token.claim("scp")).unwrap_or_default();
            scopes.extend(claimed.split_whitespace().map(str::to_owned));
            scopes.extend((name != ".default").then(|| name.to_owned()));
        }
        if let Some(known) = platform::resource(&api) {
            scopes.retain(|name| known.delegated(name).is_some());
            roles.retain(|name| known.application_permission(name).is_some());
            let defaults = ["user_impersonation", "User.Read"];
            if scopes.is_empty() && !is_daemon && name == ".default" {
                scopes.extend(
                    defaults.into_iter().find(|name| known.delegated(name).is_some()).map(str::to_owned),
                );
            }
            return (scopes, roles);
        }
        scopes.retain(|name| !OPEN_ID.contains(&name.as_str()) && is_permission(name));
        roles.retain(|name| is_permission(name));
        if scopes.is_empty() && !is_daemon {
            scopes.insert(UNNAMED.to_owned());
        }
        let version = token.and_then(|token| token.claim("ver")).map(|ver| if ver == "2.0" { 2 } else { 1 });
        let index = *self.numbers.entry(api).or_insert_with_key(|api| {
            let (scopes, roles) = (BTreeSet::new(), BTreeSet::new());
            self.all.push(Api { name: api.clone(), scopes, roles, token_version: 1 });
            self.all.len() - 1
        });
        let known = &mut self.all[index];
        known.scopes.extend(scopes.iter().cloned());
        known.roles.extend(roles.iter().cloned());
        if let Some(version) = version {
            known.token_version = version;
        }
        (scopes, roles)
    }
}

/// Whether an API can offer a permission of this name.
fn is_permission(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.chars().all(|letter| letter.is_ascii_graphic() && !"\"\\/".contains(letter))
}
