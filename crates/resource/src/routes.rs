//! The application: its state, routes and lab surface.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, Method, StatusCode, Uri};
use outlive_chassis::{CallerOrigin, Chassis, Problem, StartError, readable_by_pages, unknown_path_page};
use outlive_tokens::Verifier;

use crate::api::Api;
use crate::audiences::Audiences;
use crate::orders::{create, list, read};
use crate::scheme::Scheme;
use crate::{ResourceConfig, evaluation, lab};

/// Builds the complete application: routes, lab surface, shell.
///
/// # Errors
/// [`StartError`] when the configuration cannot work.
pub async fn build(chassis: Chassis, config: ResourceConfig) -> Result<Router, StartError> {
    config.check()?;
    let api = Arc::new(Api {
        verifier: Verifier::new(config.verifier(), chassis.http.inner()),
        audiences: Audiences::new(chassis.store.clone()),
        idp_url: config.idp_url.trim_end_matches('/').to_owned(),
        idp_public_url: config.idp_public_url.trim_end_matches('/').to_owned(),
        chassis: chassis.clone(),
    });
    Ok(outlive_chassis::app(chassis, Arc::clone(&api), router(api)))
}

/// The routes without lab surface and shell.
pub fn router(api: Arc<Api>) -> Router {
    let orders = Scheme::ALL.into_iter().fold(Router::new(), |routes, scheme| {
        let prefix = scheme.prefix();
        routes
            .route(&format!("{prefix}/orders"), get(list).post(create))
            .route(&format!("{prefix}/orders/{{id}}"), get(read))
    });
    orders
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(readable_by_pages))
        .route("/security-events", post(evaluation::receive))
        .merge(lab::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
        .with_state(api)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        format!("{} does not allow {method}; see the Allow header.", shown(&uri)),
    )
}

async fn no_route(uri: Uri, headers: HeaderMap, origin: CallerOrigin) -> Response {
    unknown_path_page(&uri, &headers, &origin, 3).unwrap_or_else(|| {
        Problem::not_found("ResourceNotFound", format!("There is nothing at {}.", shown(&uri)))
            .into_response()
    })
}

fn shown(uri: &Uri) -> String {
    uri.path().chars().take(100).collect()
}
