//! The values that settings of actions can have. The same rules apply to literal values, when a
//! flow is saved, and to the values of expressions, when it runs.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Method};
use outlive_clock::{Instant, Span};
use outlive_wire::managed_identity::SOURCE_AUTHORIZATION;
use serde_json::Value;
use url::Url;

use crate::recurrence::months_after;

/// The maximum number of headers of a response.
pub(crate) const HEADERS_MAX: usize = 100;
/// The maximum count of an interval.
const COUNT_MAX: i64 = 1_000_000_000;

/// Returns the count of an interval.
pub(crate) fn interval_count(value: &Value) -> Result<i64, &'static str> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    let number = number.filter(|number| (0..=COUNT_MAX).contains(number));
    number.ok_or("the count of an interval is not a whole number from 0 to 1000000000")
}

/// The unit of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntervalUnit {
    Span(Span),
    Month,
}

/// Returns the unit of an interval.
pub(crate) fn interval_unit(value: &Value) -> Result<IntervalUnit, &'static str> {
    let unit = value.as_str().unwrap_or_default().to_ascii_lowercase();
    Ok(IntervalUnit::Span(match unit.trim_end_matches('s') {
        "second" => Span::from_seconds(1),
        "minute" => Span::from_minutes(1),
        "hour" => Span::from_hours(1),
        "day" => Span::from_days(1),
        "week" => Span::from_days(7),
        "month" => return Ok(IntervalUnit::Month),
        _ => return Err("the unit is not Second, Minute, Hour, Day, Week or Month"),
    }))
}

impl IntervalUnit {
    /// Returns the instant after a number of units.
    pub(crate) fn after(self, now: Instant, count: i64) -> Instant {
        match self {
            Self::Month => months_after(now, count),
            Self::Span(span) => (now + span * count).min(Instant::MAX),
        }
    }
}

/// Returns the instant at which a wait ends.
pub(crate) fn timestamp(value: &Value) -> Result<Instant, &'static str> {
    let text = value.as_str().unwrap_or_default().trim();
    let date = || format!("{text}T00:00:00Z").parse().ok();
    let parsed = text.parse().ok().or_else(|| format!("{text}Z").parse().ok()).or_else(date);
    parsed.ok_or("the timestamp is not an instant, such as 2026-01-05T09:00:00Z")
}

/// Returns the status of a response.
pub(crate) fn response_status(value: &Value) -> Result<u16, &'static str> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    let number = number.and_then(|number| u16::try_from(number).ok()).filter(|n| (200..600).contains(n));
    number.ok_or("its statusCode is not a number from 200 to 599")
}

/// Returns the text of a header; `None` if there is no value.
pub(crate) fn header_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// Whether a header can have this name.
pub(crate) fn is_header_name(name: &str) -> bool {
    HeaderName::try_from(name).is_ok()
}

/// Whether a header can have this value.
pub(crate) fn is_header_value(text: &str) -> bool {
    HeaderValue::try_from(text).is_ok()
}

/// Returns the headers of a response that can be sent.
pub(crate) fn response_headers(headers: Option<&Value>) -> Result<BTreeMap<String, String>, String> {
    let mut list = BTreeMap::new();
    let Some(headers) = headers.filter(|headers| !headers.is_null()) else { return Ok(list) };
    let Some(map) = headers.as_object().filter(|map| map.len() <= HEADERS_MAX) else {
        return Err(format!("its headers are not an object with at most {HEADERS_MAX} members"));
    };
    for (name, value) in map {
        let Some(text) = header_text(value) else { continue };
        if !is_header_name(name) || !is_header_value(&text) {
            return Err("a header cannot be sent".to_owned());
        }
        list.insert(name.clone(), text);
    }
    Ok(list)
}

/// Returns the method of a request.
pub(crate) fn method(text: &str) -> Result<Method, &'static str> {
    Method::try_from(text.to_ascii_uppercase().as_str()).map_err(|_| "its method cannot be sent")
}

/// Returns the address of a request.
pub(crate) fn address(text: &str) -> Result<Url, &'static str> {
    let url: Url = text.trim().parse().map_err(|_| "its uri is not a URL")?;
    Some(url)
        .filter(|url| ["http", "https"].contains(&url.scheme()))
        .ok_or("its uri is not one of http or https")
}

/// Checks the path of a request through a connection, which it never leaves.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    if path.chars().any(|c| c.is_control() || c == '\\' || c == '#') {
        return Err("its path contains characters that are not allowed");
    }
    let below = path.split_once('?').map_or(path, |(below, _)| below);
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if below.split('/').any(is_dots) {
        return Err("its path has a segment of dots");
    }
    Ok(())
}

/// Headers of a request through a connection that only the engine sets.
pub(crate) const RESERVED: [&str; 9] = [
    "authorization",
    SOURCE_AUTHORIZATION,
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "traceparent",
    "tracestate",
];
