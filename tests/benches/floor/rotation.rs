//! What a refresh grant needs beside an access token, at its bare cost: the refresh token is opened
//! and its successor sealed, and an event records with which facts the grant was accepted.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The bytes that sealing adds: a nonce and a tag.
const SEAL_BYTES: usize = 28;

/// A refresh token and an event of the sizes that the system has.
pub(crate) struct Rotation {
    key: LessSafeKey,
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
        Self { key, sealed, event }
    }

    /// Opens the token, seals one like it, and writes the event. Returns the texts.
    pub(crate) fn exchange(&self) -> (String, String) {
        let mut bytes = URL_SAFE_NO_PAD.decode(&self.sealed).expect("base64url");
        let nonce = Nonce::try_assume_unique_for_key(&bytes[..NONCE_LEN]).expect("a nonce");
        let opened =
            self.key.open_in_place(nonce, Aad::empty(), &mut bytes[NONCE_LEN..]).expect("sealed here");
        let content: Value = serde_json::from_slice(opened).expect("JSON");
        (seal(&self.key, &content), self.event.to_string())
    }
}

fn seal(key: &LessSafeKey, content: &Value) -> String {
    let nonce = [9; NONCE_LEN];
    let mut sealed = content.to_string().into_bytes();
    let unique = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed).expect("it is short");
    URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
}
