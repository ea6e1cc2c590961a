//! Replaces the values of one exchange.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use url::Url;

use super::pseudonyms::Pseudonyms;
use crate::replay::endpoint::{ALIASES, Endpoint, LOGIN_HOSTS, TOKENS_V1, service_of};
use crate::replay::exchange::{
    Body, Exchange, METHODS, aadsts_of, basic_credentials, cutoff_of, issued_on, parameters_of,
};
use crate::replay::kind::{Jwt, Kind};
use crate::replay::vocabulary::{is_graph_error, is_name, is_number, is_public};

/// Ends of the names of parameters and members that are passwords or the like: in small letters,
/// without separators.
const SECRETS: &[&str] =
    &["password", "passwd", "pwd", "pass", "passcode", "passphrase", "pin", "otp", "otc", "secret"];
/// Parameters and members that are opaque to clients, whatever their value looks like.
const OPAQUE: &[&str] = &[
    "code",
    "refresh_token",
    "device_code",
    "code_verifier",
    "flowToken",
    "ctx",
    "canary",
    "SAMLRequest",
    "SAMLResponse",
];
/// How many digits a number of the protocol has at most.
const DIGITS_MAX: usize = 10;

/// Replaces what is not public in an exchange.
pub(super) fn redact_exchange(exchange: &Exchange, names: &mut Pseudonyms, hosts: &[String]) -> Exchange {
    let mut scrub = Scrub { names, hosts };
    let pairs = |scrub: &mut Scrub<'_>, pairs: &[(String, String)]| {
        pairs.iter().map(|(name, value)| (name.clone(), scrub.header(name, value))).collect()
    };
    Exchange {
        place: exchange.place,
        started: exchange.started,
        endpoint: exchange.endpoint,
        method: scrub.method(&exchange.method),
        url: scrub.address(&exchange.url),
        headers: pairs(&mut scrub, &exchange.headers),
        form: scrub.parameters(exchange.form.iter().cloned()),
        status: exchange.status,
        response_headers: pairs(&mut scrub, &exchange.response_headers),
        body: match &exchange.body {
            // What pages exchange with the server is not replayed.
            Body::Json(_) if exchange.endpoint == Endpoint::Page => Body::Other,
            Body::Json(value) => Body::Json(scrub.json("", value)),
            other => other.clone(),
        },
    }
}

struct Scrub<'a> {
    names: &'a mut Pseudonyms,
    /// Names of the identity provider that only an option gives, with their port.
    hosts: &'a [String],
}

impl Scrub<'_> {
    fn method(&self, method: &str) -> String {
        if METHODS.contains(&method) { method.to_owned() } else { "POST".to_owned() }
    }

    /// Replaces what is not public in a URL of the identity platform.
    fn address(&mut self, url: &Url) -> Url {
        let mut address = url.clone();
        if service_of(url, &[]).is_none() || !is_web(url) {
            // A host that an option named, or the scheme of an application.
            let host = if exchange_is_graph(url) { "graph.microsoft.com" } else { LOGIN_HOSTS[0] };
            let rest = url.path();
            address = Url::parse(&format!("https://{host}{rest}")).unwrap_or_else(|_| url.clone());
        }
        let _ = address.set_username("");
        let _ = address.set_password(None);
        let path: Vec<String> = url.path().split('/').map(|segment| self.names.segment(segment)).collect();
        address.set_path(&path.join("/"));
        self.set_parameters(url, &mut address);
        address
    }

    /// Replaces what is not public in a redirect, wherever it leads.
    fn redirect(&mut self, text: &str) -> String {
        let Ok(url) = Url::parse(text) else {
            // A relative one, of a page.
            let base = Url::parse("https://login.microsoftonline.com/");
            let joined = base.and_then(|base| base.join(text));
            return match joined {
                Ok(url) => self.address(&url).to_string(),
                Err(_) => self.names.replace(text),
            };
        };
        if service_of(&url, self.hosts).is_some() && is_web(&url) {
            // Braces are a part of the template of an issuer.
            return self.address(&url).to_string().replace("%7Btenantid%7D", "{tenantid}");
        }
        let plain = self.names.url(text);
        if url.query().is_none() && url.fragment().is_none() {
            return plain;
        }
        let Ok(mut redirect) = Url::parse(&plain) else { return plain };
        self.set_parameters(&url, &mut redirect);
        redirect.to_string()
    }

    fn set_parameters(&mut self, from: &Url, to: &mut Url) {
        let written = |pairs: Vec<(String, String)>| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let query = from.query().map(|query| written(self.parameters(parameters_of(query))));
        to.set_query(query.as_deref().filter(|query| !query.is_empty()));
        let fragment = from.fragment().map(|fragment| written(self.parameters(parameters_of(fragment))));
        to.set_fragment(fragment.as_deref().filter(|fragment| !fragment.is_empty()));
    }

    fn parameters(&mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
        pairs
            .into_iter()
            .map(|(name, value)| {
                let value = self.text(&name, &value);
                (self.name(&name), value)
            })
            .collect()
    }

    fn name(&mut self, name: &str) -> String {
        if name.is_empty() || is_name(name) { name.to_owned() } else { self.names.name(name) }
    }

    fn header(&mut self, name: &str, value: &str) -> String {
        match name {
            "authorization" => self.authorization(value),
            "location" => self.redirect(value),
            "origin" => self.names.url(value),
            "www-authenticate" => {
                let scheme = value.split(' ').next().unwrap_or_default();
                self.names.value(scheme)
            }
            "retry-after" if value.len() <= DIGITS_MAX => digits_or_nothing(value),
            "content-type" => {
                value.split(';').next().map_or_else(String::new, |kind| self.names.value(kind.trim()))
            }
            _ => value.split(',').map(|part| self.names.value(part.trim())).collect::<Vec<_>>().join(", "),
        }
    }

    fn authorization(&mut self, value: &str) -> String {
        if let Some((client, secret)) = basic_credentials(value) {
            let pair = format!("{}:{}", self.text("client_id", &client), self.names.secret(&secret));
            return format!("Basic {}", STANDARD.encode(pair));
        }
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                format!("Bearer {}", self.text("access_token", token.trim()))
            }
            _ => self.names.secret(value),
        }
    }

    /// Replaces a value; `name` is that of its parameter or member.
    fn text(&mut self, name: &str, value: &str) -> String {
        // The rest of a value that was not encoded.
        if name.is_empty() || is_secret(name) {
            return self.names.secret(value);
        }
        if let Some(jwt) = Jwt::read(value) {
            return self.jwt(&jwt).unsigned();
        }
        if OPAQUE.contains(&name) {
            return self.names.opaque(value);
        }
        match name {
            "scope" | "scp" | "roles" | "resource" => {
                return value.split(' ').map(|word| self.permission(word)).collect::<Vec<_>>().join(" ");
            }
            // Names of properties.
            "$select" => return value.split(',').map(|name| self.name(name)).collect::<Vec<_>>().join(","),
            "error_description" => return self.description(value),
            "error_uri" => return self.redirect(value),
            "iss" | "issuer" | "idp" => return self.issuer(value),
            // Text with the user code and an address, in the language of the client.
            "message" => return self.names.replace(value),
            _ if is_number(name, value) => return value.to_owned(),
            _ => {}
        }
        if is_public(value) {
            return value.to_owned();
        }
        if matches!(value.as_bytes().first(), Some(b'{' | b'['))
            && let Ok(json) = serde_json::from_str::<Value>(value)
        {
            return self.json(name, &json).to_string();
        }
        if Kind::of(value) == Kind::Url { self.redirect(value) } else { self.names.replace(value) }
    }

    /// Replaces the API and the name in `API/permission`.
    fn permission(&mut self, word: &str) -> String {
        if is_public(word) || word.is_empty() {
            return word.to_owned();
        }
        if let Some((api, name)) = word.rsplit_once('/').filter(|(api, name)| {
            !name.is_empty() && !api.ends_with('/') && matches!(Kind::of(api), Kind::Url | Kind::Guid)
        }) {
            let api = self.names.value(api);
            return format!("{api}/{}", self.names.word(name));
        }
        self.names.word(word)
    }

    /// Keeps the number of an error, and the instants of a refused grant.
    fn description(&mut self, text: &str) -> String {
        let Some(number) = aadsts_of(text) else { return self.names.replace(text) };
        let mut kept = format!("AADSTS{number}: [text removed]");
        if let Some(issued) = issued_on(text) {
            kept.push_str(&format!(" The grant was issued on '{issued}'"));
            if let Some(cutoff) = cutoff_of(text) {
                kept.push_str(&format!(
                    " and the TokensValidFrom date (before which tokens are not valid) for this user is '{cutoff}'"
                ));
            }
            kept.push('.');
        }
        kept
    }

    fn jwt(&mut self, jwt: &Jwt) -> Jwt {
        Jwt { header: self.object(&jwt.header), claims: self.object(&jwt.claims) }
    }

    fn object(&mut self, object: &Map<String, Value>) -> Map<String, Value> {
        object.iter().map(|(name, value)| (self.name(name), self.json(name, value))).collect()
    }

    /// `serde_json` reads at most 128 levels, so the recursion ends.
    fn json(&mut self, name: &str, value: &Value) -> Value {
        match value {
            // What a member of unknown meaning says of a user is not public.
            Value::Bool(_) if !is_name(name) => Value::Bool(false),
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number) if is_number(name, &number.to_string()) => value.clone(),
            Value::Number(number) => {
                if number.is_f64() {
                    0.0.into()
                } else {
                    0.into()
                }
            }
            Value::String(text) => Value::String(self.text(name, text)),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.json(name, value)).collect()),
            Value::Object(object) => {
                let mut replaced = self.object(object);
                // A code of OAuth is opaque; that of an error of Microsoft Graph is public.
                if name == "error"
                    && let Some(Value::String(code)) = object.get("code")
                    && is_graph_error(code)
                {
                    replaced.insert("code".to_owned(), Value::String(code.clone()));
                }
                Value::Object(replaced)
            }
        }
    }

    /// Replaces what is not public in an issuer. The original has version 1.0 at a host of its own.
    fn issuer(&mut self, value: &str) -> String {
        let plain = if Kind::of(value) == Kind::Url { self.redirect(value) } else { self.names.value(value) };
        let is_named = Url::parse(value)
            .is_ok_and(|url| service_of(&url, &[]).is_none() && service_of(&url, self.hosts).is_some());
        let path = plain.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
        match path {
            Some(path) if is_named && path.find('/') == Some(path.len().saturating_sub(1)) => {
                format!("https://{TOKENS_V1}/{path}")
            }
            _ => plain,
        }
    }
}

/// Whether the value of a parameter or member is a password or the like.
fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect();
    SECRETS.iter().any(|end| plain.ends_with(end))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn exchange_is_graph(url: &Url) -> bool {
    let first = url.path().split('/').nth(1).unwrap_or_default();
    !ALIASES.contains(&first) && matches!(first, "v1.0" | "oidc")
}

fn digits_or_nothing(value: &str) -> String {
    value.chars().filter(char::is_ascii_digit).collect()
}
