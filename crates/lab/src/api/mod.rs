//! The lab API (`/lab/…`): tenants, time, journal and events, as JSON, described by
//! `/lab/openapi.json`.
//!
//! Requests that change something require `Content-Type: application/json`, so that a page of
//! another origin cannot send them without a preflight request.

mod clock;
mod events;
mod journal;
mod matrix;
mod openapi;
mod outbox;
mod problem;
mod runs;
mod service;
mod tenants;
mod why;

use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use outlive_chassis::refuse_other_sites;

pub use journal::Cursor;
pub use service::LabService;

use crate::tenants::Tenants;

/// The routes of the lab API.
pub fn router(tenants: Tenants) -> Router {
    Router::new()
        .route("/lab/openapi.json", get(openapi::show))
        .route("/lab/tenants", get(tenants::list).post(tenants::create))
        .route("/lab/tenants/{tenant}", get(tenants::show).delete(tenants::delete))
        .route("/lab/tenants/{tenant}/clock", get(clock::show).post(clock::change))
        .route("/lab/tenants/{tenant}/journal", get(journal::read))
        .route("/lab/tenants/{tenant}/journal/stream", get(journal::follow))
        .route("/lab/tenants/{tenant}/events", post(events::raise))
        .route("/lab/tenants/{tenant}/outbox", get(outbox::show))
        .route("/lab/tenants/{tenant}/runs", get(runs::show))
        .route("/lab/matrix/credentials", post(matrix::of_rules))
        .route("/lab/tenants/{tenant}/matrix/credentials", post(matrix::of_tenant))
        .route("/lab/tenants/{tenant}/why", post(why::ask))
        .route("/lab/tenants/{tenant}/why/{id}", get(why::show))
        .layer(Extension(journal::Feeds::default()))
        .layer(Extension(matrix::Places::default()))
        .layer(middleware::from_fn(refuse_other_sites))
        .with_state(tenants)
}
