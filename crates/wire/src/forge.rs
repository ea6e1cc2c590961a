//! Forged tokens, for tests of validators.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A token to forge.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"like": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9jb250b3NvLW9yZGVycyJ9.c2ln", "claims": {"exp": "-PT1H"}}))]
pub struct ForgeRequest {
    /// A token whose header and claims it copies. Without one it has the claims that every token
    /// has, and `aud` has to be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// Claims to replace or, with `null`, to leave out. A text as `exp`, `nbf` or `iat` is an
    /// instant (RFC 3339), or a duration from now in the time of the tenant (`-PT1H`); a malformed
    /// time is a value of another type, such as `["soon"]`.
    pub claims: Map<String, Value>,
    /// Members of the header to replace or, with `null`, to leave out, after those that follow from
    /// `key` and `alg`.
    pub header: Map<String, Value>,
    /// The key that signs it.
    pub key: ForgeKey,
    /// The algorithm.
    pub alg: ForgeAlgorithm,
}

/// The key of a forged token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKey {
    /// The signing key of the tenant's issuer.
    #[default]
    Signing,
    /// A key that no issuer has published.
    Unknown,
    /// The key that signed before the last rotation.
    Retired,
}

impl ForgeKey {
    /// Its name in requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Unknown => "unknown",
            Self::Retired => "retired",
        }
    }
}

/// The algorithm of a forged token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ForgeAlgorithm {
    /// RSA with SHA-256, as the issuer signs.
    #[default]
    RS256,
    /// HMAC with SHA-256, with the public key (PEM of its `SubjectPublicKeyInfo`) as the secret.
    HS256,
    /// No signature.
    #[serde(rename = "none")]
    #[schema(rename = "none")]
    None,
}

impl ForgeAlgorithm {
    /// Its name in the header (`alg`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::HS256 => "HS256",
            Self::None => "none",
        }
    }
}

/// A forgery for the identity provider: with the origin of the issuer for a token that is not like
/// another one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgery {
    /// The public origin of the issuer.
    pub origin: String,
    /// The token.
    pub token: ForgeRequest,
}

/// A forged token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9jb250b3NvLW9yZGVycyJ9.c2ln",
    "header": {"typ": "JWT", "alg": "RS256", "kid": "nU2vKvA8lOsYBvZ0wYkZ0LZBAKc"},
    "claims": {"aud": "api://contoso-orders", "exp": 1767607200},
    "key_is_published": true
}))]
pub struct ForgeAnswer {
    /// The token, in the compact form.
    pub token: String,
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
    /// Whether the issuer publishes the key: validators find it, and accept a token that is valid
    /// otherwise.
    pub key_is_published: bool,
}
