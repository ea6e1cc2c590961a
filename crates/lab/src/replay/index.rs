//! Where values occur in a recording. It is read once, so that planning looks values up instead of
//! searching all entries for each of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use url::Url;

use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::facts::{OUTCOMES, parameter, parameter_of, redirect_of, user_of};

/// Exchanges by their values. They are given by their indexes, in ascending order.
pub(super) struct Index<'a> {
    redirects: HashMap<Back, Vec<usize>>,
    /// Redemptions of codes by client id and code.
    redemptions: HashMap<(String, &'a str), Vec<usize>>,
    /// Redemptions that belong to no sign-in yet, by client id and redirect URI.
    unclaimed: HashMap<(String, Option<&'a str>), BTreeSet<usize>>,
    /// The user of each exchange.
    users: Vec<Option<String>>,
    /// The last exchange with a user up to this one.
    last_users: Vec<Option<usize>>,
    /// Exchanges with a user, by client id.
    of_clients: HashMap<Option<String>, Vec<usize>>,
    /// The first response with a refresh token.
    refresh_tokens: HashMap<&'a str, usize>,
    /// The first response with a device code.
    device_codes: HashMap<&'a str, usize>,
    nonces: HashSet<String>,
}

/// Where an authorization response leads.
#[derive(PartialEq, Eq, Hash)]
struct Back {
    scheme: String,
    host: Option<String>,
    path: String,
    state: Option<String>,
}

impl Back {
    fn of(url: &Url, state: Option<String>) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().map(str::to_owned),
            path: url.path().to_owned(),
            state,
        }
    }
}

impl<'a> Index<'a> {
    pub(super) fn of(exchanges: &'a [Exchange]) -> Self {
        let mut index = Self {
            redirects: HashMap::new(),
            redemptions: HashMap::new(),
            unclaimed: HashMap::new(),
            users: exchanges.iter().map(user_of).collect(),
            last_users: Vec::with_capacity(exchanges.len()),
            of_clients: HashMap::new(),
            refresh_tokens: HashMap::new(),
            device_codes: HashMap::new(),
            nonces: HashSet::new(),
        };
        for (at, exchange) in exchanges.iter().enumerate() {
            index.add(at, exchange);
        }
        index
    }

    fn add(&mut self, at: usize, exchange: &'a Exchange) {
        let client = exchange.client_id();
        let earlier = self.last_users.last().copied().flatten();
        let has_user = self.users[at].is_some();
        self.last_users.push(if has_user { Some(at) } else { earlier });
        if has_user {
            self.of_clients.entry(client.clone()).or_default().push(at);
        }
        if let Some(token) = exchange.member("refresh_token") {
            self.refresh_tokens.entry(token).or_insert(at);
        }
        match exchange.endpoint {
            Endpoint::Authorize | Endpoint::Page => self.add_redirect(at, exchange),
            Endpoint::DeviceCode => {
                if let Some(code) = exchange.member("device_code") {
                    self.device_codes.entry(code).or_insert(at);
                }
            }
            _ => {}
        }
        if exchange.endpoint == Endpoint::Authorize {
            self.nonces.extend(parameter_of(exchange, "nonce"));
        }
        let Some(client) = client.filter(|_| exchange.field("grant_type") == Some("authorization_code"))
        else {
            return;
        };
        if let Some(code) = exchange.field("code") {
            self.redemptions.entry((client.clone(), code)).or_default().push(at);
        }
        self.unclaimed.entry((client, exchange.field("redirect_uri"))).or_default().insert(at);
    }

    fn add_redirect(&mut self, at: usize, exchange: &Exchange) {
        let Some(url) = redirect_of(exchange) else { return };
        if OUTCOMES.iter().any(|name| parameter(&url, name).is_some()) {
            let back = Back::of(&url, parameter(&url, "state"));
            self.redirects.entry(back).or_default().push(at);
        }
    }

    /// Returns the first redirect to the application of an authorization request, from this
    /// exchange on.
    pub(super) fn redirect_from(
        &self,
        at: usize,
        redirect_uri: &Url,
        state: Option<String>,
    ) -> Option<usize> {
        first_from(self.redirects.get(&Back::of(redirect_uri, state))?, at)
    }

    /// Returns the first redemption of a code after this exchange.
    pub(super) fn redemption_of(&self, at: usize, client: &str, code: &str) -> Option<usize> {
        first_from(self.redemptions.get(&(client.to_owned(), code))?, at + 1)
    }

    /// Returns the first redemption after this exchange that belongs to no sign-in yet.
    pub(super) fn unclaimed_after(
        &self,
        at: usize,
        client: &str,
        redirect_uri: Option<&str>,
    ) -> Option<usize> {
        let found = self.unclaimed.get(&(client.to_owned(), redirect_uri))?;
        found.range(at + 1..).next().copied()
    }

    /// Records that a redemption belongs to a sign-in.
    pub(super) fn claim(&mut self, at: usize, redemption: &'a Exchange) {
        let Some(client) = redemption.client_id() else { return };
        if let Some(unclaimed) = self.unclaimed.get_mut(&(client, redemption.field("redirect_uri"))) {
            unclaimed.remove(&at);
        }
    }

    /// Returns the user of an exchange.
    pub(super) fn user_at(&self, at: usize) -> Option<&str> {
        self.users.get(at)?.as_deref()
    }

    /// Returns the last user between two exchanges, with both.
    pub(super) fn last_user_between(&self, first: usize, last: usize) -> Option<&str> {
        let at = self.last_users.get(last).copied().flatten().filter(|at| *at >= first)?;
        self.user_at(at)
    }

    /// Returns the first user of a client, from this exchange on.
    pub(super) fn user_from(&self, at: usize, client: &Option<String>) -> Option<&str> {
        self.user_at(first_from(self.of_clients.get(client)?, at)?)
    }

    /// Whether a response before this exchange issued the refresh token.
    pub(super) fn is_issued_before(&self, at: usize, refresh_token: &str) -> bool {
        self.refresh_tokens.get(refresh_token).is_some_and(|issued| *issued < at)
    }

    /// Returns the response that issued a device code.
    pub(super) fn device_code(&self, code: &str) -> Option<usize> {
        self.device_codes.get(code).copied()
    }

    /// Returns the values of `nonce` in authorization requests.
    pub(super) fn nonces(&self) -> &HashSet<String> {
        &self.nonces
    }
}

/// Returns the first of ascending indexes that is not before `at`.
fn first_from(ascending: &[usize], at: usize) -> Option<usize> {
    ascending.get(ascending.partition_point(|found| *found < at)).copied()
}
