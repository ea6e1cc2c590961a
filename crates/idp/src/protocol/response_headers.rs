//! Response headers of Entra's sign-in service, some of which clients read.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use outlive_chassis::Trace;
use outlive_clock::{Instant, Span};
use uuid::Uuid;

/// A P3P 1.0 privacy policy, which Entra ID still sends although browsers ignore it.
const POLICY: HeaderValue = HeaderValue::from_static("CP=\"DSP CUR OTPi IND OTRi ONL FIN\"");
/// The server build and region.
const SERVER: HeaderValue =
    HeaderValue::from_static(concat!("2.1.", env!("CARGO_PKG_VERSION"), " - OUTLIVE"));

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

static P3P: HeaderName = HeaderName::from_static("p3p");
static ESTS_SERVER: HeaderName = HeaderName::from_static("x-ms-ests-server");
static CLIENT_TELEMETRY: HeaderName = HeaderName::from_static("x-ms-clitelem");
static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
static CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
static RETURN_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("return-client-request-id");

/// Adds the common headers of the sign-in service. A client that requests it gets its correlation
/// id back.
pub(crate) async fn of_sign_in_service(trace: Trace, request: Request, next: Next) -> Response {
    let returned = request
        .headers()
        .get(&RETURN_CLIENT_REQUEST_ID)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(P3P.clone(), POLICY);
    headers.insert(ESTS_SERVER.clone(), SERVER);
    if let Some(id) = trace.client_request_id.filter(|_| returned) {
        insert_id(headers, &CLIENT_REQUEST_ID, id);
    }
    response
}

/// Adds request ids to every Graph response: `client-request-id` is the client's id if it sent one
/// ("Microsoft Graph error responses and resource types").
pub(crate) async fn of_graph(trace: Trace, request: Request, next: Next) -> Response {
    named_for_graph(next.run(request).await, &trace)
}

/// Adds the request ids to a Graph response.
pub(crate) fn named_for_graph(mut response: Response, trace: &Trace) -> Response {
    let headers = response.headers_mut();
    insert_id(headers, &REQUEST_ID, trace.request_id);
    insert_id(headers, &CLIENT_REQUEST_ID, trace.client_request_id.unwrap_or(trace.request_id));
    response
}

fn insert_id(headers: &mut HeaderMap, name: &HeaderName, id: Uuid) {
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(name.clone(), value);
    }
}

/// Adds the charset to JSON responses, as Entra ID does.
pub(crate) fn with_charset(mut response: Response) -> Response {
    if response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == b"application/json") {
        response.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    response
}

/// Adds the values that client libraries include in later telemetry: version, error number (0 for
/// none), suberror number, age of the refresh token in milliseconds, ring.
pub(crate) fn telemetry(response: &mut Response, error: u32, refresh_token_age: Option<Span>) {
    let age = refresh_token_age.map_or_else(String::new, |age| {
        format!("{}.{:03}", age.as_micros() / 1_000, age.as_micros().rem_euclid(1_000))
    });
    if let Ok(value) = HeaderValue::try_from(format!("1,{error},0,{age},")) {
        response.headers_mut().insert(CLIENT_TELEMETRY.clone(), value);
    }
}

/// Returns the age of a refresh token.
pub(crate) fn age(issued_at: Instant, now: Instant) -> Option<Span> {
    (issued_at <= now).then(|| now - issued_at)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn telemetry_has_five_places() {
        let header = |error, age| {
            let mut response = Response::new(Body::empty());
            telemetry(&mut response, error, age);
            response.headers()["x-ms-clitelem"].to_str().expect("a text").to_owned()
        };
        assert_eq!(header(0, None), "1,0,0,,");
        assert_eq!(header(50_173, Some(Span::from_micros(1_500_250))), "1,50173,0,1500.250,");
        assert_eq!(age(Instant::from_seconds(5), Instant::from_seconds(4)), None);
    }
}
