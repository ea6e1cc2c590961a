//! Delays between services of this installation, which take no wall time: a service says how much
//! later its response comes, and the caller compares that with its own time limit.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use outlive_clock::Span;

/// In requests, that the caller understands virtual delays; in responses, the delay in
/// milliseconds.
pub(crate) static OUTLIVE_DELAY: HeaderName = HeaderName::from_static("outlive-delay");

/// The value in requests.
pub(crate) static VIRTUAL: HeaderValue = HeaderValue::from_static("virtual");

/// Whether the caller of a request understands virtual delays.
pub(super) fn is_virtual(headers: &HeaderMap) -> bool {
    headers.get(&OUTLIVE_DELAY) == Some(&VIRTUAL)
}

/// The header of a response that comes `delay` later.
pub(super) fn header(delay: Span) -> HeaderValue {
    HeaderValue::from(delay.as_millis())
}

/// Whether a response would have come after the time limit of its caller. Its delay is then removed
/// from the headers, as the caller is the only one whom it concerns.
#[must_use]
pub fn came_too_late(headers: &mut HeaderMap, limit: Duration) -> bool {
    let delay = headers.remove(&OUTLIVE_DELAY);
    let delay = delay.and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    delay.is_some_and(|delay| Span::from_millis(delay).to_std() >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_compared_with_the_limit_and_removed() {
        for (value, late) in
            [(None, false), (Some("29999"), false), (Some("30000"), true), (Some("x"), false)]
        {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(&OUTLIVE_DELAY, HeaderValue::from_static(value));
            }
            assert_eq!(came_too_late(&mut headers, Duration::from_secs(30)), late, "{value:?}");
            assert!(headers.is_empty());
        }
    }
}
