//! Forged tokens, for tests of what validates tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The key of a forged token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ForgeKey {
    /// The signing key of the issuer.
    Signing,
    /// A key that no issuer has published.
    Unknown,
    /// The key that signed before the last rotation.
    Retired,
}

/// The algorithm of a forged token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ForgeAlgorithm {
    /// RSA with SHA-256, as the issuer signs.
    RS256,
    /// HMAC with SHA-256, with the public key as the secret.
    HS256,
    /// No signature.
    #[serde(rename = "none")]
    None,
}

/// A token to forge.
///
/// ```
/// use outlive_client::{Forgery, ForgeKey};
///
/// let expired = Forgery::like("eyJ0eXAi…").claim("exp", "-PT1H");
/// let of_another = Forgery::like("eyJ0eXAi…").key(ForgeKey::Unknown);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Forgery {
    members: Map<String, Value>,
    claims: Map<String, Value>,
    header: Map<String, Value>,
}

impl Forgery {
    /// A copy of a token, with another id.
    pub fn like(token: &str) -> Self {
        Self::new().member("like", token)
    }

    /// A token for an audience, with the claims that every token has.
    pub fn for_audience(audience: &str) -> Self {
        Self::new().claim("aud", audience)
    }

    fn new() -> Self {
        Self { members: Map::new(), claims: Map::new(), header: Map::new() }
    }

    /// Replaces a claim; `Value::Null` leaves it out. The value of `exp`, `nbf` and `iat` may be an
    /// instant, or a duration from now (`-PT1H`).
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Replaces a member of the header; `Value::Null` leaves it out.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// The key that signs it; by default the signing key of the issuer.
    pub fn key(self, key: ForgeKey) -> Self {
        self.member("key", json!(key))
    }

    /// The algorithm; by default `RS256`.
    pub fn algorithm(self, algorithm: ForgeAlgorithm) -> Self {
        self.member("alg", json!(algorithm))
    }

    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn into_json(self) -> Value {
        let Self { mut members, claims, header } = self;
        members.insert("claims".to_owned(), Value::Object(claims));
        members.insert("header".to_owned(), Value::Object(header));
        Value::Object(members)
    }
}

impl fmt::Debug for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forgery")
            .field("claims", &self.claims)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// A forged token. The journal records it as forged (`token.forged`).
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct ForgedToken {
    /// The token.
    pub token: String,
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
    /// Whether the issuer publishes the key.
    pub key_is_published: bool,
}

impl fmt::Debug for ForgedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgedToken")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
