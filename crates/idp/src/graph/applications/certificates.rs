//! Certificates of an application (`keyCredentials`). `addKey` and `removeKey` roll them over by
//! proof of possession of a current certificate's key.

use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use outlive_tokens::{Certificate, ClientAssertion};
use outlive_wire::events::{CertificateAdded, CertificateRemoved};

use super::access::commit_update;
use super::resource::key_credential;
use crate::directory::limits::CERTIFICATES_MAX;
use crate::directory::{Application, KeyCredential};
use crate::graph::prelude::*;
use crate::token::{AHEAD, holds_by_either_clock};

pub(super) fn router(application: &str) -> Router<Idp> {
    Router::new()
        .route(&format!("{application}/addKey"), post(add))
        .route(&format!("{application}/removeKey"), post(remove))
}

/// A certificate in a request. Graph's other properties are part of the certificate itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewKeyCredential {
    #[serde(default)]
    key_id: Option<Uuid>,
    /// Base64 DER. May be absent for a known certificate, since responses never contain it.
    #[serde(default)]
    key: Option<String>,
    r#type: String,
    usage: String,
}

/// Returns the certificates after the request, which replaces the whole collection; certificates
/// `before` it can be kept by id.
pub(super) fn read(
    caller: &Caller,
    given: Vec<NewKeyCredential>,
    before: &[KeyCredential],
) -> Result<Vec<KeyCredential>> {
    let mut ids = caller.stream("key-credential-id");
    let mut one = |given: NewKeyCredential| {
        if given.r#type != "AsymmetricX509Cert" || given.usage != "Verify" {
            return Err(unusable("only certificates with the usage Verify are supported"));
        }
        let known = before.iter().find(|known| Some(known.key_id) == given.key_id);
        match (given.key, known) {
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => Err(unusable("a new certificate requires a key")),
            (Some(key), _) => {
                let der = STANDARD.decode(key).ok().ok_or_else(|| unusable("the key is not base64"))?;
                let certificate = Certificate::from_der(&der).map_err(|why| unusable(&why.to_string()))?;
                Ok(KeyCredential::new(given.key_id.unwrap_or_else(|| ids.uuid()), &certificate))
            }
        }
    };
    given.into_iter().take(CERTIFICATES_MAX + 1).map(&mut one).collect()
}

/// Checks that an application may have these certificates together.
pub(super) fn check(keys: &[KeyCredential]) -> Result<()> {
    let twice =
        |(at, key): (usize, &KeyCredential)| keys[..at].iter().any(|other| other.key_id == key.key_id);
    if keys.len() > CERTIFICATES_MAX || keys.iter().enumerate().any(twice) {
        return Err(unusable("there are too many, or two have the same id"));
    }
    Ok(())
}

fn unusable(why: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value specified for property 'keyCredentials': {why}."))
}

/// The audience of proofs: Azure AD Graph, as documented.
const AUDIENCE: &str = "00000002-0000-0000-c000-000000000000";
/// Maximum lifetime of a proof ("application: addKey").
const LIFETIME: Span = Span::from_minutes(10);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddKey {
    key_credential: NewKeyCredential,
    /// Only for signing keys, which are not supported.
    #[serde(default)]
    password_credential: Option<serde::de::IgnoredAny>,
    proof: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RemoveKey {
    key_id: Uuid,
    proof: String,
}

async fn add(
    caller: Caller,
    name: ApplicationName,
    Body(AddKey { key_credential: new, password_credential, proof }): Body<AddKey>,
) -> Result<Json<Value>> {
    let before = verify_proof(&caller, &name, &proof).await?;
    if password_credential.is_some() {
        return Err(GraphError::bad_request("A certificate with the usage Verify has no password."));
    }
    let mut after = before.clone();
    let keys = &mut after.document_mut().key_credentials;
    keys.extend(read(&caller, vec![new], &[])?);
    check(keys)?;
    let mut shown = keys.last().and_then(key_credential).unwrap_or_default();
    commit_update(&caller, &before, &after, application_event!(CertificateAdded)).await?;
    shown["@odata.context"] = json!(context("microsoft.graph.keyCredential"));
    Ok(Json(shown))
}

async fn remove(
    caller: Caller,
    name: ApplicationName,
    Body(RemoveKey { key_id, proof }): Body<RemoveKey>,
) -> Result<StatusCode> {
    let before = verify_proof(&caller, &name, &proof).await?;
    let mut after = before.clone();
    after.document_mut().key_credentials.retain(|key| key.key_id != key_id);
    if after.document.key_credentials.len() == before.document.key_credentials.len() {
        return Err(GraphError::bad_request(format!("No key credential found with keyId '{key_id}'.")));
    }
    commit_update(&caller, &before, &after, application_event!(CertificateRemoved)).await
}

/// Returns the application if the caller may update it (or is it) and the proof is signed with the
/// key of one of its certificates.
async fn verify_proof(caller: &Caller, name: &ApplicationName, proof: &str) -> Result<Application> {
    let application = match name.find(caller).await {
        Ok(found) if caller.claims.is_app_only() && found.client_id == caller.claims.appid => found,
        _ => name.writable(caller).await?,
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
        return Err(refused("it is not valid now, or is valid for longer than ten minutes"));
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
