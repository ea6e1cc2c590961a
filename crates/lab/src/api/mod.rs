//! The lab API (`/lab/…`): tenants, time, journal and events, as JSON, described by
//! `/lab/openapi.json`.
//!
//! Requests that change something require `Content-Type: application/json`, so that a page of
//! another origin cannot send them without a preflight request.

mod busy;
mod classes;
mod clock;
mod connections;
mod diagnose;
mod directory;
mod events;
mod exports;
mod faults;
mod flows;
mod forge;
mod journal;
mod lifetime;
mod matrix;
mod openapi;
mod outbox;
mod phone;
mod problem;
mod redeem;
mod runs;
mod service;
mod sign_in;
mod snapshots;
mod story;
mod tenants;
mod timeline;
mod twins;
mod why;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};
use axum::{Extension, Router, middleware};
use outlive_chassis::{Problem, refuse_other_sites};

pub use journal::Cursor;
pub use service::LabService;

use crate::tenants::Tenants;

/// The routes of the lab API.
pub fn router(tenants: Tenants) -> Router {
    Router::new()
        .route("/lab/openapi.json", get(openapi::show))
        .route("/lab/classes", get(classes::list).post(classes::open))
        .route("/lab/classes/{code}", get(classes::show).patch(classes::change).delete(classes::end))
        .route("/lab/classes/{code}/join", post(classes::join))
        .route("/lab/classes/{code}/seats/{seat}", put(classes::report))
        .route("/lab/diagnose", post(diagnose::explain))
        .route("/lab/diagnose/scenarios/{name}", get(diagnose::scenario))
        .route("/lab/tenants", get(tenants::list).post(tenants::create))
        .route("/lab/tenants/{tenant}", get(tenants::show).delete(tenants::delete))
        .route("/lab/tenants/{tenant}/export", get(exports::export))
        .route("/lab/tenants/{tenant}/reset", post(tenants::reset))
        .route("/lab/tenants/{tenant}/clock", get(clock::show).post(clock::change))
        .route("/lab/tenants/{tenant}/journal", get(journal::read))
        .route("/lab/tenants/{tenant}/journal/stream", get(journal::follow))
        .route("/lab/tenants/{tenant}/events", post(events::raise))
        .route("/lab/tenants/{tenant}/faults", get(faults::list).post(faults::add).delete(faults::remove_all))
        .route("/lab/tenants/{tenant}/forge", post(forge::forge))
        .route("/lab/tenants/{tenant}/faults/{id}", get(faults::show).delete(faults::remove))
        .route("/lab/tenants/{tenant}/outbox", get(outbox::show))
        .route("/lab/tenants/{tenant}/phone/{user}", get(phone::show))
        .route("/lab/tenants/{tenant}/phone/{user}/passkeys", delete(phone::remove_passkeys))
        .route("/lab/tenants/{tenant}/phone/{user}/passkeys/{passkey}", delete(phone::remove_passkey))
        .route("/lab/tenants/{tenant}/phone/{user}/passkey-requests/{request}", post(phone::answer))
        .route("/lab/tenants/{tenant}/phone/{user}/authenticator", put(phone::add).delete(phone::remove))
        .route("/lab/tenants/{tenant}/directory/users", get(directory::users))
        .route("/lab/tenants/{tenant}/directory/users/{user}", get(directory::user))
        .route("/lab/tenants/{tenant}/directory/users/{user}/credentials", get(directory::credentials))
        .route("/lab/tenants/{tenant}/directory/groups", get(directory::groups))
        .route("/lab/tenants/{tenant}/directory/groups/{group}", get(directory::group))
        .route("/lab/tenants/{tenant}/directory/applications", get(directory::applications))
        .route("/lab/tenants/{tenant}/directory/applications/{client}", get(directory::application))
        .route("/lab/tenants/{tenant}/directory/grants", get(directory::grants))
        .route("/lab/tenants/{tenant}/directory/policies", get(directory::policies))
        .route("/lab/tenants/{tenant}/directory/tenant", get(directory::tenant))
        .route("/lab/tenants/{tenant}/directory/keys", get(directory::keys))
        .route("/lab/tenants/{tenant}/runs", get(runs::show))
        .route("/lab/tenants/{tenant}/runs/{run}/steps", get(runs::steps))
        .route("/lab/tenants/{tenant}/connections", get(connections::list))
        .route("/lab/tenants/{tenant}/connections/{name}/fix", post(connections::fix))
        .route("/lab/tenants/{tenant}/connections/{name}/confirm", post(connections::confirm))
        .route("/lab/tenants/{tenant}/connections/{name}/share", post(connections::share))
        .route("/lab/tenants/{tenant}/flows/{flow}", get(flows::show))
        .route("/lab/tenants/{tenant}/flows/{flow}/runs/{run}", get(flows::show_run))
        .route("/lab/tenants/{tenant}/flows/{flow}/start", post(flows::start))
        .route("/lab/tenants/{tenant}/flows/{flow}/stop", post(flows::stop))
        .route("/lab/tenants/{tenant}/flows/{flow}/run", post(flows::run))
        .route("/lab/tenants/{tenant}/flows/{flow}/share", post(flows::share))
        .route("/lab/tenants/{tenant}/redeem", post(redeem::redeem))
        .route("/lab/tenants/{tenant}/sign_in", post(sign_in::sign_in))
        .route("/lab/tenants/{tenant}/snapshots", get(snapshots::list).post(snapshots::take))
        .route("/lab/tenants/{tenant}/snapshots/{id}", delete(snapshots::delete))
        .route("/lab/tenants/{tenant}/snapshots/{id}/restore", post(snapshots::restore))
        .route("/lab/tenants/{tenant}/story", get(story::show))
        .route("/lab/tenants/{tenant}/timeline", get(timeline::show))
        .route("/lab/matrix", get(matrix::list))
        .route("/lab/matrix/credentials", post(matrix::of_rules))
        .route("/lab/matrix/connections", post(matrix::of_connections))
        .route("/lab/twins", get(twins::list).post(twins::execute))
        .route("/lab/tenants/{tenant}/runs/{run}/replays", get(twins::of_run))
        .route("/lab/tenants/{tenant}/matrix/credentials", post(matrix::of_tenant))
        .route("/lab/tenants/{tenant}/why", post(why::ask))
        .route("/lab/tenants/{tenant}/why/{id}", get(why::show))
        .route(
            "/lab/{*other}",
            any(async || Problem::not_found("NotFound", "There is nothing at this path.")),
        )
        .layer(Extension(journal::Feeds::default()))
        .layer(Extension(matrix::Places::default()))
        .layer(Extension(twins::TwinPlaces::default()))
        .layer(middleware::from_fn(decodable_path))
        .layer(middleware::from_fn(refuse_other_sites))
        .with_state(tenants)
}

/// Rejects a path whose percent escapes are not UTF-8.
async fn decodable_path(
    names: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) = names {
        return Problem::bad_request("The escapes in the path of the request are not UTF-8.").into_response();
    }
    next.run(request).await
}
