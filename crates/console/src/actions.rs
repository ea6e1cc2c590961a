//! The actions of the forms. Each calls the lab API, then redirects to the page with a message.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::{Instant, Span, Speed, TenantId};
use outlive_wire::lab_api::ClockAnswer;
use outlive_wire::story::Story;
use outlive_wire::{counted, grouped};
use serde::Deserialize;
use serde_json::json;

use crate::error::ErrorPage;
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

/// Maximum duration of one advance: ten years.
const LONGEST_STEP: Span = Span::from_days(3_653);
/// The number of runs of each flow that a story lists.
const RUNS_LISTED: usize = 24;

#[derive(Deserialize)]
pub(crate) struct AdvanceForm {
    token: String,
    /// A duration, or `next`: to the next due event.
    by: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    token: String,
    new_password: String,
}

#[derive(Deserialize)]
pub(crate) struct RevokeForm {
    token: String,
    by: String,
}

#[derive(Deserialize)]
pub(crate) struct SpeedForm {
    token: String,
    /// How many times as fast as wall time; 0 freezes it.
    run: String,
}

#[derive(Deserialize)]
pub(crate) struct TenantForm {
    token: String,
    /// `new` or `reset`.
    #[serde(rename = "do")]
    what: String,
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
    let text = form.by.unwrap_or_default();
    if text == "next" {
        let Some(next) = console.lab.clock(tenant).await?.next_due else {
            return Ok(back(tenant, &Message::failure("Nothing is due, so there is nothing to step to.")));
        };
        let stepped = console.lab.advance_to(tenant, next).await;
        return show_result(&console, tenant, "to the next event", stepped).await;
    }
    let by = match text.trim().parse::<Span>() {
        Ok(by) if by <= Span::ZERO => return Ok(back(tenant, &Message::failure("Time only moves forward."))),
        Ok(by) if by > LONGEST_STEP => {
            return Ok(back(tenant, &Message::failure("That is too far: one advance is at most ten years.")));
        }
        Ok(by) => by,
        Err(error) => return Ok(back(tenant, &Message::failure(sentence(&error.to_string())))),
    };
    let advanced = console.lab.advance(tenant, by).await;
    show_result(&console, tenant, &in_words(by), advanced).await
}

/// Shows what an advance did: in the color of the worst result.
async fn show_result(
    console: &Console,
    tenant: TenantId,
    by: &str,
    advanced: Result<ClockAnswer, LabError>,
) -> Result<Response, ErrorPage> {
    match advanced {
        Ok(clock) => {
            let from = clock.moved.map(|moved| moved.from);
            let runs =
                console.lab.story(tenant).await.map(|story| runs_since(&story, from)).unwrap_or_default();
            let failed = runs.failed > 0 || clock.due_work().1 > 0;
            Ok(back(tenant, &Message { good: !failed, text: moved(by, &clock, &runs) }))
        }
        Err(error) => show_failure(tenant, error),
    }
}

/// The runs that a page can count: the latest of each flow.
#[derive(Default)]
struct Runs {
    succeeded: usize,
    failed: usize,
    /// Whether there were more than the story lists.
    is_partial: bool,
}

fn runs_since(story: &Story, from: Option<Instant>) -> Runs {
    let mut runs = Runs::default();
    for flow in &story.flows {
        let since = flow.flow.runs.iter().filter(|run| from.is_some_and(|from| run.started > from));
        let count = since.clone().count();
        runs.succeeded += since.clone().filter(|run| run.status == "Succeeded").count();
        runs.failed += since.filter(|run| run.status == "Failed").count();
        runs.is_partial |= count == RUNS_LISTED;
    }
    runs
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
    let user = console.lab.story(tenant).await?.upn;
    let event = json!({"type": "password_change", "user": user, "new_password": form.new_password});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "{user} changed the password. Advance the clock: the next runs show which credentials outlive the change."
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
    let user = console.lab.story(tenant).await?.upn;
    let event = json!({"type": "revoke_sessions", "user": user, "by": by});
    Ok(match console.lab.raise(tenant, &event).await {
        Ok(()) => {
            let done = format!(
                "All sessions and refresh tokens of {user} are revoked. Access tokens remain valid until they expire."
            );
            back(tenant, &Message::success(done))
        }
        Err(error) => show_failure(tenant, error)?,
    })
}

/// `POST /console/{tenant}/speed`
pub(crate) async fn set_speed(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<SpeedForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let Some(speed) = form.run.parse::<u32>().ok().map(Speed::times) else {
        return Ok(back(
            tenant,
            &Message::failure("A speed is a number of times wall time; 0 freezes the clock."),
        ));
    };
    match console.lab.run(tenant, speed).await {
        Ok(_) if speed.factor() == 0 => Ok(back(tenant, &Message::success("The clock is frozen."))),
        Ok(_) => {
            let done = format!("The clock runs {} times as fast as wall time.", speed.factor());
            Ok(back(tenant, &Message::success(done)))
        }
        Err(error) => show_failure(tenant, error),
    }
}

/// `POST /console/{tenant}/tenant`: another tenant, or this one as it was at first.
pub(crate) async fn replace_tenant(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<TenantForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    if form.what == "new" {
        return match console.lab.create().await {
            Ok(created) => {
                let done = format!("{} is a new tenant with its own users, time and data.", created.domain);
                Ok(back(created.tenant_id, &Message::success(done)))
            }
            Err(error) => show_failure(tenant, error),
        };
    }
    match console.lab.reset(tenant).await {
        Ok(()) => Ok(back(tenant, &Message::success("The tenant is as it was at first."))),
        Err(error) => show_failure(tenant, error),
    }
}

/// Returns the form if it is complete and its token is valid.
pub(crate) fn verified_form<F>(
    console: &Console,
    headers: &HeaderMap,
    form: Result<Form<F>, FormRejection>,
    token: impl Fn(&F) -> &str,
) -> Option<F> {
    let Form(form) = form.ok()?;
    console.form_key.accepts(headers, token(&form)).then_some(form)
}

pub(crate) fn out_of_date() -> Message {
    Message::failure("The page was out of date, so nothing was done. It has been reloaded: please try again.")
}

/// Shows a rejection by the lab as a message, and any other failure as an error page.
pub(crate) fn show_failure(tenant: TenantId, error: LabError) -> Result<Response, ErrorPage> {
    match error {
        LabError::Refused { message, .. } => Ok(back(tenant, &Message::failure(sentence(&message)))),
        other => Err(other.into()),
    }
}

fn moved(by: &str, clock: &ClockAnswer, runs: &Runs) -> String {
    let (done, failed) = clock.due_work();
    let work = match (runs, done) {
        (_, 0) => "Nothing was due.".to_owned(),
        (Runs { is_partial: true, .. }, _) if failed == 0 => {
            format!("{} and other work were done.", counted(done, "run"))
        }
        (Runs { is_partial: true, .. }, _) => {
            format!("{} and other work were done; {} failed.", counted(done, "run"), grouped(failed))
        }
        (Runs { succeeded, failed, .. }, _) => {
            let all = succeeded + failed;
            format!("{}: {succeeded} succeeded, {failed} failed.", counted(all, "run"))
        }
    };
    format!("Time moved {by}. {work}")
}

/// A duration in words, for those that pages offer.
fn in_words(by: Span) -> String {
    let hours = by.as_seconds() / 3_600;
    match (hours, by == Span::from_hours(hours)) {
        (1, true) => "1 hour".to_owned(),
        (24, true) => "1 day".to_owned(),
        (hours, true) if hours > 24 && hours % 24 == 0 => format!("{} days", hours / 24),
        (hours, true) if hours > 0 => format!("{hours} hours"),
        _ => format!("by {by}"),
    }
}

pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

pub(crate) fn back(tenant: TenantId, message: &Message) -> Response {
    back_to(&format!("/?tenant={tenant}"), message)
}

pub(crate) fn back_to(path: &str, message: &Message) -> Response {
    let headers = AppendHeaders([(LOCATION, path.to_owned()), (SET_COOKIE, message.set_cookie())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
