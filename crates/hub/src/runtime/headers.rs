//! Selects the headers that are forwarded, and adds the hub's own.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONNECTION, CONTENT_TYPE, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE, InvalidHeaderValue, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::connection::Connection;
use crate::connector::{ALTERNATIVE, is_reserved};
use crate::path::{characters, percent_decode};

/// Request headers that are forwarded, besides those that the connector's swagger declares.
const FORWARDED: [HeaderName; 9] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    RANGE,
    HeaderName::from_static("prefer"),
];

/// Headers that are not forwarded although a connector may set them: the caller's credentials, and
/// what the hub itself adds.
const NOT_FORWARDED: [&str; 4] = ["authorization", "cookie", "x-forwarded-for", "x-ms-request-id"];

/// Whether a header is never forwarded in either direction, even if a swagger declares it.
fn stays_here(name: &HeaderName) -> bool {
    is_reserved(name) || NOT_FORWARDED.contains(&name.as_str())
}

/// Returns the request headers that are forwarded to the back end. `declared` contains lower-case
/// names.
pub(crate) fn to_back_end(headers: &HeaderMap, declared: &BTreeSet<String>) -> HeaderMap {
    let named = named_by_connection(headers);
    select(headers, |name| {
        (FORWARDED.contains(name) || declared.contains(name.as_str()) || is_client_request_id(name))
            && !named.contains(name.as_str())
    })
}

/// A shorter text is too common to be recognized as a secret.
const SECRET_BYTES_MIN: usize = 4;

/// Returns the response headers that are forwarded to the caller, without any that contains one of
/// the secrets, also percent-encoded. Without its type the content would be useless.
pub(crate) fn to_caller(headers: &HeaderMap, secrets: &[Cow<'_, str>]) -> HeaderMap {
    let named = named_by_connection(headers);
    let mut passed = select(headers, |name| !named.contains(name.as_str()));
    for name in leaking(&passed, secrets) {
        passed.remove(name);
    }
    passed
}

/// Removes the response headers that contain one of the secrets since a policy set them.
pub(super) fn remove_secrets(headers: &mut HeaderMap, secrets: &[Cow<'_, str>]) {
    let named = named_by_connection(headers);
    let mut removed = leaking(headers, secrets);
    removed.extend(headers.keys().filter(|name| named.contains(name.as_str())).cloned());
    for name in removed.into_iter().filter(|name| !stays_here(name)) {
        headers.remove(name);
    }
}

/// Returns the headers, except the type of the content, with a value that contains one of the
/// secrets, also percent-encoded.
fn leaking(headers: &HeaderMap, secrets: &[Cow<'_, str>]) -> Vec<HeaderName> {
    let secrets = secrets.iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN);
    let Some(shortest) = secrets.clone().map(|secret| secret.len()).min() else { return Vec::new() };
    // Most values are shorter than every secret.
    let others = headers.iter().filter(|(name, value)| **name != CONTENT_TYPE && value.len() >= shortest);
    let mut others = others.peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    // Texts are found in linear time, also those that nearly repeat themselves.
    let secrets: Vec<_> = secrets.map(|secret| characters(secret.as_bytes())).collect();
    let leaks = |value: &HeaderValue| {
        let [text, decoded] = [characters(value.as_bytes()), characters(&percent_decode(value.as_bytes()))];
        secrets.iter().any(|secret| text.contains(secret) || decoded.contains(secret))
    };
    others.filter(|(_, value)| leaks(value)).map(|(name, _)| name.clone()).collect()
}

fn select(headers: &HeaderMap, wanted: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| wanted(name) && !stays_here(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn is_client_request_id(name: &HeaderName) -> bool {
    matches!(name.as_str(), "client-request-id" | "x-ms-client-request-id")
}

/// Returns the further hop-by-hop headers that `Connection` names.
fn named_by_connection(headers: &HeaderMap) -> BTreeSet<String> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// The maximum number of headers that the hub adds, for which the map need not grow.
const ADDED_MAX: usize = 13;

/// Adds the hub's own headers to a response of the runtime: those of the connection and those of
/// the call. `on_behalf_of` tells whether the caller's token was exchanged.
pub(super) fn add(headers: &mut HeaderMap, connection: &HeaderMap, caller: Uuid, on_behalf_of: bool) {
    headers.reserve(ADDED_MAX);
    for (name, value) in connection {
        headers.insert(name.clone(), value.clone());
    }
    let exchanged = HeaderValue::from_static(if on_behalf_of { "true" } else { "false" });
    headers.insert(HeaderName::from_static("x-ms-apihub-obo"), exchanged);
    if let Ok(caller) = HeaderValue::try_from(caller.to_string()) {
        headers.insert(HeaderName::from_static("x-ms-au-caller-id"), caller);
    }
}

/// Returns the headers that the hub adds to each response through a connection.
pub(super) fn of_connection(connection: &Connection) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(ADDED_MAX);
    let mut add = |name: &'static str, value: Result<HeaderValue, InvalidHeaderValue>| {
        if let Ok(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    let fixed = |value: &'static str| Ok(HeaderValue::from_static(value));
    let tenant = connection.tenant.to_string();
    add("x-ms-environment-id", format!("Default-{tenant}").try_into());
    let tenant = HeaderValue::try_from(tenant);
    add("x-ms-apihub-cached-response", fixed("false"));
    if let Ok(tenant) = &tenant {
        add("x-ms-subscription-id", Ok(tenant.clone()));
    }
    add("x-ms-tenant-id", tenant);
    for name in ["x-ms-dlp-re", "x-ms-dlp-gu", "x-ms-dlp-ef", "x-ms-mip-sl"] {
        add(name, fixed("-|-"));
    }
    add("x-ms-au-creator-id", connection.owner.to_string().try_into());
    if let Some(set) = connection.values.set.as_ref().filter(|set| *set != ALTERNATIVE) {
        add("x-ms-connection-parameter-set-name", HeaderValue::from_str(set));
    }
    add("timing-allow-origin", fixed("*"));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_listed_and_declared_request_headers_are_forwarded() {
        let sent = map(&[
            ("accept", "a"),
            ("content-type", "b"),
            ("x-region", "c"),
            ("x-other", "d"),
            ("authorization", "Key e"),
            ("cookie", "f"),
            ("host", "g"),
            ("x-hop", "h"),
            ("connection", "close, X-Hop"),
            ("x-ms-client-request-id", "i"),
        ]);
        let declared =
            ["x-region", "x-hop", "authorization", "cookie"].into_iter().map(str::to_owned).collect();
        assert_eq!(
            names(&to_back_end(&sent, &declared)),
            ["accept", "content-type", "x-ms-client-request-id", "x-region"]
        );
    }

    #[test]
    fn the_type_of_the_content_is_always_returned() {
        let response = map(&[("content-type", "application/json"), ("x-a", "json")]);
        assert_eq!(names(&to_caller(&response, &["json".into()])), ["content-type"]);
    }

    #[test]
    fn hop_by_hop_headers_and_echoed_tokens_are_removed_from_responses() {
        let response = map(&[
            ("content-type", "application/json"),
            ("etag", "1"),
            ("set-cookie", "a=b"),
            ("transfer-encoding", "chunked"),
            ("keep-alive", "5"),
            ("x-hop", "1"),
            ("connection", "x-hop"),
            ("x-echo", "Bearer eyJ.source"),
            ("location", "/next?key=a%2Fkey%3D"),
            ("www-authenticate", "Bearer realm=\"x\""),
        ]);
        assert_eq!(
            names(&to_caller(&response, &["eyJ.source".into(), "a/key=".into(), "1".into()])),
            ["content-type", "etag", "www-authenticate"]
        );
    }
}
