//! The asynchronous pattern: a response 202 with `Location` is polled until it is another one.

use outlive_clock::{Instant, Span};
use serde_json::Value;
use url::Url;

use super::inputs::{CallInputs, HttpRequest};
use super::outcome::Outcome;
use super::record::ActionRecord;
use crate::definition::{Action, ActionKind};

/// The time between two polls if the response has no `Retry-After` (our reading).
const POLLED_AFTER: Span = Span::from_seconds(20);
const POLLED_AFTER_MIN: Span = Span::from_seconds(1);
const POLLED_AFTER_MAX: Span = Span::from_days(30);

/// The maximum length of an address, in bytes.
const LOCATION_BYTES_MAX: usize = 8 << 10;

/// Returns where the state of the operation is, and when to ask for it, if the outcome says so.
pub(super) fn continuation(
    action: &Action,
    record: &ActionRecord,
    outcome: &Outcome,
    now: Instant,
) -> Option<(String, Instant)> {
    if outcome.status != Some(202) || outcome.failure.is_some() || action.settings.is_synchronous {
        return None;
    }
    let location = location_of(outcome.outputs.as_ref())?;
    let location = match action.kind {
        ActionKind::Webhook(_) => return None,
        // Relative to the request that had this response.
        ActionKind::Http(_) => {
            let inputs = record.inputs.as_ref();
            let uri = inputs.and_then(|inputs| inputs.get("uri")).and_then(Value::as_str);
            let request: Url = record.location.as_deref().or(uri)?.trim().parse().ok()?;
            request.join(&location).ok()?.to_string()
        }
        _ => location,
    };
    Some((location, now + retry_after(outcome.outputs.as_ref(), now).unwrap_or(POLLED_AFTER)))
}

/// What the response to a polling trigger says about the next poll.
#[derive(Debug, Default)]
pub(crate) struct NextPoll {
    /// The address, if the response gives one.
    pub(crate) location: Option<String>,
    /// When, if not at the next occurrence.
    pub(crate) due: Option<Instant>,
}

impl NextPoll {
    /// Reads `Location` and `Retry-After` of a response to this call, which succeeded.
    pub(crate) fn of(call: &CallInputs<'_>, outputs: Option<&Value>, now: Instant) -> Self {
        let location = location_of(outputs).and_then(|location| match call {
            CallInputs::Http(request) => {
                let base: Url = request.uri.trim().parse().ok()?;
                Some(base.join(&location).ok()?.to_string())
            }
            _ => Some(location),
        });
        Self { location, due: retry_after(outputs, now).map(|after| now + after) }
    }
}

/// Returns the address that a response gives, as it is written.
pub(super) fn location_of(outputs: Option<&Value>) -> Option<String> {
    let location = header(outputs, "location")?;
    (1..=LOCATION_BYTES_MAX).contains(&location.len()).then(|| location.to_owned())
}

/// Returns a header of outputs, whose names are in lower case.
fn header<'a>(outputs: Option<&'a Value>, name: &str) -> Option<&'a str> {
    outputs?.get("headers")?.get(name)?.as_str()
}

/// Reads `Retry-After`: seconds, or a date. A date is one of the sender's clock, which need not be
/// that of the tenant, so it counts from the `Date` of the response; one that has passed says
/// nothing.
fn retry_after(outputs: Option<&Value>, now: Instant) -> Option<Span> {
    let text = header(outputs, "retry-after")?.trim();
    let span = match text.parse::<u32>() {
        Ok(seconds) => Span::from_seconds(i64::from(seconds)),
        Err(_) => {
            let sent = header(outputs, "date").and_then(date).unwrap_or(now);
            Some(date(text)? - sent).filter(|span| *span > Span::ZERO)?
        }
    };
    Some(span.clamp(POLLED_AFTER_MIN, POLLED_AFTER_MAX))
}

fn date(text: &str) -> Option<Instant> {
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Instant::from_micros(date.as_microsecond()))
}

/// Returns the request that asks for the state of an operation. The credential, and headers, which
/// can contain one, are sent only to the host of the first request.
pub(super) fn poll_of(request: HttpRequest, location: &str) -> HttpRequest {
    let origin = |text: &str| Url::parse(text.trim()).ok().map(|url| url.origin());
    let is_same = origin(&request.uri).is_some_and(|own| Some(own) == origin(location));
    let mut headers = if is_same { request.headers } else { serde_json::Map::new() };
    headers.retain(|name, _| !name.to_ascii_lowercase().starts_with("content-"));
    HttpRequest {
        method: "GET".to_owned(),
        uri: location.to_owned(),
        queries: serde_json::Map::new(),
        headers,
        body: None,
        credential: request.credential.filter(|_| is_same),
    }
}

/// Returns the call that asks for the state of an operation through a connection.
pub(super) fn poll_through(reference: &str, location: &str) -> CallInputs<'static> {
    CallInputs::Location { reference: reference.to_owned(), location: location.to_owned(), is_deleted: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_date_counts_from_that_of_the_response() {
        // The tenant is a year ahead of the sender.
        let now = date("Tue, 05 Jan 2027 09:00:00 GMT").expect("a date");
        for (after, sent, expected) in [
            ("120", None, Some(120)),
            ("0", None, Some(1)),
            ("-5", None, None),
            ("soon", None, None),
            ("Mon, 05 Jan 2026 09:05:00 GMT", Some("Mon, 05 Jan 2026 09:00:00 GMT"), Some(300)),
            ("Tue, 05 Jan 2027 09:05:00 GMT", None, Some(300)),
            ("Mon, 05 Jan 2026 09:05:00 GMT", None, None),
            ("Mon, 05 Jan 2026 08:59:00 GMT", Some("Mon, 05 Jan 2026 09:00:00 GMT"), None),
        ] {
            let outputs = json!({"headers": {"retry-after": after, "date": sent}});
            let expected = expected.map(Span::from_seconds);
            assert_eq!(retry_after(Some(&outputs), now), expected, "{after} {sent:?}");
        }
    }
}
