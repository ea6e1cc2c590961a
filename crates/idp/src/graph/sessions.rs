//! Revocation of sign-in sessions.

use axum::Json;
use outlive_store::Change;

use super::permissions::{INVALIDATE_TOKENS, REVOKE_OWN_SESSIONS, REVOKE_SESSIONS};
use super::prelude::*;
use crate::directory::User;
use crate::security_events::credential_events::{CredentialEvent, apply_event};

pub(super) fn router() -> Router<Idp> {
    let path = |user: &str| format!("{user}/revokeSignInSessions");
    Router::new().route(&path("/me"), post(revoke)).route(&path("/users/{id}"), post(revoke))
}

/// The older, delegated-only form is only part of Graph's beta.
pub(super) fn beta() -> Router<Idp> {
    let path = |user: &str| format!("{user}/invalidateAllRefreshTokens");
    Router::new().route(&path("/me"), post(invalidate)).route(&path("/users/{id}"), post(invalidate))
}

async fn revoke(caller: Caller, name: UserName) -> Result<Json<Value>> {
    let user = caller.user(&name).await?;
    require(match name {
        UserName::Me => caller.has(&REVOKE_SESSIONS) || caller.has(&REVOKE_OWN_SESSIONS),
        UserName::Named(_) => caller.is_allowed_on(&user, &REVOKE_SESSIONS),
    })?;
    revoke_sessions(&caller, &user).await?;
    Ok(Json(json!({"@odata.context": context("Edm.Boolean"), "value": true})))
}

async fn invalidate(caller: Caller, name: UserName) -> Result<StatusCode> {
    let user = caller.user(&name).await?;
    let own = caller.me()?.id == user.id;
    require(caller.is_allowed_on(&user, &INVALIDATE_TOKENS) || own && caller.has(&REVOKE_OWN_SESSIONS))?;
    revoke_sessions(&caller, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke_sessions(caller: &Caller, user: &User) -> Result<()> {
    let event = if caller.is(user) { CredentialEvent::UserRevokes } else { CredentialEvent::AdminRevokes };
    let now = caller.idp.now(caller.tenant.id).await?;
    let by = caller.claims.oid.to_string();
    Ok(apply_event(&caller.idp, user, event, now, &by, &caller.trace, Change::new()).await?)
}
