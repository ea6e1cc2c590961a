//! Tokens with any header and claims, for tests of validators.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use x509_cert::der::{Decode as _, Encode as _};

use crate::SigningKey;
use crate::jws;

/// The length of a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// How a forged token is signed, independent of what its header says.
#[derive(Clone, Copy, Debug)]
pub enum ForgedSignature<'a> {
    /// By the key.
    Rs256(&'a SigningKey),
    /// With the PEM of the public key as the secret of an HMAC: validators that let the token
    /// choose the algorithm accept it.
    Hs256(&'a SigningKey),
    /// Not at all.
    None,
}

/// Returns a token with this header and these claims.
#[must_use]
pub fn forge_token(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    signature: ForgedSignature<'_>,
) -> String {
    match signature {
        ForgedSignature::Rs256(key) => jws::sign(key, header, claims),
        ForgedSignature::Hs256(key) => {
            let mut token = format!("{}.{}", jws::part(header), jws::part(claims));
            let secret = hmac::Key::new(hmac::HMAC_SHA256, public_key_pem(key).as_bytes());
            let signature = hmac::sign(&secret, token.as_bytes());
            token.push('.');
            URL_SAFE_NO_PAD.encode_string(signature, &mut token);
            token
        }
        ForgedSignature::None => format!("{}.{}.", jws::part(header), jws::part(claims)),
    }
}

/// The header and claims of a compact JWS, unverified. `None` if it is not one.
#[must_use]
pub fn peek_token(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token.split('.');
    let mut next = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    let read = (next()?, next()?);
    (parts.count() == 1).then_some(read)
}

/// The public key as people have it in a file: PEM of the `SubjectPublicKeyInfo`, with a line feed
/// at the end.
fn public_key_pem(key: &SigningKey) -> String {
    let certificate = x509_cert::Certificate::from_der(key.certificate_der());
    let key = certificate.ok().and_then(|read| read.tbs_certificate.subject_public_key_info.to_der().ok());
    let text = STANDARD.encode(key.expect("a signing key has a certificate that it was read from"));
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(PEM_LINE) {
        // Base64 is ASCII, and a text takes any number of lines.
        let _ = writeln!(pem, "{}", String::from_utf8_lossy(line));
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey};
    use outlive_clock::{Instant, Randomness, Span};
    use serde_json::json;

    use super::*;

    fn key() -> SigningKey {
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        SigningKey::generate(&mut stream, Instant::EPOCH, Instant::EPOCH + Span::from_days(9)).expect("a key")
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn a_token_is_signed_as_wanted() {
        let key = key();
        let claims = object(json!({"aud": "a", "exp": "any"}));
        for (alg, signature) in [
            ("RS256", ForgedSignature::Rs256(&key)),
            ("HS256", ForgedSignature::Hs256(&key)),
            ("none", ForgedSignature::None),
        ] {
            let header = object(json!({"alg": alg, "kid": 7}));
            let token = forge_token(&header, &claims, signature);
            assert_eq!(peek_token(&token), Some((header, claims.clone())), "{alg}");
            match alg {
                // The library that validators would use accepts them.
                "RS256" => {
                    let header = object(json!({"alg": alg}));
                    let token = forge_token(&header, &claims, signature);
                    let public = DecodingKey::from_rsa_components(key.modulus(), key.exponent());
                    let read = jws::decode::<Value>(&token, &public.expect("its own"), Algorithm::RS256);
                    assert_eq!(read.expect("the signature is valid"), json!(claims));
                }
                "HS256" => {
                    let token = forge_token(&object(json!({"alg": alg})), &claims, signature);
                    let secret = public_key_pem(&key);
                    assert_eq!(crate::verify_hs256::<Value>(secret.as_bytes(), &token), Ok(json!(claims)));
                    let public = aws_lc_rs::rsa::PublicKey::from_der(
                        &STANDARD
                            .decode(secret.lines().filter(|line| !line.contains('-')).collect::<String>())
                            .expect("base64"),
                    );
                    assert!(public.is_ok(), "{secret}");
                }
                _ => assert!(token.ends_with('.')),
            }
        }
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "a.b.c", "e30.e30", "e30.e30.x.y", "W10.e30.x", "é.e30.x"] {
            assert_eq!(peek_token(text), None, "{text}");
        }
        assert_eq!(peek_token("e30.e30."), Some((Map::new(), Map::new())));
    }
}
