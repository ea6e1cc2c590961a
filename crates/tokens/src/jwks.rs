//! The JSON Web Key Set of an issuer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{KeyRing, SigningKey};

/// A published key (RFC 7517), with Entra's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `RSA`.
    pub kty: String,
    /// The intended use: `sig`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The identifier that token headers refer to.
    #[serde(default)]
    pub kid: String,
    /// The certificate's SHA-1 thumbprint; equal to `kid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// The modulus, base64url.
    #[serde(default)]
    pub n: String,
    /// The public exponent, base64url.
    #[serde(default)]
    pub e: String,
    /// The certificate, base64 DER.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x5c: Vec<String>,
    /// Version 2 only: the issuer whose tokens this key validates; `{tenantid}` stands for any
    /// tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// A JWKS document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys; their order has no meaning.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The response of the v1.0 endpoint (`/{t}/discovery/keys`): keys without an issuer.
    #[must_use]
    pub fn v1(ring: &KeyRing) -> Self {
        Self { keys: ring.published().map(|key| Jwk::of(key, None)).collect() }
    }

    /// The response of the v2.0 endpoint (`/{t}/discovery/v2.0/keys`): each key with `issuer`,
    /// either the template with `{tenantid}` or that of the tenant.
    #[must_use]
    pub fn v2(ring: &KeyRing, issuer: &str) -> Self {
        Self { keys: ring.published().map(|key| Jwk::of(key, Some(issuer.to_owned()))).collect() }
    }
}

impl Jwk {
    fn of(key: &SigningKey, issuer: Option<String>) -> Self {
        Self {
            kty: "RSA".into(),
            usage: Some("sig".into()),
            kid: key.kid().into(),
            x5t: Some(key.kid().into()),
            n: key.modulus().into(),
            e: key.exponent().into(),
            x5c: vec![STANDARD.encode(key.certificate_der())],
            issuer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use outlive_clock::{Instant, Randomness, Span};

    use super::*;

    #[test]
    fn documents_match_the_published_format() {
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        let key = SigningKey::generate(&mut stream, Instant::EPOCH, Instant::EPOCH + Span::from_days(900));
        let ring = KeyRing::new(Arc::new(key.expect("a key")));
        let (n, der) = (ring.active.modulus(), STANDARD.encode(ring.active.certificate_der()));
        assert_eq!((n.len(), ring.active.kid().len(), &der[..3]), (342, 27, "MII"));
        insta::assert_json_snapshot!(
            JwkSet::v2(&ring, "http://127.0.0.1:8701/{tenantid}/v2.0"),
            {".keys[].n" => "[modulus]", ".keys[].x5c[]" => "[certificate]"},
            @r#"
            {
              "keys": [
                {
                  "kty": "RSA",
                  "use": "sig",
                  "kid": "1jCGphOhRxzv8Uoj012A5xAS0FA",
                  "x5t": "1jCGphOhRxzv8Uoj012A5xAS0FA",
                  "n": "[modulus]",
                  "e": "AQAB",
                  "x5c": [
                    "[certificate]"
                  ],
                  "issuer": "http://127.0.0.1:8701/{tenantid}/v2.0"
                }
              ]
            }
            "#
        );
        assert_eq!(JwkSet::v1(&ring).keys[0].issuer, None);
    }
}
