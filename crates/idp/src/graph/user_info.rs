//! UserInfo (OpenID Connect Core 1.0, section 5.3), which Microsoft serves at Graph's host:
//! `/oidc/userinfo`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, json};

use super::caller::Caller;
use super::error::GraphError;

/// `GET` or `POST /oidc/userinfo`, with an access token for Graph that has the scope `openid`.
pub(crate) async fn user_info(caller: Caller) -> Response {
    let result = caller.me().and_then(|user| {
        if !caller.claims.has_scope("openid") {
            return Err(GraphError::new(
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "The access token does not have the scope openid.",
            ));
        }
        let mut claims = Map::new();
        // The `sub` of the client's ID tokens, not the one for Graph.
        let subject = caller.idp.pairwise.subject(caller.tenant.id, caller.claims.appid, user.id);
        claims.insert("sub".to_owned(), json!(subject));
        if caller.claims.has_scope("profile") {
            claims.insert("name".to_owned(), json!(user.display_name));
            for (name, value) in
                [("family_name", &user.profile.surname), ("given_name", &user.profile.given_name)]
            {
                claims.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
            }
            claims.insert("picture".to_owned(), json!("https://graph.microsoft.com/v1.0/me/photo/$value"));
        }
        if caller.claims.has_scope("email") {
            claims.extend(user.profile.mail.as_ref().map(|mail| ("email".to_owned(), json!(mail))));
        }
        Ok(Json(claims).into_response())
    });
    caller.answer(result)
}
