//! Tokens that carry their own content, sealed: refresh tokens, authorization codes, sign-in contexts.

use outlive_clock::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Sealer;

/// The text is not a token of the kind expected: garbled, shortened, of another kind, or sealed by another key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the token is malformed")]
pub struct MalformedToken;

/// A token whose text is a prefix and its sealed content. Opaque to whoever holds it; nothing about it is looked up.
///
/// Implement it for the content: two constants, nothing else.
pub trait SealedToken: Serialize + DeserializeOwned {
    /// What the content is sealed for; no other kind of token may have the same.
    const PURPOSE: &'static str;
    /// What the text starts with.
    const PREFIX: &'static str;

    /// The token as handed out.
    ///
    /// # Panics
    /// When the content has a form that JSON cannot hold (a map whose keys are not texts): an error of its type, not of its value.
    #[must_use]
    fn seal(&self, sealer: &Sealer, stream: &mut Stream) -> String {
        let plain = serde_json::to_vec(self).expect("the content of a token is a struct of plain values");
        format!("{}{}", Self::PREFIX, sealer.seal(Self::PURPOSE, &plain, stream))
    }

    /// The content of a token that came back.
    ///
    /// # Errors
    /// [`MalformedToken`] when the text is not one that [`seal`](Self::seal) made with the same key.
    fn open(sealer: &Sealer, text: &str) -> Result<Self, MalformedToken> {
        text.strip_prefix(Self::PREFIX)
            .and_then(|sealed| sealer.open(Self::PURPOSE, sealed))
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or(MalformedToken)
    }
}
