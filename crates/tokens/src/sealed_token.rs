//! Self-contained sealed tokens: refresh tokens, authorization codes, sign-in contexts.

use outlive_clock::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Sealer;

/// The text is not a token of the expected kind: garbled, truncated, of another kind, or sealed
/// with another key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the token is malformed")]
pub struct MalformedToken;

/// A token that consists of a prefix and its sealed content. It is opaque to clients and
/// self-contained.
///
/// Implementing types define only the two constants.
pub trait SealedToken: Serialize + DeserializeOwned {
    /// The purpose for which the content is sealed, unique to this kind of token.
    const PURPOSE: &'static str;
    /// The prefix of the text.
    const PREFIX: &'static str;

    /// Returns the token's text.
    ///
    /// # Panics
    /// When JSON cannot represent the type of the content (a map whose keys are not strings).
    #[must_use]
    fn seal(&self, sealer: &Sealer, stream: &mut Stream) -> String {
        let plain = serde_json::to_vec(self).expect("the content of a token is a struct of plain values");
        format!("{}{}", Self::PREFIX, sealer.seal(Self::PURPOSE, &plain, stream))
    }

    /// Returns the content of a token.
    ///
    /// # Errors
    /// [`MalformedToken`] when the text was not produced by [`seal`](Self::seal) with the same key.
    fn open(sealer: &Sealer, text: &str) -> Result<Self, MalformedToken> {
        text.strip_prefix(Self::PREFIX)
            .and_then(|sealed| sealer.open(Self::PURPOSE, sealed))
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or(MalformedToken)
    }
}
