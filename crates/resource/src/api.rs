//! The application: its state, routes and lab surface.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use http::{Method, StatusCode, Uri};
use outlive_chassis::{Chassis, Problem, Service, SpecMistake, StartError, Trace, readable_by_pages};
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use outlive_tokens::{Challenge, Verifier};
use outlive_wire::ResourceSpec;

use crate::audiences::Audiences;
use crate::evaluation;
use crate::orders::{self, create, list, read};
use crate::{ResourceConfig, spec};

/// The state of the resource. Built by [`build`].
#[derive(Debug)]
pub struct Api {
    pub(crate) chassis: Chassis,
    pub(crate) verifier: Verifier,
    pub(crate) audiences: Audiences,
    idp_public_url: String,
}

/// Builds the complete application: routes, lab surface, shell.
///
/// # Errors
/// [`StartError`] when the configuration cannot work.
pub async fn build(chassis: Chassis, config: ResourceConfig) -> Result<Router, StartError> {
    config.check()?;
    let api = Arc::new(Api {
        verifier: Verifier::new(config.verifier(), chassis.http.inner()),
        audiences: Audiences::new(chassis.store.clone()),
        idp_public_url: config.idp_public_url.trim_end_matches('/').to_owned(),
        chassis: chassis.clone(),
    });
    Ok(outlive_chassis::app(chassis, Arc::clone(&api), router(api)))
}

/// The routes without lab surface and shell.
pub fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/orders", get(list).post(create))
        .route("/orders/{id}", get(read))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(readable_by_pages))
        .route("/security-events", post(evaluation::receive))
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

async fn no_route(uri: Uri) -> Problem {
    Problem::not_found("ResourceNotFound", format!("There is nothing at {}.", shown(&uri)))
}

fn shown(uri: &Uri) -> String {
    uri.path().chars().take(100).collect()
}

impl Api {
    /// The challenge with the tenant's authorization endpoint, or the common one without a tenant.
    pub(crate) fn challenge(&self, tenant: Option<TenantId>) -> Challenge {
        let tenant = tenant.map(|tenant| tenant.to_string());
        let segment = tenant.as_deref().unwrap_or("common");
        let authorize = format!("{}/{segment}/oauth2/v2.0/authorize", self.idp_public_url);
        Challenge::new(tenant.as_deref().unwrap_or_default(), &authorize)
    }

    /// The common authorization endpoint, as in claims challenges.
    pub(crate) fn common_authorization_uri(&self) -> String {
        format!("{}/common/oauth2/authorize", self.idp_public_url)
    }
}

impl Service for Api {
    type TenantSpec = ResourceSpec;
    const TENANT_TABLES: &'static [&'static str] =
        &["orders", "audiences", evaluation::TABLES[0], evaluation::TABLES[1]];

    fn spec_mistakes(spec: &ResourceSpec) -> Vec<SpecMistake> {
        spec::mistakes(spec)
    }

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: ResourceSpec,
        now: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        let (audiences, orders) = spec::contents(spec, now);
        let mut change = Change::from(Audiences::insert(tenant, &audiences));
        for order in &orders {
            change.add(orders::insert(tenant, order));
        }
        Ok(change)
    }

    fn forget_tenant(&self, tenant: TenantId) {
        self.audiences.forget(tenant);
        self.verifier.forget(tenant);
    }
}
