//! What a request experiences that meets a fault.

use std::io;

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode};
use outlive_clock::{Span, Speed};
use outlive_wire::faults::{Dropped, FaultEffect};
use serde_json::{Value, json};

use super::check::has_no_body;
use super::delay::{OUTLIVE_DELAY, header};
use crate::pause;

/// The connection of a response with this extension is closed without sending it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsent;

/// Waits as long as a caller waits who does not understand virtual delays: at most two minutes of
/// wall time, and less where the tenant's time runs faster.
pub(super) async fn wait(delay: Span, speed: Speed) {
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
        None if has_no_body(status.as_u16()) => status.into_response(),
        None => {
            let reason = status.canonical_reason().unwrap_or("Error");
            let code: String = reason.split([' ', '-', '\'']).collect();
            (status, Json(json!({"error": {"code": code, "message": format!("{reason}.")}}))).into_response()
        }
    })
}

/// Changes a response on its way to the caller. Its body is never held: it may be large, or have no
/// end.
pub(super) fn change_response(effect: &FaultEffect, mut response: Response) -> Response {
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
    let length = body.size_hint().exact();
    parts.headers.remove(TRANSFER_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    let (announced, body) = match effect.truncate {
        None => malformed(body, length),
        Some(sent) => truncated(body, length, sent.into()),
    };
    if let Some(announced) = announced {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(announced));
    }
    Response::from_parts(parts, body)
}

/// Returns the first `sent` bytes of a body and then a failure, with the length to announce.
/// Without a length, what is missing is the end.
fn truncated(body: Body, length: Option<u64>, sent: u64) -> (Option<u64>, Body) {
    // One byte more than is sent, at least: otherwise nothing would be missing.
    let sent = length.map_or(sent, |length| sent.min(length.saturating_sub(1)));
    let cut = io::Error::new(io::ErrorKind::ConnectionAborted, "a fault cuts the response off");
    // The server first sends what it has, and then learns that no more comes.
    let cut = stream::once(async {
        tokio::task::yield_now().await;
        Err(axum::Error::new(cut))
    });
    (length.map(|length| length.max(1)), Body::from_stream(beginning(body, sent).chain(cut)))
}

/// Returns the first half of a body, or all if its length is not known, with an open brace, so that
/// it is not JSON whatever it was; and its length.
fn malformed(body: Body, length: Option<u64>) -> (Option<u64>, Body) {
    let half = length.map(|length| length / 2);
    let brace = stream::once(async { Ok(Bytes::from_static(b"{")) });
    (half.map(|half| half + 1), Body::from_stream(beginning(body, half.unwrap_or(u64::MAX)).chain(brace)))
}

/// Returns the first bytes of a body. What follows is not waited for.
fn beginning(body: Body, bytes: u64) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::unfold((body.into_data_stream(), bytes), |(mut body, left)| async move {
        if left == 0 {
            return None;
        }
        let next = body.next().await?.map(|mut chunk| {
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            chunk
        });
        let left = next.as_ref().map_or(0, |chunk| left - chunk.len() as u64);
        Some((next, (body, left)))
    })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    /// A body whose length is known, and the same one in pieces without a length.
    fn both(text: &str) -> [Response; 2] {
        let pieces: Vec<_> = text.bytes().map(|byte| Ok::<_, io::Error>(Bytes::from(vec![byte]))).collect();
        [text.to_owned().into_response(), Body::from_stream(stream::iter(pieces)).into_response()]
    }

    #[tokio::test]
    async fn a_malformed_body_is_never_json() {
        let effect = FaultEffect { malform: true, ..FaultEffect::default() };
        for text in ["", "1", "12", "{}", "[]", "\"text\"", "{\"a\": [1, 2]}", "null"] {
            for response in both(text) {
                let response = change_response(&effect, response);
                let announced = response.headers().get(CONTENT_LENGTH).cloned();
                let body = to_bytes(response.into_body(), 100).await.expect("a body");
                assert!(serde_json::from_slice::<Value>(&body).is_err(), "{text}: {body:?}");
                assert!(announced.is_none_or(|length| length == body.len().to_string()), "{text}");
            }
        }
    }

    #[tokio::test]
    async fn a_truncated_response_lacks_its_end() {
        for (text, sent, received) in
            [("0123456789", 3, "012"), ("0123", 30, "012"), ("", 0, ""), ("01", 0, "")]
        {
            let effect = FaultEffect { truncate: Some(sent), ..FaultEffect::default() };
            let [known, unknown] = both(text);
            let response = change_response(&effect, known);
            let announced = response.headers()[CONTENT_LENGTH].to_str().expect("a number").to_owned();
            assert_eq!(announced, text.len().max(1).to_string());
            let unknown = change_response(&effect, unknown);
            assert!(!unknown.headers().contains_key(CONTENT_LENGTH));
            // Without a length, all of a short body comes, but not its end.
            for (response, received) in
                [(response, received), (unknown, &text[..text.len().min(sent as usize)])]
            {
                let mut body = response.into_body().into_data_stream();
                let mut came = Vec::new();
                let failed = loop {
                    match body.next().await {
                        Some(Ok(chunk)) => came.extend_from_slice(&chunk),
                        end => break matches!(end, Some(Err(_))),
                    }
                };
                assert_eq!((came.as_slice(), failed), (received.as_bytes(), true), "{text} {sent}");
            }
        }
    }

    #[tokio::test]
    async fn a_body_without_an_end_is_truncated_at_once() {
        let endless = stream::once(async { Ok::<_, io::Error>(Bytes::from_static(b"data: 1")) });
        let response = Body::from_stream(endless.chain(stream::pending())).into_response();
        let effect = FaultEffect { truncate: Some(7), ..FaultEffect::default() };
        let body = change_response(&effect, response).into_body();
        assert!(to_bytes(body, 100).await.is_err());
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
        let empty = FaultEffect { status: Some(204), ..FaultEffect::default() };
        let response = replacement(&empty, None).expect("replaced");
        assert_eq!((response.status().as_u16(), response.headers().len()), (204, 0));
        assert!(replacement(&FaultEffect { malform: true, ..FaultEffect::default() }, None).is_none());
    }
}
