//! Compares a recorded response with that of Outlive, member by member. A value is compared as it
//! is, or by its kind if it differs in every exchange.

mod address;
mod difference;
mod expected;
mod lists;
#[cfg(test)]
mod tests;
mod text;
mod token;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use self::difference::{Difference, Severity};
use self::expected::{Known, known};
pub(super) use self::text::is_placeholder;
use self::text::{
    error_text, exactly, has_free_length, is_exact, is_lifetime, is_public_path, lifetime, names_party,
    shape, shown,
};
use super::endpoint::Endpoint;
use super::exchange::{Body, Exchange, aadsts_of};
use super::kind::Kind;
use super::names::Names;
use super::vocabulary::{is_name, is_public};

/// The most differences of one response.
const DIFFERENCES_MAX: usize = 200;

/// An error of the recording whose cause Outlive cannot know.
const NO_CAUSE: &str = "the recording does not show the cause of the error";
/// A nonce that was sent before the recording.
const NONCE_OF_BEFORE: Known = Known {
    reason: "the request that sent it is not in the recording",
    is_expected: true,
    is_certain: false,
};

/// A response of Outlive.
pub(super) struct Observed {
    pub(super) status: u16,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// Compares two responses.
pub(super) fn compare(names: &Names, recorded: &Exchange, outlive: &Observed) -> Vec<Difference> {
    let mut comparison = Comparison::new(names, recorded.endpoint);
    let (error, own_error) = (body_error(&recorded.body), body_error(&outlive.body));
    comparison.lacks_cause = error.is_some() && own_error.is_none();
    comparison.has_error = error.is_some() || own_error.is_some();
    comparison.value("status", &recorded.status.to_string(), &outlive.status.to_string());
    comparison.headers(recorded, outlive);
    match (&recorded.body, &outlive.body) {
        (Body::Json(recorded), Body::Json(outlive)) => match (&error, &own_error) {
            (None, Some(_)) | (Some(_), None) => comparison.outcomes(error, own_error),
            _ => comparison.json("", "", recorded, outlive),
        },
        (Body::Json(_), _) => comparison.value("body", "JSON", "no JSON"),
        (Body::Empty | Body::Other, Body::Json(_)) => comparison.value("body", "no JSON", "JSON"),
        // Pages are Microsoft's own.
        (Body::Empty | Body::Other, Body::Empty | Body::Other) => {}
    }
    comparison.found
}

/// A redirect to an application.
pub(super) struct Redirect {
    pub(super) status: u16,
    pub(super) parameters: Vec<(String, String)>,
}

impl Redirect {
    fn has_error(&self) -> bool {
        self.parameters.iter().any(|(name, _)| name == "error")
    }
}

/// Compares the status and the parameters of two redirects.
pub(super) fn compare_redirects(names: &Names, recorded: &Redirect, outlive: &Redirect) -> Vec<Difference> {
    let mut comparison = Comparison::new(names, Endpoint::Authorize);
    comparison.lacks_cause = recorded.has_error() && !outlive.has_error();
    comparison.value("status", &recorded.status.to_string(), &outlive.status.to_string());
    let object = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
    };
    comparison.object("redirect", &object(&recorded.parameters), &object(&outlive.parameters));
    comparison.found
}

/// The differences found so far.
pub(super) struct Comparison<'a> {
    names: &'a Names,
    endpoint: Endpoint,
    /// Whether the recording has an error where Outlive has none.
    lacks_cause: bool,
    /// Whether a response is an error, which is no document.
    has_error: bool,
    found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    const fn new(names: &'a Names, endpoint: Endpoint) -> Self {
        Self { names, endpoint, lacks_cause: false, has_error: false, found: Vec::new() }
    }

    fn add(&mut self, member: &str, recorded: String, outlive: String, severity: Severity) {
        if self.found.len() >= DIFFERENCES_MAX {
            return;
        }
        let known = known(self.endpoint, member, &recorded, &outlive);
        let severity =
            if known.is_some_and(|known| known.is_expected) { Severity::Expected } else { severity };
        self.push(member, recorded, outlive, severity, known);
    }

    fn push(
        &mut self,
        member: &str,
        recorded: String,
        outlive: String,
        severity: Severity,
        known: Option<Known>,
    ) {
        let certain = known.map_or(!self.lacks_cause, |known| known.is_certain);
        let reason = known.map(|known| known.reason).or(self.lacks_cause.then_some(NO_CAUSE));
        self.found.push(Difference {
            member: member.to_owned(),
            recorded,
            outlive,
            severity,
            certain,
            reason,
        });
    }

    /// Compares two values that contain nothing secret.
    fn value(&mut self, member: &str, recorded: &str, outlive: &str) {
        if recorded != outlive {
            self.add(member, recorded.to_owned(), outlive.to_owned(), Severity::Different);
        }
    }

    /// Compares a success with an error: their members have nothing in common.
    fn outcomes(&mut self, recorded: Option<String>, outlive: Option<String>) {
        let text = |error: Option<String>| error.unwrap_or_else(|| "no error".to_owned());
        self.value("error", &text(recorded), &text(outlive));
    }

    fn headers(&mut self, recorded: &Exchange, outlive: &Observed) {
        // Some tools leave out all headers.
        if recorded.response_headers.is_empty() {
            return;
        }
        let own = |name: &str| {
            outlive.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
        };
        let first = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let of = |name: &str| recorded.response_header(name).unwrap_or_default();
        let kinds = (first(of("content-type")), first(own("content-type")));
        self.header("content-type", &kinds.0, &kinds.1);
        let directives = |value: &str| {
            let parts = value.split(',').map(|part| part.trim().to_ascii_lowercase());
            let set: BTreeSet<String> = parts.filter(|part| !part.is_empty()).collect();
            set.into_iter().collect::<Vec<_>>().join(", ")
        };
        self.header("cache-control", &directives(of("cache-control")), &directives(own("cache-control")));
        let scheme = |value: &str| value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        self.header("www-authenticate", &scheme(of("www-authenticate")), &scheme(own("www-authenticate")));
        let place = |value: &str, masked: String| {
            let plain = masked.split(['?', '#']).next().unwrap_or_default().to_owned();
            if value.is_empty() { String::new() } else { plain }
        };
        let recorded_place = place(of("location"), self.names.mask_recorded(of("location")));
        let own_place = place(own("location"), self.names.mask_outlive(own("location")));
        if recorded_place.trim_end_matches('/') != own_place.trim_end_matches('/') {
            self.add("headers.location", shown(&recorded_place), shown(&own_place), Severity::Different);
        }
    }

    fn header(&mut self, name: &str, recorded: &str, outlive: &str) {
        if recorded != outlive {
            self.add(&format!("headers.{name}"), shown(recorded), shown(outlive), Severity::Different);
        }
    }

    /// Compares two JSON values. `name` is that of the member, `path` where it is.
    pub(super) fn json(&mut self, path: &str, name: &str, recorded: &Value, outlive: &Value) {
        match (recorded, outlive) {
            (Value::Object(recorded), Value::Object(outlive)) => self.object(path, recorded, outlive),
            (Value::Array(recorded), Value::Array(outlive)) => self.list(path, name, recorded, outlive),
            (Value::String(recorded), Value::String(outlive)) => self.text(path, name, recorded, outlive),
            (Value::Number(recorded), Value::Number(outlive)) => {
                let (recorded, outlive) = (recorded.to_string(), outlive.to_string());
                if is_lifetime(name) {
                    self.lifetimes(path, &recorded, &outlive);
                } else if name == "error_codes" || is_exact(name) {
                    self.value(path, &recorded, &outlive);
                }
            }
            (Value::Bool(recorded), Value::Bool(outlive)) => {
                self.value(path, &recorded.to_string(), &outlive.to_string());
            }
            (Value::Null, Value::Null) => {}
            _ => self.add(path, kind_of(recorded), kind_of(outlive), Severity::Shape),
        }
    }

    fn object(&mut self, path: &str, recorded: &Map<String, Value>, outlive: &Map<String, Value>) {
        let below = |name: &str| {
            let name = if is_name(name) { name } else { "(another name)" };
            if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
        };
        for (name, value) in recorded {
            match outlive.get(name) {
                Some(own) => self.json(&below(name), name, value, own),
                None if self.is_nonce_of_before(&below(name), value) => {
                    let missing = "missing".to_owned();
                    self.push(
                        &below(name),
                        kind_of(value),
                        missing,
                        Severity::Expected,
                        Some(NONCE_OF_BEFORE),
                    );
                }
                None => self.add(&below(name), kind_of(value), "missing".to_owned(), Severity::Different),
            }
        }
        for (name, value) in outlive.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
            self.add(&below(name), "missing".to_owned(), kind_of(value), Severity::Different);
        }
    }

    /// Whether every value of the response is the same in each exchange.
    const fn is_document(&self) -> bool {
        !self.has_error
            && matches!(
                self.endpoint,
                Endpoint::Configuration | Endpoint::InstanceDiscovery | Endpoint::UserRealm
            )
    }

    fn text(&mut self, path: &str, name: &str, recorded: &str, outlive: &str) {
        match name {
            "access_token" | "id_token" => return self.tokens(path, recorded, outlive),
            "iss" | "issuer" | "idp" => return self.issuers(path, recorded, outlive),
            "nonce" if path.ends_with("id_token.claims.nonce") => {
                return self.nonces(path, recorded, outlive);
            }
            "preferred_network" | "preferred_cache" => {
                let (recorded, outlive) =
                    (self.names.recorded_host(recorded), self.names.outlive_host(outlive));
                return self.addresses(path, &recorded, &outlive);
            }
            "scope" | "scp" => {
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                return self.sets(path, &words(recorded), &words(outlive));
            }
            "error_description" => {
                if let Some((recorded, outlive)) = error_text(recorded, outlive) {
                    self.add(path, recorded, outlive, Severity::Different);
                }
                return;
            }
            _ if is_lifetime(name) => return self.lifetimes(path, recorded, outlive),
            _ => {}
        }
        let is_code = path == "error.code";
        if self.is_document() || is_code || is_exact(name) {
            let recorded = self.names.mask_recorded(recorded);
            let outlive = self.names.mask_outlive(outlive);
            if self.is_document() {
                return self.addresses(path, &recorded, &outlive);
            }
            if !exactly(&recorded, &outlive) {
                self.add(path, shown(&recorded), shown(&outlive), Severity::Different);
            }
            return;
        }
        self.kinds(path, name, recorded, outlive);
    }

    /// Compares names if the recorded one is known, and otherwise the kinds of two texts.
    fn kinds(&mut self, path: &str, name: &str, recorded: &str, outlive: &str) {
        let masked = self.names.mask_recorded(recorded);
        if masked != recorded && is_public_path(&masked) {
            let own = self.names.mask_outlive(outlive);
            if !exactly(&masked, &own) {
                self.add(path, shown(&masked), shown(&own), Severity::Different);
            }
            return;
        }
        if names_party(name) {
            // A name that the tenant has stands for a recorded one, which this is not.
            let own = self.names.mask_outlive(outlive);
            let is_known = is_public(recorded) || (own != outlive && is_public_path(&own));
            if is_known && !exactly(recorded, &own) {
                self.add(path, shown(recorded), shown(&own), Severity::Different);
                return;
            }
        }
        let (recorded, outlive) = if has_free_length(name) {
            (Kind::of(recorded).text().to_owned(), Kind::of(outlive).text().to_owned())
        } else {
            (shape(recorded), shape(outlive))
        };
        if recorded != outlive {
            self.add(path, recorded, outlive, Severity::Shape);
        }
    }

    /// Whether it is the nonce of a request that the recording does not have.
    fn is_nonce_of_before(&self, path: &str, value: &Value) -> bool {
        path.ends_with("id_token.claims.nonce")
            && value.as_str().is_some_and(|nonce| !self.names.is_sent_nonce(nonce))
    }

    /// A nonce is the one that the client sent. The replay sends the recorded one.
    fn nonces(&mut self, path: &str, recorded: &str, outlive: &str) {
        if recorded != outlive {
            let is_sent = self.names.is_sent_nonce(recorded);
            let shown = if is_sent { "as sent" } else { "another value" };
            let own = if is_sent { "another value" } else { "as sent" };
            self.add(path, shown.to_owned(), own.to_owned(), Severity::Different);
        }
    }

    fn lifetimes(&mut self, path: &str, recorded: &str, outlive: &str) {
        let (known, own) = (lifetime(recorded), lifetime(outlive));
        if known != own {
            self.add(path, known, own, Severity::Different);
        }
    }
}

fn body_error(body: &Body) -> Option<String> {
    if let Body::Json(body) = body { error_of(body) } else { None }
}

/// Returns the error of a response, with its number, or the code of an error of Microsoft Graph.
fn error_of(body: &Value) -> Option<String> {
    if body["error"].is_object() {
        return Some(shown(body["error"]["code"].as_str().unwrap_or_default()));
    }
    let error = shown(body["error"].as_str()?);
    let number = body["error_description"].as_str().and_then(aadsts_of);
    Some(number.map_or_else(|| error.clone(), |number| format!("{error} (AADSTS{number})")))
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => Kind::of(text).text().to_owned(),
        Value::Array(values) => count(values.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn count(length: usize) -> String {
    if length == 0 { "an empty list".to_owned() } else { "a list".to_owned() }
}
