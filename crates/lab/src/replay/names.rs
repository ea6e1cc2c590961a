//! What stands for what: names of the recording (tenant, clients, users, APIs) and those of the
//! tenant of the replay; and values that servers issue (codes, tokens), which a later request
//! contains.

use std::collections::HashMap;

use outlive_wire::lab_api::TenantCredentials;
use serde_json::Value;

use super::cast::Cast;
use super::cast::overlay::{api_name, client_name, identifier_uri, user_role};
use super::endpoint::{GRAPH_HOSTS, LOGIN_HOSTS};
use super::exchange::redirect_parameters;
use super::kind::Kind;

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
    /// Recorded name in small letters, and the tenant's; the longest first.
    sent: Vec<(String, String)>,
    /// Recorded name in small letters, and its placeholder; the longest first.
    recorded: Vec<(String, String)>,
    /// The tenant's name in small letters, and its placeholder; the longest first.
    outlive: Vec<(String, String)>,
    issued: HashMap<String, String>,
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
    pub(super) fn of(cast: &Cast, mapping: &Mapping, tenant: &TenantCredentials) -> Self {
        let mut names = Self::default();
        for recorded in &cast.tenants {
            let is_id = Kind::of(recorded) == Kind::Guid;
            let own = if is_id { tenant.tenant_id.to_string() } else { tenant.domain.clone() };
            names.add(recorded, &own, "{tenant}");
        }
        names.outlive.push((tenant.tenant_id.to_string(), "{tenant}".to_owned()));
        names.outlive.push((tenant.domain.to_ascii_lowercase(), "{tenant}".to_owned()));
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
        for (number, api) in cast.apis.0.iter().enumerate() {
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
        for host in LOGIN_HOSTS {
            names.recorded.push((format!("https://{host}"), "{issuer}".to_owned()));
        }
        for host in GRAPH_HOSTS {
            names.recorded.push((format!("https://{host}/oidc"), "{graph}/oidc".to_owned()));
        }
        let issuer = tenant.urls.idp.to_ascii_lowercase();
        // Outlive serves Microsoft Graph at the address of the identity provider.
        names.outlive.push((format!("{issuer}/oidc"), "{graph}/oidc".to_owned()));
        names.outlive.push((issuer, "{issuer}".to_owned()));
        for list in [&mut names.sent, &mut names.recorded, &mut names.outlive] {
            list.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        }
        names
    }

    fn add(&mut self, recorded: &str, own: &str, label: &str) {
        let recorded = recorded.to_ascii_lowercase();
        self.sent.push((recorded.clone(), own.to_owned()));
        self.recorded.push((recorded, label.to_owned()));
        self.outlive.push((own.to_ascii_lowercase(), label.to_owned()));
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
            }
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
}

/// Replaces whole names in a text, without regard to case.
fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    let lower = text.to_ascii_lowercase();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let starts_name = !text[..at].chars().next_back().is_some_and(is_of_name);
        let found = pairs.iter().find(|(from, _)| {
            starts_name && lower[at..].starts_with(from.as_str()) && ends_name(&text[at + from.len()..])
        });
        if let Some((from, to)) = found {
            result.push_str(to);
            at += from.len();
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
            assert_eq!(replaced(text, &pairs), expected, "{text}");
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
