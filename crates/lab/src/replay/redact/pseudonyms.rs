//! Pseudonyms: the same value gets the same one, of the same kind. They are counted, not derived
//! from the values, so that no value can be guessed from its pseudonym.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::replay::endpoint::{GRAPH_HOSTS, LOGIN_HOSTS};
use crate::replay::kind::Kind;
use crate::replay::vocabulary::{is_public, is_word};

/// The longest pseudonym, in characters.
const LENGTH_MAX: usize = 4_096;

/// The pseudonyms of one redaction.
#[derive(Default)]
pub(super) struct Pseudonyms {
    numbers: HashMap<(Class, String), usize>,
    counts: HashMap<Class, usize>,
    /// Passwords and client secrets, which have the same pseudonym in every place.
    secrets: HashSet<String>,
}

/// What is counted on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Class {
    Guid,
    User,
    Domain,
    Host,
    Scheme,
    Word,
    Name,
    Digits,
    Text,
}

impl Pseudonyms {
    /// Forgets all pseudonyms, but not which values are secrets.
    pub(super) fn restart(self) -> Self {
        Self { secrets: self.secrets, ..Self::default() }
    }

    fn number(&mut self, class: Class, value: &str) -> usize {
        let key = match class {
            Class::Text | Class::Word | Class::Name => value.to_owned(),
            _ => value.to_ascii_lowercase(),
        };
        if let Some(number) = self.numbers.get(&(class, key.clone())) {
            return *number;
        }
        let count = self.counts.entry(class).or_default();
        *count += 1;
        let number = *count;
        self.numbers.insert((class, key), number);
        number
    }

    /// Replaces a value unless it is a public word. JWTs are for the caller.
    pub(super) fn value(&mut self, text: &str) -> String {
        if is_public(text) {
            return text.to_owned();
        }
        self.replace(text)
    }

    /// Replaces a value, even if it is a public word.
    pub(super) fn replace(&mut self, text: &str) -> String {
        match Kind::of(text) {
            Kind::Empty => String::new(),
            Kind::Guid => self.guid(text),
            Kind::Mail => self.mail(text),
            Kind::Domain => self.domain(text),
            Kind::Url => self.url(text),
            Kind::Instant => "2000-01-01T00:00:00Z".to_owned(),
            Kind::Digits if self.secrets.contains(text) => self.secret(text),
            Kind::Digits => format!("{:08}", self.number(Class::Digits, text)),
            Kind::Jwt | Kind::Text => self.text(text),
        }
    }

    fn guid(&mut self, text: &str) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number(Class::Guid, text))
    }

    fn mail(&mut self, text: &str) -> String {
        let domain = text.split_once('@').map_or("", |(_, domain)| domain);
        let number = self.number(Class::User, text);
        format!("user-{number}@{}", self.domain(domain))
    }

    fn domain(&mut self, text: &str) -> String {
        format!("tenant-{}.example", self.number(Class::Domain, text))
    }

    /// Replaces a value that is opaque, whatever it looks like.
    pub(super) fn opaque(&mut self, text: &str) -> String {
        if text.is_empty() { String::new() } else { self.text(text) }
    }

    /// Replaces the name of a parameter or a member.
    pub(super) fn name(&mut self, name: &str) -> String {
        format!("name-{}", self.number(Class::Name, name))
    }

    /// Replaces an opaque value by one of its length.
    fn text(&mut self, text: &str) -> String {
        if self.secrets.contains(text) {
            return self.secret(text);
        }
        let length = text.chars().count().min(LENGTH_MAX);
        let mut pseudonym = format!("redacted-{}-", self.number(Class::Text, text));
        let missing = length.saturating_sub(pseudonym.len());
        pseudonym.push_str(&"x".repeat(missing));
        pseudonym
    }

    /// Replaces a password or a client secret, whose length is secret too.
    pub(super) fn secret(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        self.secrets.insert(text.to_owned());
        format!("redacted-{}-secret", self.number(Class::Text, text))
    }

    /// Replaces one word of a list, such as a permission.
    pub(super) fn word(&mut self, word: &str) -> String {
        if is_word(word) {
            return word.to_owned();
        }
        match Kind::of(word) {
            Kind::Guid | Kind::Url | Kind::Mail | Kind::Digits => self.replace(word),
            _ => format!("Word.{}", letters(self.number(Class::Word, word))),
        }
    }

    /// Replaces the parts of a URI that are not public, without its parameters.
    pub(super) fn url(&mut self, text: &str) -> String {
        if is_word(text) {
            return text.to_owned();
        }
        let Ok(url) = Url::parse(text) else { return self.text(text) };
        let scheme = match url.scheme() {
            known @ ("http" | "https" | "api" | "ms-appx-web") => known.to_owned(),
            "urn" => return format!("urn:redacted:{}", self.number(Class::Text, text)),
            own => format!("app-{}", self.number(Class::Scheme, own)),
        };
        let host = url.host_str().unwrap_or_default();
        let is_loopback = ["localhost", "127.0.0.1"].contains(&host);
        // Applications on a loopback address choose their port; others have internal ones.
        let (host, port) = match url.port() {
            Some(port) if is_loopback => (self.host(host), format!(":{port}")),
            Some(port) => (self.host(&format!("{host}:{port}")), String::new()),
            None => (self.host(host), String::new()),
        };
        // The library adds a slash to an origin.
        let path = if text.ends_with('/') { url.path() } else { url.path().trim_end_matches('/') };
        let path: Vec<String> = path.split('/').map(|segment| self.segment(segment)).collect();
        format!("{scheme}://{host}{port}{}", path.join("/"))
    }

    pub(super) fn host(&mut self, host: &str) -> String {
        let plain = host.to_ascii_lowercase();
        if plain.is_empty() || is_word(&plain) || LOGIN_HOSTS.contains(&plain.as_str()) {
            return plain;
        }
        if GRAPH_HOSTS.contains(&plain.as_str()) {
            return plain;
        }
        if Kind::of(&plain) == Kind::Guid {
            return self.guid(&plain);
        }
        format!("host-{}.example", self.number(Class::Host, &plain))
    }

    pub(super) fn segment(&mut self, segment: &str) -> String {
        let plain = percent_decoded(segment);
        if plain.is_empty() || is_word(&plain) {
            return plain;
        }
        match Kind::of(&plain) {
            Kind::Guid | Kind::Domain | Kind::Mail if !plain.starts_with("User.") => self.replace(&plain),
            _ => format!("Word.{}", letters(self.number(Class::Word, &plain))),
        }
    }
}

fn percent_decoded(segment: &str) -> String {
    let query = format!("v={}", segment.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// 1 is `A`, 27 is `AA`.
fn letters(mut number: usize) -> String {
    let mut text = Vec::new();
    while number > 0 {
        number -= 1;
        text.push(char::from(b'A' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
    }
    text.iter().rev().collect()
}
