//! Who and what a recording needs in a tenant: applications, APIs, users. They are registered as
//! far as the recording shows how the recorded ones are.

mod api;
pub(super) mod overlay;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use outlive_rules::platform;

use self::api::{Apis, permission_of};
use super::endpoint::{ALIASES, Endpoint, Service, service_of};
use super::exchange::Exchange;
use super::facts::{jwts, jwts_of_redirect, parameter_of, user_of};
use super::kind::{Jwt, Kind};

/// What the recording needs.
#[derive(Default)]
pub(super) struct Cast {
    /// Client ids, in small letters, with what is known of each.
    pub(super) clients: Vec<Client>,
    pub(super) apis: Apis,
    /// Sign-in names, in small letters.
    pub(super) users: Vec<String>,
    /// APIs that are clients, too: name of the API and client id, in small letters.
    pub(super) own_apis: BTreeMap<String, String>,
    /// Ids and domains of recorded tenants, in small letters.
    pub(super) tenants: BTreeSet<String>,
    /// Addresses of an identity provider that only an option names.
    pub(super) origins: BTreeSet<String>,
    /// What `clients` and `users` contain.
    known_clients: HashMap<String, usize>,
    known_users: HashSet<String>,
}

/// A recorded client.
#[derive(Default)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) redirect_uris: Vec<String>,
    /// What `redirect_uris` contains.
    known_uris: HashSet<String>,
    pub(super) has_credential: bool,
    /// Whether its token requests come from a page in a browser.
    pub(super) is_page: bool,
    /// Whether users sign in to it.
    pub(super) has_users: bool,
    /// Whether it uses the device code or password grant without a credential.
    pub(super) allows_public_flows: bool,
    /// Whether a recorded error says that consent is missing.
    pub(super) lacks_consent: bool,
    /// Required permissions: API, delegated names, application names.
    pub(super) requires: BTreeMap<String, [BTreeSet<String>; 2]>,
}

impl Client {
    fn add_redirect_uri(&mut self, uri: String) {
        if self.known_uris.insert(uri.clone()) {
            self.redirect_uris.push(uri);
        }
    }
}

impl Cast {
    /// Returns the number of a client, whose id is in small letters.
    pub(super) fn client_number(&self, id: &str) -> Option<usize> {
        self.known_clients.get(id).copied()
    }

    /// Reads who takes part.
    pub(super) fn of(exchanges: &[Exchange]) -> Self {
        let mut cast = Self::default();
        for exchange in exchanges {
            cast.read_names(exchange);
            cast.read_client(exchange);
        }
        exchanges.iter().for_each(|exchange| cast.read_logout(exchange));
        cast
    }

    /// The address to which a sign-out leads is a redirect URI of the client.
    fn read_logout(&mut self, exchange: &Exchange) {
        if exchange.endpoint != Endpoint::Logout {
            return;
        }
        let of_hint = || Some(Jwt::read(&parameter_of(exchange, "id_token_hint")?)?.claim("aud")?.to_owned());
        let id = exchange.client_id().or_else(of_hint).map(|id| id.to_ascii_lowercase());
        let client = match (id, self.clients.len()) {
            (Some(id), _) => self.known_clients.get(&id).and_then(|at| self.clients.get_mut(*at)),
            (None, 1) => self.clients.first_mut(),
            (None, _) => None,
        };
        if let (Some(client), Some(uri)) = (client, parameter_of(exchange, "post_logout_redirect_uri")) {
            client.add_redirect_uri(uri);
        }
    }

    fn read_names(&mut self, exchange: &Exchange) {
        let mut tenant = |text: &str| {
            let lower = text.to_ascii_lowercase();
            let is_tenant = matches!(Kind::of(&lower), Kind::Guid | Kind::Domain);
            if is_tenant && !ALIASES.contains(&lower.as_str()) {
                self.tenants.insert(lower);
            }
        };
        if exchange.service() == Service::Login && exchange.endpoint != Endpoint::Page {
            tenant(exchange.tenant());
        }
        if service_of(&exchange.url, &[]).is_none() {
            self.origins.insert(exchange.url.origin().ascii_serialization());
        }
        for jwt in jwts(exchange).into_iter().chain(jwts_of_redirect(exchange)) {
            if let Some(id) = jwt.claim("tid") {
                tenant(id);
            }
        }
        let of_realm = || {
            let name = exchange.url.path_segments()?.next_back()?.replace("%40", "@");
            (exchange.endpoint == Endpoint::UserRealm && Kind::of(&name) == Kind::Mail).then_some(name)
        };
        let user = user_of(exchange).or_else(of_realm).map(|user| user.to_ascii_lowercase());
        if let Some(user) = user.filter(|user| self.known_users.insert(user.clone())) {
            self.users.push(user);
        }
    }

    fn client(&mut self, id: &str) -> &mut Client {
        let id = id.to_ascii_lowercase();
        let index = *self.known_clients.entry(id).or_insert_with_key(|id| {
            self.clients.push(Client { id: id.clone(), ..Client::default() });
            self.clients.len() - 1
        });
        &mut self.clients[index]
    }

    fn read_client(&mut self, exchange: &Exchange) {
        let (Endpoint::Authorize | Endpoint::Token | Endpoint::DeviceCode) = exchange.endpoint else {
            return;
        };
        let Some(id) = exchange.client_id().filter(|id| platform::application(id).is_none()) else { return };
        let grant = exchange.field("grant_type").unwrap_or_default();
        let is_daemon = grant == "client_credentials";
        let has_credential = exchange.field("client_secret").is_some()
            || exchange.field("client_assertion").is_some()
            || exchange.header("authorization").is_some();
        let allows_public_flows = !has_credential
            && (exchange.endpoint == Endpoint::DeviceCode
                || grant == "password"
                || grant.ends_with("device_code"));
        let client = self.client(&id);
        client.has_credential |= has_credential;
        client.allows_public_flows |= allows_public_flows;
        client.has_users |= !is_daemon;
        let is_page = exchange.endpoint == Endpoint::Token && exchange.header("origin").is_some();
        client.is_page |= is_page && !has_credential;
        client.lacks_consent |= exchange.aadsts() == Some(65_001);
        if let Some(uri) = parameter_of(exchange, "redirect_uri").filter(|uri| !uri.is_empty()) {
            client.add_redirect_uri(uri);
        }
        let token = exchange.member("access_token").and_then(Jwt::read);
        let scope = parameter_of(exchange, "scope").unwrap_or_default();
        let words = scope.split_whitespace().filter_map(permission_of);
        let resource = parameter_of(exchange, "resource").filter(|api| !api.is_empty());
        let asked = words.chain(resource.map(|api| (api, ".default".to_owned())));
        let asked: Vec<_> = asked.collect();
        for (api, name) in &asked {
            // A token is for one API, the first.
            let token = token.as_ref().filter(|_| asked.first().is_some_and(|(first, _)| first == api));
            let (scopes, roles) = self.apis.learn(api, name, is_daemon, token);
            let required = self.client(&id).requires.entry(api.to_ascii_lowercase()).or_default();
            required[0].extend(scopes);
            required[1].extend(roles);
        }
        if exchange.field("requested_token_use") == Some("on_behalf_of")
            && let Some(assertion) = exchange.field("assertion").and_then(Jwt::read)
        {
            // The client is an API itself, which the assertion was issued for.
            let audience = assertion.claim("aud").unwrap_or(&id).to_ascii_lowercase();
            self.apis.learn(&audience, ".default", false, Some(&assertion));
            self.own_apis.insert(audience, id.to_ascii_lowercase());
        }
    }
}
