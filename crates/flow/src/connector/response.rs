//! Reads responses of other services, within limits, into what a run keeps.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use outlive_chassis::{RequestBuilder, SendError, came_too_late};
use serde_json::{Map, Value, json};

use crate::engine::{Failure, Outcome};
use crate::expression::{VALUE_BYTES_MAX, weigh};
use crate::status::http_status_name;

/// How long a synchronous call may take (virtual time), as on the platform.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Why a call failed that took longer.
const TIMED_OUT: &str = "it did not respond in time";

/// The maximum number of headers that are kept.
const HEADERS_MAX: usize = 64;

/// Headers that are not kept: hop-by-hop headers, and those that can contain a session.
const NOT_KEPT: [&str; 4] = ["set-cookie", "connection", "transfer-encoding", "keep-alive"];

/// A response that was read completely.
#[derive(Debug)]
pub(super) struct ServiceResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why a request has no usable response.
#[derive(Debug)]
pub(super) enum RequestError {
    /// The service could not be reached, or not in time.
    Unreachable(String),
    /// The response is larger than a run may hold.
    TooLarge,
}

impl ServiceResponse {
    /// Sends a request and reads the response.
    pub(super) async fn send(request: RequestBuilder) -> Result<Self, RequestError> {
        let unreachable = |error: SendError| {
            let is_timeout = error.is_timeout();
            RequestError::Unreachable(if is_timeout { TIMED_OUT.to_owned() } else { error.to_string() })
        };
        let mut response = request.send().await.map_err(unreachable)?;
        if came_too_late(response.headers_mut(), TIMEOUT) {
            return Err(RequestError::Unreachable(TIMED_OUT.to_owned()));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(error.into()))? {
            if body.len() + chunk.len() > VALUE_BYTES_MAX {
                return Err(RequestError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body })
    }

    /// Returns the body, parsed if it is JSON, otherwise as text.
    pub(super) fn value(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) if weigh(&value).is_some() => value,
            _ => Value::String(String::from_utf8_lossy(&self.body).into_owned()),
        }
    }

    fn kept_headers(&self) -> Map<String, Value> {
        let kept =
            self.headers.iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str())).take(HEADERS_MAX);
        kept.map(|(name, value)| {
            (name.as_str().to_owned(), Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        })
        .collect()
    }

    /// Converts the response to the outcome of an action: `{statusCode, headers, body}`, and a
    /// failure unless the status is 2xx.
    pub(super) fn outcome(&self) -> Outcome {
        let body = self.value();
        let failure = (!self.status.is_success()).then(|| failure_of(self.status, &body));
        Outcome {
            status: Some(self.status.as_u16()),
            outputs: Some(
                json!({"statusCode": self.status.as_u16(), "headers": self.kept_headers(), "body": body}),
            ),
            failure,
        }
    }
}

impl RequestError {
    /// Converts the error to the outcome of an action. An unreachable service is retried like a
    /// 502.
    pub(super) fn outcome(&self, service: &str) -> Outcome {
        let (status, failure) = match self {
            Self::Unreachable(why) => {
                (Some(502), Failure::new("BadGateway", format!("{service} could not be reached: {why}.")))
            }
            Self::TooLarge => (
                None,
                Failure::new(
                    "ResponseTooLarge",
                    format!("{service} returned more than {VALUE_BYTES_MAX} bytes."),
                ),
            ),
        };
        Outcome { status, outputs: None, failure: Some(failure) }
    }
}

/// Returns the code and message of an error response: those of the body (`{error: {code, message}}`
/// of the hub and of most APIs, `{error, error_description}` of OAuth), else those of the status.
pub(super) fn failure_of(status: StatusCode, body: &Value) -> Failure {
    const MESSAGE_CHARACTERS_MAX: usize = 8_192;
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let error = body.get("error");
    let code =
        text(error.and_then(|error| error.get("code"))).unwrap_or_else(|| http_status_name(status.as_u16()));
    let message = text(error.and_then(|error| error.get("message")))
        .or_else(|| text(body.get("message")))
        .or_else(|| text(body.get("error_description")))
        .unwrap_or_else(|| format!("The operation returned HTTP status {}.", status.as_u16()));
    let code = code.chars().take(100).collect::<String>();
    Failure::new(code, message.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_code_and_message() {
        for (status, body, code, message) in [
            (
                401,
                json!({"status": 401, "source": "hub", "message": "m", "error": {"message": "inner"}}),
                "Unauthorized",
                "inner",
            ),
            (
                403,
                json!({"error": {"code": "Forbidden", "message": "Permission denied"}}),
                "Forbidden",
                "Permission denied",
            ),
            (403, json!({"message": "outer"}), "Forbidden", "outer"),
            (404, Value::Null, "NotFound", "The operation returned HTTP status 404."),
            (429, json!("slow down"), "TooManyRequests", "The operation returned HTTP status 429."),
            (
                400,
                json!({"error": "invalid_client", "error_description": "AADSTS7000215"}),
                "BadRequest",
                "AADSTS7000215",
            ),
            (599, json!({"error": {"code": 7}}), "599", "The operation returned HTTP status 599."),
        ] {
            let failure = failure_of(StatusCode::from_u16(status).expect("a status"), &body);
            assert_eq!((failure.code.as_str(), failure.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn bodies_are_json_or_text() {
        let response = |body: &[u8]| ServiceResponse {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.to_vec(),
        };
        assert_eq!(response(b"").value(), Value::Null);
        assert_eq!(response(b"{\"a\":1}").value(), json!({"a": 1}));
        assert_eq!(response(b"plain").value(), json!("plain"));
        assert_eq!(response(b"\xff").value(), json!("\u{fffd}"));
        let deep = [b"[".repeat(100), b"]".repeat(100)].concat();
        assert!(response(&deep).value().is_string());
    }
}
