//! WebAuthn ceremonies: the options for browsers and the verification of their responses (Web
//! Authentication Level 2, sections 7.1 and 7.2). Keys are ES256 or Ed25519, user verification is
//! required, and attestation is not requested.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, UserId};
use passkey_auth::{
    AuthenticationResponse, AuthenticationState, CosePublicKey, CredentialId, Error, PasskeyCredential,
    RegistrationResponse, RegistrationState, Webauthn,
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::challenge::{Challenge, Reason};
use super::stored::Passkey;

/// The timeout in the options (milliseconds of real time).
const TIMEOUT_MS: u32 = 300_000;
/// Maximum size of a response: a credential id has at most 1,023 bytes, and the rest are
/// certificates at most.
const ANSWER_BYTES_MAX: usize = 32 * 1024;
/// The algorithms that the verifying library supports, by preference: ES256, Ed25519.
const ALGORITHMS: [i32; 2] = [-7, -8];

/// The relying party: the host name and the origin of the request. A passkey is only valid for the
/// host name for which it was created.
pub(super) struct RelyingParty {
    pub(super) id: String,
    origin: String,
}

/// A response in the format of `PublicKeyCredential.toJSON()`.
#[derive(Deserialize)]
pub(super) struct Answer<R> {
    id: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// A newly created credential.
pub(super) struct NewKey {
    /// Base64url.
    pub(super) credential: String,
    /// COSE, base64url.
    pub(super) public_key: String,
    /// The authenticator's model, as a UUID.
    pub(super) aaguid: String,
    pub(super) counter: u32,
}

impl<R: for<'de> Deserialize<'de>> Answer<R> {
    /// Parses the field of a form.
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        if text.is_empty() || text.len() > ANSWER_BYTES_MAX {
            return Err(
                "the browser sent no response: it does not support passkeys, or scripts are disabled"
                    .to_owned(),
            );
        }
        serde_json::from_str(text).ok().ok_or_else(|| "the response is malformed".to_owned())
    }

    /// Returns the id of the credential, base64url.
    pub(super) fn credential(&self) -> &str {
        &self.id
    }
}

impl Answer<Assertion> {
    pub(super) const fn names_user(&self) -> bool {
        self.response.user_handle.is_some()
    }
}

impl RelyingParty {
    /// Returns the relying party of an origin (`https://login.example:8443`).
    pub(super) fn of_origin(origin: &str) -> Option<Self> {
        let url = Url::parse(origin).ok()?;
        // An IPv6 address cannot be a relying party id.
        let id = url.host_str().filter(|host| !host.contains(':'))?;
        Some(Self { id: id.to_owned(), origin: url.origin().ascii_serialization() })
    }

    /// Returns the options for `navigator.credentials.create`.
    pub(super) fn creation_options(
        &self,
        challenge: &Challenge,
        user: UserId,
        upn: &str,
        display_name: &str,
        known: &[Passkey],
    ) -> Value {
        json!({
            "challenge": challenge.text,
            "rp": {"id": self.id, "name": "Outlive"},
            "user": {"id": handle(user), "name": upn, "displayName": display_name},
            "pubKeyCredParams":
                ALGORITHMS.iter().map(|alg| json!({"type": "public-key", "alg": alg})).collect::<Vec<_>>(),
            "excludeCredentials": self.descriptors(known),
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
            "timeout": TIMEOUT_MS,
        })
    }

    /// Returns the options for `navigator.credentials.get`. Without a known user, the browser
    /// offers its discoverable credentials.
    pub(super) fn request_options(&self, challenge: &Challenge, known: &[Passkey]) -> Value {
        json!({
            "challenge": challenge.text,
            "rpId": self.id,
            "allowCredentials": self.descriptors(known),
            "userVerification": "required",
            "timeout": TIMEOUT_MS,
        })
    }

    fn descriptors(&self, known: &[Passkey]) -> Vec<Value> {
        let here = known.iter().filter(|passkey| passkey.rp_id == self.id);
        here.map(|passkey| json!({"type": "public-key", "id": passkey.credential})).collect()
    }

    /// Verifies a registration: challenge, origin, user and user verification.
    pub(super) fn verify_registration(
        &self,
        challenge: &Challenge,
        user: UserId,
        answer: Answer<Attestation>,
        now: Instant,
    ) -> Result<NewKey, Reason> {
        let state = RegistrationState {
            challenge: challenge.bytes(now)?,
            user_id: user.uuid().as_bytes().to_vec(),
            created_at: OUR_CLOCK,
        };
        same_site(&answer.response.client_data)?;
        let response = RegistrationResponse {
            id: answer.id.clone(),
            transports: Vec::new(),
            attestation_object: answer.response.attestation_object,
            client_data_json: answer.response.client_data,
        };
        let made = self.library().finish_registration(&state, &response).map_err(|error| reason(&error))?;
        if made.id.to_b64url() != answer.id {
            return Err("its credential id does not match the attestation".to_owned());
        }
        Ok(NewKey {
            credential: answer.id,
            public_key: URL_SAFE_NO_PAD.encode(made.public_key_cose.as_bytes()),
            aaguid: uuid::Uuid::from_bytes(made.aaguid).to_string(),
            counter: made.counter,
        })
    }

    /// Verifies an assertion: challenge, origin, signature and user verification. Returns the new
    /// signature counter.
    pub(super) fn verify_assertion(
        &self,
        challenge: &Challenge,
        passkey: &Passkey,
        answer: Answer<Assertion>,
        now: Instant,
    ) -> Result<u32, Reason> {
        let state = AuthenticationState {
            challenge: challenge.bytes(now)?,
            allow_credentials: Vec::new(),
            created_at: OUR_CLOCK,
            user_handle: Some(passkey.user_id.uuid().as_bytes().to_vec()),
        };
        let decode = |text: &str| {
            URL_SAFE_NO_PAD.decode(text).ok().ok_or_else(|| "the response is malformed".to_owned())
        };
        let stored = PasskeyCredential {
            id: CredentialId(decode(&passkey.credential)?),
            public_key_cose: CosePublicKey(decode(&passkey.public_key)?),
            counter: passkey.counter,
            transports: Vec::new(),
            aaguid: [0; 16],
        };
        same_site(&answer.response.client_data)?;
        let response = AuthenticationResponse {
            id: answer.id,
            authenticator_data: answer.response.authenticator_data,
            signature: answer.response.signature,
            client_data_json: answer.response.client_data,
            user_handle: answer.response.user_handle,
        };
        let done = self.library().finish_authentication(&state, &response, &stored);
        done.map(|done| done.new_counter).map_err(|error| reason(&error))
    }

    fn library(&self) -> Webauthn {
        Webauthn::new(&self.id, "Outlive", &self.origin).require_user_verification(true).strict_base64(true)
    }
}

/// The library checks the age of a ceremony by the machine's clock; [`Challenge`] checks it by the
/// tenant's.
const OUR_CLOCK: u64 = 0;

/// Returns the user handle: the object id's sixteen bytes.
fn handle(user: UserId) -> String {
    URL_SAFE_NO_PAD.encode(user.uuid().as_bytes())
}

/// Rejects a ceremony in a cross-origin frame, which the library does not check.
fn same_site(client_data: &str) -> Result<(), Reason> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ClientData {
        #[serde(default)]
        cross_origin: bool,
        #[serde(default)]
        top_origin: Option<String>,
    }
    let bytes =
        URL_SAFE_NO_PAD.decode(client_data).ok().ok_or_else(|| "the response is malformed".to_owned())?;
    let read: ClientData =
        serde_json::from_slice(&bytes).ok().ok_or_else(|| "the response is malformed".to_owned())?;
    if read.cross_origin || read.top_origin.is_some() {
        return Err("it was created in a page of another site".to_owned());
    }
    Ok(())
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::ClientDataType { .. } => "the response has the wrong type",
        Error::ChallengeMismatch => "the challenge does not match",
        Error::OriginMismatch { actual, .. } => return format!("the origin {actual} does not match"),
        Error::RpIdHashMismatch => "it is for another host name",
        Error::UserNotPresent | Error::UserNotVerified => "the user was not verified",
        Error::UnsupportedAlg(_) => "the key algorithm is not supported",
        Error::BadSignature => "the signature is invalid",
        Error::CounterReplay { .. } => {
            "the signature counter decreased, which indicates a cloned authenticator"
        }
        Error::UserHandleMismatch => "it belongs to another user",
        Error::CeremonyExpired { .. } => "the challenge has expired",
        Error::Base64(_)
        | Error::ClientData(_)
        | Error::AuthData(_)
        | Error::Cbor(_)
        | Error::Internal(_) => "the response is malformed",
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
