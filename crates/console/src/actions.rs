//! The actions of the forms. Each calls the lab API, then redirects to the page with a message.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::{Span, TenantId};
use outlive_wire::lab_api::ClockAnswer;
use serde::Deserialize;
use serde_json::json;

use crate::error::ErrorPage;
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

/// Maximum duration of one advance: ten years.
const LONGEST_STEP: Span = Span::from_days(3_653);

#[derive(Deserialize)]
pub(crate) struct AdvanceForm {
    token: String,
    /// The value of a button; without one, `by` is used.
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
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let text = form.step.or(form.by).unwrap_or_default();
    let by = match text.trim().parse::<Span>() {
        Ok(by) if by <= Span::ZERO => return Ok(back(tenant, &Message::failure("Time only moves forward."))),
        Ok(by) if by > LONGEST_STEP => {
            return Ok(back(tenant, &Message::failure("That is too far: one advance is at most ten years.")));
        }
        Ok(by) => by,
        Err(error) => return Ok(back(tenant, &Message::failure(sentence(&error.to_string())))),
    };
    Ok(match console.lab.advance(tenant, by).await {
        Ok(clock) => back(tenant, &Message::success(moved(by, &clock))),
        Err(error) => show_failure(tenant, error)?,
    })
}

/// `POST /console/{tenant}/password`
pub(crate) async fn change_password(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    if !(8..=256).contains(&form.new_password.chars().count()) {
        return Ok(back(
            tenant,
            &Message::failure("A password has 8 to 256 characters. Nothing was changed."),
        ));
    }
    let event = json!({"type": "password_change", "user": form.user, "new_password": form.new_password});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "{} changed the password. The next runs and refusals show which credentials outlive the change.",
                form.user
            );
            back(tenant, &Message::success(done))
        }
        Err(error) => show_failure(tenant, error)?,
    })
}

/// `POST /console/{tenant}/revoke`
pub(crate) async fn revoke_sessions(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<RevokeForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let by = if form.by == "user" { "user" } else { "admin" };
    let event = json!({"type": "revoke_sessions", "user": form.user, "by": by});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "The sessions and refresh tokens of {} are revoked. Access tokens remain valid until they expire.",
                form.user
            );
            back(tenant, &Message::success(done))
        }
        Err(error) => show_failure(tenant, error)?,
    })
}

/// Returns the form if it is complete and its token is valid.
fn verified_form<F>(
    console: &Console,
    headers: &HeaderMap,
    form: Result<Form<F>, FormRejection>,
    token: impl Fn(&F) -> &str,
) -> Option<F> {
    let Form(form) = form.ok()?;
    console.form_key.accepts(headers, token(&form)).then_some(form)
}

fn out_of_date() -> Message {
    Message::failure("The page was out of date, so nothing was done. It has been reloaded: please try again.")
}

/// Shows a rejection by the lab as a message, and any other failure as an error page.
fn show_failure(tenant: TenantId, error: LabError) -> Result<Response, ErrorPage> {
    match error {
        LabError::Refused { message, .. } => Ok(back(tenant, &Message::failure(sentence(&message)))),
        other => Err(other.into()),
    }
}

fn moved(by: Span, clock: &ClockAnswer) -> String {
    let work = match clock.due_work() {
        (0, _) => "Nothing was due.".to_owned(),
        (1, 0) => "One due work item was done.".to_owned(),
        (done, 0) => format!("{done} due work items were done."),
        (done, failed) => format!("{done} due work items were done; {failed} of them failed."),
    };
    format!("Time moved by {by}. It is now {}. {work}", clock.now)
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
