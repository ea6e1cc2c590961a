//! What a refresh grant needs beside an access token, at its bare cost: the client's secret is
//! compared with its keyed hash, the refresh token is opened and its successor sealed, and an event
//! records with which facts the grant was accepted, and the fingerprints by which its tokens are
//! found.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_tokens::fingerprint;
use serde::Serialize;
use serde_json::{Value, json};

use crate::bare::{Before, Signing};

/// The bytes that sealing adds: a nonce and a tag.
const SEAL_BYTES: usize = 28;

/// A client's secret, of a usual length.
const SECRET: &[u8; 40] = b"A-secret-of-a-client-with-40-characters.";

/// A refresh token and an event of the sizes that the system has.
pub(crate) struct Rotation {
    key: LessSafeKey,
    secrets: hmac::Key,
    secret_hash: hmac::Tag,
    sealed: String,
    event: Value,
}

impl Rotation {
    /// `token_chars` is the length of a refresh token, `event` what the journal has of a grant.
    pub(crate) fn new(token_chars: usize, event: Value) -> Self {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key"));
        let mut content =
            json!({"family": "01a227ad-36af-79cc-b7e6-5a9b3ea579da", "scopes": ["Orders.Read"]});
        let bytes = (token_chars * 3 / 4).saturating_sub(SEAL_BYTES);
        let rest = bytes.saturating_sub(content.to_string().len() + "\"rest\":\"\",".len());
        content["rest"] = "x".repeat(rest).into();
        let sealed = seal(&key, &content);
        let secrets = hmac::Key::new(HMAC_SHA256, &[5; 32]);
        let secret_hash = hmac::sign(&secrets, SECRET);
        Self { key, secrets, secret_hash, sealed, event }
    }

    /// What a bare grant does that returns this many signed tokens. One is the access token.
    pub(crate) fn grant(self: &Arc<Self>, signing: &Arc<Signing>, signatures: usize) -> Before {
        let (rotation, signing) = (Arc::clone(self), Arc::clone(signing));
        Arc::new(move || {
            for _ in 1..signatures {
                std::hint::black_box(signing.token());
            }
            std::hint::black_box(rotation.exchange(&signing.token()));
        })
    }

    /// Compares the secret, opens the token, seals one like it, and writes the event for them and
    /// this access token. Returns the texts.
    pub(crate) fn exchange(&self, access_token: &str) -> (String, String, [String; 3]) {
        hmac::verify(&self.secrets, SECRET, self.secret_hash.as_ref()).expect("the secret");
        let mut bytes = URL_SAFE_NO_PAD.decode(&self.sealed).expect("base64url");
        let nonce = Nonce::try_assume_unique_for_key(&bytes[..NONCE_LEN]).expect("a nonce");
        let opened =
            self.key.open_in_place(nonce, Aad::empty(), &mut bytes[NONCE_LEN..]).expect("sealed here");
        let content: Value = serde_json::from_slice(opened).expect("JSON");
        let successor = seal(&self.key, &content);
        let fingerprints = [&self.sealed, &successor, access_token].map(fingerprint);
        (successor, self.event.to_string(), fingerprints)
    }
}

/// Seals texts, as a service does that keeps secrets in its database.
#[derive(Clone)]
pub(crate) struct Seal(Arc<LessSafeKey>);

impl Seal {
    pub(crate) fn new() -> Self {
        Self(Arc::new(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[8; 32]).expect("a key"))))
    }

    pub(crate) fn seal(&self, content: &impl Serialize) -> String {
        seal(&self.0, content)
    }
}

fn seal(key: &LessSafeKey, content: &impl Serialize) -> String {
    let nonce = [9; NONCE_LEN];
    let mut sealed = serde_json::to_vec(content).expect("JSON");
    let unique = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed).expect("it is short");
    URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
}
