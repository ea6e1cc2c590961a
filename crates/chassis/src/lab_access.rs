//! Who may call the lab surface of a service (`/_lab`), and the lab API of the console (`/lab`).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, VIA, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::lab_key::SCHEME;
use crate::{CallerOrigin, LabKey, Problem};

/// Where a browser's request comes from, relative to where it goes (Fetch Metadata Request Headers,
/// section 2.4). Pages cannot set or remove it.
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What proxies add to the requests that they forward (RFC 7239, RFC 9110 section 7.6.3, and common
/// practice).
static FORWARDING: [HeaderName; 6] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The response to a request for the lab surface that does not come from the lab; `None` if it
/// does, or asks for anything else.
pub(crate) fn refusal(key: &LabKey, request: &Request) -> Option<Response> {
    if !is_lab_surface(request.uri().path()) {
        return None;
    }
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.get(&SEC_FETCH_SITE).is_some_and(|site| site != "none") {
        return Some(forbidden(
            "Pages in a browser cannot use the lab surface; use the lab API of the console.",
        ));
    }
    if FORWARDING.iter().any(|name| headers.contains_key(name)) {
        return Some(forbidden("The lab surface cannot be used through a proxy."));
    }
    let mut presented = headers.get_all(AUTHORIZATION).iter();
    match (presented.next(), presented.next()) {
        (Some(authorization), None) if key.is_presented_by(authorization) => None,
        _ => Some(unauthorized()),
    }
}

/// Whether `path` is that of the lab surface or below it.
pub(crate) fn is_lab_surface(path: &str) -> bool {
    path == "/_lab" || path.starts_with("/_lab/")
}

/// Rejects requests that a browser sends for a page of another site. For the lab API, which
/// authenticates by address only.
pub async fn refuse_other_sites(request: Request, next: Next) -> Response {
    if is_cross_site(request.headers(), request.extensions().get()) {
        return forbidden("Pages of other sites cannot use the lab API.");
    }
    next.run(request).await
}

fn is_cross_site(headers: &HeaderMap, own: Option<&CallerOrigin>) -> bool {
    if headers.get_all(&SEC_FETCH_SITE).iter().any(|site| site == "cross-site") {
        return true;
    }
    // Browsers that do not send Sec-Fetch-Site (over plain HTTP to other hosts) still send Origin.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let same = authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        !same && own.is_none_or(|own| !own.0.eq_ignore_ascii_case(origin))
    })
}

fn forbidden(message: &str) -> Response {
    Problem::new(StatusCode::FORBIDDEN, "Forbidden", message).into_response()
}

fn unauthorized() -> Response {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "LabKeyRequired",
        "The lab surface requires this installation's lab key. Give the console and all services the same OUTLIVE_LAB_KEY or \
         OUTLIVE_LAB_KEY_FILE.",
    );
    let mut response = problem.into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(SCHEME));
    response
}
