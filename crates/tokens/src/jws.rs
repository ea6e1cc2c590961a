//! Signing: RS256 for an issuer's tokens, HS256 for keys that a service issues and verifies itself.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{SigningKey, TokenVersion, counts};

/// The longest accepted token, in characters.
pub const TOKEN_CHARS_MAX: usize = 16 * 1024;

#[derive(Serialize)]
struct Rs256Header<'a> {
    typ: &'static str,
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5t: Option<&'a str>,
    kid: &'a str,
}

/// Signs claims as an issuer does. Version 1 names the key as `kid` and `x5t`, version 2 as `kid`
/// alone.
///
/// Costs one RSA signature: the key is parsed and checked when it is loaded. (jsonwebtoken repeats
/// both for every signature.) The signature is PKCS#1 v1.5, which is deterministic.
///
/// # Panics
/// When JSON cannot represent the type of the claims (a map whose keys are not strings).
#[must_use]
pub fn sign_rs256<T: Serialize>(key: &SigningKey, version: TokenVersion, claims: &T) -> String {
    let x5t = (version == TokenVersion::V1).then_some(key.kid());
    sign(key, &Rs256Header { typ: "JWT", alg: "RS256", x5t, kid: key.kid() }, claims)
}

/// Signs a token with a `typ` other than `JWT`.
pub(crate) fn sign_typed<T: Serialize>(key: &SigningKey, typ: &'static str, claims: &T) -> String {
    sign(key, &Rs256Header { typ, alg: "RS256", x5t: None, kid: key.kid() }, claims)
}

/// Signs any header and claims with RSA and SHA-256.
pub(crate) fn sign<H: Serialize, T: Serialize>(key: &SigningKey, header: &H, claims: &T) -> String {
    let mut token = part(header);
    token.push('.');
    token.push_str(&part(claims));
    counts::count_signature();
    let mut signature = vec![0; key.pair().public_modulus_len()];
    key.pair()
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
        .expect("a key that passed its checks signs, and the buffer has the length of its modulus");
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

pub(crate) fn part<T: Serialize>(value: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("headers and claims are structs of plain values"))
}

/// Signs claims with a shared key (HMAC-SHA256).
///
/// # Panics
/// When JSON cannot represent the type of the claims (a map whose keys are not strings).
#[must_use]
pub fn sign_hs256<T: Serialize>(key: &[u8], claims: &T) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(key))
        .expect("claims are structs of plain values, and HMAC takes any key")
}

/// Why an HS256 token was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hs256Refusal {
    /// Not a compact JWS with an HS256 header and the claims expected.
    #[error("the token is malformed")]
    Malformed,
    /// Not signed with this key, or modified.
    #[error("the token's signature is not valid")]
    Signature,
}

/// Returns the claims of a token signed with `key`. The caller checks times, against the tenant's
/// clock.
///
/// # Errors
/// [`Hs256Refusal`]; any algorithm but HS256, `none` included, is malformed.
pub fn verify_hs256<T: DeserializeOwned>(key: &[u8], token: &str) -> Result<T, Hs256Refusal> {
    if token.len() > TOKEN_CHARS_MAX {
        return Err(Hs256Refusal::Malformed);
    }
    decode(token, &DecodingKey::from_secret(key), Algorithm::HS256).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Hs256Refusal::Signature,
        _ => Hs256Refusal::Malformed,
    })
}

/// Returns the claims of a token if its signature is valid. jsonwebtoken's own checks of time,
/// audience and issuer are off: it uses the system clock, and [`Verifier`](crate::Verifier) does
/// ours.
pub(crate) fn decode<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> jsonwebtoken::errors::Result<T> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    counts::count_verification(algorithm);
    jsonwebtoken::decode(token, key, &validation).map(|token| token.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::{Instant, Randomness, Span};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn json_part(token: &str, n: usize) -> Value {
        let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).expect("a part")).expect("base64url");
        serde_json::from_slice(&part).expect("JSON")
    }

    #[test]
    fn the_header_identifies_the_key_by_version() {
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        let key = SigningKey::generate(&mut stream, Instant::EPOCH, Instant::EPOCH + Span::from_days(9))
            .expect("a key");
        let claims = json!({"aud": "a", "exp": 1});
        let (v1, v2) =
            (sign_rs256(&key, TokenVersion::V1, &claims), sign_rs256(&key, TokenVersion::V2, &claims));
        assert_eq!(
            json_part(&v1, 0),
            json!({"typ": "JWT", "alg": "RS256", "x5t": key.kid(), "kid": key.kid()})
        );
        assert_eq!(json_part(&v2, 0), json!({"typ": "JWT", "alg": "RS256", "kid": key.kid()}));
        assert_eq!(json_part(&v2, 1), claims);
        assert_eq!(v2, sign_rs256(&key, TokenVersion::V2, &claims), "PKCS#1 v1.5 is deterministic");

        let public = DecodingKey::from_rsa_components(key.modulus(), key.exponent()).expect("its own");
        assert_eq!(decode::<Value>(&v1, &public, Algorithm::RS256).expect("its own"), claims);
        assert!(decode::<Value>(&format!("{}x", &v1[..v1.len() - 1]), &public, Algorithm::RS256).is_err());
    }

    #[test]
    fn hs256_rejects_other_keys_and_algorithms() {
        let token = sign_hs256(b"key", &json!({"con": "1"}));
        assert_eq!(json_part(&token, 0), json!({"typ": "JWT", "alg": "HS256"}));
        assert_eq!(verify_hs256::<Value>(b"key", &token), Ok(json!({"con": "1"})));
        assert_eq!(verify_hs256::<Value>(b"other", &token), Err(Hs256Refusal::Signature));
        let rest = token.split_once('.').expect("dots").1;
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"RS256"}"#, "{}"] {
            let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(verify_hs256::<Value>(b"key", &forged), Err(Hs256Refusal::Malformed), "{header}");
        }
        assert_eq!(
            verify_hs256::<Value>(b"key", &"a".repeat(TOKEN_CHARS_MAX + 1)),
            Err(Hs256Refusal::Malformed)
        );
    }

    #[test]
    fn hs256_does_not_check_expiry() {
        let token = sign_hs256(b"key", &json!({"exp": 1, "nbf": 4_000_000_000_u64}));
        assert!(verify_hs256::<Value>(b"key", &token).is_ok());
    }

    proptest! {
        #[test]
        fn garbage_is_rejected(token in ".{0,120}") {
            prop_assert!(verify_hs256::<Value>(b"key", &token).is_err());
        }
    }
}
