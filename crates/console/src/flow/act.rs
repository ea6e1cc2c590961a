//! `POST /console/{tenant}/flow`: turns a flow on or off, runs it, or shares it, as its owner.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_clock::TenantId;
use outlive_wire::{FlowAction, FlowRole, FlowShare};
use serde::Deserialize;

use crate::actions::{back, out_of_date, verified_form};
use crate::error::{ErrorPage, show};
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

#[derive(Deserialize)]
pub(crate) struct ActForm {
    token: String,
    flow: String,
    #[serde(rename = "do")]
    what: What,
    /// The user with whom it is shared, and the role.
    with: Option<String>,
    role: Option<FlowRole>,
    /// The owner's present password.
    password: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Start,
    Stop,
    Run,
    Share,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Run => "run",
            Self::Share => "share",
        }
    }
}

/// Asks for the owner's password, with which the form is sent again.
#[derive(Template)]
#[template(path = "flow_password.html")]
struct PasswordQuestion {
    tenant: TenantId,
    token: String,
    flow: String,
    what: &'static str,
    with: String,
    role: &'static str,
}

pub(crate) async fn act(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ActForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let password = form.password.clone().filter(|password| !password.is_empty());
    let with = form.with.clone().unwrap_or_default();
    let role = form.role.unwrap_or(FlowRole::CanEdit);
    let acted = if matches!(form.what, What::Share) {
        let share = FlowShare { with: with.clone(), role, password };
        console.lab.share_flow(tenant, &form.flow, &share).await
    } else {
        console.lab.act_on_flow(tenant, &form.flow, form.what.name(), &FlowAction { password }).await
    };
    let message = match acted {
        Ok(()) => match form.what {
            What::Start => Message::success("The flow is on."),
            What::Stop => Message::success("The flow is off. It does not run until it is turned on."),
            What::Run => return Ok(after_run(&console, tenant, &form.flow).await),
            What::Share => Message::success(match role {
                FlowRole::CanEdit => format!("{with} is a co-owner of the flow."),
                FlowRole::CanView => format!("{with} is a run-only user of the flow."),
                FlowRole::None => "The flow is no longer shared with this user.".to_owned(),
            }),
        },
        Err(error) if error.asks_for_password() => {
            let (what, role) = (form.what.name(), role.name().unwrap_or("None"));
            let question = PasswordQuestion { tenant, token: form.token, flow: form.flow, what, with, role };
            return Ok(show(&question).into_response());
        }
        Err(LabError::Refused { message, .. }) => Message::failure(message),
        Err(LabError::UnknownTenant) => Message::failure("There is no such flow, or no such user."),
        Err(other) => return Err(other.into()),
    };
    Ok(to_flow(tenant, &form.flow, "", &message))
}

/// Opens the newest run, in the color of its result.
async fn after_run(console: &Console, tenant: TenantId, flow: &str) -> Response {
    let read = console.lab.flow(tenant, flow, &[("limit", "1")]).await;
    let newest = read.ok().and_then(|flow| flow.runs.into_iter().next());
    let Some(run) = newest else {
        return to_flow(tenant, flow, "", &Message::success("The flow was run."));
    };
    let message = match run.status.as_str() {
        "Succeeded" => Message::success("The run succeeded."),
        "Failed" => match run.code {
            Some(code) => Message::failure(format!("The run failed: {code}.")),
            None => Message::failure("The run failed."),
        },
        other => Message::success(format!("The run has begun; it is: {other}.")),
    };
    to_flow(tenant, flow, &run.name, &message)
}

fn to_flow(tenant: TenantId, flow: &str, run: &str, message: &Message) -> Response {
    let escaped = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let open = if run.is_empty() { String::new() } else { format!("&run={}", escaped(run)) };
    let location = format!("/flows/{}?tenant={tenant}{open}", escaped(flow).replace('+', "%20"));
    let headers = AppendHeaders([(LOCATION, location), (SET_COOKIE, message.set_cookie())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
