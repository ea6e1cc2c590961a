//! Reading and updating users.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_journal::Event as JournalEvent;
use outlive_rules::Event;
use outlive_store::Change;
use outlive_tokens::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::GraphError;
use super::passwords::reset_password;
use crate::directory::User;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserPatch {
    account_enabled: Option<bool>,
    password_profile: Option<PasswordProfile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordProfile {
    password: Option<Secret>,
    force_change_password_next_sign_in: Option<bool>,
    force_change_password_next_sign_in_with_mfa: Option<bool>,
}

impl PasswordProfile {
    /// Whether the user has to choose another password at the next sign-in; so it is if nothing is said about it.
    fn must_change(&self) -> bool {
        match (self.force_change_password_next_sign_in, self.force_change_password_next_sign_in_with_mfa) {
            (None, None) => true,
            (plain, with_mfa) => plain == Some(true) || with_mfa == Some(true),
        }
    }
}

const PASSWORD_PERMISSIONS: [&str; 4] = [
    "User.ReadWrite.All",
    "User-PasswordProfile.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.ReadWrite.All",
];

const ACCOUNT_PERMISSIONS: [&str; 3] =
    ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"];

pub(crate) async fn me(caller: Caller) -> Response {
    let result = caller.me().and_then(|user| {
        if caller.may(&["User.Read", "User.ReadWrite", "User.ReadWrite.All", "Directory.AccessAsUser.All"]) {
            Ok(Json(resource(&caller, user)).into_response())
        } else {
            Err(GraphError::denied())
        }
    });
    caller.answer(result)
}

pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        if !caller.may(&[
            "User.Read.All",
            "User.ReadWrite.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ]) {
            return Err(GraphError::denied());
        }
        Ok(Json(resource(&caller, &user)).into_response())
    };
    caller.answer(result.await)
}

/// `PATCH /users/{id}`. A new `passwordProfile` is an administrator's reset; no document says which row of the revocation
/// table it is, and we take the Azure portal's (docs/parity.md).
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<UserPatch>, JsonRejection>,
) -> Response {
    let result = async {
        let Json(patch) = body?;
        let user = caller.target(&id).await?;
        // Everything that is asked for has to be allowed before anything of it happens.
        let on_self = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        if patch.password_profile.is_some() && (on_self || !caller.may_administer(&PASSWORD_PERMISSIONS))
            || patch.account_enabled.is_some() && !caller.may_administer(&ACCOUNT_PERMISSIONS)
        {
            return Err(GraphError::denied());
        }
        if let Some(profile) = patch.password_profile {
            let must_change = profile.must_change();
            let password = profile
                .password
                .ok_or_else(|| GraphError::bad_request("passwordProfile has no password."))?;
            reset_password(&caller, &user, Event::AdminResetAzurePortal, password, must_change).await?;
        }
        if let Some(enabled) = patch.account_enabled {
            let user = caller.target(&id).await?;
            set_enabled(&caller, &user, enabled).await?;
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

async fn set_enabled(caller: &Caller, user: &User, enabled: bool) -> Result<(), GraphError> {
    let after = User { enabled, ..user.clone() };
    let mut change = Change::from(after.update(user));
    let kind = if enabled { "user.enabled" } else { "user.disabled" };
    let event = JournalEvent::new(user.tenant, caller.now, kind, format!("user:{}", user.id), &caller.trace)
        .with(json!({"upn": user.upn, "by": caller.claims.oid}));
    change.add(caller.idp.chassis.journal.line(&event));
    Ok(caller.idp.directory.commit(user.tenant, change).await?)
}

fn resource(caller: &Caller, user: &User) -> Value {
    json!({
        "@odata.context": format!("https://graph.microsoft.com/v1.0/{}/$metadata#users/$entity", caller.tenant.id),
        "id": user.id,
        "displayName": user.display_name,
        "userPrincipalName": user.upn,
        "accountEnabled": user.enabled,
        "lastPasswordChangeDateTime": user.password_changed_at.whole_second(),
        "signInSessionsValidFromDateTime": user.sessions_valid_from.whole_second(),
    })
}
