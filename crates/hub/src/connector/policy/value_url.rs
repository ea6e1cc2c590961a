//! Values that policies take from other requests.

use http::{HeaderName, Method};

use crate::connector::policy_value::{Part, PolicyValue};

/// A value of another request to a back end, which is made before the call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueFromUrl {
    pub(crate) target: Target,
    pub(crate) method: Method,
    pub(crate) url: ValueUrl,
    /// The member of the response.
    pub(crate) path: Vec<String>,
}

/// What a value is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Header(HeaderName),
    Query(String),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueUrl {
    /// Scheme and host, as written; `None` for those of the call.
    pub(crate) origin: Option<String>,
    /// Path and query, with expressions.
    pub(crate) path: PolicyValue,
}

impl ValueUrl {
    /// Splits a URL. `None` if its host is not written: only the maker
    /// chooses one.
    pub(super) fn split(text: &str) -> Option<(Option<String>, String)> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            return text.starts_with('/').then(|| (None, text.to_owned()));
        };
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let is_plain = PolicyValue::parse(host).is_ok_and(
            |value| matches!(value.parts(), [Part::Literal(text)] if !text.contains(['{', '@', '#'])),
        );
        let is_http = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        (is_plain && is_http).then(|| (Some(format!("{scheme}://{host}")), path))
    }
}
