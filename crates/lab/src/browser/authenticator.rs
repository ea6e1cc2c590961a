//! A software authenticator for passkeys (Web Authentication Level 2, sections 6.3 and 6.5; ES256,
//! no attestation). The user is always present and verified.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_chassis::Cause;
use outlive_clock::Randomness;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::drive::{PAGES_MAX, refused};
use super::stored_key::{Key, StoredKey};
use super::{Arrival, AuthenticatorError, Browser, BrowserError, Form, Page};

/// Flags UP and UV: user present and verified.
const FLAGS_USER: u8 = 0b0000_0101;
/// Flag AT: attested credential data included.
const FLAG_ATTESTED_DATA: u8 = 0b0100_0000;

/// An authenticator with its keys. Several browsers of one user can share it, one after the other.
pub(crate) struct Authenticator {
    random: Randomness,
    keys: Vec<Key>,
    /// The key that responded last.
    last: Option<usize>,
}

/// The options of a page, from the `options` field of its form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    challenge: String,
    /// The relying party, in options for a new key.
    rp: Option<Rp>,
    user: Option<Handle>,
    /// The relying party id, in options for an assertion.
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

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Creates an authenticator without keys. The ids of its keys come from `random`.
    pub(crate) const fn new(random: Randomness) -> Self {
        Self { random, keys: Vec::new(), last: None }
    }

    /// Creates an authenticator with keys of an earlier one.
    pub(crate) fn with_keys(
        random: Randomness,
        keys: impl IntoIterator<Item = StoredKey>,
    ) -> Result<Self, AuthenticatorError> {
        let keys = keys.into_iter().map(StoredKey::open).collect::<Result<_, _>>()?;
        Ok(Self { random, keys, last: None })
    }

    /// Returns the number of its keys.
    pub(crate) const fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Removes all keys but the first `count`, which are the oldest.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.keys.truncate(count);
        self.last = self.last.filter(|last| *last < count);
    }

    /// Returns the key that responded last, to be stored.
    pub(crate) fn last_used(&self) -> Result<Option<StoredKey>, AuthenticatorError> {
        self.last.and_then(|last| self.keys.get(last)).map(StoredKey::of).transpose()
    }

    /// Registers a passkey on the security info page (`{idp}/{tenant}/security-info`), signing in
    /// with a password if required.
    pub(crate) async fn register(
        &mut self,
        browser: &mut Browser,
        page: Url,
        upn: &str,
        password: &str,
    ) -> Result<(), BrowserError> {
        let form = browser.sign_in_to(page, upn, password, "credential").await?;
        let credential = self.respond(&form)?;
        let filled = [("credential", credential.as_str()), ("name", "Lab authenticator")];
        match browser.submit(&form, &filled, &|_| false).await? {
            Arrival::Page(page) if page.status < 400 && page.aadsts().is_none() => Ok(()),
            Arrival::Page(page) => Err(refused(&page)),
            Arrival::Stop(url) => Err(BrowserError::TooManyRedirects { at: url.to_string() }),
        }
    }

    /// Signs in as [`Browser::sign_in`] does, with a passkey instead of a password. With an empty
    /// `upn`, the passkey identifies the user.
    pub(crate) async fn sign_in(
        &mut self,
        browser: &mut Browser,
        url: Url,
        upn: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Url, BrowserError> {
        let mut responded = false;
        let mut arrival = browser.open(url, stop).await?;
        for _ in 0..PAGES_MAX {
            let page: Page = match arrival {
                Arrival::Stop(url) => return Ok(url),
                Arrival::Page(page) => page,
            };
            let Some(form) = page.form_with("loginfmt").or_else(|| page.forms.first()) else {
                return Err(refused(&page));
            };
            // The passkey was rejected, or the page requires something that a passkey does not
            // satisfy.
            let stuck = (responded && form.has("loginfmt")) || form.has("otc") || form.has("newpasswd");
            if page.status >= 400 || stuck {
                return Err(refused(&page));
            }
            arrival = if form.has("loginfmt") {
                browser.press(form, "passkey", &[("loginfmt", upn)], stop).await?
            } else if form.has("credential") {
                responded = true;
                let credential = self.respond(form)?;
                browser.submit(form, &[("credential", &credential)], stop).await?
            } else {
                browser.submit(form, &[], stop).await?
            };
        }
        Err(BrowserError::TooManyRedirects { at: "the sign-in pages".to_owned() })
    }

    /// Returns the value of the form's `credential` field for its `options` field, as the page's
    /// script would.
    pub(crate) fn respond(&mut self, form: &Form) -> Result<String, AuthenticatorError> {
        let options = form.fields.iter().find(|(name, _)| name == "options");
        let origin = form.action.origin().ascii_serialization();
        self.respond_at(&origin, options.map_or("", |(_, value)| value))
    }

    /// Responds to the options of a page of this origin.
    pub(crate) fn respond_at(&mut self, origin: &str, options: &str) -> Result<String, AuthenticatorError> {
        let options: Options = serde_json::from_str(options)
            .map_err(|error| AuthenticatorError::InvalidOptions(Cause::new(error)))?;
        match (&options.rp, &options.user) {
            (Some(rp), Some(user)) => self.create_key(origin, &options.challenge, &rp.id, &user.id),
            _ => self.sign(origin, &options),
        }
        .map(|answer| answer.to_string())
    }

    fn create_key(
        &mut self,
        origin: &str,
        challenge: &str,
        rp_id: &str,
        user_handle: &str,
    ) -> Result<Value, AuthenticatorError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let id: [u8; 32] = self.random.stream("passkey-id").bytes();
        let mut data = authenticator_data(rp_id, FLAGS_USER | FLAG_ATTESTED_DATA, 0);
        // AAGUID (zero), length of the credential id, credential id, public key.
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
        self.last = Some(self.keys.len() - 1);
        Ok(answer)
    }

    fn sign(&mut self, origin: &str, options: &Options) -> Result<Value, AuthenticatorError> {
        let allowed = |id: &str| {
            options.allow_credentials.is_empty()
                || options.allow_credentials.iter().any(|allowed| allowed.id == id)
        };
        let rp_id = &options.rp_id;
        let found = self.keys.iter().rposition(|key| key.rp_id == *rp_id && allowed(&key.id));
        self.last = found;
        let key = found.and_then(|found| self.keys.get_mut(found));
        let key = key.ok_or_else(|| AuthenticatorError::NoKey { rp_id: rp_id.clone() })?;
        key.uses += 1;
        let data = authenticator_data(rp_id, FLAGS_USER, key.uses);
        let client_data = client_data("webauthn.get", &options.challenge, origin);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature = key.pair.sign(&SystemRandom::new(), &signed)?;
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

/// Encodes a point of P-256 (0x04, x, y) as a COSE key in CBOR: kty EC2, alg ES256, crv P-256, x,
/// y.
fn cose_key(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len().saturating_sub(1) / 2);
    [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
}

/// Encodes `{"fmt": "none", "attStmt": {}, "authData": …}` in CBOR, for data of 24 to 255 bytes.
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
            unchecked: Vec::new(),
            buttons: Vec::new(),
        }
    }

    fn bytes(answer: &Value, name: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(answer["response"][name].as_str().expect("a text")).expect("base64url")
    }

    #[test]
    fn signatures_verify_with_the_registered_public_key() {
        let mut authenticator = Authenticator::new(Randomness::from_seed(1));
        let make = json!({"challenge": "AAAA", "rp": {"id": "login.example"}, "user": {"id": "dXNlcg"}});
        let made: Value =
            serde_json::from_str(&authenticator.respond(&form(&make)).expect("made")).expect("JSON");
        let object = bytes(&made, "attestationObject");
        // The last 64 bytes but for the three between x and y.
        let (x, y) = (&object[object.len() - 67..object.len() - 35], &object[object.len() - 32..]);
        let point = [&[4], x, y].concat();
        let ask = json!({"challenge": "BBBB", "rpId": "login.example", "allowCredentials": []});
        let used: Value =
            serde_json::from_str(&authenticator.respond(&form(&ask)).expect("used")).expect("JSON");
        let client_data = bytes(&used, "clientDataJSON");
        let signed = [bytes(&used, "authenticatorData"), Sha256::digest(&client_data).to_vec()].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        assert!(key.verify(&signed, &bytes(&used, "signature")).is_ok());
        let client_data: Value = serde_json::from_slice(&client_data).expect("JSON");
        assert_eq!(client_data["origin"], "https://login.example:8443");
        assert_eq!((&used["id"], &used["response"]["userHandle"]), (&made["id"], &json!("dXNlcg")));
    }

    #[test]
    fn responds_only_for_its_own_keys() {
        let mut authenticator = Authenticator::new(Randomness::from_seed(1));
        let make = json!({"challenge": "AAAA", "rp": {"id": "login.example"}, "user": {"id": "dXNlcg"}});
        authenticator.respond(&form(&make)).expect("made");
        let other_name = json!({"challenge": "AAAA", "rpId": "evil.example"});
        let other_key =
            json!({"challenge": "AAAA", "rpId": "login.example", "allowCredentials": [{"id": "x"}]});
        for options in [other_name, other_key] {
            let answer = authenticator.respond(&form(&options));
            assert!(matches!(answer, Err(AuthenticatorError::NoKey { .. })), "{answer:?}");
        }
        let nothing = authenticator.respond(&form(&json!("nothing")));
        assert!(matches!(nothing, Err(AuthenticatorError::InvalidOptions(_))), "{nothing:?}");
    }

    #[test]
    fn a_stored_key_signs_on_and_counts_on() {
        let make = json!({"challenge": "AAAA", "rp": {"id": "login.example"}, "user": {"id": "dXNlcg"}});
        let mut first = Authenticator::new(Randomness::from_seed(1));
        let made: Value = serde_json::from_str(&first.respond(&form(&make)).expect("made")).expect("JSON");
        let stored = first.last_used().expect("a key").expect("stored");
        assert!(!format!("{stored:?}").contains(stored.secret.expose()));
        let mut second = Authenticator::with_keys(Randomness::from_seed(2), [stored]).expect("opens");
        let ask = json!({"challenge": "BBBB", "rpId": "login.example", "allowCredentials": []});
        let used = second.respond_at("https://login.example", &ask.to_string()).expect("signs");
        let used: Value = serde_json::from_str(&used).expect("JSON");
        assert_eq!((&used["id"], &used["response"]["userHandle"]), (&made["id"], &json!("dXNlcg")));
        assert_eq!(second.last_used().expect("a key").map(|key| key.uses), Some(1));
        let unreadable = StoredKey { id: String::new(), rp_id: String::new(), uses: 0, secret: "x".into() };
        assert!(Authenticator::with_keys(Randomness::from_seed(2), [unreadable]).is_err());
    }
}
