//! Revocation of sign-in sessions.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::error::GraphError;
use crate::directory::User;
use crate::security_events::credential_events::{CredentialEvent, happen};

const PERMISSIONS: [&str; 4] = [
    "User.RevokeSessions.All",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Directory.AccessAsUser.All",
];

/// `POST /me/revokeSignInSessions`.
pub(crate) async fn revoke_own(caller: Caller) -> Response {
    let result = async {
        let user = caller.me()?;
        if !caller.may(&PERMISSIONS) && !caller.may(&["User.ReadWrite"]) {
            return Err(GraphError::denied());
        }
        revoke_sessions(&caller, user, CredentialEvent::UserRevokes).await
    };
    caller.answer(result.await)
}

/// `POST /users/{id}/revokeSignInSessions`.
pub(crate) async fn revoke(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        if !caller.may_act_on(&user, &PERMISSIONS) {
            return Err(GraphError::denied());
        }
        let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        let event = if own { CredentialEvent::UserRevokes } else { CredentialEvent::AdminRevokes };
        revoke_sessions(&caller, &user, event).await
    };
    caller.answer(result.await)
}

/// `POST /beta/users/{id}/invalidateAllRefreshTokens`, and `/beta/me/…`: the older, delegated-only
/// form.
pub(crate) async fn invalidate(caller: Caller, id: Option<Path<String>>) -> Response {
    let result = async {
        let user = match &id {
            Some(Path(id)) => caller.target(id).await?,
            None => caller.me()?.clone(),
        };
        let own = caller.me()?.id == user.id;
        let permissions = ["Directory.ReadWrite.All", "Directory.AccessAsUser.All"];
        if !(caller.may_act_on(&user, &permissions) || own && caller.may(&["User.ReadWrite"])) {
            return Err(GraphError::denied());
        }
        let event = if own { CredentialEvent::UserRevokes } else { CredentialEvent::AdminRevokes };
        revoke_sessions(&caller, &user, event).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

async fn revoke_sessions(
    caller: &Caller,
    user: &User,
    event: CredentialEvent,
) -> Result<Response, GraphError> {
    let now = caller.idp.now(caller.tenant.id).await?;
    happen(&caller.idp, user, event, now, &caller.claims.oid.to_string(), &caller.trace).await?;
    let context = "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean";
    Ok(Json(json!({"@odata.context": context, "value": true})).into_response())
}
