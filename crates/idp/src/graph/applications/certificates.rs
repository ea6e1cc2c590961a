//! Certificates that callers register for an application (`keyCredentials`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_tokens::Certificate;
use serde::Deserialize;
use uuid::Uuid;

use crate::directory::KeyCredential;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;

/// A certificate, new or known. What else Graph keeps of one is in the certificate itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewKeyCredential {
    #[serde(default)]
    key_id: Option<Uuid>,
    /// Base64 DER; of one that is known it may be left out, because nobody is shown it.
    #[serde(default)]
    key: Option<String>,
    r#type: String,
    usage: String,
}

/// The most certificates of one application.
const CERTIFICATES_MAX: usize = 50;

/// What `given` makes of them: it replaces all that were there `before`, but for those that it names by their id.
pub(super) fn read(
    caller: &Caller,
    given: Vec<NewKeyCredential>,
    before: &[KeyCredential],
) -> Result<Vec<KeyCredential>, GraphError> {
    let unusable = |why: &str| {
        GraphError::bad_request(format!("Invalid value specified for property 'keyCredentials': {why}."))
    };
    if given.len() > CERTIFICATES_MAX {
        return Err(unusable("there are too many"));
    }
    let mut ids = caller.idp.chassis.random.of(caller.tenant.id).stream("key-credential-id");
    let mut one = |given: NewKeyCredential| {
        if given.r#type != "AsymmetricX509Cert" || given.usage != "Verify" {
            return Err(unusable("only certificates for verifying are kept"));
        }
        let known = before.iter().find(|known| Some(known.key_id) == given.key_id);
        match (given.key, known) {
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => Err(unusable("a new one has to bring its key")),
            (Some(key), _) => {
                let der = STANDARD.decode(key).map_err(|_| unusable("the key is not base64"))?;
                let certificate = Certificate::from_der(&der).map_err(|why| unusable(&why.to_string()))?;
                Ok(KeyCredential::new(given.key_id.unwrap_or_else(|| ids.uuid()), &certificate))
            }
        }
    };
    let kept = given.into_iter().map(&mut one).collect::<Result<Vec<_>, _>>()?;
    let twice =
        |(at, key): (usize, &KeyCredential)| kept[..at].iter().any(|other| other.key_id == key.key_id);
    if kept.iter().enumerate().any(twice) { Err(unusable("two have one id")) } else { Ok(kept) }
}
