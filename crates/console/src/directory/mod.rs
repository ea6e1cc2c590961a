//! `/directory/…`: users, groups, applications, consent, policies and keys of a tenant, in the
//! vocabulary of the Microsoft Entra admin center. Each page reads one page of one list, or one
//! object.

mod act;
mod application;
mod applications;
mod area;
mod calls;
mod consents;
mod groups;
mod keys;
mod new_secret;
mod policies;
mod tenant;
mod user;
mod users;
mod visit;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::state::Console;

/// The routes of the directory.
pub(crate) fn router() -> Router<Console> {
    Router::new()
        .route("/directory", get(to_users))
        .route("/directory/users", get(users::list))
        .route("/directory/users/{user}", get(user::show))
        .route("/directory/groups", get(groups::list))
        .route("/directory/groups/{group}", get(groups::show))
        .route("/directory/app-registrations", get(applications::registrations))
        .route("/directory/enterprise-applications", get(applications::enterprise))
        .route("/directory/applications/{client}", get(application::show))
        .route("/directory/consents", get(consents::list))
        .route("/directory/policies", get(policies::list))
        .route("/directory/keys", get(keys::list))
        .route("/directory/tenant", get(tenant::show))
        .route("/console/{tenant}/directory", post(act::act))
        .route("/console/{tenant}/new-secret/{reference}", get(new_secret::page))
}

async fn to_users(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&format!("/directory/users{}", query.map(|query| format!("?{query}")).unwrap_or_default()))
}
