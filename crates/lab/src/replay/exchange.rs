//! A recorded exchange with the identity platform, in the parts that a replay or a redacted file
//! uses. What is not here is in neither.

use outlive_clock::Instant;
use serde_json::Value;
use url::Url;

use super::endpoint::{Endpoint, Service, Skipped, endpoint_of, service_of};
use super::har::{Entry, HarMistake, Pair, read};
use super::vocabulary::is_name;

/// Methods that a redacted file and a report contain.
pub(super) const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
/// Headers of requests that matter.
const REQUEST_HEADERS: [&str; 2] = ["authorization", "origin"];
/// Headers of responses that matter.
pub(super) const RESPONSE_HEADERS: [&str; 6] =
    ["cache-control", "content-type", "location", "pragma", "retry-after", "www-authenticate"];

/// A recorded request with its response. Contains secrets: no `Debug`.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) place: Place,
    pub(super) started: Instant,
    pub(super) endpoint: Endpoint,
    pub(super) method: String,
    pub(super) url: Url,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    /// The parameters of a posted form.
    pub(super) form: Vec<(String, String)>,
    pub(super) status: u16,
    pub(super) response_headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// Where an exchange is in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, counted from 1.
    pub(super) file: usize,
    /// The entry, counted from 1.
    pub(super) entry: usize,
}

/// A response body.
#[derive(Clone, PartialEq)]
pub(super) enum Body {
    Json(Value),
    /// Another body, of which only the kind is kept.
    Other,
    Empty,
}

impl Exchange {
    fn of(file: usize, entry: &Entry, extra: &[String]) -> Result<Result<Self, Skipped>, String> {
        let url = Url::parse(&entry.request.url).map_err(|_| "its URL is not valid".to_owned())?;
        let Some(service) = service_of(&url, extra) else { return Ok(Err(Skipped::OtherHost)) };
        let method = entry.request.method.to_ascii_uppercase();
        let endpoint = match endpoint_of(service, &method, url.path()) {
            Ok(endpoint) => endpoint,
            Err(skipped) => return Ok(Err(skipped)),
        };
        let Some(status) = u16::try_from(entry.response.status).ok().filter(|status| *status >= 100) else {
            return Ok(Err(Skipped::NoResponse));
        };
        let form = form_of(entry)?;
        let text = entry.response.content.body()?;
        let response_headers = pairs(&entry.response.headers, &RESPONSE_HEADERS);
        let body = if text.trim().is_empty() {
            Body::Empty
        } else {
            // Some endpoints answer JSON as text.
            serde_json::from_str(&text).map_or(Body::Other, |value: Value| {
                if value.is_object() || value.is_array() { Body::Json(value) } else { Body::Other }
            })
        };
        let place = Place { file, entry: entry.number };
        let started = entry.started;
        let headers = pairs(&entry.request.headers, &REQUEST_HEADERS);
        Ok(Ok(Self { place, started, endpoint, method, url, headers, form, status, response_headers, body }))
    }

    pub(super) fn service(&self) -> Service {
        let is_path_of_graph = self.url.path().starts_with("/v1.0") || self.url.path().starts_with("/oidc/");
        if is_path_of_graph { Service::Graph } else { Service::Login }
    }

    /// The first segment of the path.
    pub(super) fn tenant(&self) -> &str {
        self.url.path().split('/').nth(1).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        count_read();
        value_of(&self.headers, name)
    }

    pub(super) fn response_header(&self, name: &str) -> Option<&str> {
        count_read();
        value_of(&self.response_headers, name)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        count_read();
        value_of(&self.form, name)
    }

    /// Returns a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        count_read();
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Returns a member of the response.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        count_read();
        match &self.body {
            Body::Json(value) => value.get(name).and_then(Value::as_str),
            Body::Other | Body::Empty => None,
        }
    }

    /// Returns the number of the response's error.
    pub(super) fn aadsts(&self) -> Option<u32> {
        aadsts_of(self.member("error_description")?)
    }

    /// Returns the client: of the form, the query, or the `Authorization` header.
    pub(super) fn client_id(&self) -> Option<String> {
        let of_header = || Some(basic_credentials(self.header("authorization")?)?.0);
        let given = self.field("client_id").map(str::to_owned).or_else(|| self.parameter("client_id"));
        given.or_else(of_header).filter(|id| !id.is_empty())
    }
}

#[cfg(test)]
thread_local! {
    /// How many values of exchanges this thread has read: the work of planning.
    pub(super) static READS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn count_read() {
    READS.with(|reads| reads.set(reads.get() + 1));
}

#[cfg(not(test))]
const fn count_read() {}

/// Returns the number of the first AADSTS code in a text.
pub(super) fn aadsts_of(text: &str) -> Option<u32> {
    let digits: String = text.split("AADSTS").nth(1)?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Returns when a refused grant was issued, as the error's text says.
pub(super) fn issued_on(description: &str) -> Option<Instant> {
    instant_after(description, "issued on")
}

/// Returns the revocation cutoff in the error's text.
pub(super) fn cutoff_of(description: &str) -> Option<Instant> {
    instant_after(description, "for this user is")
}

fn instant_after(text: &str, phrase: &str) -> Option<Instant> {
    let rest = text.split(phrase).nth(1)?.trim_start_matches([' ', '\'']);
    let end = rest.find(|letter: char| letter == '\'' || letter.is_whitespace()).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').parse().ok()
}

/// Returns name and password of `Basic` authentication, decoded as RFC 6749, section 2.3.1.
pub(super) fn basic_credentials(header: &str) -> Option<(String, String)> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let (scheme, encoded) = header.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    let decoded = is_basic.then(|| STANDARD.decode(encoded.trim()).ok()).flatten()?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    let plain = |part: &str| {
        url::form_urlencoded::parse(format!("v={}", part.replace('&', "%26")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Some((plain(name), plain(password)))
}

/// Returns the parameters in the query and in the fragment of a redirect.
pub(super) fn redirect_parameters(url: &Url) -> Vec<(String, String)> {
    let parsed = |text: Option<&str>| text.map(parameters_of).unwrap_or_default();
    parsed(url.query()).into_iter().chain(parsed(url.fragment())).collect()
}

/// Returns the parameters of a form. A part without `=` may be the rest of a value that was not
/// encoded, such as a password with `&`: it is a value without a name.
pub(super) fn parameters_of(text: &str) -> Vec<(String, String)> {
    let decoded = |part: &str| {
        let pair = url::form_urlencoded::parse(part.as_bytes()).next();
        let (name, value) = pair.map(|(name, value)| (name.into_owned(), value.into_owned()))?;
        Some(if part.contains('=') { (name, value) } else { (String::new(), name) })
    };
    text.split('&').filter_map(decoded).collect()
}

fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn pairs(of: &[Pair], wanted: &[&str]) -> Vec<(String, String)> {
    of.iter()
        .map(|pair| (pair.name.to_ascii_lowercase(), pair.value.clone().unwrap_or_default()))
        .filter(|(name, _)| wanted.contains(&name.as_str()))
        .collect()
}

fn form_of(entry: &Entry) -> Result<Vec<(String, String)>, String> {
    let Some(data) = &entry.request.post_data else { return Ok(Vec::new()) };
    let text = data.body()?;
    if text.is_empty() {
        // Firefox and Fiddler may keep only the parsed parameters.
        let pair = |pair: &Pair| match &pair.value {
            Some(value) => (pair.name.clone(), value.clone()),
            None => (String::new(), pair.name.clone()),
        };
        return Ok(data.params.iter().map(pair).collect());
    }
    let form = parameters_of(text.trim());
    let is_form = if data.mime_type.is_empty() {
        form.first().is_some_and(|(name, _)| !name.is_empty() && is_name(name))
    } else {
        data.mime_type.to_ascii_lowercase().contains("x-www-form-urlencoded")
    };
    Ok(if is_form { form } else { Vec::new() })
}

/// What files contain.
#[derive(Default)]
pub struct Recording {
    /// In the order of time.
    pub(super) exchanges: Vec<Exchange>,
    /// How many entries are skipped, and why.
    pub(super) skipped: std::collections::BTreeMap<Skipped, usize>,
    /// How many files were read.
    pub(super) files: usize,
}

impl Recording {
    /// Adds the entries of a file. `hosts` are further names of the identity provider.
    ///
    /// # Errors
    /// What is wrong with the file or its entries.
    pub fn add(&mut self, bytes: &[u8], hosts: &[String]) -> Result<(), Vec<HarMistake>> {
        self.files += 1;
        let is_wanted = |url: &str| Url::parse(url).map_or(true, |url| service_of(&url, hosts).is_some());
        let (entries, others) = read(bytes, is_wanted)?;
        let mut mistakes = Vec::new();
        if others > 0 {
            *self.skipped.entry(Skipped::OtherHost).or_default() += others;
        }
        for entry in &entries {
            match Exchange::of(self.files, entry, hosts) {
                Ok(Ok(exchange)) => self.exchanges.push(exchange),
                Ok(Err(why)) => *self.skipped.entry(why).or_default() += 1,
                Err(problem) => mistakes.push(HarMistake {
                    entry: Some(entry.number),
                    problem,
                    remedy: "correct or remove the entry",
                }),
            }
        }
        self.exchanges.sort_by_key(|exchange| (exchange.started, exchange.place));
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Returns the names of the identity provider that only an option gives, with their port.
    pub(super) fn named_hosts(&self) -> Vec<String> {
        let exchanges = self.exchanges.iter().filter(|exchange| service_of(&exchange.url, &[]).is_none());
        let hosts: std::collections::BTreeSet<String> = exchanges
            .map(|exchange| exchange.url[url::Position::BeforeHost..url::Position::AfterPort].to_owned())
            .collect();
        hosts.into_iter().collect()
    }

    /// Whether there is nothing to replay.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exchanges.iter().all(|exchange| exchange.endpoint == Endpoint::Page)
    }
}
