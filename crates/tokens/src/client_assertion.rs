//! Client assertions: signed tokens with which clients authenticate (RFC 7523, section 2.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use outlive_clock::Instant;
use serde::{Deserialize, Deserializer};

use crate::{Certificate, TOKEN_CHARS_MAX, jws};

/// A parsed client assertion. Its claims are untrusted until the signature is verified.
#[derive(Clone, Debug)]
pub struct ClientAssertion {
    text: String,
    header: Header,
    claims: AssertionClaims,
}

/// Why an assertion cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedAssertion {
    /// Not a compact JWS, or too long.
    #[error("it is not a compact JWS")]
    Form,
    /// The header is not valid, or has a critical member that is not supported.
    #[error("its header cannot be read")]
    Header,
    /// A claim is missing or has the wrong type.
    #[error("iss, sub, aud and exp have to be there, as texts and as a number")]
    Claims,
}

#[derive(Clone, Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    #[serde(default)]
    x5c: Vec<String>,
    crit: Option<serde::de::IgnoredAny>,
}

/// The claims of an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AssertionClaims {
    /// The issuer.
    pub iss: String,
    /// The subject; empty in a proof of possession.
    #[serde(default)]
    pub sub: String,
    /// The audiences.
    #[serde(deserialize_with = "one_or_several")]
    pub aud: Vec<String>,
    /// Not valid from this instant on.
    #[serde(deserialize_with = "seconds")]
    pub exp: Instant,
    /// Not valid before this instant.
    #[serde(default, deserialize_with = "some_seconds")]
    pub nbf: Option<Instant>,
    /// The scopes, if it is a user's access token.
    #[serde(default)]
    pub scp: Option<serde_json::Value>,
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::One(one) => vec![one],
        Written::Several(several) => several,
    })
}

/// Parses seconds since 1970; some libraries write fractions (RFC 7519, section 2).
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    // The years 1970 to 9999: an instant outside of them is a mistake.
    if !(0.0..253_402_300_000.0).contains(&seconds) {
        return Err(serde::de::Error::custom("not an instant"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "in the bounds just checked")]
    Ok(Instant::from_seconds(seconds as i64))
}

fn some_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    seconds(deserializer).map(Some)
}

impl ClientAssertion {
    /// Parses an assertion.
    ///
    /// # Errors
    /// [`MalformedAssertion`].
    pub fn read(text: &str) -> Result<Self, MalformedAssertion> {
        let assertion = Self::read_proof(text)?;
        if assertion.claims.sub.is_empty() { Err(MalformedAssertion::Claims) } else { Ok(assertion) }
    }

    /// Parses a proof of possession, which needs no subject.
    ///
    /// # Errors
    /// [`MalformedAssertion`].
    pub fn read_proof(text: &str) -> Result<Self, MalformedAssertion> {
        if text.len() > TOKEN_CHARS_MAX || text.split('.').count() != 3 {
            return Err(MalformedAssertion::Form);
        }
        // Without sources, which may quote the assertion, a credential.
        let mut parts = text.split('.');
        let mut part = || {
            let part = parts.next().unwrap_or_default();
            URL_SAFE_NO_PAD.decode(part).ok().ok_or(MalformedAssertion::Form)
        };
        let (header, claims) = (part()?, part()?);
        let header: Header = serde_json::from_slice(&header).ok().ok_or(MalformedAssertion::Header)?;
        if header.crit.is_some() {
            return Err(MalformedAssertion::Header);
        }
        let claims = serde_json::from_slice(&claims).ok().ok_or(MalformedAssertion::Claims)?;
        Ok(Self { text: text.to_owned(), header, claims })
    }

    /// The claims. Verify the signature before relying on them.
    #[must_use]
    pub const fn claims(&self) -> &AssertionClaims {
        &self.claims
    }

    /// The `kid` header, if present.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whether the header identifies this certificate, by a thumbprint or by including it.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        let Header { kid, x5t, x5t_s256, x5c, .. } = &self.header;
        // The strongest identifier present decides.
        match (x5t_s256, x5t, x5c.first(), kid) {
            (Some(name), ..) | (None, Some(name), ..) => certificate.is_called(name),
            (None, None, Some(brought), _) => certificate.is_brought(brought),
            (None, None, None, Some(name)) => certificate.is_called(name),
            (None, None, None, None) => false,
        }
    }

    /// Whether the assertion was signed by this certificate's key, with RS256 or PS256.
    #[must_use]
    pub fn is_signed_by(&self, certificate: &Certificate) -> bool {
        self.is_signed_with(certificate.key())
    }

    pub(crate) fn is_signed_with(&self, key: &DecodingKey) -> bool {
        let algorithm = match self.header.alg.as_str() {
            "RS256" => Algorithm::RS256,
            "PS256" => Algorithm::PS256,
            _ => return false,
        };
        jws::decode::<AssertionClaims>(&self.text, key, algorithm).is_ok_and(|claims| claims == self.claims)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header as JwtHeader, encode};
    use outlive_clock::{Randomness, Span};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::SigningKey;

    fn key(seed: u64) -> SigningKey {
        let mut stream = Randomness::from_seed(seed).stream("signing-key");
        SigningKey::generate(&mut stream, Instant::EPOCH, Instant::EPOCH + Span::from_days(9)).expect("a key")
    }

    fn signed(key: &SigningKey, algorithm: Algorithm, name: Option<String>) -> String {
        let mut header = JwtHeader::new(algorithm);
        header.x5t = name;
        let claims = json!({"iss": "c", "sub": "c", "aud": ["a", "b"], "exp": 2_000_000_000.5});
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(key.pkcs8_der())
        );
        encode(&header, &claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")).expect("signed")
    }

    #[test]
    fn rs256_and_ps256_signatures_are_accepted_from_the_signing_key_only() {
        let (ours, other) = (key(1), key(2));
        let certificate = Certificate::from_der(ours.certificate_der()).expect("a certificate");
        for algorithm in [Algorithm::RS256, Algorithm::PS256] {
            let text = signed(&ours, algorithm, Some(certificate.x5t()));
            let read = ClientAssertion::read(&text).expect("an assertion");
            assert!(read.names(&certificate) && read.is_signed_by(&certificate));
            assert_eq!(read.claims().aud, ["a", "b"]);
            assert_eq!(read.claims().exp, Instant::from_seconds(2_000_000_000));
            let forged = signed(&other, algorithm, Some(certificate.x5t()));
            assert!(!ClientAssertion::read(&forged).expect("an assertion").is_signed_by(&certificate));
        }
        let text = signed(&ours, Algorithm::RS512, None);
        let read = ClientAssertion::read(&text).expect("an assertion");
        assert!(!read.names(&certificate) && !read.is_signed_by(&certificate));
    }

    #[test]
    fn malformed_assertions_are_rejected() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(json!({"iss": "c", "sub": "c", "aud": "a", "exp": 1}));
        let header = part(json!({"alg": "RS256"}));
        let read = |text: &str| ClientAssertion::read(text).err();
        assert_eq!(read(&format!("{header}.{claims}.")), None);
        assert_eq!(read(&format!("{header}.{claims}")), Some(MalformedAssertion::Form));
        assert_eq!(read(&"a".repeat(TOKEN_CHARS_MAX + 1)), Some(MalformedAssertion::Form));
        let critical = part(json!({"alg": "RS256", "crit": ["x"]}));
        assert_eq!(read(&format!("{critical}.{claims}.")), Some(MalformedAssertion::Header));
        for bad in [
            json!({"iss": "c", "sub": "c", "aud": "a"}),
            json!({"iss": "c", "sub": "c", "aud": "a", "exp": "1"}),
            json!({"iss": "c", "sub": "c", "aud": "a", "exp": 1e300}),
            json!({"iss": "c", "sub": "c", "aud": "a", "exp": -1}),
            json!({"iss": "c", "sub": "c", "aud": 7, "exp": 1}),
            json!({"iss": 7, "sub": "c", "aud": "a", "exp": 1}),
            json!({"iss": "c", "aud": "a", "exp": 1}),
            json!([]),
        ] {
            assert_eq!(read(&format!("{header}.{}.", part(bad))), Some(MalformedAssertion::Claims));
        }
    }

    proptest! {
        #[test]
        fn garbage_is_rejected(text in "[a-zA-Z0-9_.-]{0,120}") {
            prop_assert!(ClientAssertion::read(&text).is_err());
        }
    }
}
