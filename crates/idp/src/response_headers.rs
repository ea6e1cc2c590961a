//! Headers that the original's sign-in service puts on its answers, and some clients read.

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use outlive_clock::{Instant, Span};

/// The privacy policy of a standard that browsers have forgotten (P3P 1.0), as the original still sends it.
const POLICY: HeaderValue = HeaderValue::from_static("CP=\"DSP CUR OTPi IND OTRi ONL FIN\"");
/// Which build answered, and where.
const SERVER: HeaderValue =
    HeaderValue::from_static(concat!("2.1.", env!("CARGO_PKG_VERSION"), " - OUTLIVE"));

static P3P: HeaderName = HeaderName::from_static("p3p");
static ESTS_SERVER: HeaderName = HeaderName::from_static("x-ms-ests-server");
static CLIENT_TELEMETRY: HeaderName = HeaderName::from_static("x-ms-clitelem");

/// Puts on an answer what every answer of the sign-in service has.
pub(crate) async fn of_sign_in_service(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(P3P.clone(), POLICY);
    headers.insert(ESTS_SERVER.clone(), SERVER);
    response
}

/// Tells client libraries what they report about themselves later: version, error number (0 for none), number of the suberror, age of
/// the refresh token in milliseconds, ring.
pub(crate) fn telemetry(response: &mut Response, error: u32, refresh_token_age: Option<Span>) {
    let age = refresh_token_age.map_or_else(String::new, |age| {
        format!("{}.{:03}", age.as_micros() / 1_000, age.as_micros().rem_euclid(1_000))
    });
    if let Ok(value) = HeaderValue::try_from(format!("1,{error},0,{age},")) {
        response.headers_mut().insert(CLIENT_TELEMETRY.clone(), value);
    }
}

/// How old a refresh token was that was issued then.
pub(crate) fn age(issued_at: Instant, now: Instant) -> Option<Span> {
    (issued_at <= now).then(|| now - issued_at)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn telemetry_has_five_places() {
        let told = |error, age| {
            let mut response = Response::new(Body::empty());
            telemetry(&mut response, error, age);
            response.headers()["x-ms-clitelem"].to_str().expect("a text").to_owned()
        };
        assert_eq!(told(0, None), "1,0,0,,");
        assert_eq!(told(50_173, Some(Span::from_micros(1_500_250))), "1,50173,0,1500.250,");
        assert_eq!(age(Instant::from_seconds(5), Instant::from_seconds(4)), None);
    }
}
