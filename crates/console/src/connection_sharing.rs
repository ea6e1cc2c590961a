//! Who may use a connection: shown on `/connections`, changed by `POST
//! /console/{tenant}/connection`, as its owner.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::TenantId;
use outlive_wire::HeldConnection;
use outlive_wire::lab_api::{ConnectionShare, TenantCredentials};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::{back_to, out_of_date, sentence, verified_form};
use crate::error::{ErrorPage, show};
use crate::lab::{Lab, LabError, answer_or_refusal, segment};
use crate::message::Message;
use crate::pages::tenant_of;
use crate::state::Console;

/// The status with which the lab says that it does not know the owner's password.
const PASSWORD_UNKNOWN: u16 = 409;

/// Who may use the opened connection.
pub(crate) struct Sharing {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) owner: String,
    /// Users with whom it is shared: object id and sign-in name.
    pub(crate) users: Vec<(String, String)>,
    /// Sign-in names of users with whom it is not.
    pub(crate) others: Vec<String>,
}

impl Sharing {
    pub(crate) fn of(held: &HeldConnection, tenant: &TenantCredentials) -> Self {
        let owner = tenant.users.iter().find(|user| user.id == held.owner);
        let is_shared = |id: &String| *id == held.owner || held.shared_with.contains(id);
        let others = tenant.users.iter().filter(|user| !is_shared(&user.id));
        Self {
            name: held.name.clone(),
            display_name: held.display_name.clone(),
            owner: owner.map_or_else(|| held.owner.clone(), |user| user.upn.clone()),
            users: held.shared_with.iter().map(|id| (id.clone(), name_of(id, tenant))).collect(),
            others: others.map(|user| user.upn.clone()).collect(),
        }
    }
}

/// The sign-in name of a user, or the object id of one that the lab did not make.
pub(crate) fn name_of(id: &str, tenant: &TenantCredentials) -> String {
    let user = tenant.users.iter().find(|user| user.id == id);
    user.map_or_else(|| id.to_owned(), |user| user.upn.clone())
}

#[derive(Deserialize)]
pub(crate) struct ShareForm {
    token: String,
    connection: String,
    #[serde(rename = "do")]
    what: What,
    with: String,
    /// The owner's present password.
    password: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Share,
    Stop,
}

/// Asks for the owner's password, with which the form is sent again.
#[derive(Template)]
#[template(path = "connection_password.html")]
struct PasswordQuestion {
    tenant: TenantId,
    token: String,
    connection: String,
    what: &'static str,
    with: String,
    back: String,
}

impl Lab {
    async fn share_connection(
        &self,
        tenant: TenantId,
        name: &str,
        share: &ConnectionShare,
    ) -> Result<(), LabError> {
        let path = format!("/tenants/{tenant}/connections/{}/share", segment(name));
        let (url, request) = self.request_at(Method::POST, &path);
        answer_or_refusal::<Value>(url, request.json(share)).await.map(drop)
    }
}

pub(crate) async fn share(
    State(console): State<Console>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ShareForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Ok(back_to(&format!("/connections?tenant={tenant}"), &out_of_date()));
    };
    let name: String = url::form_urlencoded::byte_serialize(form.connection.as_bytes()).collect();
    let back = format!("/connections?tenant={tenant}&share={name}#share");
    let stop = form.what == What::Stop;
    let password = form.password.filter(|password| !password.is_empty());
    let share = ConnectionShare { with: form.with.clone(), stop, password };
    let message = match console.lab.share_connection(tenant, &form.connection, &share).await {
        Ok(()) if stop => Message::success(
            "The connection is no longer shared with this user. Flows of this user lose it at their next run.",
        ),
        Ok(()) => Message::success(format!("{} may use the connection in flows.", form.with)),
        Err(LabError::Refused { status: PASSWORD_UNKNOWN, .. }) => {
            let what = if stop { "stop" } else { "share" };
            let (token, connection, with) = (form.token, form.connection, form.with);
            let question = PasswordQuestion { tenant, token, connection, what, with, back };
            return Ok(show(&question).into_response());
        }
        Err(LabError::Refused { message, .. }) => Message::failure(sentence(&message)),
        Err(other) => return Err(other.into()),
    };
    Ok(back_to(&back, &message))
}
