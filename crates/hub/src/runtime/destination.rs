//! The back end that a policy chooses for a call.
//!
//! What a caller gives is part of the host before a fixed domain, or one segment of the path. What
//! the owner of the connection gives may be a host or a URL, where the policy has one.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::outgoing::{Destination, TEXT_BYTES_MAX};
use super::query::encoded;
use crate::connector::{Part, PolicyValue, Source, Uncomputable};
use crate::path::{decodings, has_traversal};

/// A policy gives no destination for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadDestination {
    Uncomputable(Uncomputable),
    /// This value cannot be where it is.
    Misplaced(Source),
    /// The whole is not a URL.
    Invalid,
}

impl std::fmt::Display for BadDestination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uncomputable(why) => why.fmt(f),
            Self::Misplaced(source) => {
                write!(f, "does not give a valid URL: {source} cannot be part of a host name")
            }
            Self::Invalid => f.write_str("does not give a valid URL"),
        }
    }
}

impl Destination {
    /// Computes the destination that a policy chooses. `read` returns what an expression reads.
    pub(super) fn of_policy<'a>(
        value: &PolicyValue,
        default_scheme: &str,
        read: impl Fn(&Source) -> Option<Cow<'a, str>>,
    ) -> Result<Self, BadDestination> {
        let mut text = String::new();
        for (at, part) in value.parts().iter().enumerate() {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Expression { source, default } => match (read(source), default) {
                    (Some(given), _) => {
                        let place = Place::of(&text, value.parts().get(at + 1));
                        let misplaced = || BadDestination::Misplaced(source.clone());
                        let placed = place.put(source, given.trim()).ok_or_else(misplaced)?;
                        text.push_str(&placed);
                    }
                    (None, Some(default)) => text.push_str(default),
                    (None, None) => {
                        let missing = Uncomputable::Missing(source.clone());
                        return Err(BadDestination::Uncomputable(missing));
                    }
                },
            }
            if text.len() > TEXT_BYTES_MAX {
                return Err(BadDestination::Uncomputable(Uncomputable::TooLong(TEXT_BYTES_MAX)));
            }
        }
        Self::parse(&text, default_scheme).ok_or(BadDestination::Invalid)
    }

    /// Parses a URL.
    pub(super) fn parse(text: &str, default_scheme: &str) -> Option<Self> {
        let text = text.trim();
        let url = if text.contains("://") { text.to_owned() } else { format!("{default_scheme}://{text}") };
        let (_, after_scheme) = url.split_once("://")?;
        if decodings(after_scheme).any(|reading| has_traversal(&reading)) {
            return None;
        }
        let url: Url = url.parse().ok()?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host_str().filter(|host| is_plain && !host.is_empty() && host.len() <= 253)?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_ascii_lowercase(),
            origin: None,
            base_path: url.path().trim_end_matches('/').to_owned(),
            is_public: true,
        })
    }
}

/// Where in a URL a value is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// At its beginning.
    Start { ends_host: bool },
    /// In the host, which has a text before the value or not.
    Host { is_begun: bool, ends_host: bool },
    /// After the host.
    Path,
}

impl Place {
    fn of(before: &str, next: Option<&Part>) -> Self {
        let ends_host = match next {
            None => true,
            Some(Part::Literal(literal)) => literal.starts_with('/'),
            Some(Part::Expression { .. }) => false,
        };
        let host = before.split_once("://").map_or(before, |(_, host)| host);
        if before.trim().is_empty() {
            Self::Start { ends_host }
        } else if host.contains(['/', '?', '#']) {
            Self::Path
        } else {
            Self::Host { is_begun: !host.is_empty(), ends_host }
        }
    }

    /// Returns a value as it is in this place, or `None` if it cannot be there.
    fn put<'a>(self, source: &Source, value: &'a str) -> Option<Cow<'a, str>> {
        let by_owner = matches!(source, Source::ConnectionParameter(_));
        match self {
            Self::Path if by_owner => Some(Cow::from(encoded_path(value))),
            Self::Path => Some(Cow::from(encoded(value))),
            Self::Start { .. } | Self::Host { .. } if !by_owner => {
                is_of_caller(value).then_some(Cow::from(value))
            }
            // A URL, whose parts are checked with the whole.
            Self::Start { ends_host } if value.contains("://") => {
                let url = if ends_host { value.trim_end_matches('/') } else { value };
                (!value.contains(['?', '#', '\\'])).then_some(Cow::from(url))
            }
            Self::Start { ends_host } => put_host(value, false, ends_host),
            Self::Host { is_begun, ends_host } => put_host(value, is_begun, ends_host),
        }
    }
}

/// Returns a value of the owner as a part of a host. Where the host ends it may have a port; if it
/// is the whole host, also a path.
fn put_host(value: &str, is_begun: bool, ends_host: bool) -> Option<Cow<'_, str>> {
    let (authority, path) = value.split_at(value.find('/').unwrap_or(value.len()));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if ends_host && !is_begun && !authority.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    let is_ipv6 = !is_begun && ends_host && name.starts_with('[') && name.ends_with(']');
    let is_name =
        name.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    let fits = (is_name || is_ipv6)
        && port.is_none_or(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()))
        && (path.is_empty() || ends_host && !is_begun && !name.is_empty());
    let path = path.trim_end_matches('/');
    fits.then(|| {
        if path.is_empty() {
            Cow::from(authority)
        } else {
            Cow::from(format!("{authority}{}", encoded_path(path)))
        }
    })
}

/// Whether a value of a caller is one or more labels of a host name.
fn is_of_caller(value: &str) -> bool {
    value.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    })
}

/// What cannot be in a path.
const NOT_IN_PATHS: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'%')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Encodes what cannot be in a path. Slashes and what is encoded stay.
fn encoded_path(text: &str) -> String {
    utf8_percent_encode(text, &NOT_IN_PATHS).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn destination(template: &str, given: &str) -> Result<String, BadDestination> {
        let value = PolicyValue::parse(template).expect("usable");
        let found = Destination::of_policy(&value, "https", |_| Some(Cow::Owned(given.to_owned())))?;
        Ok(format!("{}://{}{}", found.scheme, found.host, found.base_path))
    }

    #[test]
    fn a_value_of_the_caller_is_a_label_of_the_host_or_a_segment_of_the_path() {
        let host = "https://@{queryParameters('r')}.a.example/fixed";
        let path = "https://a.example/fixed/@{body().r}/x";
        for (template, given, expected) in [
            (host, "eu", Some("https://eu.a.example/fixed")),
            (host, "eu.west", Some("https://eu.west.a.example/fixed")),
            (host, "", None),
            (host, "evil.example/", None),
            (host, "evil.example#", None),
            (host, "evil.example?", None),
            (host, "evil.example\\", None),
            (host, "evil.example:443", None),
            (host, "u@evil", None),
            (host, "evil.example%2f", None),
            (host, ".", None),
            (host, "evil..", None),
            (host, "https://evil.example", None),
            (path, "a/b", Some("https://a.example/fixed/a%2Fb/x")),
            (path, "?a=b#c", Some("https://a.example/fixed/%3Fa%3Db%23c/x")),
            (path, "..", None),
            (path, "%2e%2e", None),
            (path, "x/../..", None),
            (path, "a\r\nb", None),
        ] {
            let found = destination(template, given);
            assert_eq!(found.as_deref().ok(), expected, "{template} {given}: {found:?}");
        }
    }

    #[test]
    fn a_value_of_the_owner_may_be_a_host_or_a_url() {
        let [url, host, label, path] = [
            "@connectionParameters('v')/v2",
            "https://@connectionParameters('v')/api",
            "https://@connectionParameters('v').a.example",
            "https://a.example/fixed/@{connectionParameters('v')}",
        ];
        for (template, given, expected) in [
            (url, "https://a.example/base/", Some("https://a.example/base/v2")),
            (url, " http://a.example:81 ", Some("http://a.example:81/v2")),
            (url, "a.example", Some("https://a.example/v2")),
            (url, "https://a.example?x=", None),
            (url, "https://u:p@a.example", None),
            (url, "ftp://a.example", None),
            (url, "https://a.example/..", None),
            (host, "a.example:8443", Some("https://a.example:8443/api")),
            (host, "[::1]", Some("https://[::1]/api")),
            (host, "a.example/base/", Some("https://a.example/base/api")),
            (host, "https://a.example", None),
            (host, "u@a.example", None),
            (host, "/a", None),
            (label, "eu", Some("https://eu.a.example")),
            (label, "evil.example/", None),
            (label, "evil.example:1", None),
            (label, "evil.example#", None),
            (path, "a/b c", Some("https://a.example/fixed/a/b%20c")),
            (path, "a%20b", Some("https://a.example/fixed/a%20b")),
            (path, "../admin", None),
            (path, "%2e%2e/admin", None),
            (path, "%252e%252e/admin", None),
            (path, "a?b", Some("https://a.example/fixed/a%3Fb")),
        ] {
            let found = destination(template, given);
            assert_eq!(found.as_deref().ok(), expected, "{template} {given}: {found:?}");
        }
        assert_eq!(destination(path, &"a".repeat(20_000)).ok(), None);
        let misplaced = destination(label, "evil.example/").expect_err("misplaced");
        assert!(misplaced.to_string().contains("the connection parameter 'v' cannot be part"), "{misplaced}");
    }

    proptest! {
        #[test]
        fn a_value_never_leaves_its_place(given in "[a-z./%25eE@:?#\\\\\r\n\\[\\] ]{0,14}|\\PC{0,8}") {
            for source in ["queryParameters('v')", "connectionParameters('v')"] {
                if let Ok(url) = destination(&format!("https://@{{{source}}}.a.example/fixed/x"), &given) {
                    let url: Url = url.parse().expect("a URL");
                    prop_assert!(url.host_str().is_some_and(|host| host.ends_with(".a.example")), "{}", url);
                    prop_assert_eq!((url.path(), url.port()), ("/fixed/x", None));
                }
                if let Ok(url) = destination(&format!("https://a.example/fixed/@{{{source}}}/x"), &given) {
                    let url: Url = url.parse().expect("a URL");
                    prop_assert_eq!((url.host_str(), url.port()), (Some("a.example"), None));
                    prop_assert!(url.path().starts_with("/fixed/") && url.path().ends_with("/x"), "{}", url);
                }
            }
        }
    }
}
