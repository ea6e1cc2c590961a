//! `refreshTokensValidFromDateTime`, which only Graph's beta returns.

use axum::extract::Path;
use axum::response::Response;
use outlive_clock::Instant;
use serde_json::json;

use super::read::{readable, readable_me};
use super::resource::{USER, resource};
use crate::directory::User;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity_in_beta};

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

/// A user with the properties of version 1.0, and the beta property if it is selected.
const BETA_USER: EntityType = EntityType { properties: PROPERTIES, ..USER };

/// `GET /beta/me`.
pub(crate) async fn me_in_beta(caller: Caller) -> Response {
    let result = readable_me(&caller).and_then(|user| show_user(&caller, user));
    caller.answer(result)
}

/// `GET /beta/users/{id}`.
pub(crate) async fn show_in_beta(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = readable(&caller, &id).await?;
        show_user(&caller, &user)
    };
    caller.answer(result.await)
}

fn show_user(caller: &Caller, user: &User) -> Result<Response, GraphError> {
    let options = caller.entity_options(&BETA_USER)?;
    let ended = caller.tenant.rules.refresh_tokens_valid_from(&user.revocations);
    let mut object = resource(user);
    // Revoking sessions moves both instants; a reset that revokes every refresh token moves this
    // one.
    object[NAME] = json!(ended.max(Some(user.sessions_valid_from)).map(Instant::whole_second));
    Ok(entity_in_beta(&BETA_USER, &object, &options))
}
