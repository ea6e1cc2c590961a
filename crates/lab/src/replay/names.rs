//! What stands for what: names of the recording (tenant, clients, users, APIs) and those of the
//! tenant of the replay; and values that servers issue (codes, tokens), which a later request
//! contains.

use std::collections::{BTreeMap, HashMap, HashSet};

use outlive_wire::lab_api::TenantCredentials;
use serde_json::Value;

use super::cast::Cast;
use super::cast::overlay::{api_name, client_name, identifier_uri, user_role};
use super::endpoint::{GRAPH_HOSTS, LOGIN_HOSTS, PUBLIC_CLOUD, TOKENS_V1, TOKENS_V1_CHINA};
use super::exchange::redirect_parameters;
use super::kind::{Jwt, Kind};

/// Members of responses and parameters of redirects that later requests contain.
const ISSUED: [&str; 9] = [
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "device_code",
    "user_code",
    "session_state",
    "client_info",
    "verification_uri_complete",
];
/// Parameters that belong to the client and are sent as they were recorded.
const OWN: [&str; 8] = [
    "redirect_uri",
    "post_logout_redirect_uri",
    "state",
    "nonce",
    "code_verifier",
    "code_challenge",
    "grant_type",
    "response_type",
];

/// Names and issued values.
#[derive(Default)]
pub(super) struct Names {
    /// The tenant's names for recorded ones.
    sent: Replacements,
    /// Placeholders for recorded names.
    recorded: Replacements,
    /// Placeholders for the tenant's names.
    outlive: Replacements,
    issued: HashMap<String, String>,
    /// Values of `nonce` that the recorded client sent.
    nonces: HashSet<String>,
    /// Addresses that an option names as those of the recorded identity provider.
    origins: Vec<String>,
    /// The host of Outlive, with its port.
    own_host: String,
}

/// Texts for names in small letters, by the length of the name.
#[derive(Default)]
struct Replacements(BTreeMap<usize, HashMap<String, String>>);

impl Replacements {
    /// Adds a name, unless it is known.
    fn add(&mut self, from: String, to: String) {
        if !from.is_empty() {
            self.0.entry(from.len()).or_default().entry(from).or_insert(to);
        }
    }

    /// Returns the length of the longest name with which a text starts, and what replaces it.
    /// `lower` is the text in small letters.
    fn at_start(&self, lower: &str, text: &str) -> Option<(usize, &str)> {
        self.0.iter().rev().find_map(|(length, names)| {
            let to = names.get(lower.get(..*length)?)?;
            ends_name(text.get(*length..)?).then_some((*length, to.as_str()))
        })
    }
}

/// Applications and users of the tenant that stand for recorded ones.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Recorded client id, and the name of the application.
    pub applications: Vec<(String, String)>,
    /// Recorded sign-in name, and the role of the user.
    pub users: Vec<(String, String)>,
}

impl Mapping {
    pub(super) fn application(&self, id: &str) -> Option<&str> {
        let found = self.applications.iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
        found.map(|(_, name)| name.as_str())
    }

    pub(super) fn user(&self, name: &str) -> Option<&str> {
        let found = self.users.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, role)| role.as_str())
    }
}

impl Names {
    /// Returns the names of a tenant that was created for the recording.
    pub(super) fn of(
        cast: &Cast,
        mapping: &Mapping,
        tenant: &TenantCredentials,
        nonces: &HashSet<String>,
    ) -> Self {
        let mut names = Self {
            nonces: nonces.clone(),
            origins: cast.origins.iter().cloned().collect(),
            own_host: authority_of(&tenant.urls.idp),
            ..Self::default()
        };
        for recorded in &cast.tenants {
            let is_id = Kind::of(recorded) == Kind::Guid;
            let own = if is_id { tenant.tenant_id.to_string() } else { tenant.domain.clone() };
            names.add(recorded, &own, "{tenant}");
        }
        names.outlive.add(tenant.tenant_id.to_string(), "{tenant}".to_owned());
        names.outlive.add(tenant.domain.to_ascii_lowercase(), "{tenant}".to_owned());
        for (number, client) in cast.clients.iter().enumerate() {
            let own = mapping.application(&client.id).map_or_else(|| client_name(number), str::to_owned);
            if let Some(application) = tenant.application(&own) {
                names.add(&client.id, &application.client_id, &format!("{{client {}}}", number + 1));
            }
        }
        for (number, user) in cast.users.iter().enumerate() {
            let role = mapping.user(user).map_or_else(|| user_role(number), str::to_owned);
            if let Some(account) = tenant.user(&role) {
                names.add(user, &account.upn, &format!("{{user {}}}", number + 1));
            }
        }
        for (number, api) in cast.apis.all.iter().enumerate() {
            let label = format!("{{api {}}}", number + 1);
            let is_id = Kind::of(&api.name) == Kind::Guid;
            let client = cast.client_of_api(api);
            // An application of the seed keeps its names.
            if client.is_some_and(|client| mapping.application(&cast.clients[client].id).is_some()) {
                continue;
            }
            match (client, is_id) {
                // The name of the client is that of the API.
                (Some(_), true) => {}
                (None, true) => {
                    if let Some(own) = tenant.application(&api_name(number)) {
                        names.add(&api.name, &own.client_id, &label);
                    }
                }
                (_, false) => names.add(api.name.trim_end_matches('/'), &identifier_uri(number), &label),
            }
        }
        // Users have names in the domain of the tenant, whatever names it in addresses.
        for user in &cast.users {
            if let Some((_, domain)) = user.split_once('@') {
                names.recorded.add(domain.to_owned(), "{tenant}".to_owned());
            }
        }
        for host in LOGIN_HOSTS.iter().filter(|host| **host != TOKENS_V1) {
            names.recorded.add(format!("https://{host}"), "{issuer}".to_owned());
        }
        names.recorded.add(format!("https://{TOKENS_V1_CHINA}"), format!("https://{TOKENS_V1}"));
        for host in GRAPH_HOSTS {
            names.recorded.add(format!("https://{host}/oidc"), "{graph}/oidc".to_owned());
        }
        for origin in &cast.origins {
            names.recorded.add(format!("{origin}/oidc"), "{graph}/oidc".to_owned());
            names.recorded.add(origin.clone(), "{issuer}".to_owned());
        }
        let issuer = tenant.urls.idp.to_ascii_lowercase();
        // Outlive serves Microsoft Graph at the address of the identity provider.
        names.outlive.add(format!("{issuer}/oidc"), "{graph}/oidc".to_owned());
        names.outlive.add(issuer, "{issuer}".to_owned());
        names
    }

    fn add(&mut self, recorded: &str, own: &str, label: &str) {
        let recorded = recorded.to_ascii_lowercase();
        self.sent.add(recorded.clone(), own.to_owned());
        self.recorded.add(recorded, label.to_owned());
        self.outlive.add(own.to_ascii_lowercase(), label.to_owned());
    }

    /// Returns the value that a request to Outlive contains in place of a recorded one.
    pub(super) fn to_send(&self, name: &str, value: &str) -> String {
        if let Some(issued) = self.issued.get(value) {
            return issued.clone();
        }
        if OWN.contains(&name) { value.to_owned() } else { replaced(value, &self.sent) }
    }

    /// Returns what Outlive issued in place of a recorded value.
    pub(super) fn issued(&self, value: &str) -> Option<&str> {
        self.issued.get(value).map(String::as_str)
    }

    /// Records that Outlive issued one value where the recording has another.
    pub(super) fn bind(&mut self, recorded: &str, outlive: &str) {
        if !recorded.is_empty() && !outlive.is_empty() {
            self.issued.insert(recorded.to_owned(), outlive.to_owned());
        }
    }

    /// Records the values that two responses issued.
    pub(super) fn bind_members(&mut self, recorded: &Value, outlive: &Value) {
        for name in ISSUED {
            if let (Some(recorded), Some(own)) = (recorded[name].as_str(), outlive[name].as_str()) {
                self.bind(recorded, own);
                self.bind_keys(recorded, own);
            }
        }
    }

    /// Records that one key signs where the recording has another.
    fn bind_keys(&mut self, recorded: &str, outlive: &str) {
        let key = |token: &str| Some(Jwt::read(token)?.header.get("kid")?.as_str()?.to_owned());
        if let (Some(recorded), Some(own)) = (key(recorded), key(outlive)) {
            self.bind(&recorded, &own);
        }
    }

    /// Records the values in two redirects.
    pub(super) fn bind_redirects(&mut self, recorded: &url::Url, outlive: &url::Url) {
        let own = redirect_parameters(outlive);
        for (name, value) in redirect_parameters(recorded) {
            if ISSUED.contains(&name.as_str())
                && let Some((_, own)) = own.iter().find(|(key, _)| *key == name)
            {
                self.bind(&value, own);
            }
        }
    }

    /// Returns a recorded text with placeholders for names.
    pub(super) fn mask_recorded(&self, text: &str) -> String {
        replaced(text, &self.recorded)
    }

    /// Returns a text of Outlive with placeholders for names.
    pub(super) fn mask_outlive(&self, text: &str) -> String {
        replaced(text, &self.outlive)
    }

    /// Returns a recorded issuer with placeholders for names.
    pub(super) fn recorded_issuer(&self, text: &str) -> String {
        let masked = self.mask_recorded(text);
        // An identity provider of one name, such as Outlive.
        let has_one_name = self.origins.iter().any(|origin| text.starts_with(origin.as_str()));
        if has_one_name { at_host_of_version(masked) } else { masked }
    }

    /// Returns an issuer of Outlive with placeholders for names, at the host that the original has
    /// for its version.
    pub(super) fn outlive_issuer(&self, text: &str) -> String {
        at_host_of_version(self.mask_outlive(text))
    }

    /// Returns a recorded name of the identity provider, or its placeholder if Outlive stands for
    /// it.
    pub(super) fn recorded_host(&self, host: &str) -> String {
        let is_named = || self.origins.iter().any(|origin| authority_of(origin) == host);
        if PUBLIC_CLOUD.contains(&host) || is_named() { "{issuer}".to_owned() } else { host.to_owned() }
    }

    /// Returns a name in Outlive's metadata, or the placeholder of its own.
    pub(super) fn outlive_host(&self, host: &str) -> String {
        let is_own = PUBLIC_CLOUD.contains(&host) || host == self.own_host;
        if is_own { "{issuer}".to_owned() } else { host.to_owned() }
    }

    /// Whether a recorded authorization request sent this nonce.
    pub(super) fn is_sent_nonce(&self, nonce: &str) -> bool {
        self.nonces.contains(nonce)
    }
}

/// Returns the host of an address, with its port.
fn authority_of(address: &str) -> String {
    address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/').to_owned()
}

/// Outlive has one address. Issuers of version 1.0 are at another host in the original.
fn at_host_of_version(masked: String) -> String {
    let tenant = masked.strip_prefix("{issuer}/").and_then(|rest| rest.strip_suffix('/'));
    match tenant {
        Some(tenant @ ("{tenant}" | "{tenantid}")) => format!("https://{TOKENS_V1}/{tenant}/"),
        _ => masked,
    }
}

/// Replaces whole names in a text, without regard to case.
fn replaced(text: &str, names: &Replacements) -> String {
    let lower = text.to_ascii_lowercase();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let starts_name = !text[..at].chars().next_back().is_some_and(is_of_name);
        let found = if starts_name { names.at_start(&lower[at..], &text[at..]) } else { None };
        if let Some((length, to)) = found {
            result.push_str(to);
            at += length;
        } else {
            let letter = text[at..].chars().next().unwrap_or_default();
            result.push(letter);
            at += letter.len_utf8();
        }
    }
    result
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Whether a name ends before this rest of the text.
fn ends_name(rest: &str) -> bool {
    let mut letters = rest.chars();
    match letters.next() {
        None => true,
        // The end of a sentence, or a further label of a domain.
        Some('.') => !letters.next().is_some_and(char::is_alphanumeric),
        Some(letter) => !is_of_name(letter) && letter != ':',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_replaced() {
        let pairs = [
            ("bob@contoso.example".to_owned(), "USER".to_owned()),
            ("contoso.example".to_owned(), "TENANT".to_owned()),
            ("api://contoso".to_owned(), "API".to_owned()),
        ];
        let mut names = Replacements::default();
        pairs.into_iter().for_each(|(from, to)| names.add(from, to));
        for (text, expected) in [
            ("https://login.example/contoso.example/oauth2", "https://login.example/TENANT/oauth2"),
            ("Bob@Contoso.example", "USER"),
            ("bob@contoso.example.", "USER."),
            ("contoso.example.org", "contoso.example.org"),
            ("my-contoso.example", "my-contoso.example"),
            ("api://contoso/Read api://contoso-two/Read", "API/Read api://contoso-two/Read"),
            ("Grüße an contoso.example", "Grüße an TENANT"),
            ("", ""),
        ] {
            assert_eq!(replaced(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn outlive_stands_for_the_hosts_of_both_versions() {
        let mut names = Names { origins: vec!["http://127.0.0.1:8701".to_owned()], ..Names::default() };
        for (recorded, label) in [
            ("https://login.microsoftonline.com", "{issuer}"),
            ("http://127.0.0.1:8701", "{issuer}"),
            ("contoso.example", "{tenant}"),
        ] {
            names.recorded.add(recorded.to_owned(), label.to_owned());
        }
        names.outlive.add("http://127.0.0.1:9701".to_owned(), "{issuer}".to_owned());
        names.outlive.add("replay.example".to_owned(), "{tenant}".to_owned());
        const V1: &str = "https://sts.windows.net/{tenant}/";
        for (text, masked) in [
            ("https://sts.windows.net/contoso.example/", V1),
            ("https://login.microsoftonline.com/contoso.example/", "{issuer}/{tenant}/"),
            ("https://login.microsoftonline.com/contoso.example/v2.0", "{issuer}/{tenant}/v2.0"),
            ("http://127.0.0.1:8701/contoso.example/", V1),
            ("http://127.0.0.1:8701/contoso.example", "{issuer}/{tenant}"),
            ("http://127.0.0.1:8701/{tenantid}/v2.0", "{issuer}/{tenantid}/v2.0"),
        ] {
            assert_eq!(names.recorded_issuer(text), masked, "{text}");
        }
        for (text, masked) in [
            ("http://127.0.0.1:9701/replay.example/", V1),
            ("http://127.0.0.1:9701/{tenantid}/", "https://sts.windows.net/{tenantid}/"),
            ("http://127.0.0.1:9701/replay.example/v2.0", "{issuer}/{tenant}/v2.0"),
            ("http://127.0.0.1:9701/other.example/", "{issuer}/other.example/"),
        ] {
            assert_eq!(names.outlive_issuer(text), masked, "{text}");
        }
    }

    #[test]
    fn a_value_that_was_issued_is_replaced_as_a_whole() {
        let mut names = Names::default();
        names.bind_members(
            &serde_json::json!({"access_token": "old", "scope": "a"}),
            &serde_json::json!({"access_token": "new", "scope": "b"}),
        );
        assert_eq!(names.to_send("assertion", "old"), "new");
        assert_eq!(names.to_send("scope", "a"), "a");
        assert_eq!(names.to_send("assertion", "older"), "older");
    }
}
