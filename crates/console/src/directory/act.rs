//! `POST /console/{tenant}/directory`: what an administrator does in the directory. Each action is
//! one event of the lab.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use outlive_clock::TenantId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::new_secret;
use crate::actions::{back_to, out_of_date, sentence, verified_form};
use crate::error::ErrorPage;
use crate::lab::{LabError, segment};
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

#[derive(Deserialize)]
pub(super) struct ActForm {
    token: String,
    #[serde(rename = "do")]
    what: What,
    /// Object id of the user.
    #[serde(default)]
    user: String,
    /// Client id of the application.
    #[serde(default)]
    app: String,
    #[serde(default)]
    new_password: String,
    /// How long old secrets stay valid.
    #[serde(default)]
    overlap: String,
    /// An interval.
    #[serde(default)]
    every: String,
    /// `consents` if the form is on the page of all consents.
    #[serde(default)]
    from: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    AdminReset,
    PasswordExpiry,
    RevokeSessions,
    SignOut,
    DisableUser,
    EnableUser,
    DeleteUser,
    RestoreUser,
    RequireMfa,
    DoNotRequireMfa,
    WithdrawConsent,
    ExpireSecret,
    RotateSecret,
    DisableApp,
    EnableApp,
    SignInFrequency,
    RotateSigningKey,
}

pub(super) async fn act(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ActForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back_to(&format!("/directory/users?tenant={tenant}"), &out_of_date()));
    };
    let back = page_of(tenant, &form);
    if form.what == What::AdminReset && !(8..=256).contains(&form.new_password.chars().count()) {
        let why = "A password has 8 to 256 characters. Nothing was changed.";
        return Ok(back_to(&back, &Message::failure(why)));
    }
    match console.lab.raise_in_directory(tenant, &event_of(&form)).await {
        Ok(answer) => Ok(match answer.get("new_secret").and_then(Value::as_str) {
            // Not the page itself: reloading it would repeat the rotation.
            Some(secret) => {
                let address = new_secret::address_of(&console, tenant, &form.token, secret, &back);
                (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response()
            }
            None => back_to(&back, &Message::success(done(&form))),
        }),
        Err(LabError::Refused { message, .. }) => Ok(back_to(&back, &Message::failure(sentence(&message)))),
        Err(error) => Err(error.into()),
    }
}

/// The event that an action is.
fn event_of(form: &ActForm) -> Value {
    let kind = match form.what {
        What::AdminReset => "admin_reset",
        What::PasswordExpiry => "password_expiry",
        What::RevokeSessions => "revoke_sessions",
        What::SignOut => "sign_out",
        What::DisableUser => "disable_user",
        What::EnableUser => "enable_user",
        What::DeleteUser => "delete_user",
        What::RestoreUser => "restore_user",
        What::RequireMfa | What::DoNotRequireMfa => "require_mfa",
        What::WithdrawConsent => "withdraw_consent",
        What::ExpireSecret => "expire_secret",
        What::RotateSecret => "rotate_secret",
        What::DisableApp => "disable_app",
        What::EnableApp => "enable_app",
        What::SignInFrequency => "sign_in_frequency",
        What::RotateSigningKey => "rotate_signing_key",
    };
    let none = String::new();
    let mut event = Map::from_iter([("type".to_owned(), kind.into())]);
    for (name, value) in [
        ("user", &form.user),
        ("app", &form.app),
        ("new_password", &form.new_password),
        ("overlap", if form.what == What::RotateSecret { &form.overlap } else { &none }),
        ("every", &form.every),
    ] {
        if !value.is_empty() {
            event.insert(name.to_owned(), value.as_str().into());
        }
    }
    match form.what {
        What::AdminReset => event.insert("channel".to_owned(), "entra_admin_center".into()),
        What::RevokeSessions => event.insert("by".to_owned(), "admin".into()),
        What::RequireMfa => event.insert("required".to_owned(), json!(true)),
        What::DoNotRequireMfa => event.insert("required".to_owned(), json!(false)),
        _ => None,
    };
    Value::Object(event)
}

/// The page that an action returns to: of what it concerns.
fn page_of(tenant: TenantId, form: &ActForm) -> String {
    let path = match form.what {
        What::SignInFrequency => "policies".to_owned(),
        What::RotateSigningKey => "keys".to_owned(),
        What::WithdrawConsent if form.from == "consents" => "consents".to_owned(),
        _ if !form.app.is_empty() => format!("applications/{}", segment(&form.app)),
        _ if !form.user.is_empty() => format!("users/{}", segment(&form.user)),
        _ => "policies".to_owned(),
    };
    format!("/directory/{path}?tenant={tenant}")
}

/// What happened, as the message on the next page.
fn done(form: &ActForm) -> &'static str {
    match form.what {
        What::AdminReset => {
            "The password was reset in the Entra admin center. The table below shows which tokens outlive this channel."
        }
        What::PasswordExpiry => "The password expired. The user has to change it at the next sign-in.",
        What::RevokeSessions => {
            "All sessions and refresh tokens of the user are revoked. Access tokens remain valid until they expire."
        }
        What::SignOut => "The user is signed out in every browser. Refresh tokens remain as they were.",
        What::DisableUser => "Sign-in is blocked. Refresh tokens are rejected while it is, but not revoked.",
        What::EnableUser => {
            "The user may sign in again. Refresh tokens that were not revoked are accepted again."
        }
        What::DeleteUser => "The user is deleted, and can be restored for 30 days.",
        What::RestoreUser => "The user is restored.",
        What::RequireMfa => "MFA is required now.",
        What::DoNotRequireMfa => "MFA is not required any more.",
        What::WithdrawConsent => "The consent is withdrawn. Access tokens remain valid until they expire.",
        What::ExpireSecret => "All client secrets of the application have expired.",
        What::RotateSecret => "The client secret was replaced.",
        What::DisableApp => {
            "The application is disabled: sign-ins to it and its token requests are rejected."
        }
        What::EnableApp => "The application is enabled again.",
        What::SignInFrequency if form.every == "PT0S" => "The sign-in frequency of the lab is removed.",
        What::SignInFrequency => "The sign-in frequency applies to all users and applications.",
        What::RotateSigningKey if form.every == "PT0S" => "The signing key is no longer rotated by itself.",
        What::RotateSigningKey if form.every.is_empty() => {
            "Another key signs from now on. The retired one stays published for tokens that it signed."
        }
        What::RotateSigningKey => "The signing key is rotated at this interval from now on.",
    }
}
