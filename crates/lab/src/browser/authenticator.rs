//! A person's passkeys: an authenticator in software, which answers what our pages ask as one of hardware would (Web
//! Authentication Level 2, sections 6.3 and 6.5; ES256, no attestation). The person is always there and verified.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Randomness;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::drive::{PAGES_MAX, refused};
use super::{Arrival, Browser, BrowserError, Form, Page};

/// Present and verified.
const FLAGS_USER: u8 = 0b0000_0101;
/// A new key is told of.
const FLAG_NEW_KEY: u8 = 0b0100_0000;

/// An authenticator with the keys it made. Several browsers of one person may use it, one after the other.
pub struct Authenticator {
    random: Randomness,
    keys: Vec<Key>,
}

struct Key {
    /// Base64url.
    id: String,
    rp_id: String,
    /// Whose it is, as the server names them (base64url).
    user_handle: String,
    pair: EcdsaKeyPair,
    uses: u32,
}

/// What a page asks, in the `options` field of its form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    challenge: String,
    /// Where a key is to be made: for which name.
    #[serde(default)]
    rp: Option<Rp>,
    #[serde(default)]
    user: Option<Handle>,
    /// Where one is to be used: that name.
    #[serde(default)]
    rp_id: String,
    #[serde(default)]
    allow_credentials: Vec<Handle>,
}

#[derive(Deserialize)]
struct Rp {
    id: String,
}

#[derive(Deserialize)]
struct Handle {
    id: String,
}

/// The authenticator has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthenticatorError {
    /// The page asks nothing, or something that is not understood.
    #[error("the page asks nothing that an authenticator could answer")]
    NotAsked,
    /// There is no such key.
    #[error("the authenticator has no passkey for {rp_id}")]
    NoKey {
        /// The name that asks.
        rp_id: String,
    },
    /// The cryptographic library failed.
    #[error("no key could be made or used")]
    Key,
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// An authenticator without keys, which names those it makes from this randomness.
    #[must_use]
    pub const fn new(random: Randomness) -> Self {
        Self { random, keys: Vec::new() }
    }

    /// Registers a passkey for a person on the page for security info (`{idp}/{tenant}/security-info`), signing in by password
    /// if the page asks.
    ///
    /// # Errors
    /// The page cannot be reached, or does not take the passkey.
    pub async fn register(
        &mut self,
        browser: &mut Browser,
        page: Url,
        upn: &str,
        password: &str,
    ) -> Result<(), BrowserError> {
        let form = browser.sign_in_to(page, upn, password, "credential").await?;
        let credential = self.answer(&form)?;
        let filled = [("credential", credential.as_str()), ("name", "Lab authenticator")];
        match browser.submit(&form, &filled, &|_| false).await? {
            Arrival::Page(page) if page.status < 400 && page.aadsts().is_none() => Ok(()),
            Arrival::Page(page) => Err(refused(&page)),
            Arrival::Stop(url) => Err(BrowserError::TooManyRedirects { at: url.to_string() }),
        }
    }

    /// Does what [`Browser::sign_in`] does, with a passkey instead of a password. An empty `upn` leaves it to the passkey to tell
    /// who signs in.
    ///
    /// # Errors
    /// A page that cannot be got past.
    pub async fn sign_in(
        &mut self,
        browser: &mut Browser,
        url: Url,
        upn: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Url, BrowserError> {
        let mut answered = false;
        let mut arrival = browser.open(url, stop).await?;
        for _ in 0..PAGES_MAX {
            let page: Page = match arrival {
                Arrival::Stop(url) => return Ok(url),
                Arrival::Page(page) => page,
            };
            let Some(form) = page.form_with("loginfmt").or_else(|| page.forms.first()) else {
                return Err(refused(&page));
            };
            // Back at the beginning after an answer, or before something that a passkey does not open.
            let stuck = (answered && form.has("loginfmt")) || form.has("otc") || form.has("newpasswd");
            if page.status >= 400 || stuck {
                return Err(refused(&page));
            }
            arrival = if form.has("loginfmt") {
                browser.press(form, "passkey", &[("loginfmt", upn)], stop).await?
            } else if form.has("credential") {
                answered = true;
                let credential = self.answer(form)?;
                browser.submit(form, &[("credential", &credential)], stop).await?
            } else {
                browser.submit(form, &[], stop).await?
            };
        }
        Err(BrowserError::TooManyRedirects { at: "the sign-in pages".to_owned() })
    }

    /// What a page's script would put into the form's `credential` field, told by its `options` field.
    ///
    /// # Errors
    /// The form asks nothing, or there is no key to answer with.
    pub fn answer(&mut self, form: &Form) -> Result<String, AuthenticatorError> {
        let options = form.fields.iter().find(|(name, _)| name == "options");
        let options = options.ok_or(AuthenticatorError::NotAsked)?;
        let options: Options = serde_json::from_str(&options.1).map_err(|_| AuthenticatorError::NotAsked)?;
        let origin = form.action.origin().ascii_serialization();
        match (&options.rp, &options.user) {
            (Some(rp), Some(user)) => self.make(&origin, &options.challenge, &rp.id, &user.id),
            _ => self.sign(&origin, &options),
        }
        .map(|answer| answer.to_string())
    }

    fn make(
        &mut self,
        origin: &str,
        challenge: &str,
        rp_id: &str,
        user_handle: &str,
    ) -> Result<Value, AuthenticatorError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let pair = pair.map_err(|_| AuthenticatorError::Key)?;
        let id: [u8; 32] = self.random.stream("passkey-id").bytes();
        let mut data = authenticator_data(rp_id, FLAGS_USER | FLAG_NEW_KEY, 0);
        // A model that is nobody's, then the id with its length, then the key.
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(id);
        data.extend(cose_key(pair.public_key().as_ref()));
        let client_data = client_data("webauthn.create", challenge, origin);
        let id = URL_SAFE_NO_PAD.encode(id);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation_object(&data)),
                "transports": ["internal"],
            },
        });
        let (rp_id, user_handle) = (rp_id.to_owned(), user_handle.to_owned());
        self.keys.push(Key { id, rp_id, user_handle, pair, uses: 0 });
        Ok(answer)
    }

    fn sign(&mut self, origin: &str, options: &Options) -> Result<Value, AuthenticatorError> {
        let allowed = |id: &str| {
            options.allow_credentials.is_empty()
                || options.allow_credentials.iter().any(|allowed| allowed.id == id)
        };
        let rp_id = &options.rp_id;
        let key = self.keys.iter_mut().rev().find(|key| key.rp_id == *rp_id && allowed(&key.id));
        let key = key.ok_or_else(|| AuthenticatorError::NoKey { rp_id: rp_id.clone() })?;
        key.uses += 1;
        let data = authenticator_data(rp_id, FLAGS_USER, key.uses);
        let client_data = client_data("webauthn.get", &options.challenge, origin);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature = key.pair.sign(&SystemRandom::new(), &signed).map_err(|_| AuthenticatorError::Key)?;
        Ok(json!({
            "id": key.id, "rawId": key.id, "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": key.user_handle,
            },
        }))
    }
}

fn client_data(kind: &str, challenge: &str, origin: &str) -> String {
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false}).to_string()
}

fn authenticator_data(rp_id: &str, flags: u8, uses: u32) -> Vec<u8> {
    let mut data = Sha256::digest(rp_id).to_vec();
    data.push(flags);
    data.extend(uses.to_be_bytes());
    data
}

/// A point of P-256 (0x04, x, y) as a COSE key, written in CBOR: kty EC2, alg ES256, crv P-256, x, y.
fn cose_key(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len().saturating_sub(1) / 2);
    [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
}

/// `{"fmt": "none", "attStmt": {}, "authData": …}` in CBOR; the data is longer than 23 and shorter than 256 bytes.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], data].concat()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    fn form(options: &Value) -> Form {
        Form {
            action: "https://login.example:8443/t/passkey".parse().expect("valid"),
            post: true,
            fields: vec![
                ("options".to_owned(), options.to_string()),
                ("credential".to_owned(), String::new()),
            ],
            unticked: Vec::new(),
            buttons: Vec::new(),
        }
    }

    fn bytes(answer: &Value, name: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(answer["response"][name].as_str().expect("a text")).expect("base64url")
    }

    #[test]
    fn what_it_signs_is_right_by_the_key_that_it_told_of() {
        let mut authenticator = Authenticator::new(Randomness::from_seed(1));
        let make = json!({"challenge": "AAAA", "rp": {"id": "login.example"}, "user": {"id": "dXNlcg"}});
        let made: Value =
            serde_json::from_str(&authenticator.answer(&form(&make)).expect("made")).expect("JSON");
        let object = bytes(&made, "attestationObject");
        // The last 64 bytes but for the three between x and y.
        let (x, y) = (&object[object.len() - 67..object.len() - 35], &object[object.len() - 32..]);
        let point = [&[4], x, y].concat();
        let ask = json!({"challenge": "BBBB", "rpId": "login.example", "allowCredentials": []});
        let used: Value =
            serde_json::from_str(&authenticator.answer(&form(&ask)).expect("used")).expect("JSON");
        let client_data = bytes(&used, "clientDataJSON");
        let signed = [bytes(&used, "authenticatorData"), Sha256::digest(&client_data).to_vec()].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        assert!(key.verify(&signed, &bytes(&used, "signature")).is_ok());
        let client_data: Value = serde_json::from_slice(&client_data).expect("JSON");
        assert_eq!(client_data["origin"], "https://login.example:8443");
        assert_eq!((&used["id"], &used["response"]["userHandle"]), (&made["id"], &json!("dXNlcg")));
    }

    #[test]
    fn it_answers_only_for_what_it_has() {
        let mut authenticator = Authenticator::new(Randomness::from_seed(1));
        let make = json!({"challenge": "AAAA", "rp": {"id": "login.example"}, "user": {"id": "dXNlcg"}});
        authenticator.answer(&form(&make)).expect("made");
        let other_name = json!({"challenge": "AAAA", "rpId": "evil.example"});
        let other_key =
            json!({"challenge": "AAAA", "rpId": "login.example", "allowCredentials": [{"id": "x"}]});
        for options in [other_name, other_key] {
            let answer = authenticator.answer(&form(&options));
            assert!(matches!(answer, Err(AuthenticatorError::NoKey { .. })), "{answer:?}");
        }
        let nothing = authenticator.answer(&form(&json!("nothing")));
        assert!(matches!(nothing, Err(AuthenticatorError::NotAsked)), "{nothing:?}");
    }
}
