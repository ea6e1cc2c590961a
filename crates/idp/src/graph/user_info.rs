//! UserInfo (OpenID Connect Core 1.0, section 5.3), which Microsoft serves at Graph's host:
//! `/oidc/userinfo`.

use axum::Json;
use axum::routing::MethodRouter;
use serde_json::Map;

use super::prelude::*;

/// `GET` or `POST /oidc/userinfo`, with an access token for Graph that has the scope `openid`.
pub(crate) fn user_info() -> MethodRouter<Idp> {
    get(show).post(show)
}

async fn show(caller: Caller) -> Result<Json<Map<String, Value>>> {
    let user = caller.me()?;
    if !caller.claims.has_scope("openid") {
        return Err(GraphError::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "The access token does not have the scope openid.",
        ));
    }
    let mut claims = Map::new();
    let mut add = |name: &str, value: Option<&str>| {
        claims.extend(value.map(|value| (name.to_owned(), json!(value))));
    };
    // The `sub` of the client's ID tokens, not the one for Graph.
    let subject = caller.tenant.keys.pairwise().subject(caller.tenant.id, caller.claims.appid, user.id);
    add("sub", Some(&subject));
    if caller.claims.has_scope("profile") {
        add("name", Some(&user.display_name));
        add("family_name", user.profile.surname.as_deref());
        add("given_name", user.profile.given_name.as_deref());
        add("picture", Some("https://graph.microsoft.com/v1.0/me/photo/$value"));
    }
    if caller.claims.has_scope("email") {
        add("email", user.profile.mail.as_deref());
    }
    Ok(Json(claims))
}
