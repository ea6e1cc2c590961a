//! The HTTP shell around a service's routes, which processes every request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::FutureExt as _;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::Limited;
use outlive_clock::TenantId;
use outlive_tokens::{bearer_token, peek_tenant};
use serde_json::json;

use crate::around::{Routes, around};
use crate::current_request::CurrentRequest;
use crate::health::Health;
use crate::lab_surface::{self, Surface};
use crate::path_text::undecodable;
use crate::{
    CallerOrigin, CarriedTime, Chassis, ICON, Problem, STYLESHEET, Service, Trace, date, faults, lab_access,
    response_is_dated, running_time,
};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// Builds the complete application of a service: its routes, `/healthz` and the lab surface, with
/// checks of host and body size, trace context, security headers and panic handling. Starts the
/// watcher of running clocks, which stops with the application.
pub fn app<S: Service>(chassis: Chassis, service: Arc<S>, routes: Router) -> Router {
    let surface = Arc::new(Surface::new(chassis.clone(), Arc::clone(&service)));
    tokio::spawn(running_time::watch(Arc::downgrade(&surface)));
    let name = chassis.service;
    let health = Health::new(chassis.store.clone());
    let healthz = move || {
        let health = health.clone();
        async move { health.check().await.map(|()| Json(json!({"service": name, "status": "ok"}))) }
    };
    let routes = routes
        .route("/healthz", get(healthz))
        .route("/favicon.ico", get(async || asset("image/svg+xml", ICON)))
        .route("/_pages/all.css", get(async || asset("text/css; charset=utf-8", STYLESHEET)))
        .merge(lab_surface::router(surface));
    let shell = Arc::new((chassis, service));
    around(routes, move |request, routes| enter(Arc::clone(&shell), request, routes))
}

/// A part of pages, which browsers keep for an hour.
fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}

/// Runs the routes. A handler that panics ends its request only.
async fn run<S: Service>(routes: Routes, request: Request) -> Response {
    let limit = lab_surface::body_bytes_max::<S>(request.uri());
    let request = request.map(|body| Body::new(Limited::new(body, limit)));
    AssertUnwindSafe(routes.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a request handler panicked");
        let message = "A fault of the program; its log says where.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message).into_response()
    })
}

/// Rejects a body whose `Content-Length` is too large with a JSON error. (The limit on
/// the body itself, which bodies without a length also have, responds in plain text.)
fn announced_too_large<S: Service>(request: &Request) -> Option<Problem> {
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    let limit = lab_surface::body_bytes_max::<S>(request.uri());
    (length > limit as u64).then(|| Problem::too_large(limit))
}

/// Rejects a request with two hosts, which a proxy could route differently (RFC 9112, section 3.2).
fn ambiguous_host(request: &Request) -> Option<Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let differs = |host: &HeaderValue| {
        let authority = request.uri().authority();
        authority
            .is_some_and(|authority| !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()))
    };
    let ambiguous = second.is_some() || first.is_some_and(differs);
    ambiguous
        .then(|| Problem::bad_request("The request names more than one host. Send one Host header field."))
}

/// Returns the `Authorization` header if there is one and no other.
fn only_authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let only = values.next()?;
    values.next().is_none().then(|| only.clone())
}

/// Returns the tenant that the token in an `Authorization` header names.
fn tenant_of(authorization: HeaderValue) -> Option<TenantId> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
    bearer_token(&headers).ok().and_then(peek_tenant)
}

async fn enter<S: Service>(shell: Arc<(Chassis, Arc<S>)>, mut request: Request, routes: Routes) -> Response {
    let (chassis, service) = &*shell;
    chassis.exchanges.count(request.uri().path());
    if let Some(problem) = ambiguous_host(&request) {
        return problem.into_response();
    }
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(origin) = chassis.origins.for_host(host) else {
        let allowed = chassis.origins.all().join(", ");
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "UnknownHost",
            format!("This service answers to {allowed}. To let it answer to another name, add it to OUTLIVE_ORIGINS."),
        )
        .into_response();
    };
    let origin = CallerOrigin(Arc::from(origin));
    let mut trace = Trace::of_request(request.headers(), &chassis.random);
    trace.time = CarriedTime::of_request(chassis.lab_key.time_key(), request.headers());
    let current = CurrentRequest::new(chassis.service, &request, &trace);
    let request_id = HeaderValue::try_from(trace.request_id.to_string());
    request.extensions_mut().insert(origin);
    let time = trace.time;
    request.extensions_mut().insert(trace);
    let handling = async {
        if let Some(time) = time
            && let Err(error) = Box::pin(chassis.clocks.catch_up(time)).await
        {
            Problem::from(error).into_response()
        } else if let Some(refused) = lab_access::refusal(&chassis.lab_key, &request) {
            refused
        } else if let Some(problem) =
            announced_too_large::<S>(&request).or_else(|| undecodable::<S>(request.uri().path()))
        {
            let (request, _) = request.into_parts();
            Box::pin(date::handle(service.refuse(problem, &request))).await
        } else {
            let authorization = only_authorization(request.headers());
            date::handle(async {
                let response =
                    faults::around::around(chassis, &**service, request, |request| run::<S>(routes, request))
                        .await;
                // Responses for unknown paths have the date of the token's tenant, too.
                if !response_is_dated()
                    && let Some(tenant) = authorization.and_then(tenant_of)
                {
                    // An unknown tenant has no date.
                    let _ = chassis.clocks.now(tenant).await;
                }
                response
            })
            .await
        }
    };
    let mut response = current.handle(handling).await;
    let response_is_redirect = response.status().is_redirection();
    let headers = response.headers_mut();
    if let Ok(request_id) = request_id {
        headers.entry(&REQUEST_ID).or_insert(request_id);
    }
    // A redirect has no content to frame, and a frame may have to follow it to a page that permits
    // framing.
    if !response_is_redirect {
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
