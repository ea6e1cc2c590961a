//! What happens around every route of an application.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures::FutureExt as _;
use tower::{Service as _, service_fn};

/// The routes of an application, for the function around them.
#[derive(Debug, Clone)]
pub struct Routes(Router);

impl Routes {
    /// Handles a request.
    pub async fn run(mut self, request: Request) -> Response {
        let Ok(response) = self.0.call(request).await;
        response
    }
}

/// Puts `handle` around `routes`, those for unknown paths included: it receives every request.
///
/// [`Router::layer`] instead puts a copy of a layer into each route, and a request clones all
/// layers of its route several times.
pub fn around<F, R>(routes: Router, handle: F) -> Router
where
    F: Fn(Request, Routes) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    // Prepared once, not for each request.
    let routes = Routes(routes.with_state(()));
    Router::new().fallback_service(service_fn(move |request| {
        // No `async` block, whose future would contain that of `handle` twice.
        handle(request, routes.clone()).map(Ok::<_, Infallible>)
    }))
}
