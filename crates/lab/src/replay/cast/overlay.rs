//! What the tenant of a replay has in addition to its seed.

use outlive_rules::platform;
use outlive_rules::redirect_uri::{PlainHttp, is_registrable};
use outlive_wire::overlay::{
    ApiRequirement, Overlay, OverlayApplication, OverlayRedirect, OverlayRequirement, OverlayScope,
    OverlayUser,
};
use outlive_wire::tenant::ApplicationKind;

use super::api::Api;
use super::{Cast, Client};

/// The most users and applications that a tenant gets.
const ITEMS_MAX: usize = 20;
/// Where a native application is redirected to if the recording does not show it.
const LOOPBACK: &str = "http://localhost";

/// The identifier URI of the API with this number in a replay.
pub(in crate::replay) fn identifier_uri(number: usize) -> String {
    format!("api://recorded-{}", number + 1)
}

/// The name of the recorded client with this number.
pub(in crate::replay) fn client_name(number: usize) -> String {
    format!("Recorded application {}", number + 1)
}

/// The role of the recorded user with this number.
pub(in crate::replay) fn user_role(number: usize) -> String {
    format!("recorded-{}", number + 1)
}

/// The name of the recorded API with this number.
pub(in crate::replay) fn api_name(number: usize) -> String {
    format!("Recorded API {}", number + 1)
}

impl Cast {
    /// Returns the client that is this API itself, by its number.
    pub(in crate::replay) fn client_of_api(&self, api: &Api) -> Option<usize> {
        let named = api.name.strip_prefix("api://").unwrap_or(&api.name).trim_end_matches('/');
        let id = self.own_apis.get(&api.name).map_or(named, String::as_str);
        self.client_number(id)
    }

    /// Returns what to add to the seed. `mapped` are clients that the seed's applications stand
    /// for, and `users` those whose users do.
    ///
    /// # Errors
    /// Too many users or applications.
    pub(in crate::replay) fn overlay(
        &self,
        is_mapped: impl Fn(&str) -> bool,
        is_mapped_user: impl Fn(&str) -> bool,
    ) -> Result<Overlay, String> {
        let mut overlay = Overlay::default();
        for (number, _) in self.users.iter().enumerate().filter(|(_, user)| !is_mapped_user(user)) {
            overlay.users.push(OverlayUser { role: user_role(number), ..OverlayUser::default() });
        }
        for (number, api) in self.apis.all.iter().enumerate() {
            if self.client_of_api(api).is_none() {
                overlay.applications.push(self.api(number, api));
            }
        }
        for (number, client) in self.clients.iter().enumerate().filter(|(_, client)| !is_mapped(&client.id)) {
            overlay.applications.push(self.application(number, client, &is_mapped));
        }
        for (what, count) in [("users", overlay.users.len()), ("applications", overlay.applications.len())] {
            if count > ITEMS_MAX {
                return Err(format!("the recording has {count} {what}; {ITEMS_MAX} are the most"));
            }
        }
        Ok(overlay)
    }

    /// Returns how many redirect URIs cannot be registered: one does not stop the replay.
    pub(in crate::replay) fn unregistered(&self) -> usize {
        let of_client = |client: &Client| {
            client.redirect_uris.iter().filter(|uri| !can_be_registered(uri, kind_of(client))).count()
        };
        self.clients.iter().map(of_client).sum()
    }

    fn api(&self, number: usize, api: &Api) -> OverlayApplication {
        OverlayApplication {
            identifier_uris: vec![identifier_uri(number)],
            scopes: api.scopes.iter().cloned().map(OverlayScope::Named).collect(),
            app_roles: api.roles.iter().cloned().collect(),
            token_version: Some(api.token_version),
            ..application(api_name(number), ApplicationKind::Resource)
        }
    }

    fn application(
        &self,
        number: usize,
        client: &Client,
        is_mapped: &impl Fn(&str) -> bool,
    ) -> OverlayApplication {
        let kind = kind_of(client);
        let registrable = client.redirect_uris.iter().filter(|uri| can_be_registered(uri, kind));
        let mut redirect_uris: Vec<String> = registrable.cloned().collect();
        if redirect_uris.is_empty() && kind != ApplicationKind::Daemon {
            redirect_uris.push(LOOPBACK.to_owned());
        }
        let of_api = |(name, permissions): (&String, &[std::collections::BTreeSet<String>; 2])| {
            let api = self.name_of_api(name, is_mapped)?;
            let [scopes, roles] = permissions.clone().map(|names| names.into_iter().collect::<Vec<_>>());
            let is_empty = scopes.is_empty() && roles.is_empty();
            (!is_empty).then_some(OverlayRequirement::OfApi(ApiRequirement { api, scopes, roles }))
        };
        let own = self.apis.all.iter().enumerate().filter(|(_, api)| self.client_of_api(api) == Some(number));
        let mut registered = OverlayApplication {
            redirect_uris: redirect_uris.into_iter().map(OverlayRedirect::Uri).collect(),
            allow_public_client: client.allows_public_flows.then_some(true),
            requires: Some(client.requires.iter().filter_map(of_api).collect()),
            admin_consented: Some(!client.lacks_consent),
            ..application(client_name(number), kind)
        };
        for (index, api) in own {
            registered.identifier_uris.push(identifier_uri(index));
            registered.token_version = Some(api.token_version);
            registered.app_roles.extend(api.roles.iter().cloned());
            let named = api.scopes.iter().cloned().map(OverlayScope::Named);
            let new: Vec<_> = named.filter(|scope| !registered.scopes.contains(scope)).collect();
            registered.scopes.extend(new);
        }
        registered
    }

    /// Returns the name of an API in the tenant.
    fn name_of_api(&self, name: &str, is_mapped: &impl Fn(&str) -> bool) -> Option<String> {
        if let Some(known) = platform::resource(name) {
            return Some(known.name.to_owned());
        }
        let number = self.apis.number(name)?;
        let api = self.apis.all.get(number)?;
        match self.client_of_api(api) {
            // The seed says what its own applications offer.
            Some(client) if is_mapped(&self.clients[client].id) => None,
            Some(client) => Some(client_name(client)),
            None => Some(api_name(number)),
        }
    }
}

const fn kind_of(client: &Client) -> ApplicationKind {
    match (client.has_credential, client.has_users, client.is_page) {
        (true, false, _) => ApplicationKind::Daemon,
        (true, true, _) => ApplicationKind::Confidential,
        (false, _, true) => ApplicationKind::Spa,
        (false, _, false) => ApplicationKind::Public,
    }
}

/// Whether the identity provider registers a redirect URI of such an application.
fn can_be_registered(uri: &str, kind: ApplicationKind) -> bool {
    is_registrable(uri, kind == ApplicationKind::Public, PlainHttp::Loopback)
}

/// Returns an application without anything but its name and kind.
fn application(name: String, kind: ApplicationKind) -> OverlayApplication {
    OverlayApplication {
        name,
        kind,
        redirect_uris: Vec::new(),
        secret: None,
        certificates: Vec::new(),
        allow_public_client: None,
        identifier_uris: Vec::new(),
        scopes: Vec::new(),
        app_roles: Vec::new(),
        token_version: None,
        requires: None,
        admin_consented: None,
        logout_url: None,
        require_mfa: false,
        continuous_access_evaluation: false,
    }
}
