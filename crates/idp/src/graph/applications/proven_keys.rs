//! Certificates that an application takes turns with: added and removed by whoever has the key of a present one.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::Span;
use outlive_tokens::ClientAssertion;
use outlive_wire::events::{CertificateAdded, CertificateRemoved};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::certificates::{self, NewKeyCredential};
use super::read::ApplicationName;
use super::resource::key_credential;
use super::write::{commit_update, writable};
use crate::directory::Application;
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::context;
use crate::token::{AHEAD, holds_by_either_clock};

/// For whom proofs are made: the older Graph, as the documents have it.
const AUDIENCE: &str = "00000002-0000-0000-c000-000000000000";
/// The longest time of a proof ("application: addKey").
const LIFETIME: Span = Span::from_minutes(10);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddKey {
    key_credential: NewKeyCredential,
    /// Only for keys that sign; there are none here.
    #[serde(default)]
    password_credential: Option<serde::de::IgnoredAny>,
    proof: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RemoveKey {
    key_id: Uuid,
    proof: String,
}

/// `POST /applications/{id}/addKey`.
pub(crate) async fn add_key(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<AddKey>, GraphError>,
) -> Response {
    let result = key_added(&caller, &ApplicationName::Object(id), body).await;
    caller.answer(result)
}

pub(super) async fn key_added(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<AddKey>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(AddKey { key_credential: new, password_credential, proof }) = body?;
    let before = proven(caller, name, &proof).await?;
    if password_credential.is_some() {
        return Err(GraphError::bad_request("A certificate for verifying has no password."));
    }
    let mut after = before.clone();
    let keys = &mut after.document_mut().key_credentials;
    keys.extend(certificates::read(caller, vec![new], &[])?);
    certificates::check(keys)?;
    let shown = keys.last().and_then(key_credential);
    commit_update(caller, &before, &after, |client_id, client_name, actor| {
        CertificateAdded { client_id, client_name, actor }.into()
    })
    .await?;
    let mut shown = shown.unwrap_or_default();
    shown["@odata.context"] = json!(context("microsoft.graph.keyCredential"));
    Ok(Json(shown).into_response())
}

/// `POST /applications/{id}/removeKey`.
pub(crate) async fn remove_key(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<RemoveKey>, GraphError>,
) -> Response {
    let result = key_removed(&caller, &ApplicationName::Object(id), body).await;
    caller.answer(result)
}

pub(super) async fn key_removed(
    caller: &Caller,
    name: &ApplicationName,
    body: Result<Body<RemoveKey>, GraphError>,
) -> Result<Response, GraphError> {
    let Body(RemoveKey { key_id, proof }) = body?;
    let before = proven(caller, name, &proof).await?;
    let mut after = before.clone();
    after.document_mut().key_credentials.retain(|key| key.key_id != key_id);
    if after.document.key_credentials.len() == before.document.key_credentials.len() {
        return Err(GraphError::bad_request(format!("No key credential found with keyId '{key_id}'.")));
    }
    commit_update(caller, &before, &after, |client_id, client_name, actor| {
        CertificateRemoved { client_id, client_name, actor }.into()
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The application, if the caller may change it, or is it, and proves that it has the key of one of its certificates.
async fn proven(caller: &Caller, name: &ApplicationName, proof: &str) -> Result<Application, GraphError> {
    let application = match name.find(caller).await {
        Ok(found) if caller.claims.is_app_only() && found.client_id == caller.claims.appid => found,
        _ => writable(caller, name).await?,
    };
    let refused = |why: &str| GraphError::bad_request(format!("The proof is not valid: {why}."));
    let proof = ClientAssertion::read_proof(proof).map_err(|why| refused(&why.to_string()))?;
    let claims = proof.claims();
    let object = application.document.object_id.to_string();
    if claims.iss != object && claims.iss != application.client_id.to_string() {
        return Err(refused("its issuer is not the application"));
    }
    if !claims.aud.iter().any(|audience| audience == AUDIENCE) {
        return Err(refused("its audience is not the directory"));
    }
    let from = claims.nbf.ok_or_else(|| refused("it has no nbf"))?;
    let in_time = holds_by_either_clock(caller.now, |at| from <= at + AHEAD && at < claims.exp);
    if !in_time || claims.exp - from > LIFETIME {
        return Err(refused("its time is not now, or is longer than ten minutes"));
    }
    let present = application.document.key_credentials.iter().filter_map(|key| key.certificate());
    let signed = present
        .filter(|certificate| {
            let (from, to) = certificate.term();
            holds_by_either_clock(caller.now, |at| from <= at && at < to)
        })
        .any(|certificate| proof.is_signed_by(&certificate));
    if signed { Ok(application) } else { Err(refused("no certificate of the application signed it")) }
}
