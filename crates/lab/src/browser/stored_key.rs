//! Keys of an authenticator, which can outlive it.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_wire::Secret;

use super::AuthenticatorError;

/// A key of an authenticator.
pub(super) struct Key {
    /// Base64url.
    pub(super) id: String,
    pub(super) rp_id: String,
    /// The server's user handle (base64url).
    pub(super) user_handle: String,
    pub(super) pair: EcdsaKeyPair,
    pub(super) uses: u32,
}

/// A key, to be stored.
#[derive(Debug)]
pub(crate) struct StoredKey {
    /// The credential id, base64url.
    pub(crate) id: String,
    pub(crate) rp_id: String,
    pub(crate) uses: u32,
    /// The user handle and the private key (PKCS #8), base64url, separated by a dot.
    pub(crate) secret: Secret,
}

impl StoredKey {
    pub(super) fn of(key: &Key) -> Result<Self, AuthenticatorError> {
        let pair = key.pair.to_pkcs8v1()?;
        let secret = format!("{}.{}", key.user_handle, URL_SAFE_NO_PAD.encode(pair.as_ref()));
        Ok(Self { id: key.id.clone(), rp_id: key.rp_id.clone(), uses: key.uses, secret: secret.into() })
    }

    pub(super) fn open(self) -> Result<Key, AuthenticatorError> {
        let (user_handle, pair) =
            self.secret.expose().split_once('.').ok_or(AuthenticatorError::UnreadableKey)?;
        let pair = URL_SAFE_NO_PAD.decode(pair).map_err(|_| AuthenticatorError::UnreadableKey)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pair)
            .map_err(|_| AuthenticatorError::UnreadableKey)?;
        let user_handle = user_handle.to_owned();
        Ok(Key { id: self.id, rp_id: self.rp_id, user_handle, pair, uses: self.uses })
    }
}
