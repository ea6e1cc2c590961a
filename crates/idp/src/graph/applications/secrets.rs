//! Client secrets: made here and shown once.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use outlive_clock::Instant;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::events::{SecretAdded, SecretRemoved};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::read::ApplicationName;
use super::resource::password_credential;
use super::write::{commit, writable};
use crate::directory::{PasswordCredential, SECRET_LIFETIME, remove_secret};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::context;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AddPassword {
    password_credential: Option<Wanted>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Wanted {
    display_name: Option<String>,
    start_date_time: Option<Instant>,
    end_date_time: Option<Instant>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RemovePassword {
    key_id: Uuid,
}

/// The most secrets of one application, all of which are compared at every use.
const SECRETS_MAX: usize = 50;

/// `POST /applications/{id}/addPassword`.
pub(crate) async fn add_password(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<AddPassword>, GraphError>,
) -> Response {
    let result = added(&caller, &ApplicationName::Object(id), body).await;
    caller.answer(result)
}

pub(super) async fn added(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<AddPassword>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(AddPassword { password_credential: wanted }) = body?;
    let application = writable(caller, name).await?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    if directory.password_credentials(tenant, application.client_id).await?.len() >= SECRETS_MAX {
        return Err(GraphError::bad_request("The application has as many passwords as it can have."));
    }
    let wanted = wanted.unwrap_or_default();
    let starts_at = wanted.start_date_time.unwrap_or(caller.now);
    let expires_at = wanted.end_date_time.unwrap_or(starts_at + SECRET_LIFETIME);
    if expires_at <= starts_at || wanted.display_name.as_ref().is_some_and(|name| name.len() > 90) {
        return Err(GraphError::bad_request(
            "The password credential is not valid: its name is too long, or it ends before it starts.",
        ));
    }
    let random = caller.idp.chassis.random.of(tenant);
    // 40 characters: between the 16 and 64 of the original.
    let secret = URL_SAFE_NO_PAD.encode(random.stream("client-secret").bytes::<30>());
    let credential = PasswordCredential {
        key_id: random.stream("client-secret-key-id").uuid(),
        display_name: wanted.display_name,
        hint: Some(secret.chars().take(3).collect()),
        starts_at: Some(starts_at),
        expires_at,
    };
    let statement =
        caller.idp.secrets.addition(tenant, application.client_id, &credential, &Secret::new(secret.clone()));
    commit(caller, Change::from(statement), &application, |client_id, client_name, actor| {
        SecretAdded { client_id, client_name, actor }.into()
    })
    .await?;
    let mut shown = password_credential(&credential);
    shown["secretText"] = json!(secret);
    shown["@odata.context"] = json!(context("microsoft.graph.passwordCredential"));
    Ok(Json(shown).into_response())
}

/// `POST /applications/{id}/removePassword`.
pub(crate) async fn remove_password(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<RemovePassword>, GraphError>,
) -> Response {
    let result = password_removed(&caller, &ApplicationName::Object(id), body).await;
    caller.answer(result)
}

pub(super) async fn password_removed(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<RemovePassword>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(RemovePassword { key_id }) = body?;
    let application = writable(caller, name).await?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let known = directory.password_credentials(tenant, application.client_id).await?;
    if !known.iter().any(|credential| credential.key_id == key_id) {
        return Err(GraphError::bad_request(format!("No password credential found with keyId '{key_id}'.")));
    }
    let change = Change::from(remove_secret(tenant, application.client_id, key_id));
    commit(caller, change, &application, |client_id, client_name, actor| {
        SecretRemoved { client_id, client_name, actor }.into()
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
