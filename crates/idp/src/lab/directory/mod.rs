//! The directory for the console: `/_lab/tenants/{t}/directory/…`. Administrators read it through
//! Graph; these calls need no token, are paged, and return no credentials.

mod application_kind;
mod applications;
mod consent;
mod groups;
mod objects;
mod page;
mod tenant;
mod users;

use axum::Router;
use axum::routing::get;

use crate::idp::Idp;

pub(crate) fn router() -> Router<Idp> {
    let below = |path: &str| format!("/_lab/tenants/{{tenant}}/directory/{path}");
    Router::new()
        .route(&below("users"), get(users::list))
        .route(&below("users/{user}"), get(users::show))
        .route(&below("groups"), get(groups::list))
        .route(&below("groups/{group}"), get(groups::show))
        .route(&below("applications"), get(applications::list))
        .route(&below("applications/{client}"), get(applications::show))
        .route(&below("grants"), get(consent::list))
        .route(&below("policies"), get(tenant::policies))
        .route(&below("tenant"), get(tenant::show))
        .route(&below("keys"), get(tenant::keys))
}
