//! The lab surface of a service (`/_lab/…`), through which the lab creates and deletes tenants,
//! moves their clocks, runs due work and reads the journal. It is bound to the address of the
//! service and returns JSON only.

mod clock;
mod copy;
mod counts;
mod faults;
mod journal;
mod sealing_key;
mod service_client;
mod surface;
mod tenants;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use http::Uri;

use outlive_wire::COPY_BYTES_MAX;

use crate::Service;

pub(crate) use surface::Surface;

/// The maximum size of a request that replaces the data of a tenant: the copy and its clock.
const REPLACEMENT_BYTES_MAX: usize = COPY_BYTES_MAX + 4096;

/// Returns the maximum size of the body of a request with this target.
pub(crate) fn body_bytes_max<S: Service>(target: &Uri) -> usize {
    let path = target.path();
    let is_copy = path.strip_prefix("/_lab/tenants/").is_some_and(|rest| rest.ends_with("/copy"));
    if is_copy { REPLACEMENT_BYTES_MAX } else { S::body_bytes_max(target) }
}

pub(crate) fn router<S: Service>(surface: Arc<Surface<S>>) -> Router {
    Router::new()
        .route("/_lab/counts", get(counts::show::<S>))
        .route("/_lab/sealing-key", post(sealing_key::rotate::<S>))
        .route("/_lab/tenants", get(tenants::list::<S>))
        .route("/_lab/tenants/{tenant}", put(tenants::create::<S>).delete(tenants::delete::<S>))
        .route("/_lab/tenants/{tenant}/clock", get(clock::show::<S>).put(clock::set::<S>))
        .route(
            "/_lab/tenants/{tenant}/copy",
            get(copy::read::<S>).put(copy::replace::<S>).layer(DefaultBodyLimit::max(REPLACEMENT_BYTES_MAX)),
        )
        .route("/_lab/tenants/{tenant}/copy/state", get(copy::state::<S>))
        .route("/_lab/tenants/{tenant}/due", post(clock::run_due::<S>))
        .route(
            "/_lab/tenants/{tenant}/faults",
            get(faults::list::<S>).post(faults::add::<S>).delete(faults::remove_all::<S>),
        )
        .route("/_lab/tenants/{tenant}/faults/{id}", delete(faults::remove::<S>))
        .route("/_lab/tenants/{tenant}/journal", get(journal::read::<S>))
        .route("/_lab/tenants/{tenant}/journal/stream", get(journal::follow::<S>))
        .route("/_lab/tenants/{tenant}/service-client", put(service_client::replace::<S>))
        .with_state(surface)
}
