//! Password changes and resets.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use outlive_rules::Event;
use outlive_store::Change;
use outlive_tokens::Secret;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::caller::Caller;
use super::error::GraphError;
use super::odata::context;
use crate::directory::User;
use crate::directory::passwords;
use crate::protocol::refusal::Refusal;
use crate::security_events::credential_events::{CredentialEvent, happen_and};

/// The id of every user's password method.
const PASSWORD_METHOD: &str = "28c10230-6103-485e-b985-444c60001490";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordChange {
    current_password: Secret,
    new_password: Secret,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordReset {
    new_password: Option<Secret>,
}

/// `POST /me/changePassword`.
pub(crate) async fn change(caller: Caller, body: Result<Json<PasswordChange>, JsonRejection>) -> Response {
    let result = change_own(&caller, body).await;
    caller.answer(result)
}

/// `POST /users/{id}/changePassword`, for the caller's own id or sign-in name only. Another user's
/// password can only be reset.
pub(crate) async fn change_by_id(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<PasswordChange>, JsonRejection>,
) -> Response {
    let names = |me: &User| id.eq_ignore_ascii_case(&me.id.to_string()) || id.eq_ignore_ascii_case(&me.upn);
    let result = if caller.user.as_ref().is_some_and(names) {
        change_own(&caller, body).await
    } else {
        Err(change_denied())
    };
    caller.answer(result)
}

async fn change_own(
    caller: &Caller,
    body: Result<Json<PasswordChange>, JsonRejection>,
) -> Result<Response, GraphError> {
    let Json(change) = body?;
    let user = caller.me()?;
    if !caller.may(&["User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All"]) {
        return Err(change_denied());
    }
    let PasswordChange { current_password, new_password } = change;
    caller.idp.change_password(&caller.tenant, user, current_password, new_password, &caller.trace).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn change_denied() -> GraphError {
    let message = "Access to change password operation is denied.";
    GraphError::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message)
}

/// `POST /users/{id}/authentication/methods/{method}/resetPassword`. The documents do not state its
/// row in the revocation table; we use that of the Entra admin center, which calls it
/// (docs/parity.md).
pub(crate) async fn reset(
    caller: Caller,
    Path((id, method)): Path<(String, String)>,
    body: Result<Json<PasswordReset>, JsonRejection>,
) -> Response {
    let result = async {
        let Json(reset) = body?;
        if method != PASSWORD_METHOD {
            return Err(GraphError::bad_request("The authentication method is not a password."));
        }
        let user = caller.target(&id).await?;
        // Delegated only, with a role, and not for the caller's own account.
        let another = caller.user.as_ref().is_some_and(|me| me.id != user.id && me.is_user_administrator());
        let permissions = [
            "UserAuthenticationMethod.ReadWrite.All",
            "Directory.AccessAsUser.All",
            "User-PasswordProfile.ReadWrite.All",
        ];
        if !another || !caller.outranks(&user) || !caller.may(&permissions) {
            return Err(GraphError::denied());
        }
        let generated = reset.new_password.is_none();
        let random = caller.idp.chassis.random.of(caller.tenant.id);
        let password = reset.new_password.unwrap_or_else(|| {
            Secret::new(format!(
                "Tmp-{}",
                &random.stream("temporary-password").uuid().simple().to_string()[..12]
            ))
        });
        let shown = generated.then(|| password.expose().to_owned());
        let row = caller.tenant.rules.switches().reset_password_method;
        reset_password(&caller, &user, row, password, true).await?;
        let body = shown.map_or_else(|| json!({}), |password| json!({"newPassword": password}));
        let after = caller.target(&user.id.to_string()).await?;
        let path = format!("/v1.0/users/{}/authentication/operations/{}", user.id, operation_id(&after));
        Ok((StatusCode::ACCEPTED, [(LOCATION, format!("{}{path}", caller.origin))], Json(body))
            .into_response())
    };
    caller.answer(result.await)
}

/// Returns the id of the reset that set the user's present password, derived from the user and that
/// instant.
fn operation_id(user: &User) -> Uuid {
    Uuid::from_u128(
        user.id.uuid().as_u128() ^ u128::from(user.password_changed_at.as_micros().unsigned_abs()),
    )
}

/// `GET /users/{id}/authentication/operations/{operation}`. A reset is complete when its response
/// is sent, so a known operation has always succeeded.
pub(crate) async fn operation(caller: Caller, Path((id, operation)): Path<(String, String)>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        let permissions = ["UserAuthenticationMethod.ReadWrite.All", "Directory.AccessAsUser.All"];
        if !caller.may_act_on(&user, &permissions) {
            return Err(GraphError::denied());
        }
        if operation.parse() != Ok(operation_id(&user)) {
            return Err(GraphError::not_found(operation));
        }
        let done = user.password_changed_at.whole_second();
        let body = json!({
            "@odata.context": context("users('id')/authentication/operations/$entity"), "id": operation,
            "createdDateTime": done, "lastActionDateTime": done, "status": "succeeded", "statusDetail": null,
            "resourceLocation": null,
        });
        Ok(Json(body).into_response())
    };
    caller.answer(result.await)
}

/// Resets a password as an administrator, through the channel of `row`. The password history does
/// not apply: the old password may be reused.
pub(crate) async fn reset_password(
    caller: &Caller,
    user: &User,
    row: Event,
    password: Secret,
    must_change: bool,
) -> Result<(), GraphError> {
    reset_password_and(caller, user, (row, password, must_change), |_| (), Change::new()).await
}

/// Resets a password and applies further changes of the same request in one commit.
pub(crate) async fn reset_password_and(
    caller: &Caller,
    user: &User,
    (row, password, must_change): (Event, Secret, bool),
    also: impl FnOnce(&mut User),
    change: Change,
) -> Result<(), GraphError> {
    if let Err(weak) = passwords::check_new(password.expose(), &caller.tenant, &user.upn, &user.display_name)
    {
        return Err(GraphError::bad_request(weak.to_string()));
    }
    let salt = caller.idp.chassis.random.of(caller.tenant.id).stream("password-salt").bytes();
    let hashed = passwords::hash(caller.tenant.id, password, salt).await.map_err(Refusal::from)?;
    let event = CredentialEvent::AdminReset(row, hashed, must_change);
    let now = caller.idp.now(caller.tenant.id).await?;
    let by = caller.claims.oid.to_string();
    Ok(happen_and(&caller.idp, user, event, also, now, &by, &caller.trace, change).await?)
}
