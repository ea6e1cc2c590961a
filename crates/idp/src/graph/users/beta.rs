//! What only Graph's beta tells of a user: since when their refresh tokens are valid.

use axum::extract::Path;
use axum::response::Response;
use serde_json::json;

use super::resource::{USER, resource};
use crate::directory::User;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity_in_beta};
use crate::graph::permissions::{READ_ME, READ_USERS};

const NAME: &str = "refreshTokensValidFromDateTime";

const PROPERTIES: &[&str] = &{
    let mut properties = [NAME; USER.properties.len() + 1];
    let mut at = 0;
    while at < USER.properties.len() {
        properties[at] = USER.properties[at];
        at += 1;
    }
    properties
};

/// A user as in version 1.0, and what is in beta only; that only if it is selected.
const BETA_USER: EntityType = EntityType { properties: PROPERTIES, ..USER };

/// `GET /beta/me`.
pub(crate) async fn me_in_beta(caller: Caller) -> Response {
    let result = caller.me().and_then(|user| {
        caller.allowed(&READ_ME)?;
        shown(&caller, user)
    });
    caller.answer(result)
}

/// `GET /beta/users/{id}`.
pub(crate) async fn show_in_beta(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        caller.allowed(if own { &READ_ME } else { &READ_USERS })?;
        shown(&caller, &user)
    };
    caller.answer(result.await)
}

fn shown(caller: &Caller, user: &User) -> Result<Response, GraphError> {
    let options = caller.entity_options(&BETA_USER)?;
    let ended = caller.tenant.rules.refresh_tokens_valid_from(&user.revocations);
    let mut object = resource(user);
    // Revoking sessions moves both; a reset that the table says ends every refresh token moves this one.
    object[NAME] =
        json!(user.sessions_valid_from.max(ended.unwrap_or(user.sessions_valid_from)).whole_second());
    Ok(entity_in_beta(&BETA_USER, &object, &options))
}
