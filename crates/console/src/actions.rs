//! What can be done: each form does one thing through the lab, then leads back to the page with a message.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::{Span, TenantId};
use serde::Deserialize;
use serde_json::json;

use crate::error::Sorry;
use crate::lab::{Advanced, LabError};
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

/// The longest step of time in one go: ten years.
const LONGEST_STEP: Span = Span::from_days(3_653);

#[derive(Deserialize)]
pub(crate) struct AdvanceForm {
    token: String,
    /// One of the buttons; without one, the text decides.
    step: Option<String>,
    by: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    token: String,
    user: String,
    new_password: String,
}

#[derive(Deserialize)]
pub(crate) struct RevokeForm {
    token: String,
    user: String,
    by: String,
}

/// `POST /console/{tenant}/advance`
pub(crate) async fn advance(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<AdvanceForm>, FormRejection>,
) -> Result<Response, Sorry> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = filled_in(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let text = form.step.or(form.by).unwrap_or_default();
    let by = match text.trim().parse::<Span>() {
        Ok(by) if by <= Span::ZERO => return Ok(back(tenant, &Message::sorry("Time only moves forward."))),
        Ok(by) if by > LONGEST_STEP => {
            return Ok(back(tenant, &Message::sorry("That is too far for one step; ten years is the most.")));
        }
        Ok(by) => by,
        Err(error) => return Ok(back(tenant, &Message::sorry(sentence(&error.to_string())))),
    };
    Ok(match console.lab.advance(tenant, by).await {
        Ok(advanced) => back(tenant, &Message::done(moved(by, &advanced))),
        Err(error) => told(tenant, error)?,
    })
}

/// `POST /console/{tenant}/password`
pub(crate) async fn change_password(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Result<Response, Sorry> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = filled_in(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    if !(8..=256).contains(&form.new_password.chars().count()) {
        return Ok(back(tenant, &Message::sorry("A password has 8 to 256 characters. Nothing was changed.")));
    }
    let event = json!({"type": "password_change", "user": form.user, "new_password": form.new_password});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "{} changed the password. Watch what outlives it: the next runs, and the next refusals.",
                form.user
            );
            back(tenant, &Message::done(done))
        }
        Err(error) => told(tenant, error)?,
    })
}

/// `POST /console/{tenant}/revoke`
pub(crate) async fn revoke_sessions(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<RevokeForm>, FormRejection>,
) -> Result<Response, Sorry> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = filled_in(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let by = if form.by == "user" { "user" } else { "admin" };
    let event = json!({"type": "revoke_sessions", "user": form.user, "by": by});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "The sessions and refresh tokens of {} are revoked. Access tokens live on until their time is over.",
                form.user
            );
            back(tenant, &Message::done(done))
        }
        Err(error) => told(tenant, error)?,
    })
}

/// The form, if it is whole and was filled in on our page.
fn filled_in<F>(
    console: &Console,
    headers: &HeaderMap,
    form: Result<Form<F>, FormRejection>,
    token: impl Fn(&F) -> &str,
) -> Option<F> {
    let Form(form) = form.ok()?;
    console.form_key.accepts(headers, token(&form)).then_some(form)
}

fn out_of_date() -> Message {
    Message::sorry("The page was out of date, so nothing was done. This is the page anew: please try again.")
}

/// A refusal of the lab is a message; anything else is a page of its own.
fn told(tenant: TenantId, error: LabError) -> Result<Response, Sorry> {
    match error {
        LabError::Refused { message, .. } => Ok(back(tenant, &Message::sorry(sentence(&message)))),
        other => Err(other.into()),
    }
}

fn moved(by: Span, advanced: &Advanced) -> String {
    let now = advanced.now.map_or_else(String::new, |now| format!(" It is now {now}."));
    let work = match (advanced.done, advanced.failed) {
        (0, _) => "Nothing was due meanwhile.".to_owned(),
        (1, 0) => "One piece of work fell due and was done.".to_owned(),
        (done, 0) => format!("{done} pieces of work fell due, and all were done."),
        (done, failed) => format!("{done} pieces of work fell due; {failed} of them failed."),
    };
    format!("Time moved by {by}.{now} {work}")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

fn back(tenant: TenantId, message: &Message) -> Response {
    let headers =
        AppendHeaders([(LOCATION, format!("/?tenant={tenant}")), (SET_COOKIE, message.set_cookie())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
