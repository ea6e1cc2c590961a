//! The forms of lessons: each creates a tenant or acts on one, then redirects to the next step.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::{Instant, Span, Speed, TenantId};
use outlive_wire::classes::SeatOfClass;
use outlive_wire::lab_api::{ConnectionFix, InitialClock, SignInMethod, SignInRequest, TenantRequest};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::plan::{Act, Action, EDITION, Lesson, Place};
use super::state::{address, lesson_of};
use crate::actions::verified_form;
use crate::class::seat_of;
use crate::error::ErrorPage;
use crate::forms::cookie;
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

/// When the time of a lesson's tenant starts: the same for every student.
const START: &str = "2026-01-05T09:00:00Z";
/// How long the tenant of a lesson exists that no one ends (wall time).
const LIFETIME: &str = "P7D";
/// The same in seconds: a browser remembers its tenant.
const COOKIE_SECONDS: u32 = 604_800;

#[derive(Deserialize)]
pub(crate) struct BeginForm {
    token: String,
    /// The rules of the tenant; those of the lesson if absent.
    rules: Option<String>,
    present: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ActForm {
    token: String,
    tenant: String,
    step: usize,
    /// The virtual time of the page: what was done since is not done again.
    at: String,
    p0: Option<String>,
    p1: Option<String>,
    p2: Option<String>,
    p3: Option<String>,
    present: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    token: String,
    tenant: String,
}

/// `POST /lessons/{number}/begin`: creates the tenant of the lesson.
pub(crate) async fn begin(
    State(console): State<Console>,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Result<Form<BeginForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let (number, lesson) = lesson_of(&number)?;
    let form = verified_form(&console, &headers, form, |form| &form.token).ok_or_else(ErrorPage::bad_form)?;
    let rules = form.rules.filter(|rules| !rules.is_empty());
    let rules = rules.as_deref().unwrap_or(EDITION);
    let tenant = set_up(&console, number, lesson, rules, seat_of(&headers), &[]).await?;
    let message = Message::success("A tenant of your own is ready. Its clock stands still until you act.");
    Ok(go_with(&address(number, tenant, 2, form.present.is_some()), number, tenant, &message))
}

/// `POST /lessons/{number}/act`: keeps the predictions and acts.
pub(crate) async fn act(
    State(console): State<Console>,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ActForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let (number, lesson) = lesson_of(&number)?;
    let form = verified_form(&console, &headers, form, |form| &form.token).ok_or_else(ErrorPage::bad_form)?;
    let (tenant, is_present) = (tenant_of(&form.tenant)?, form.present.is_some());
    let Place::Predict(place) = lesson.place(form.step) else { return Err(ErrorPage::bad_form()) };
    let Some(act) = lesson.acts.get(place) else { return Err(ErrorPage::bad_form()) };
    let given = [&form.p0, &form.p1, &form.p2, &form.p3].map(|one| one.as_deref().unwrap_or_default());
    let chosen = act.asks.iter().zip(given).map(|(ask, id)| if ask.choices.contains(&id) { id } else { "" });
    let chosen: Vec<_> = chosen.collect();
    if !is_present && chosen.contains(&"") {
        let message = Message::failure("Choose one answer for each. Nothing was done yet.");
        return Ok(go(&address(number, tenant, form.step, false), &message));
    }
    let mut successor = None;
    if act.edition.is_some() {
        // The same form may have been sent before: its tenant may be gone, and the lesson goes on
        // with the one that it led to.
        let mut turn = console.successors.turn(tenant, form.step, &form.token).await;
        if let Some(other) = *turn {
            match console.lab.clock(other).await {
                Ok(clock) => {
                    let location = seen(number, other, form.step, &chosen, clock.now, is_present);
                    return Ok(go_with(&location, number, other, &Message::success(done(act))));
                }
                // It was ended since.
                Err(LabError::UnknownTenant) => *turn = None,
                Err(error) => return Err(error.into()),
            }
        }
        successor = Some(turn);
    }
    let now = console.lab.clock(tenant).await?.now;
    let is_current = form.at.parse::<Instant>().is_ok_and(|at| at == now);
    if !is_current {
        let message = Message::failure(
            "The tenant has moved on since that page, so nothing was done again. This is its present state.",
        );
        return Ok(go(&seen(number, tenant, form.step, &chosen, now, is_present), &message));
    }
    let success = Message::success(done(act));
    let (Some(edition), Some(mut successor)) = (act.edition, successor) else {
        // A form that is sent twice at once, or again after a crash, raises each event once.
        let request = format!("{}-{}", form.at, form.step);
        perform(&console, tenant, act.actions, Some(&request)).await?;
        let now = console.lab.clock(tenant).await?.now;
        return Ok(go(&seen(number, tenant, form.step, &chosen, now, is_present), &success));
    };
    // The lesson goes on with another tenant. In a task of its own: a browser gives up the first of
    // two requests when it is clicked twice.
    let (lab, seat) = (console.clone(), seat_of(&headers));
    let is_own = tenant_in(&headers, number) == Some(tenant);
    let changing = tokio::spawn(async move {
        let other = set_up(&lab, number, lesson, edition, seat, act.actions).await?;
        let now = lab.lab.clock(other).await?.now;
        *successor = Some(other);
        // Last, because a step that fails is repeated with the former one; and only that of this
        // browser: another person may have given the link.
        if is_own {
            match lab.lab.delete(tenant).await {
                Ok(_) | Err(LabError::UnknownTenant) => {}
                // Its lifetime ends it.
                Err(error) => tracing::warn!(%tenant, %error, "the former tenant of a lesson is not deleted"),
            }
        }
        Ok::<_, ErrorPage>((other, now))
    });
    let (other, now) =
        changing.await.unwrap_or_else(|error| Err(LabError::Garbled(error.to_string()).into()))?;
    Ok(go_with(&seen(number, other, form.step, &chosen, now, is_present), number, other, &success))
}

/// `POST /lessons/{number}/end`: deletes the tenant of the lesson.
pub(crate) async fn end(
    State(console): State<Console>,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Result<Form<EndForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let (number, lesson) = lesson_of(&number)?;
    let form = verified_form(&console, &headers, form, |form| &form.token).ok_or_else(ErrorPage::bad_form)?;
    let tenant = tenant_of(&form.tenant)?;
    // The name alone proves nothing: any tenant may have it.
    let is_own = tenant_in(&headers, number) == Some(tenant);
    match is_of_lesson(&console, tenant, number, lesson).await {
        Ok(true) if is_own => {}
        // The form was sent twice.
        Err(LabError::UnknownTenant) if is_own => return Ok(go("/lessons", &over())),
        Ok(_) | Err(LabError::UnknownTenant) => {
            let message = Message::failure(
                "That tenant does not belong to this lesson in this browser, so it was not deleted. Tenants of lessons end by themselves after 7 days.",
            );
            return Ok(go("/lessons", &message));
        }
        Err(error) => return Err(error.into()),
    }
    match console.lab.delete(tenant).await {
        Ok(_) | Err(LabError::UnknownTenant) => Ok(go("/lessons", &over())),
        Err(error) => Err(error.into()),
    }
}

/// Creates a tenant, prepares it as the lesson needs it, and then does these actions in it.
async fn set_up(
    console: &Console,
    number: usize,
    lesson: &Lesson,
    rules: &str,
    seat: Option<SeatOfClass>,
    actions: &[Action],
) -> Result<TenantId, ErrorPage> {
    let mut wanted = TenantRequest {
        name: Some(name_of(number, lesson)),
        rules: Some(rules.to_owned()),
        clock: InitialClock { now: START.parse().ok(), speed: Some(Speed::FROZEN) },
        complete: lesson.setting.complete,
        lifetime: LIFETIME.parse().ok(),
        seat,
        ..TenantRequest::default()
    };
    let tenant = match console.lab.create_like(&wanted).await {
        // A class that has ended does not keep its people from the lesson.
        Err(LabError::UnknownTenant) if wanted.seat.is_some() => {
            wanted.seat = None;
            console.lab.create_like(&wanted).await?.tenant_id
        }
        created => created?.tenant_id,
    };
    let prepared = async {
        perform(console, tenant, lesson.setting.actions, None).await?;
        perform(console, tenant, actions, None).await
    };
    if let Err(error) = prepared.await {
        // Half a tenant is of no use to a student.
        if let Err(failure) = console.lab.delete(tenant).await {
            tracing::warn!(%tenant, error = %failure, "a tenant of a lesson is not deleted");
        }
        return Err(error.into());
    }
    Ok(tenant)
}

/// Does the actions of a request; its events have ids, so that they happen once.
async fn perform(
    console: &Console,
    tenant: TenantId,
    actions: &[Action],
    request: Option<&str>,
) -> Result<(), LabError> {
    for (place, action) in actions.iter().enumerate() {
        match *action {
            Action::Event(members) => {
                let mut event: Map<String, Value> =
                    members.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
                if let Some(request) = request {
                    event.insert("id".to_owned(), format!("{request}-{place}").into());
                }
                console.lab.raise(tenant, &Value::Object(event)).await?;
            }
            Action::Advance(span) => {
                let span = span.parse::<Span>().map_err(|error| LabError::Garbled(error.to_string()))?;
                console.lab.advance(tenant, span).await?;
            }
            Action::SignIn { app, passkey, can_be_challenged } => {
                let with = if passkey { SignInMethod::Passkey } else { SignInMethod::Password };
                let (user, app) = ("owner".to_owned(), app.to_owned());
                let sign_in = SignInRequest {
                    user,
                    app: Some(app),
                    with,
                    can_be_challenged,
                    redeem: true,
                    ..SignInRequest::default()
                };
                console.lab.sign_in(tenant, &sign_in).await?;
            }
            Action::Fix(connection) => {
                let fix = ConnectionFix { sign_in: true, ..ConnectionFix::default() };
                console.lab.fix(tenant, connection, &fix).await?;
            }
        }
    }
    Ok(())
}

/// Whether a lesson created this tenant: a link could name any.
async fn is_of_lesson(
    console: &Console,
    tenant: TenantId,
    number: usize,
    lesson: &Lesson,
) -> Result<bool, LabError> {
    Ok(console.lab.tenant(tenant).await?.name == name_of(number, lesson))
}

/// The name of the tenants of a lesson.
fn name_of(number: usize, lesson: &Lesson) -> String {
    format!("Lesson {number}: {}", lesson.title)
}

fn over() -> Message {
    Message::success("The lesson is over, and its tenant is deleted.")
}

fn done(act: &Act) -> String {
    format!("{} See what it did.", act.done)
}

/// The address of the step after a prediction.
fn seen(
    number: usize,
    tenant: TenantId,
    step: usize,
    chosen: &[&str],
    until: Instant,
    is_present: bool,
) -> String {
    let step = address(number, tenant, step + 1, is_present);
    format!("{step}&until={until}&p={}", chosen.join(","))
}

/// The tenant that a lesson created for this browser.
fn tenant_in(headers: &HeaderMap, number: usize) -> Option<TenantId> {
    cookie(headers, &cookie_name(number))?.parse().ok()
}

/// The name of the cookie with the tenant of a lesson.
fn cookie_name(number: usize) -> String {
    format!("outlive_lesson_{number}")
}

/// [`go`], in a browser that has this tenant of the lesson from now on.
fn go_with(location: &str, number: usize, tenant: TenantId, message: &Message) -> Response {
    let name = cookie_name(number);
    let cookie =
        format!("{name}={tenant}; Path=/lessons; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict");
    (AppendHeaders([(SET_COOKIE, cookie)]), go(location, message)).into_response()
}

fn go(location: &str, message: &Message) -> Response {
    let headers = AppendHeaders([(LOCATION, location.to_owned()), (SET_COOKIE, message.set_cookie())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
