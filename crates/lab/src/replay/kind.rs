//! What kind of value a text is: values that differ in every exchange are compared by it, and
//! pseudonyms keep it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

/// The kind of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    Guid,
    Jwt,
    Url,
    Mail,
    Domain,
    Instant,
    Digits,
    /// Anything else: tokens, names, texts.
    Text,
}

impl Kind {
    pub(super) fn of(text: &str) -> Self {
        if text.is_empty() {
            Self::Empty
        } else if Uuid::try_parse(text).is_ok() && text.len() == 36 {
            Self::Guid
        } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Digits
        } else if Jwt::read(text).is_some() {
            Self::Jwt
        } else if is_url(text) {
            Self::Url
        } else if is_instant(text) {
            Self::Instant
        } else if let Some((local, domain)) = text.split_once('@') {
            if !local.is_empty() && !text.contains(' ') && is_domain(domain) {
                Self::Mail
            } else {
                Self::Text
            }
        } else if is_domain(text) {
            Self::Domain
        } else {
            Self::Text
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Empty => "an empty text",
            Self::Guid => "a GUID",
            Self::Jwt => "a JWT",
            Self::Url => "a URL",
            Self::Mail => "a mail address",
            Self::Domain => "a domain",
            Self::Instant => "an instant",
            Self::Digits => "digits",
            Self::Text => "a text",
        }
    }
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_known = ["http", "https", "api", "urn"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (is_known || rest.starts_with("//")) && !text.contains([' ', '\n']) && Url::parse(text).is_ok()
}

fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2
        && text.len() <= 253
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && labels.iter().all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// `2026-04-09T06:31:07Z`, or with a space.
fn is_instant(text: &str) -> bool {
    (19..=35).contains(&text.len())
        && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && text.replacen(' ', "T", 1).parse::<outlive_clock::Instant>().is_ok()
}

/// A decoded token in compact form. Its signature is neither verified nor kept.
pub(super) struct Jwt {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
}

impl Jwt {
    /// Reads a token, signed or without a signature.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !header.starts_with("ey") {
            return None;
        }
        Some(Self { header: decoded(header)?, claims: decoded(claims)? })
    }

    /// Returns the text of the token without a signature.
    pub(super) fn unsigned(&self) -> String {
        let part = |value: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
        };
        format!("{}.{}.", part(&self.header), part(&self.claims))
    }

    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

fn decoded(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognized() {
        for (text, kind) in [
            ("", Kind::Empty),
            ("c0470500-0000-4000-8000-000000000001", Kind::Guid),
            ("3599", Kind::Digits),
            ("https://localhost:5000/back", Kind::Url),
            ("msauth.com.contoso.app://auth", Kind::Url),
            ("api://contoso-orders/Orders.Read", Kind::Url),
            ("bob@contoso.example", Kind::Mail),
            ("contoso.onmicrosoft.com", Kind::Domain),
            ("2026-04-09 06:31:07Z", Kind::Instant),
            ("2026-04-09T06:31:07.5517230Z", Kind::Instant),
            ("0.AXkA_something", Kind::Text),
            ("User.Read", Kind::Domain),
            ("Bearer", Kind::Text),
            ("eyJhbGciOiJub25lIn0.e30.", Kind::Jwt),
            ("eyJhbGciOiJub25lIn0.e30", Kind::Text),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }
}
