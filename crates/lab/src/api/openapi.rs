//! `/lab/openapi.json`.

use axum::Json;
use utoipa::OpenApi;

use super::{clock, events, journal, matrix, outbox, runs, tenants, why};

/// The lab API's own description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Outlive lab API",
        description = "Tenants, their time, their journal, and what happens to them."
    ),
    paths(
        tenants::list,
        tenants::create,
        tenants::show,
        tenants::delete,
        clock::show,
        clock::change,
        journal::read,
        journal::follow,
        events::raise,
        matrix::of_rules,
        matrix::of_tenant,
        outbox::show,
        runs::show,
        why::ask,
        why::show
    )
)]
struct Description;

pub(crate) async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        let described = Description::openapi();
        let paths: Vec<_> = described.paths.paths.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "/lab/matrix/credentials",
                "/lab/tenants",
                "/lab/tenants/{tenant}",
                "/lab/tenants/{tenant}/clock",
                "/lab/tenants/{tenant}/events",
                "/lab/tenants/{tenant}/journal",
                "/lab/tenants/{tenant}/journal/stream",
                "/lab/tenants/{tenant}/matrix/credentials",
                "/lab/tenants/{tenant}/outbox",
                "/lab/tenants/{tenant}/runs",
                "/lab/tenants/{tenant}/why",
                "/lab/tenants/{tenant}/why/{id}",
            ]
        );
    }
}
