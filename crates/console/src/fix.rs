//! Fixing a connection: `POST /console/{tenant}/fix` leads the owner to the sign-in, or asks for
//! the new password; `GET /console/{tenant}/fixed/{connection}` is where the sign-in returns.

use askama::Template;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_chassis::CallerOrigin;
use outlive_clock::TenantId;
use outlive_wire::lab_api::ConnectionFix;
use outlive_wire::story::{CredentialKind, Holder, Story};
use serde::Deserialize;
use url::Url;

use crate::actions::{back, out_of_date, show_failure, verified_form};
use crate::error::{ErrorPage, show};
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

#[derive(Deserialize)]
pub(crate) struct FixForm {
    token: String,
    connection: String,
    /// The new password or key that the connection stores.
    secret: Option<String>,
    /// The owner's present password.
    password: Option<String>,
}

/// Asks for one value, with which the form is sent again.
#[derive(Template)]
#[template(path = "fix.html")]
struct Question {
    tenant: TenantId,
    token: String,
    connection: String,
    title: &'static str,
    why: String,
    label: &'static str,
    field: &'static str,
}

/// Leads to another origin. A redirect would be one of the form, which the content security policy
/// keeps at the console.
#[derive(Template)]
#[template(path = "go_on.html")]
struct GoOn {
    tenant: TenantId,
    url: String,
}

pub(crate) async fn begin(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    origin: CallerOrigin,
    headers: HeaderMap,
    form: Result<Form<FixForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back(tenant, &out_of_date()));
    };
    let story = console.lab.story(tenant).await?;
    let question = |title, why: &str, label, field| Question {
        tenant,
        token: form.token.clone(),
        connection: form.connection.clone(),
        title,
        why: why.to_owned(),
        label,
        field,
    };
    let stores_secret = stores_secret(&story, &form.connection);
    let (secret, password) = (given(form.secret.as_ref()), given(form.password.as_ref()));
    if stores_secret && secret.is_none() {
        let asked = question(
            "The connection stores a password. Which one is right now?",
            "It is sent to the API at every run; no sign-in replaces it.",
            "New password",
            "secret",
        );
        return Ok(show(&asked).into_response());
    }
    let fix = ConnectionFix {
        sign_in: false,
        return_url: return_url(&origin, tenant, &form.connection).map(String::from),
        secret,
        password,
    };
    match console.lab.fix(tenant, &form.connection, &fix).await {
        Ok(fixed) => Ok(match fixed.link.and_then(|link| Url::parse(&link).ok()) {
            Some(link) if matches!(link.scheme(), "http" | "https") => {
                show(&GoOn { tenant, url: link.into() }).into_response()
            }
            _ => back(tenant, &fixed_message()),
        }),
        Err(error) if error.asks_for_password() => {
            let asked = question(
                "What is the owner’s password now?",
                "The portal signs in as the owner to fix the connection, and the password was changed elsewhere.",
                "Password",
                "password",
            );
            Ok(show(&asked).into_response())
        }
        Err(error) => show_failure(tenant, error),
    }
}

#[derive(Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

pub(crate) async fn confirm(
    State(console): State<Console>,
    Path((tenant, connection)): Path<(String, String)>,
    query: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let returned = query.map(|Query(returned)| returned).unwrap_or(Returned {
        code: None,
        error: None,
        error_description: None,
    });
    let Some(code) = returned.code else {
        let why =
            returned.error_description.or(returned.error).unwrap_or_else(|| "it returned no code".to_owned());
        let first: String = why.lines().next().unwrap_or_default().chars().take(300).collect();
        return Ok(back(tenant, &Message::failure(format!("The connection is not fixed: {first}."))));
    };
    match console.lab.confirm(tenant, &connection, &code).await {
        Ok(()) => Ok(back(tenant, &fixed_message())),
        Err(error) => show_failure(tenant, error),
    }
}

/// Whether the connection stores a password or a key.
fn stores_secret(story: &Story, connection: &str) -> bool {
    story.credentials.iter().any(|one| {
        matches!(&one.holder, Holder::Connection { name, .. } if name == connection)
            && matches!(one.kind, CredentialKind::Password | CredentialKind::Key)
    })
}

fn fixed_message() -> Message {
    Message::success("The connection is fixed. Advance the clock by an hour: its flow runs again.")
}

fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn return_url(origin: &CallerOrigin, tenant: TenantId, connection: &str) -> Option<Url> {
    let mut url = Url::parse(&origin.0).ok()?;
    let tenant = tenant.to_string();
    url.path_segments_mut().ok()?.extend(["console", tenant.as_str(), "fixed", connection]);
    Some(url)
}
