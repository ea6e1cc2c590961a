//! W3C trace context between services, and request ids for callers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use data_encoding::HEXLOWER;
use http::HeaderMap;
use http::request::Parts;
use outlive_clock::Randomness;
use outlive_tokens::TraceContext;
use uuid::Uuid;

use crate::CarriedTime;

/// The trace context (W3C Trace Context) and ids of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits, shared by all hops.
    pub trace_id: Arc<str>,
    /// 16 hexadecimal digits of this hop.
    pub span_id: Arc<str>,
    /// The id of this request, returned as `x-ms-request-id`.
    pub request_id: Uuid,
    /// The caller's `client-request-id`, if it is a UUID.
    pub client_request_id: Option<Uuid>,
    /// The correlation id for a caller that sent none, distinct from `request_id`.
    pub generated_correlation_id: Uuid,
    /// The time that the calls of this request carry, if any.
    pub time: Option<CarriedTime>,
}

impl Trace {
    /// Starts a trace.
    #[must_use]
    pub fn begin(random: &Randomness) -> Self {
        let mut stream = random.stream("trace");
        Self {
            trace_id: HEXLOWER.encode(&stream.bytes_in_turn::<16>()).into(),
            span_id: HEXLOWER.encode(&stream.bytes::<8>()).into(),
            request_id: stream.uuid(),
            client_request_id: None,
            generated_correlation_id: stream.uuid(),
            time: None,
        }
    }

    /// The trace of an incoming request: a new hop in the caller's trace, if it sent a valid
    /// `traceparent`.
    #[must_use]
    pub fn of_request(headers: &HeaderMap, random: &Randomness) -> Self {
        let mut trace = Self::begin(random);
        if let Some(parent) =
            headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(trace_id_of)
        {
            trace.trace_id = parent.into();
        }
        trace.client_request_id = headers
            .get("client-request-id")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        trace
    }

    /// The correlation id: the caller's `client-request-id`, or a generated one. Never the request
    /// id.
    #[must_use]
    pub fn correlation_id(&self) -> Uuid {
        self.client_request_id.filter(|id| *id != self.request_id).unwrap_or(self.generated_correlation_id)
    }

    /// The `traceparent` header for an outgoing request.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }
}

/// Parses the trace id of a `traceparent` header (version 00: `00-<trace>-<span>-<flags>`,
/// lowercase hexadecimal).
fn trace_id_of(header: &str) -> Option<&str> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let valid = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && trace.bytes().any(|b| b != b'0')
        && is_hex(span, 16)
        && is_hex(flags, 2);
    valid.then_some(trace)
}

impl TraceContext for Trace {
    fn traceparent(&self) -> Option<String> {
        Some(Self::traceparent(self))
    }
}

impl AsRef<str> for Trace {
    fn as_ref(&self) -> &str {
        &self.trace_id
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // The shell adds a trace to every request; a route tested without the shell has an empty
        // one.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            trace_id: "0".repeat(32).into(),
            span_id: "0".repeat(16).into(),
            request_id: Uuid::nil(),
            client_request_id: None,
            generated_correlation_id: Uuid::max(),
            time: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_parent_is_followed_and_anything_else_ignored() {
        let random = Randomness::from_seed(1);
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", value.parse().unwrap());
            Trace::of_request(&headers, &random)
        };
        let parent = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(&*with(&format!("00-{parent}-00f067aa0ba902b7-01")).trace_id, parent);
        for bad in [
            "",
            "00",
            "00-xyz-1-01",
            &format!("ff-{parent}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        ] {
            assert_ne!(&*with(bad).trace_id, parent, "{bad}");
        }
    }

    #[test]
    fn a_correlation_id_is_the_callers_and_never_the_requests_own() {
        let mut trace = Trace::begin(&Randomness::from_seed(1));
        let generated = trace.correlation_id();
        assert!(generated != trace.request_id && generated == trace.correlation_id());
        trace.client_request_id = Some(Uuid::from_u128(7));
        assert_eq!(trace.correlation_id(), Uuid::from_u128(7));
        trace.client_request_id = Some(trace.request_id);
        assert_eq!(trace.correlation_id(), generated);
    }

    #[test]
    fn its_own_traceparent_is_accepted() {
        let random = Randomness::from_seed(1);
        let trace = Trace::begin(&random);
        assert_eq!(trace_id_of(&trace.traceparent()), Some(&*trace.trace_id));
    }
}
