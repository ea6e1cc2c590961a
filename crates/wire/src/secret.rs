//! Secret strings.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, client secret or token. It is redacted in debug output, compared in constant time
/// and zeroized on drop. Reading it takes an explicit [`expose`](Secret::expose); it is serialized
/// only in the description of a tenant, which the lab sends to a service. Clones share one text.
#[derive(Clone, Default)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// Returns the secret in clear text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret. Compares in constant time; only the length is observable.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        is_same(self.0.as_bytes(), text.as_bytes())
    }

    /// Whether the secret is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    /// Compares in constant time; only the length is observable, and whether one is a clone of the
    /// other.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.is(other.expose())
    }
}

/// Compares eight bytes at a time: tokens are long. The time depends on the lengths only.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let ((left_words, left_rest), (right_words, right_rest)) =
        (left.as_chunks::<8>(), right.as_chunks::<8>());
    let words = left_words.iter().zip(right_words).fold(0, |difference, (left, right)| {
        difference | (u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right))
    });
    let rest = left_rest.iter().zip(right_rest);
    let difference = rest.fold(words, |difference, (left, right)| difference | u64::from(left ^ right));
    left.len() == right.len() && bool::from(difference.ct_eq(&0))
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Serializes a secret in clear text, for a description that the lab sends to a service.
pub(crate) fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

pub(crate) fn expose_optional<S: Serializer>(
    secret: &Option<Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

pub(crate) fn expose_each<S: Serializer>(secrets: &[Secret], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(Secret::expose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_print() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn compares_by_content() {
        let secret: Secret = serde_json::from_str(r#""a""#).expect("a string");
        assert_eq!(secret, Secret::new("a"));
        assert_ne!(secret, Secret::new("b"));
        assert_ne!(secret, Secret::new("ab"));
        assert!(Secret::default().is_empty() && !secret.is_empty());
    }

    #[test]
    fn each_character_counts() {
        for length in 0..40 {
            let text = "a".repeat(length);
            let secret = Secret::new(&*text);
            assert_eq!(secret, Secret::new(&*text), "{length}");
            assert_ne!(secret, Secret::new("a".repeat(length + 1)), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert_ne!(secret, Secret::new(other), "{at} of {length}");
            }
        }
    }
}
