//! What a request experiences that meets a fault.

use std::io;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode};
use outlive_clock::{Span, Speed};
use outlive_wire::faults::{Dropped, FaultEffect};
use serde_json::{Value, json};

use super::delay::{OUTLIVE_DELAY, header};
use crate::pause;

/// The connection of a response with this extension is closed without sending it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsent;

/// The largest response body that is changed.
const CHANGED_BYTES_MAX: usize = 64 << 20;

/// Waits as long as a caller waits who does not understand virtual delays: at most two minutes of
/// wall time, and less where the tenant's time runs faster.
pub(super) async fn wait(effect: &FaultEffect, speed: Speed) {
    let Some(delay) = effect.delay else { return };
    let factor = i64::from(speed.factor().max(1));
    pause(Span::from_micros(delay.as_micros() / factor).min(FaultEffect::DELAY_MAX).to_std()).await;
}

/// Returns a response that is never sent. A caller that understands virtual delays gets it instead
/// of waiting.
pub(super) fn unsent() -> Response {
    (StatusCode::GATEWAY_TIMEOUT, axum::Extension(Unsent)).into_response()
}

/// Returns the response to a caller for whom the service does not respond in time.
pub(super) fn too_late(delay: Span) -> Response {
    (StatusCode::GATEWAY_TIMEOUT, [(OUTLIVE_DELAY.clone(), header(delay))]).into_response()
}

/// Returns the response that a fault gives instead of the service, if it does.
pub(super) fn replacement(effect: &FaultEffect, of_catalogue: Option<Response>) -> Option<Response> {
    let status = effect.status.and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(mut response) = of_catalogue {
        *response.status_mut() = status.unwrap_or(response.status());
        return Some(response);
    }
    if status.is_none() && effect.body.is_none() {
        return None;
    }
    let status = status.unwrap_or(StatusCode::OK);
    Some(match &effect.body {
        Some(Value::String(text)) => {
            let kind = if text.trim_start().starts_with('<') { "text/html" } else { "text/plain" };
            (status, [(CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text.clone()).into_response()
        }
        Some(body) => (status, Json(body)).into_response(),
        None => {
            let reason = status.canonical_reason().unwrap_or("Error");
            let code: String = reason.split([' ', '-', '\'']).collect();
            (status, Json(json!({"error": {"code": code, "message": format!("{reason}.")}}))).into_response()
        }
    })
}

/// Changes a response on its way to the caller.
pub(super) async fn change_response(effect: &FaultEffect, mut response: Response) -> Response {
    if let Some(seconds) = effect.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if effect.drop == Some(Dropped::Response) {
        return unsent();
    }
    if effect.truncate.is_none() && !effect.malform {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, CHANGED_BYTES_MAX).await else { return unsent() };
    parts.headers.remove(TRANSFER_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    let body = match effect.truncate {
        None => Body::from(malformed(&body)),
        Some(sent) => {
            // One byte more than is sent, at least: otherwise nothing would be missing.
            let sent = usize::try_from(sent).unwrap_or(usize::MAX).min(body.len().saturating_sub(1));
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len().max(1)));
            let cut = io::Error::new(io::ErrorKind::ConnectionAborted, "a fault cuts the response off");
            // The server first sends what it has, and then learns that no more comes.
            let cut = stream::once(async {
                tokio::task::yield_now().await;
                Err(cut)
            });
            Body::from_stream(stream::iter([Ok(body.slice(..sent))]).chain(cut))
        }
    };
    Response::from_parts(parts, body)
}

/// Returns the first half of a body, with an open brace, so that it is not JSON whatever it was.
fn malformed(body: &Bytes) -> Vec<u8> {
    let mut half = body[..body.len() / 2].to_vec();
    half.push(b'{');
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_body_is_never_json() {
        for body in ["", "1", "12", "{}", "[]", "\"text\"", "{\"a\": [1, 2]}", "null"] {
            let malformed = malformed(&Bytes::from_static(body.as_bytes()));
            assert!(serde_json::from_slice::<Value>(&malformed).is_err(), "{body}");
        }
    }

    #[tokio::test]
    async fn a_truncated_response_announces_more_than_it_sends() {
        for (length, sent) in [(10, 3), (10, 30), (0, 0)] {
            let effect = FaultEffect { truncate: Some(sent), ..FaultEffect::default() };
            let response = change_response(&effect, "x".repeat(length).into_response()).await;
            let announced = response.headers()[CONTENT_LENGTH].to_str().expect("a number").to_owned();
            assert_eq!(announced, length.max(1).to_string());
            assert!(to_bytes(response.into_body(), 100).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_replacement_is_json_or_the_given_body() {
        for (effect, status, kind, text) in [
            (
                json!({"status": 503}),
                503,
                "application/json",
                r#"{"error":{"code":"ServiceUnavailable","message":"Service Unavailable."}}"#,
            ),
            (json!({"body": {"a": 1}}), 200, "application/json", r#"{"a":1}"#),
            (json!({"status": 502, "body": "<h1>"}), 502, "text/html; charset=utf-8", "<h1>"),
        ] {
            let effect: FaultEffect = serde_json::from_value(effect).expect("an effect");
            let response = replacement(&effect, None).expect("replaced");
            assert_eq!(
                (response.status().as_u16(), &response.headers()[CONTENT_TYPE]),
                (status, &HeaderValue::from_static(kind))
            );
            let body = to_bytes(response.into_body(), 1_000).await.expect("a body");
            assert_eq!(body, text.as_bytes());
        }
        assert!(replacement(&FaultEffect { malform: true, ..FaultEffect::default() }, None).is_none());
    }
}
