//! Password changes and resets.

use axum::Json;
use axum::response::IntoResponse;
use http::header::LOCATION;
use outlive_rules::Event;
use outlive_store::Change;
use outlive_tokens::Secret;

use super::authentication_methods::PASSWORD_METHOD;
use super::odata::plain_entity;
use super::permissions::{CHANGE_OWN_PASSWORD, READ_OPERATIONS, RESET_PASSWORDS};
use super::prelude::*;
use crate::directory::{User, passwords};
use crate::protocol::refusal::Refusal;
use crate::security_events::credential_events::{CredentialEvent, apply_event_and};

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .route("/me/changePassword", post(change))
        .route("/users/{id}/changePassword", post(change))
        .route("/users/{id}/authentication/methods/{method}/resetPassword", post(reset))
        .route("/users/{id}/authentication/operations/{operation}", get(operation))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    current_password: Secret,
    new_password: Secret,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PasswordReset {
    new_password: Option<Secret>,
}

/// For the caller's own account only. Another user's password can only be reset.
async fn change(
    caller: Caller,
    name: UserName,
    body: Result<PlainBody<PasswordChange>>,
) -> Result<StatusCode> {
    let denied = || {
        let message = "Access to change password operation is denied.";
        GraphError::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message)
    };
    if let UserName::Named(id) = &name {
        let names =
            |me: &User| id.eq_ignore_ascii_case(&me.id.to_string()) || id.eq_ignore_ascii_case(&me.upn);
        if !caller.user.as_ref().is_some_and(names) {
            return Err(denied());
        }
    }
    let PlainBody(PasswordChange { current_password, new_password }) = body?;
    let user = caller.me()?;
    if !caller.has(&CHANGE_OWN_PASSWORD) {
        return Err(denied());
    }
    caller.idp.change_password(&caller.tenant, user, current_password, new_password, &caller.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The documents do not state the row of this reset in the revocation table; we use that of the
/// Entra admin center, which calls it (docs/parity.md).
async fn reset(
    caller: Caller,
    Path((id, method)): Path<(String, String)>,
    PlainBody(reset): PlainBody<PasswordReset>,
) -> Answer {
    if method != PASSWORD_METHOD.to_string() {
        return Err(GraphError::bad_request("The authentication method is not a password."));
    }
    let user = caller.target(&id).await?;
    // Delegated only, with a role, and not for the caller's own account.
    require(
        caller.user.is_some()
            && !caller.is(&user)
            && caller.outranks(&user)
            && caller.is_allowed(&RESET_PASSWORDS),
    )?;
    let (password, body) = match reset.new_password {
        Some(password) => (password, json!({})),
        None => {
            let random = caller.stream("temporary-password").uuid().simple().to_string();
            let generated = format!("Tmp-{}", &random[..12]);
            (Secret::new(generated.clone()), json!({"newPassword": generated}))
        }
    };
    let row = caller.tenant.rules.switches().reset_password_method;
    reset_password_and(&caller, &user, (row, password, true), |_| (), Change::new()).await?;
    let after = caller.target(&user.id.to_string()).await?;
    let path = format!("/v1.0/users/{}/authentication/operations/{}", user.id, operation_id(&after));
    Ok((StatusCode::ACCEPTED, [(LOCATION, format!("{}{path}", caller.origin))], Json(body)).into_response())
}

/// Returns the id of the reset that set the user's present password, derived from the user and that
/// instant.
fn operation_id(user: &User) -> Uuid {
    Uuid::from_u128(
        user.id.uuid().as_u128() ^ u128::from(user.password_changed_at.as_micros().unsigned_abs()),
    )
}

/// A reset is complete when its response is sent, so a known operation has always succeeded.
async fn operation(caller: Caller, Path((id, operation)): Path<(String, String)>) -> Answer {
    let user = caller.target(&id).await?;
    require(caller.is_allowed_on(&user, &READ_OPERATIONS))?;
    if operation.parse() != Ok(operation_id(&user)) {
        return Err(GraphError::not_found(operation));
    }
    let done = user.password_changed_at.whole_second();
    let body = json!({
        "id": operation, "createdDateTime": done, "lastActionDateTime": done, "status": "succeeded",
        "statusDetail": null, "resourceLocation": null,
    });
    Ok(plain_entity("users('id')/authentication/operations/$entity", body))
}

/// Resets a password as an administrator, through the channel of `row`, and applies further changes
/// of the same request in one commit. The password history does not apply: the old password may be
/// reused.
pub(super) async fn reset_password_and(
    caller: &Caller,
    user: &User,
    (row, password, must_change): (Event, Secret, bool),
    also: impl FnOnce(&mut User),
    change: Change,
) -> Result<StatusCode> {
    if let Err(weak) = passwords::check_new(password.expose(), &caller.tenant, &user.upn, &user.display_name)
    {
        return Err(GraphError::bad_request(weak.to_string()));
    }
    let salt = caller.stream("password-salt").bytes();
    let hashed = passwords::hash(caller.tenant.id, password, salt).await.map_err(Refusal::from)?;
    let event = CredentialEvent::AdminReset(row, hashed, must_change);
    let now = caller.idp.now(caller.tenant.id).await?;
    let by = caller.claims.oid.to_string();
    apply_event_and(&caller.idp, user, event, also, now, &by, &caller.trace, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
