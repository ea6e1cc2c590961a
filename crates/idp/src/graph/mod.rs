//! The part of Microsoft Graph (`/v1.0`) that acts on users' credentials (reference: "Microsoft Graph operations").

mod caller;
mod error;
mod passwords;
mod sessions;
mod users;

use axum::Router;
use axum::routing::{get, post};

use outlive_chassis::Trace;

use self::error::GraphError;
use crate::idp::Idp;

pub(crate) fn router() -> Router<Idp> {
    Router::new()
        .route("/me", get(users::me))
        .route("/users/{id}", get(users::show).patch(users::update))
        .route("/me/changePassword", post(passwords::change))
        .route("/users/{id}/changePassword", post(passwords::change_of_another))
        .route("/users/{id}/authentication/methods/{method}/resetPassword", post(passwords::reset))
        .route("/me/revokeSignInSessions", post(sessions::revoke_own))
        .route("/users/{id}/revokeSignInSessions", post(sessions::revoke))
        .method_not_allowed_fallback(
            |trace: Trace| async move { GraphError::wrong_method().answer(&trace, None) },
        )
        .fallback(|trace: Trace| async move { GraphError::no_such_path().answer(&trace, None) })
}
