//! Certificates of an application (`keyCredentials`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_tokens::Certificate;
use serde::Deserialize;
use uuid::Uuid;

use crate::directory::KeyCredential;
use crate::directory::limits::CERTIFICATES_MAX;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;

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
) -> Result<Vec<KeyCredential>, GraphError> {
    let mut ids = caller.idp.chassis.random.of(caller.tenant.id).stream("key-credential-id");
    let mut one = |given: NewKeyCredential| {
        if given.r#type != "AsymmetricX509Cert" || given.usage != "Verify" {
            return Err(unusable("only certificates with the usage Verify are supported"));
        }
        let known = before.iter().find(|known| Some(known.key_id) == given.key_id);
        match (given.key, known) {
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => Err(unusable("a new certificate requires a key")),
            (Some(key), _) => {
                let der = STANDARD.decode(key).map_err(|_| unusable("the key is not base64"))?;
                let certificate = Certificate::from_der(&der).map_err(|why| unusable(&why.to_string()))?;
                Ok(KeyCredential::new(given.key_id.unwrap_or_else(|| ids.uuid()), &certificate))
            }
        }
    };
    given.into_iter().take(CERTIFICATES_MAX + 1).map(&mut one).collect()
}

/// Checks that an application may have these certificates together.
pub(super) fn check(keys: &[KeyCredential]) -> Result<(), GraphError> {
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
