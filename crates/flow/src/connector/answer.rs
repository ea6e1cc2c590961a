//! Reading what another service answered, within bounds, into what a run keeps.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::engine::{Failure, Outcome};
use crate::expression::{VALUE_BYTES_MAX, weigh};

/// Most headers of an answer that are kept.
const HEADERS_MAX: usize = 64;

/// Headers that are not kept: they are the connection's business, or could carry a session.
const NOT_KEPT: [&str; 4] = ["set-cookie", "connection", "transfer-encoding", "keep-alive"];

/// An answer that was read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nobody answered, or not in time.
    Unreachable(String),
    /// The answer is larger than a run may hold.
    TooLarge,
}

impl Answer {
    /// Sends a request and reads the answer.
    pub(super) async fn to(request: reqwest::RequestBuilder) -> Result<Self, NoAnswer> {
        let unreachable = |error: reqwest::Error| {
            // The URL may be of use to an attacker of logs, never to a reader of run histories.
            let error = error.without_url();
            NoAnswer::Unreachable(if error.is_timeout() {
                "it did not answer in time".to_owned()
            } else {
                error.to_string()
            })
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > VALUE_BYTES_MAX {
                return Err(NoAnswer::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body })
    }

    /// The body: JSON as JSON, anything else as text.
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

    /// As the outcome of an action: `{statusCode, headers, body}`, and a failure unless the status is 2xx.
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

impl NoAnswer {
    /// As the outcome of an action. What could not be reached may be reachable later: it is retried as a 502 would be.
    pub(super) fn outcome(&self, whom: &str) -> Outcome {
        let (status, failure) = match self {
            Self::Unreachable(why) => {
                (Some(502), Failure::new("BadGateway", format!("{whom} could not be reached: {why}.")))
            }
            Self::TooLarge => (
                None,
                Failure::new(
                    "ResponseTooLarge",
                    format!("{whom} answered more than {VALUE_BYTES_MAX} bytes."),
                ),
            ),
        };
        Outcome { status, outputs: None, failure: Some(failure) }
    }
}

/// The code and message of a refusal: the body's own where it has them (`{error: {code, message}}` of the hub and of most APIs,
/// `{error, error_description}` of OAuth), else the status by name.
pub(super) fn failure_of(status: StatusCode, body: &Value) -> Failure {
    const MESSAGE_CHARACTERS_MAX: usize = 8_192;
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let error = body.get("error");
    let code = text(error.and_then(|error| error.get("code"))).unwrap_or_else(|| status_name(status));
    let message = text(error.and_then(|error| error.get("message")))
        .or_else(|| text(body.get("message")))
        .or_else(|| text(body.get("error_description")))
        .unwrap_or_else(|| format!("The operation was answered with HTTP status {}.", status.as_u16()));
    let code = code.chars().take(100).collect::<String>();
    Failure::new(code, message.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>())
}

/// The status as run histories name it: `NotFound`, `BadGateway`.
fn status_name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => reason.chars().filter(char::is_ascii_alphanumeric).collect(),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_own_words() {
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
            (404, Value::Null, "NotFound", "The operation was answered with HTTP status 404."),
            (429, json!("slow down"), "TooManyRequests", "The operation was answered with HTTP status 429."),
            (
                400,
                json!({"error": "invalid_client", "error_description": "AADSTS7000215"}),
                "BadRequest",
                "AADSTS7000215",
            ),
            (599, json!({"error": {"code": 7}}), "599", "The operation was answered with HTTP status 599."),
        ] {
            let failure = failure_of(StatusCode::from_u16(status).expect("a status"), &body);
            assert_eq!((failure.code.as_str(), failure.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn bodies_are_json_or_text() {
        let answer =
            |body: &[u8]| Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.to_vec() };
        assert_eq!(answer(b"").value(), Value::Null);
        assert_eq!(answer(b"{\"a\":1}").value(), json!({"a": 1}));
        assert_eq!(answer(b"plain").value(), json!("plain"));
        assert_eq!(answer(b"\xff").value(), json!("\u{fffd}"));
        let deep = [b"[".repeat(100), b"]".repeat(100)].concat();
        assert!(answer(&deep).value().is_string());
    }
}
